"""``dialler-sync undo``: put back what a run did."""

from __future__ import annotations

from pathlib import Path

import click

from .common import UNDO_CODES, App, out_option


@click.command(epilog=UNDO_CODES)
@click.argument("run")
@click.option("--force", is_flag=True, help="Also put back contacts that somebody has changed since.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@out_option
@click.pass_obj
def undo(app: App, run: str, force: bool, yes: bool, dry_run: bool, out: Path | None) -> int:
    """Put back what RUN did.

    What it overwrote is restored, what it made deleted, what it locked unlocked. Contacts that were
    changed since are left alone, unless --force. What cannot come back is the call history of a contact
    that was deleted.
    """
    from ..jobs.changes import undo_run
    from ..load.undo import count_undo
    from .output import print_summary
    from .progress import progress

    with app.journal() as journal:
        record = journal.run(run)
        counts = count_undo(journal, record)
        names = {
            "delete": "to delete",
            "overwrite": "to restore",
            "create": "to make again (without their history)",
            "unlock": "to unlock",
            "lock": "to lock",
            "impossible": "of which is not known what they were",
        }
        parts = [f"{number} {names[name]}" for name, number in counts.items()]
        click.echo(f"Undoing run {record.id}: {', '.join(parts) or 'it changed nothing'}.")
        if dry_run or not counts:
            return 0
        if not yes:
            click.confirm("Do it?", abort=True, err=True)
        with progress(app) as observer:
            settings = app.settings_of(record.config_path)
            summary = undo_run(settings, record, journal, force=force, out=out, observer=observer)
    print_summary(summary)
    return summary.exit_code
