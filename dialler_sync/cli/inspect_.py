"""``dialler-sync inspect``: what the reader sees."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError
from ..exit_codes import ExitCode
from ..text.spreadsheet import one_line
from .common import App, echo, echo_json, exit_codes, files_argument, say, settled
from .source_options import source_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config import SourceSettings
    from ..model import Table

_log = logging.getLogger(__name__)


@click.command("inspect", epilog=exit_codes(ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT))
@files_argument
@source_options
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Write each table as plain CSV into this folder.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def inspect_(app: App, files: tuple[Path, ...], folder: Path | None, output: str) -> int:
    """Show what the reader sees in FILE..., and how it reads it.

    That is encoding, delimiter, header row, sheet, columns and rows.

    --to writes each table as UTF-8 CSV with commas, named <file name>.csv (of several sheets, <file
    name>.<sheet>.csv).

    A file that cannot be read is named, the others are shown, and the exit code is 3.
    """
    source = app.source()
    found = []
    code = ExitCode.OK
    for path in files:
        try:
            for facts in _tables(path, source, folder):
                found.append(facts)
                if output == "table":
                    _show(facts)
        except InputError as error:
            _log.error("Error: %s", error)
            code = ExitCode.INPUT
    if folder:
        settled()
    if output == "json":
        echo_json(found)
    return code


def _tables(path: Path, source: SourceSettings, folder: Path | None) -> Iterator[dict[str, Any]]:
    """The facts of each table of a file, written into ``folder`` too if there is one.

    Raises:
        InputError: it cannot be read, or not to its end.
    """
    from ..read import open_tables

    tables = open_tables(path, source)
    for table in tables:
        name = f"{path.name}.{table.layout.sheet}" if len(tables) > 1 else path.name
        target = folder / f"{name.replace('/', '_')}.csv" if folder else None
        yield _facts(table, target)


def _facts(table: Table, target: Path | None) -> dict[str, Any]:
    from ..report.tables import write_table

    read = write_table(table, target)
    facts = {"path": str(table.layout.path), "sheet": table.layout.sheet, **table.layout.facts()}
    if read.double:
        remark = f"Cells that were encoded twice: {read.double:,}, such as '{read.such[:40]}'."
        facts["remarks"] = [*facts.get("remarks", ()), remark]
    return {**facts, "rows": read.rows, "ragged_rows": read.ragged, "written_to": str(target) if target else None}


def _show(facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if value not in (None, [], ()):
            shown = (
                ", ".join(one_line(str(each)) for each in value) if isinstance(value, (list, tuple)) else repr(value)
            )
            say(f"{name:<12} {shown.strip(chr(39))}", indent=13)
    echo("")
