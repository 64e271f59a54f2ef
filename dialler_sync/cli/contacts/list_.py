"""``dialler-sync contacts list``."""

from __future__ import annotations

from pathlib import Path

import click

from ...exit_codes import ExitCode
from ...text.phrase import phrase
from ..app import App
from ..codes import ASKS
from ..spoken import SpokenCommand
from .naming import campaign_option
from .showing import Showing, showing_options

IN_TABLE = ("ID", "UserData", "DiallerCampaignsName", "Name", "FirstName", "PhoneNumber1", "dtNextTry")
RESULTS_IN_TABLE = ("ID", "UserData", "Name", "_calls", "_last_call", "_last_result_code", "_reached", "_done")


@click.command("list", cls=SpokenCommand, codes=ASKS)
@campaign_option
@showing_options
@click.option("--format", "format_", type=click.Choice(["vendor"]), help="The vendor's own CSV, which 'import' reads.")
@click.option("--with-history", is_flag=True, help="Add the results: calls, last call, result.")
@click.pass_obj
def list_(
    app: App,
    campaign: str | None,
    output: str | None,
    fields: str | None,
    out: Path | None,
    format_: str | None,
    with_history: bool,
) -> int:
    """List the contacts of the account, or of one campaign.

    Output is written only once the full list has arrived, so an interrupted download is never mistaken for a small
    campaign.

    \b
    Examples:
      dialler-sync contacts list --campaign 538
      dialler-sync contacts list --campaign Nightly --fields ID,UserData,dtNextTry -o csv
      dialler-sync contacts list --out all.xlsx
      dialler-sync contacts list --campaign 538 --format vendor --out backup.csv
    """
    from ...jobs.contacts import CONTACT_COLUMNS, RecordFile, add_results, list_contacts
    from ..progress import progress

    showing = Showing.of(output, fields, out, vendor=format_ == "vendor")
    if with_history and format_:
        raise click.UsageError(phrase("--format vendor cannot be combined with --with-history: its columns are fixed"))
    settings = app.settings()
    with RecordFile(showing.folder()) as records, RecordFile(showing.folder()) as with_results:
        with progress(app) as observer:
            observer.stage(phrase("reading contacts"), None)
            list_contacts(settings, campaign, records, observer.advance, with_names=format_ == "vendor")
            if with_history:
                observer.stage(phrase("reading calls"), len(records))
                add_results(settings, records, with_results, observer.advance)
        shown, in_table = (with_results, RESULTS_IN_TABLE) if with_history else (records, IN_TABLE)
        showing.show(shown, tuple(shown.columns) or CONTACT_COLUMNS, in_table)
    return ExitCode.OK
