"""``dialler-sync undo``: undo a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..text.phrase import counted, figure, phrase
from .app import App, is_quiet
from .asking import confirm
from .choosing import choose, config_of_run_option, say_nothing, when
from .codes import UNDOES
from .echo import echo
from .options import out_option
from .spoken import SpokenCommand

if TYPE_CHECKING:
    from ..jobs.records import RunRecord


@click.command(cls=SpokenCommand, codes=UNDOES)
@click.argument("run", required=False)
@click.option("--force", is_flag=True, help="Also restore contacts that somebody has changed since.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@config_of_run_option
@out_option
@click.pass_obj
def undo(
    app: App, run: str | None, force: bool, yes: bool, dry_run: bool, config_of_run: bool, out: Path | None
) -> int:
    """Undo RUN (default: the newest that changed contacts and is not undone).

    The newest run is that of this configuration's dialler and campaign. A RUN for another one is refused.

    Restores contacts that the run overwrote, deletes those it created, and unlocks those it locked. Contacts
    changed since then are left as they are, unless --force. The call history of a deleted contact cannot be
    restored.
    """
    from ..jobs.changes import check_undo, count_undo, undo_run
    from ..jobs.which_run import find_undoable
    from .output import print_summary
    from .progress import progress

    with app.journal() as journal:
        chosen = choose(app, journal, run, find_undoable, config_of_run=config_of_run)
        if chosen is None:
            return say_nothing(
                phrase("there is nothing to undo: no run has changed this campaign, or each has been undone")
            )
        record, settings = chosen.run, chosen.settings
        check_undo(settings, record, chosen.target)
        counts = count_undo(journal, record, force=force)
        names = {
            "delete": phrase("to delete"),
            "overwrite": phrase("to restore"),
            "create": phrase("to create again (without their history)"),
            "unlock": phrase("to unlock"),
            "lock": phrase("to lock"),
            "impossible": phrase("that cannot be restored (previous state unknown)"),
        }
        parts = [f"{figure(number)} {names[name]}" for name, number in counts.items()]
        if dry_run or not (yes and is_quiet()):
            nothing = phrase("all of it was undone") if journal.undo_of(record.id) else phrase("it changed nothing")
            echo(phrase("Undoing run {run}: {parts}.", run=record.id, parts=", ".join(parts) or nothing))
        if dry_run or not counts:
            return 0
        if not yes:
            confirm(_question(record, counts["delete"]))
        with progress(app) as observer:
            summary = undo_run(
                settings, record, journal, force=force, out=out, observer=observer, config_path=chosen.config_path
            )
    print_summary(summary)
    return summary.exit_code


def _question(run: RunRecord, deleted: int) -> str:
    """Return the question before an undo, with all facts that reveal a wrong run."""
    from ..target import in_words

    files = ", ".join(dict.fromkeys(str(entry["name"]) for entry in run.files)) or phrase("no file")
    asked = phrase(
        "Undo the {command} of {files} ({time}) in {target}?",
        command=run.command,
        files=files,
        time=when(run),
        target=in_words(run.target),
    )
    if not deleted:
        return asked
    lost = counted(
        deleted,
        "{count} contact will be deleted, and its call history is lost for good.",
        "{count} contacts will be deleted, and their call history is lost for good.",
    )
    return f"{asked} {lost}"
