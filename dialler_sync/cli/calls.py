"""``dialler-sync calls``."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..exit_codes import ExitCode
from ..files.url import path_of
from ..text.phrase import counted, figure, phrase
from .app import App, is_quiet, settled
from .codes import LOOKS_UP
from .echo import echo
from .spoken import SpokenCommand
from .streams import exact

if TYPE_CHECKING:
    from ..jobs.calls import CallsDone, Form

IN_TABLE = ("UserData", "CallStart", "DurationSeconds", "Reached", "Number", "ResultCode", "Agent")
CONTACTS_IN_TABLE = ("UserData", "Tries", "Reached", "LastCall", "ResultCode", "Done", "FollowUp")

_PROBLEMS = 10


@click.command(cls=SpokenCommand, codes=(*LOOKS_UP, ExitCode.INTERRUPTED))
@click.argument("files", nargs=-1, metavar="[FILE]...", type=path_of)
@click.option("--campaign", metavar="ID|NAME", help="Campaign to read, in place of the configured one.")
@click.option(
    "--to",
    type=path_of,
    metavar="FILE",
    help="Write FILE.csv, .jsonl or .xlsx, here or at an address, whole or not at all.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "csv", "json", "jsonl", "xlsx"]),
    help="Format.  [default: by the ending of --to, else table]",
)
@click.option(
    "--since",
    metavar="last|DATE|RUN",
    help="Calls since then; last: calls not yet reported, each once.  [default: all]",
)
@click.option(
    "--for", "receiver", metavar="NAME", help="With --since last: name of the recipient; each has its own 'last'."
)
@click.option(
    "--contacts", is_flag=True, help="One line per contact in place of one per call: tries, last call, result."
)
@click.option(
    "--with-columns",
    metavar="A,B",
    help="Add these columns of FILE, or of the imported lists, joined by UserData.",
)
@click.option("--mask", is_flag=True, help="Mask phone numbers in calls.html, not in FILE and invalid-numbers.csv.")
@click.option("--language", type=int, metavar="N", help="The dialler's languagesID for result texts.")
@click.pass_obj
def calls(
    app: App,
    files: tuple[Path, ...],
    campaign: str | None,
    to: Path | None,
    output: str | None,
    since: str | None,
    receiver: str | None,
    contacts: bool,
    with_columns: str | None,
    mask: bool,
    language: int | None,
) -> int:
    """List the calls and their results.

    The calls of a campaign, or of the contacts of FILE.

    One line per call: UserData, contact, times, number, result and agent, then the other fields of the dialler's
    record, with dots in their names. With --since last each call is reported once: it counts as reported as soon as
    FILE is in place. If its result changes later, it is reported again with _change: updated. A call still going on
    is reported when it is over.

    \b
    Examples:
      dialler-sync calls --since last --to calls.csv
      dialler-sync calls --since 2026-01-31 --to january.xlsx
      dialler-sync calls list.csv -o csv
      dialler-sync calls --contacts --to contacts.xlsx
    """
    from ..jobs.calls import calls_options, list_calls
    from .progress import progress

    settings = app.settings()
    in_table = () if settings.calls.columns else CONTACTS_IN_TABLE if contacts else IN_TABLE

    with app.journal() as journal:
        options = calls_options(
            journal, campaign=campaign, files=files, to=to, output=output, since_text=since, language=language,
            receiver=receiver, contacts=contacts, mask=mask,
            with_columns=[name for name in map(str.strip, (with_columns or "").split(",")) if name],
        )  # fmt: skip
        with ExitStack() as bar:
            observer = bar.enter_context(progress(app))

            def show(form: Form, records: Iterable[Mapping[str, Any]]) -> None:
                bar.close()
                _show(form, records, in_table)

            done = list_calls(settings, options, journal, observer, show)
    _tell(done, "contacts" if contacts else "calls")
    return done.exit_code


def _show(form: Form, records: Iterable[Mapping[str, Any]], in_table: Sequence[str]) -> None:
    """Print the list."""
    from ..jobs.calls import write_text
    from .contacts.showing import Showing

    if form.kind != "csv":
        shown = records if list(form.columns) == list(form.columns.values()) else list(form.named(records))
        Showing.of(form.kind, None, None).show(shown, list(form.columns), in_table)
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    with exact(sys.stdout):
        write_text(form, records, sys.stdout)


def _tell(done: CallsDone, what: str) -> None:
    """Print the counts: on stdout if a file has the list, else on stderr."""
    settled()
    told = done.file is None
    if not is_quiet():
        calls, requests = figure(done.calls), figure(done.requests)
        if done.updated:
            changed = figure(done.updated)
            calls = phrase("{number}, {changed} of them changed since reported", number=calls, changed=changed)
        if done.saved:
            saved = figure(done.saved)
            requests = phrase("{number}, {saved} saved, as the list shows no new calls", number=requests, saved=saved)
        scope = counted(
            done.contacts,
            "{count} contact, {asked} of them queried",
            "{count} contacts, {asked} of them queried",
            asked=figure(done.asked),
        )
        echo(f"{what:<12}{calls}", err=told)
        echo(f"{'in scope':<12}{scope}", err=told)
        echo(f"{'requests':<12}{requests}", err=told)
        if done.since:
            echo(f"since       {done.since}", err=told)
        if done.file:
            echo(f"file        {done.file}")
    for remark in (*(() if is_quiet() else done.notes), *done.remarks):
        shown = remark if remark.startswith("calls.") else f"{remark[0].upper()}{remark[1:]}"
        echo(f"{shown}.", err=True)
    for problem in done.problems[:_PROBLEMS]:
        echo(problem, err=True)
    if len(done.problems) > _PROBLEMS:
        echo(phrase("… and {value} more rows without calls", value=figure(len(done.problems) - _PROBLEMS)), err=True)
