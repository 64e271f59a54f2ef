"""``dialler-sync runs``: the journal."""

from __future__ import annotations

import json

import click

from .common import App


@click.group()
def runs() -> None:
    """List and show the runs in the journal."""


@runs.command("list")
@click.option("-n", "--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def list_(app: App, number: int, output: str) -> None:
    """List the newest runs, the newest first."""
    with app.journal() as journal:
        found = journal.runs(limit=number)
    if output == "json":
        click.echo(json.dumps([run.summary or {"run_id": run.id, "state": run.state} for run in found], indent=2))
        return
    click.echo(f"{'RUN':<23} {'COMMAND':<9} {'STATE':<9} {'READ':>9} {'SUCCEEDED':>9}  CAMPAIGN")
    for run in found:
        counts = (run.summary or {}).get("counts", {})
        read, succeeded = counts.get("read", "?"), counts.get("succeeded", "?")
        click.echo(f"{run.id:<23} {run.command:<9} {run.state:<9} {read:>9} {succeeded:>9}  {run.campaign}")


@runs.command()
@click.argument("run")
@click.pass_obj
def show(app: App, run: str) -> None:
    """Show the summary of RUN as JSON."""
    with app.journal() as journal:
        record = journal.run(run)
    if record.summary is None:
        raise click.ClickException(f"run {record.id} has no summary yet: it is running, or was killed; see 'resume'")
    click.echo(json.dumps(record.summary, ensure_ascii=False, indent=2))
