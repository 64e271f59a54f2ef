"""``dialler-sync inspect``: show a file as the reader sees it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from ..errors import InputError
from ..exit_codes import ExitCode
from ..jobs.inspect import read_tables
from ..text.spreadsheet import one_line
from .common import App, echo, echo_json, exit_codes, files_argument, say, settled
from .source_options import source_options

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
            for facts in read_tables(path, source, folder):
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


def _show(facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if value not in (None, [], ()):
            shown = (
                ", ".join(one_line(str(each)) for each in value) if isinstance(value, (list, tuple)) else repr(value)
            )
            say(f"{name:<12} {shown.strip(chr(39))}", indent=13)
    echo("")
