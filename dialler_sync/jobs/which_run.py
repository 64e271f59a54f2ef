"""Which run a command means if none is named, and whether it has something left to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from ..config import SourceSettings
from ..contacts.changes import COMMANDS
from ..errors import CannotResume, UsageError
from ..journal import READING, Journal, RunRecord
from ..load.undo import to_undo
from ..model import any_left
from ..prepare.marks import runs_named_in
from ..run.target import check_target, find_target
from ..text.command_line import command
from ..text.phrase import phrase

__all__ = [
    "check_ended",
    "check_not_undone",
    "check_target",
    "find_import",
    "find_resumable",
    "find_target",
    "find_undoable",
    "nothing_to_resume",
    "nothing_to_retry",
    "was_undone",
]


def find_resumable(journal: Journal, target: str) -> RunRecord | None:
    """Return the newest run of a target that is unfinished and not undone, or lacks its reports."""

    def meant(run: RunRecord) -> bool:
        return not nothing_to_resume(run) and (run.state == "finished" or not journal.undo_of(run.id))

    return _newest(journal, target, meant)


def find_import(
    journal: Journal, target: str, files: Sequence[Path] = (), logins: Callable[[], SourceSettings] = SourceSettings
) -> RunRecord | None:
    """Return the import of a target that fixed ``files`` come from, else the newest one. ``logins`` open the files.

    Raises:
        UsageError: the files come from a run of another target.
    """
    named = runs_named_in(files, logins().logins()) if files else set()
    known = [run for run in journal.runs() if run.id in named and run.command == "import"]
    for run in known[:1]:
        check_target(next((run for run in known if run.target == target), run), target)

    def meant(run: RunRecord) -> bool:
        if known:
            return run in known
        return run.command == "import" and not run.options.get("dry_run")

    return _newest(journal, target, meant)


def find_undoable(journal: Journal, target: str) -> RunRecord | None:
    """Return the newest run of a target that has changed contacts, or may have, and has not been undone."""
    undone = journal.undone()

    def meant(run: RunRecord) -> bool:
        if run.command not in {"import", *COMMANDS} or run.options.get("dry_run") or run.id in undone:
            return False
        return run.state == "running" or any(True for _ in to_undo(journal, run))

    return _newest(journal, target, meant)


def check_ended(run: RunRecord) -> None:
    """Refuse a run that is still running, or was killed.

    Raises:
        UsageError: it is one.
    """
    if run.state == "running":
        raise UsageError(
            phrase(
                "run {run} is not finished: finish it with '{command}' first, or wait while it is still running",
                run=run.id,
                command=command("resume", run.id),
            )
        )


def check_not_undone(journal: Journal, run: RunRecord) -> None:
    """Refuse to go on with a run that was undone, even in part: its rows no longer stand in the dialler.

    Raises:
        CannotResume: it was.
    """
    if undo := journal.undo_of(run.id):
        raise CannotResume(
            phrase(
                "run {run} was undone by run {undo} and cannot be resumed: send its rows again with '{command}', or "
                "start a new run",
                run=run.id,
                undo=undo,
                command=command("retry", run.id),
            )
        )


def was_undone(journal: Journal, run: RunRecord) -> bool:
    """Whether rows of a run, or of one that it retries, were put back, so that a retry sends them again."""
    runs = {each.id: each for each in journal.runs()}
    of: RunRecord | None = run
    while of:
        if journal.undo_of(of.id):
            return True
        of = runs.pop(of.parent or "", None)
    return False


def nothing_to_resume(run: RunRecord) -> str:
    """Return why a run cannot be resumed; empty if it can."""
    if run.command in READING:
        return phrase(
            "run {run} was a {kind}, which sends nothing: there is nothing to resume", run=run.id, kind=run.command
        )
    ended = run.state == "finished" and not run.is_unreported
    return phrase("run {run} has finished; there is nothing to resume", run=run.id) if ended else ""


def nothing_to_retry(run: RunRecord) -> str:
    """Return why a run has nothing to retry; empty if it has."""
    if run.command in READING:
        return phrase(
            "run {run} was a {kind}, which sends nothing: there is nothing to retry", run=run.id, kind=run.command
        )
    if run.options.get("dry_run"):
        return phrase("run {run} was a dry run, which sends nothing: there is nothing to retry", run=run.id)
    if run.state != "finished" or not run.summary or run.command == "undo":
        return ""
    counts = Counter(run.summary["counts"]) + Counter(run.summary.get("mirror", {}))
    return (
        ""
        if any_left(counts)
        else phrase("every row of run {run} succeeded or was skipped; there is nothing to retry", run=run.id)
    )


def _newest(journal: Journal, target: str, meant: Callable[[RunRecord], bool]) -> RunRecord | None:
    return next((run for run in journal.runs() if run.target == target and meant(run)), None)
