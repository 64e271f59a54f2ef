"""``dialler-sync contacts history``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...exit_codes import ExitCode
from ...text.phrase import phrase
from ..app import App
from ..codes import LOOKS_UP
from ..echo import echo
from ..spoken import SpokenCommand
from .naming import naming_options
from .showing import Showing, showing_options

if TYPE_CHECKING:
    from ...jobs.contacts import Named

IN_TABLE = (
    *("DiallerContactsID", "UserData", "CallStart", "DurationSeconds", "Reached", "Number"),
    *("ResultCode", "Agent", "EndReason"),
)


@click.command(cls=SpokenCommand, codes=LOOKS_UP)
@naming_options
@showing_options
@click.option("--language", type=int, metavar="N", help="The dialler's languagesID for result texts.")
@click.pass_obj
def history(
    app: App,
    named: Named,
    output: str | None,
    fields: str | None,
    out: Path | None,
    language: int | None,
) -> int:
    """Show the calls of contacts, one line per call.

    Columns: contact, UserData, call ID, times, duration, whether anybody answered, number dialled, result code,
    agent and end reason, then the other fields of the dialler's record, with dots in their names. Facts missing
    from the dialler's records stay empty and are listed on stderr, as are contacts that do not exist (exit 4).

    \b
    Examples:
      dialler-sync contacts history --user-data K-17
      dialler-sync contacts history --from list.csv --out calls.xlsx
    """
    from ...jobs.contacts import HISTORY_COLUMNS, RecordFile, Targets, read_history
    from ..progress import progress

    showing, settings = Showing.of(output, fields, out), app.settings()
    with RecordFile(showing.folder()) as calls:
        with progress(app) as observer:
            targets = Targets(named, settings)
            observer.stage(phrase("reading calls"), len(targets))
            problems, not_told = read_history(settings, targets, calls, observer.advance, language)
        showing.show(calls, tuple(dict.fromkeys((*HISTORY_COLUMNS, *calls.columns))), IN_TABLE)
    if said := str(not_told):
        echo(f"{said[0].upper()}{said[1:]}", err=True)
    for problem in problems:
        echo(problem, err=True)
    return ExitCode.ROWS_FAILED if problems else ExitCode.OK
