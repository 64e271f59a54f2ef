"""``dialler-sync contacts lock``, ``unlock`` and ``delete``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ...text.phrase import counted, mark, phrase
from ..app import App
from ..asking import confirm
from ..codes import CHANGES
from ..echo import echo
from ..options import out_option, with_options
from ..spoken import SpokenCommand
from .naming import campaign_option, naming_options

if TYPE_CHECKING:
    from ...jobs.contacts import Named

T = TypeVar("T")

_OPTIONS = (
    campaign_option,
    click.option("--all-matches", is_flag=True, help="Change every contact that has the UserData, each by its ID."),
    click.option(
        "--unchecked",
        is_flag=True,
        help="Do not look up the contacts first: the dialler itself picks one of several, and does not say which.",
    ),
    click.option("--dry-run", is_flag=True, help="Show the contacts, and change nothing."),
    click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    out_option,
)


def _options(command: Callable[..., T]) -> Callable[..., T]:
    return naming_options(with_options(command, _OPTIONS))


@click.command(cls=SpokenCommand, codes=CHANGES)
@_options
@click.pass_obj
def lock(app: App, /, **given: Any) -> int:
    """Lock contacts, so that the dialler no longer calls them.

    This is a run with reports, like an import: results.csv has a line for every contact, failed.xlsx (and .csv)
    lists what did not succeed, with the original columns of FILE; resume, retry and undo work. A UserData that
    several contacts have is refused, unless --all-matches. Locking a contact that does not exist fails.

    \b
    Examples:
      dialler-sync contacts lock --user-data K-17
      dialler-sync contacts lock --from opt_outs.xlsx --column "Customer No" --yes
      dialler-sync contacts lock --from found.csv --by id --dry-run
    """
    return _change(app, "lock", **given)


@click.command(cls=SpokenCommand, codes=CHANGES)
@_options
@click.pass_obj
def unlock(app: App, /, **given: Any) -> int:
    """Unlock contacts: the dialler may call them again.

    This is a run with reports, like an import (see 'contacts lock --help'). Contacts that do not exist are skipped.

    \b
    Examples:
      dialler-sync contacts unlock --id 4711 --id 4712
      dialler-sync contacts unlock --from list.csv --campaign Nightly
    """
    return _change(app, "unlock", **given)


@click.command(cls=SpokenCommand, codes=CHANGES)
@_options
@click.pass_obj
def delete(app: App, /, **given: Any) -> int:
    """Delete contacts with all their data, including their call history.

    This is a run with reports, like an import (see 'contacts lock --help'). Contacts that do not exist are skipped.
    'undo' creates the contacts again, but without their history.

    \b
    Examples:
      dialler-sync contacts delete --user-data K-17
      dialler-sync contacts delete --from leavers.csv --dry-run
      dialler-sync contacts delete --user-data K-17 --all-matches --yes
    """
    return _change(app, "delete", **given)


_NAMED = 5
"""Most contacts that are named before the question."""
_ONLY_THESE = mark("{command} {contacts}?")
_ALL_MATCHES = mark("{command} {contacts} and every contact with the same UserData?")


def _change(
    app: App,
    command: str,
    named: Named,
    campaign: str | None,
    all_matches: bool,
    unchecked: bool,
    dry_run: bool,
    yes: bool,
    out: Path | None,
) -> int:
    """Ask for confirmation, change the contacts, and report the outcome."""
    from ...jobs.changes import ChangeOptions, change_contacts
    from ...jobs.contacts import Targets
    from ..output import print_summary
    from ..progress import progress

    if unchecked and (all_matches or campaign):
        raise click.UsageError(phrase("--unchecked cannot be combined with --all-matches or --campaign"))
    options = ChangeOptions(named, campaign, all_matches, unchecked, dry_run)
    settings = app.settings(finished=True)
    with app.journal() as journal:
        targets = Targets(named, settings, journal)
        if not (yes or dry_run):
            if len(targets) <= _NAMED:
                echo(", ".join(map(str, targets)), err=True)
            question = _ALL_MATCHES if all_matches else _ONLY_THESE
            contacts = counted(len(targets), "{count} contact", "{count} contacts")
            confirm(phrase(question, command=command.capitalize(), contacts=contacts))
        with progress(app) as observer:
            summary = change_contacts(settings, command, targets, options, app.config_path, journal, out, observer)
    print_summary(summary)
    return summary.exit_code
