"""``dialler-sync runs``: the journal."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..exit_codes import ExitCode
from ..files.url import Url, path_of
from ..text.command_line import command
from ..text.forms import rows
from ..text.phrase import counted, phrase
from .app import App, is_quiet, settled
from .asking import confirm
from .echo import echo, echo_json
from .spoken import SpokenCommand, SpokenGroup

if TYPE_CHECKING:
    from ..jobs.forget import Person


class AgeType(click.ParamType):  # type: ignore[type-arg] # generic in newer releases of click only
    """``30d``, ``12h`` or ``6w``."""

    name = "AGE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse an age."""
        from ..jobs.settings import age

        try:
            return age(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group(cls=SpokenGroup)
def runs() -> None:
    """List past runs, rewrite their reports, prune old ones."""


class SinceType(click.ParamType):  # type: ignore[type-arg] # generic in newer releases of click only
    """A date, a time, or an age: ``2026-11-29``, ``2026-11-29T03:15``, ``7d``."""

    name = "DATE|AGE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse a moment; one without a zone is local."""
        from ..jobs.settings import age

        with suppress(ValueError):
            return datetime.now(UTC) - age(str(value))
        try:
            return datetime.fromisoformat(str(value)).astimezone()
        except (ValueError, OverflowError, OSError):
            self.fail(
                phrase("'{value}' is neither a date (2026-11-29) nor an age (7d, 12h, 6w)", value=value), param, ctx
            )


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@runs.command("list", codes=(ExitCode.OK, ExitCode.USAGE))
@click.option("-n", "--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--campaign", metavar="C", help="Only runs of this campaign (name or ID).")
@click.option("--since", type=SinceType(), help="Only runs started since: 2026-11-29, or 7d.")
@click.option("--failed", is_flag=True, help="Only runs that stopped early or had rows that did not succeed.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@json_option
@click.pass_obj
def list_(
    app: App, number: int, campaign: str | None, since: datetime | None, failed: bool, output: str, as_json: bool
) -> None:
    """List the newest runs, the newest first.

    \b
    Examples:
      dialler-sync runs list -n 5
      dialler-sync runs list --campaign Nightly --since 7d --failed
      dialler-sync runs list --json
    """
    from ..jobs.past_runs import Wanted, find_runs

    with app.journal() as journal:
        found = find_runs(journal, Wanted(campaign, since, failed), number)
    if output == "json" or as_json:
        echo_json(found)
        return
    wide = max([9, *(len(run["state"]) for run in found)])
    echo(
        f"{'RUN':<23} {'COMMAND':<9} {'STATE':<{wide}} {'READ':>9} {'SUCCEEDED':>9} {'REJECTED':>8} {'FAILED':>7} "
        f"{'EXIT':>4}  CAMPAIGN  FILE"
    )
    for run in found:
        counts = run["counts"]
        read, good, bad, failing = (counts.get(name, "?") for name in ("read", "succeeded", "rejected", "failed"))
        what = phrase("dry run") if run.get("dry_run") else run["command"]
        state = "undone" if run["undone_by"] else run["state"]
        code = "" if run["exit_code"] is None else run["exit_code"]
        files = ", ".join(dict.fromkeys(str(file["name"]) for file in run["files"]))
        echo(
            f"{run['run_id']:<23} {what:<9} {state:<{wide}} {read:>9} {good:>9} {bad:>8} {failing:>7} {code:>4}  "
            f"{run['campaign']}  {files}"
        )


@runs.command(codes=(ExitCode.OK, ExitCode.USAGE))
@click.argument("run")
@json_option
@click.pass_obj
def show(app: App, run: str, as_json: bool) -> None:
    """Show the result of RUN (as JSON when piped).

    The beginning of the run ID is enough. --json adds the dialler, the state, who started it, and which run undid
    it.

    \b
    Example:
      dialler-sync runs show 20261123-201512-4f3a9c
    """
    from ..jobs.past_runs import facts_of, undone_by
    from ..jobs.results import Summary
    from ..jobs.unfinished import progress_in_words, state_of
    from .output import print_summary

    with app.journal() as journal:
        record = journal.run(run)
        state = state_of(journal, record)
        facts = facts_of(journal, record, state, undone_by(journal))
    unfinished = record.state == "running" or record.summary is None
    if unfinished and not facts["undone_by"]:
        echo(f"run {record.id}: {progress_in_words(record, state, facts['counts'])}", err=True)
    if as_json or unfinished or record.summary is None:
        echo_json(facts)
        return
    if record.is_unreported:
        echo(
            phrase(
                "its reports have not been written; write them with: {command}",
                command=command("runs", "report", record.id),
            ),
            err=True,
        )
    if not sys.stdout.isatty() or record.command == "reconcile":
        echo_json(record.summary)
        return
    print_summary(Summary.read(record.summary))
    echo(f"dialler   {facts['dialler']}", phrase("started by {user}", user=facts["user"] or "?"))
    if facts["undone_by"]:
        echo(phrase("undone by {run}", run=facts["undone_by"]))


@runs.command(codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INPUT))
@click.argument("run")
@click.option("--out", type=path_of, metavar="URL", help="Also put them into the folder at this address.")
@click.pass_obj
def report(app: App, run: str, out: Path | None) -> int:
    """Rewrite the reports of RUN in its folder.

    The outcomes come from the journal. The original columns in failed.xlsx and failed.csv come from the files of
    the run; if a file is gone or has changed, they stay empty, with a message.

    \b
    Example:
      dialler-sync runs report 20261123-201512-4f3a9c
    """
    from ..jobs.history import put_reports, rewrite_reports
    from .output import print_summary

    if out is not None and not isinstance(out, Url):
        raise click.UsageError(
            phrase("--out takes an address here: the reports are written into the folder of the run")
        )
    with app.journal() as journal:
        summary, missing = rewrite_reports(journal, journal.run(run), app.source())
        if isinstance(out, Url):
            put_reports(journal.run(run), out, app.source().stores)
    for problem in missing:
        echo(phrase("{why}: failed.xlsx and failed.csv lack the original columns of its rows", why=problem), err=True)
    print_summary(summary)
    return ExitCode.OK


@runs.command(codes=(ExitCode.OK, ExitCode.USAGE))
@click.argument("run", nargs=-1)
@click.option("--older-than", type=AgeType(), help="Prune runs older than this: 30d, 12h or 6w.")
@click.option("--unfinished", is_flag=True, help="Include runs that could be resumed.")
@click.option("--ahead", is_flag=True, help="Include runs dated more than a day ahead of this machine's clock.")
@click.option("--reports", is_flag=True, help="Also delete their reports.")
@click.option("--dry-run", is_flag=True, help="Only show which.")
@click.pass_obj
def prune(
    app: App,
    run: tuple[str, ...],
    older_than: timedelta | None,
    unfinished: bool,
    ahead: bool,
    reports: bool,
    dry_run: bool,
) -> int:
    """Delete old runs, or each RUN, from the journal.

    They can then no longer be shown, retried or undone, and the saved previous states of their contacts are deleted.
    Their reports stay, unless --reports is given. The journal keeps what was last sent for each UserData (--compare
    journal). It also drops its list of the calls reported before that time; none of them is reported again.

    \b
    Examples:
      dialler-sync runs prune --older-than 30d --dry-run
      dialler-sync runs prune --older-than 26w --unfinished
      dialler-sync runs prune 20261123-201512-4f3a9c
    """
    from ..jobs import history as past_runs
    from ..jobs.calls import forget_calls

    if bool(run) == (older_than is not None) or (run and (unfinished or ahead)):
        raise click.UsageError(phrase("name each RUN, or give --older-than (with --unfinished, --ahead)"))
    with app.journal() as journal:
        now, calls = datetime.now(UTC), 0
        if older_than is None:
            found = past_runs.prunable_runs(journal, run)
        else:
            found = past_runs.prunable(journal, now - older_than, unfinished=unfinished, ahead=ahead)
        if not dry_run:
            past_runs.prune(journal, found, reports=reports)
            if older_than is not None:
                calls = forget_calls(journal, now - older_than, now)
            settled()
    if is_quiet() and not dry_run:
        return ExitCode.OK
    for each in found:
        echo(f"{each.id}  {each.command}  {each.campaign}")
    if dry_run:
        echo(counted(len(found), "would prune {count} run", "would prune {count} runs"), err=True)
    else:
        echo(counted(len(found), "pruned {count} run", "pruned {count} runs"), err=True)
    if calls:
        told = counted(
            calls,
            "forgot {count} call that 'calls --since last' has given",
            "forgot {count} calls that 'calls --since last' has given",
        )
        echo(told, err=True)
    return ExitCode.OK


@click.command(cls=SpokenCommand, codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INTERRUPTED))
@click.option("--user-data", metavar="U", required=True, help="UserData of the person.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(app: App, user_data: str, yes: bool) -> int:
    """Erase a person from the journal and the reports.

    The person's rows stay as lines with empty cells, so that all counts stay right. Their import can then no longer
    be undone or compared. The last lines of the output say where copies remain: in the dialler, in imported files,
    in answers.

    \b
    Example:
      dialler-sync forget --user-data 4711
    """
    from ..jobs.forget import find_person, forget_person, reports_left

    with app.journal() as journal:
        person = find_person(journal, user_data)
        if person.runs and not yes:
            echo(_in_words(person), err=True)
            confirm(phrase("Erase them? This cannot be undone"))
        person, copies = forget_person(journal, person)
        unwritten = reports_left(journal)
    settled()
    echo(phrase("erased {rows}", rows=_in_words(person)))
    for copy in copies:
        echo(phrase("a copy remains: {copy}", copy=copy))
    return ExitCode.USAGE if unwritten else ExitCode.OK


def _in_words(person: Person) -> str:
    return counted(len(person.runs), "{rows} in {count} run", "{rows} in {count} runs", rows=rows(len(person.rows)))
