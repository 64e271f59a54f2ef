"""``dialler-sync contacts history``."""

from __future__ import annotations

from pathlib import Path

import click

from ...exit_codes import ExitCode
from ..common import App
from .get import CODES
from .naming import named_by, naming_options
from .showing import Showing, showing_options


@click.command(epilog=CODES)
@naming_options
@showing_options
@click.pass_obj
def history(
    app: App,
    ids: tuple[int, ...],
    user_data: tuple[str, ...],
    file: Path | None,
    column: str | None,
    by: str | None,
    output: str | None,
    fields: str | None,
    out: Path | None,
) -> int:
    """Show the calls of contacts, one line a call.

    Contact, UserData, time, number dialled, result code, agent end reason and duration come first, then whatever else
    the dialler's record holds. Contacts that are not there are named on stderr (exit 4).

    \b
    Examples:
      dialler-sync contacts history --user-data K-17
      dialler-sync contacts history --from list.csv --out calls.xlsx
    """
    from ...contacts.read import history_columns, read_history
    from ...contacts.record_file import RecordFile
    from ...contacts.targets import Targets
    from ..progress import progress

    named, showing, settings = (
        named_by(ids, user_data, file, column, by),
        Showing.of(output, fields, out),
        app.settings(),
    )
    with RecordFile(showing.folder()) as calls:
        with progress(app) as observer:
            targets = Targets(named, settings)
            observer.stage("reading calls", len(targets))
            problems = read_history(settings, targets, calls, observer.advance)
        columns = history_columns(calls.columns)
        showing.show(calls, columns, columns[:7])
    for problem in problems:
        click.echo(problem, err=True)
    return ExitCode.ROWS_FAILED if problems else ExitCode.OK
