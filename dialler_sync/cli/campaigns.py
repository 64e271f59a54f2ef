"""``dialler-sync campaigns``."""

from __future__ import annotations

import click

from ..exit_codes import ExitCode
from .app import App
from .codes import ASKS
from .spoken import SpokenGroup


@click.group(cls=SpokenGroup)
def campaigns() -> None:
    """Show the dialler's campaigns."""


@campaigns.command("list", codes=ASKS)
@click.option("-o", "--output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.pass_obj
def list_(app: App, output: str) -> int:
    """List the campaigns of the account: ID and name (csv and json: all fields).

    \b
    Examples:
      dialler-sync campaigns list
      dialler-sync campaigns list -o json
    """
    from ..jobs.contacts import list_campaigns
    from .contacts.showing import Showing

    found = list_campaigns(app.settings())
    names = list(dict.fromkeys(name for record in found for name in record)) or ["ID", "Name"]
    Showing(output, (), None).show(found, names, ("ID", "Name"))
    return ExitCode.OK
