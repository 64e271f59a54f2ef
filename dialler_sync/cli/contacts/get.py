"""``dialler-sync contacts get``."""

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
from .list_ import IN_TABLE
from .naming import campaign_option, naming_options
from .showing import Showing, showing_options

if TYPE_CHECKING:
    from ...jobs.contacts import Named


@click.command(cls=SpokenCommand, codes=LOOKS_UP)
@naming_options
@campaign_option
@showing_options
@click.pass_obj
def get(
    app: App,
    named: Named,
    campaign: str | None,
    output: str | None,
    fields: str | None,
    out: Path | None,
) -> int:
    """Show contacts by ID or UserData (all contacts with that UserData).

    Contacts that the dialler does not have are listed on stderr (exit 4).

    \b
    Examples:
      dialler-sync contacts get --id 4711
      dialler-sync contacts get --user-data K-17 --user-data K-18 -o json
      dialler-sync contacts get --from list.xlsx --column "Customer No" --out found.csv
    """
    from ...jobs.contacts import CONTACT_COLUMNS, RecordFile, Targets, get_contacts
    from ..progress import progress

    showing, settings = Showing.of(output, fields, out), app.settings()
    with RecordFile(showing.folder()) as records:
        with progress(app) as observer:
            targets = Targets(named, settings)
            observer.stage(phrase("reading contacts"), len(targets))
            problems = get_contacts(settings, targets, campaign, records, observer.advance)
        if len(records) == 1 and showing.form == "table" and not showing.fields:
            held = [{"Field": name, "Value": value} for name, value in next(iter(records)).items() if value is not None]
            showing.show(held, ("Field", "Value"))
        else:
            showing.show(records, tuple(records.columns) or CONTACT_COLUMNS, IN_TABLE)
    for problem in problems:
        echo(problem, err=True)
    return ExitCode.ROWS_FAILED if problems else ExitCode.OK
