"""``dialler-sync inspect``: show a file as the reader sees it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from ..errors import InputError
from ..exit_codes import ExitCode, exit_code, worst
from ..jobs.inspect import read_tables
from ..text.phrase import figure, phrase
from ..text.spreadsheet import one_line
from .app import App, settled
from .echo import echo, echo_json, say
from .options import files_argument
from .source_options import source_options
from .spoken import SpokenCommand

_log = logging.getLogger(__name__)


@click.command("inspect", cls=SpokenCommand, codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT))
@files_argument
@source_options
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Write each table as plain CSV into this folder.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def inspect_(app: App, files: tuple[Path, ...], folder: Path | None, output: str) -> int:
    """Show how each FILE is read.

    Shows encoding, delimiter, header row, sheet, columns and rows; for each column the number of filled and
    distinct cells, the longest one, what they look like, and examples; and the first five rows.

    --to writes each table as UTF-8 CSV with commas, named <file name>.csv (of several sheets, <file
    name>.<sheet>.csv).

    If a file cannot be read, the others are still shown, and the exit code is 3 (2 if the machine is at fault).
    """
    source = app.source()
    found = []
    codes: list[int] = []
    for path in files:
        try:
            for facts in read_tables(path, source, folder):
                found.append(facts)
                if output == "table":
                    _show(facts)
        except InputError as error:
            _log.error("Error: %s", error)
            codes.append(exit_code(error, {}))
    if folder:
        settled()
    if output == "json":
        echo_json(found)
    return worst(codes)


def _show(facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if value not in (None, [], ()) and name not in ("profile", "first_rows"):
            shown = (
                (" " if name == "remarks" else ", ").join(one_line(str(each)) for each in value)
                if isinstance(value, (list, tuple))
                else repr(value)
            )
            say(f"{name:<12} {shown.strip(chr(39))}", indent=13)
    _show_columns(facts["profile"])
    if facts["first_rows"]:
        echo("", phrase("first rows"))
    for row in facts["first_rows"]:
        echo(_cut(f"{row['row']:>7}  {' | '.join(_cut(one_line(cell), _CELL) for cell in row['cells'])}", _WIDTH))
    echo("")


_WIDTH, _CELL = 80, 24
"""Characters of a line, and of a cell in it, so that lines fit a terminal; -o json has all."""


def _show_columns(profile: list[dict[str, Any]]) -> None:
    if not profile:
        return
    width = max(6, min(max(len(one_line(each["column"])) for each in profile), 20))
    echo("", f"{'column':<{width}}   filled distinct longest looks like   examples")
    for each in profile:
        distinct = "many" if each["distinct"] is None else f"{figure(each['distinct'])}"
        numbers = f"{figure(each['filled']):>8} {distinct:>8} {figure(each['longest']):>7} {each['looks_like']:<12}"
        name = _cut(one_line(each["column"]), width)
        examples = " | ".join(_cut(one_line(text), _CELL) for text in each["examples"])
        echo(_cut(f"{name:<{width}} {numbers} {examples}".rstrip(), _WIDTH))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
