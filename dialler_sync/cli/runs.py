"""``dialler-sync runs``: the journal."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import click

from ..exit_codes import ExitCode
from ..text.command_line import command
from .common import App, echo, echo_json, exit_codes, settled


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


@click.group()
def runs() -> None:
    """List past runs, write their reports again, forget old ones."""


@runs.command("list", epilog=exit_codes(ExitCode.OK, ExitCode.USAGE))
@click.option("-n", "--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def list_(app: App, number: int, output: str) -> None:
    """List the newest runs, the newest first.

    \b
    Examples:
      dialler-sync runs list -n 5
      dialler-sync runs list -o json
    """
    with app.journal() as journal:
        found = journal.runs(limit=number)
    if output == "json":
        echo_json([run.summary or {"run_id": run.id, "state": run.state} for run in found])
        return
    echo(f"{'RUN':<23} {'COMMAND':<9} {'STATE':<9} {'READ':>9} {'SUCCEEDED':>9}  CAMPAIGN")
    for run in found:
        counts = (run.summary or {}).get("counts", {})
        read, succeeded = counts.get("read", "?"), counts.get("succeeded", "?")
        command = "dry run" if (run.summary or {}).get("dry_run") else run.command
        echo(f"{run.id:<23} {command:<9} {run.state:<9} {read:>9} {succeeded:>9}  {run.campaign}")


@runs.command(epilog=exit_codes(ExitCode.OK, ExitCode.USAGE))
@click.argument("run")
@click.pass_obj
def show(app: App, run: str) -> None:
    """Show what became of RUN: as after the run on a terminal, else its summary as JSON.

    The beginning of its ID is enough.

    \b
    Example:
      dialler-sync runs show 20261123-201512-4f3a9c
    """
    from ..jobs.results import Summary
    from .output import print_summary

    with app.journal() as journal:
        record = journal.run(run)
    if record.summary is None:
        raise click.ClickException(f"run {record.id} has no summary yet: it is running, or was killed; see 'resume'")
    if record.is_unreported:
        echo(f"its reports are not written; this writes them: {command('runs', 'report', record.id)}", err=True)
    if sys.stdout.isatty() and record.command != "reconcile":
        print_summary(Summary.read(record.summary))
    else:
        echo_json(record.summary)


@runs.command(epilog=exit_codes(ExitCode.OK, ExitCode.USAGE))
@click.argument("run")
@click.pass_obj
def report(app: App, run: str) -> int:
    """Write the reports of RUN again, into its folder.

    All that became of its rows stands in the journal. The original columns in failed.xlsx and failed.csv are read from
    the files of the run; where one has gone or changed, that is said, and they stay empty.

    \b
    Example:
      dialler-sync runs report 20261123-201512-4f3a9c
    """
    from ..jobs.history import rewrite_reports
    from .output import print_summary

    with app.journal() as journal:
        summary, missing = rewrite_reports(journal, journal.run(run))
    for problem in missing:
        echo(f"{problem}: failed.xlsx and failed.csv lack the original columns of its rows", err=True)
    print_summary(summary)
    return ExitCode.OK


@runs.command(epilog=exit_codes(ExitCode.OK, ExitCode.USAGE))
@click.option("--older-than", type=AgeType(), required=True, help="Runs that began longer ago: 30d, 12h or 6w.")
@click.option("--unfinished", is_flag=True, help="Also runs that could be resumed.")
@click.option("--dry-run", is_flag=True, help="Only show which.")
@click.pass_obj
def prune(app: App, older_than: timedelta, unfinished: bool, dry_run: bool) -> int:
    """Forget old runs.

    They can then no longer be shown, tried again or undone, and what contacts were before them is deleted. Their
    reports stay where they are, and so does the knowledge of what was last sent for each UserData (--compare journal).

    \b
    Examples:
      dialler-sync runs prune --older-than 30d --dry-run
      dialler-sync runs prune --older-than 26w --unfinished
    """
    from ..jobs import history as past_runs

    with app.journal() as journal:
        found = past_runs.prunable(journal, datetime.now(UTC) - older_than, unfinished=unfinished)
        if not dry_run:
            past_runs.prune(journal, found)
            settled()
    for run in found:
        echo(f"{run.id}  {run.command}  {run.campaign}")
    echo(f"{'would forget' if dry_run else 'forgot'} {len(found):,} run{'s' * (len(found) != 1)}", err=True)
    return ExitCode.OK
