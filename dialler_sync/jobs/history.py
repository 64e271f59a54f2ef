"""Ended runs: rewrite their reports, and prune them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..config import Settings, SourceSettings
from ..config.inbox import age
from ..errors import (
    DiallerUnavailable,
    Interrupted,
    JournalDamaged,
    JournalError,
    JournalLost,
    LimitReached,
    NoRowCanSucceed,
    OutOfTime,
    SafetyLimit,
    StopRun,
    UsageError,
)
from ..exit_codes import ExitCode
from ..files.pinned import real
from ..journal import READING, Journal, RunRecord
from ..run.address import put_reports
from ..run.begin import REPORTS, delete_reports, writing_to
from ..run.kept import delete_copies
from ..run.lifecycle import report
from ..run.own_folder import reopen_folder
from ..run.reports import Effort, Summary, summarise
from ..run.saved_cells import run_cells
from ..run.start_time import AHEAD
from ..text.command_line import command
from ..text.phrase import phrase
from .unfinished import RUNNING, require_not_at_work, state_of

__all__ = ["delete_old_reports", "prunable", "prunable_runs", "prune", "put_reports", "rewrite_reports", "tidy_reports"]

_log = logging.getLogger(__name__)

_STOPS: dict[int, type[StopRun]] = {
    ExitCode.USAGE: JournalError,
    ExitCode.ROWS_FAILED: LimitReached,
    ExitCode.UNAVAILABLE: DiallerUnavailable,
    ExitCode.NO_ROW_CAN_SUCCEED: NoRowCanSucceed,
    ExitCode.SAFETY_LIMIT: SafetyLimit,
    ExitCode.OUT_OF_TIME: OutOfTime,
    ExitCode.INTERRUPTED: Interrupted,
}
"""Exit code → error that stopped the run."""


def rewrite_reports(journal: Journal, run: RunRecord, source: SourceSettings) -> tuple[Summary, list[str]]:
    """Write the reports of a run again, into its folder; return a sentence on each file whose original cells are lost.
    ``source`` has the password of protected files.

    Raises:
        UsageError: the run is still at work, or was a reconciliation.
        JournalError: the folder cannot be written.
    """
    if run.command == "reconcile":
        raise UsageError(
            phrase("run {run} compared the files with the dialler at that time: reconcile them again", run=run.id)
        )
    from ..contacts.changes import COMMANDS, ChangeOptions

    goes_on = (run.state != "finished" or run.is_unreported) and run.command not in READING
    with journal.campaign_lock(run.target) if goes_on else nullcontext(), writing_to(Path(run.out)):
        run = journal.run(run.id)  # it may have gone on since it was looked up
        typed = ChangeOptions.of(run).named.on_command_line() if run.command in COMMANDS else ()
        cells = run_cells(journal, run, source, typed)
        reopen_folder(run)
        run = replace(run, files=cells.files)
        summary = summarise(journal, run, _stopped(run), Effort())
        report(journal, run, cells, summary)
    return summary, list(cells.missing)


def _stopped(run: RunRecord) -> StopRun | None:
    """Return the reason why a run stopped, if the journal has one."""
    before = run.summary or {}
    if run.state == "finished":
        return None
    if not before.get("resumable", True):
        kind = JournalLost if before["exit_code"] == ExitCode.UNAVAILABLE else JournalDamaged
        return kind(before["stopped_because"])
    if run.state == "stopped" and before.get("stopped_because") and before["exit_code"] in _STOPS:
        return _STOPS[before["exit_code"]](before["stopped_because"])
    return Interrupted(phrase("the run was killed; '{command}' finishes it", command=command("resume", run.id)))


def prunable(journal: Journal, before: datetime, *, unfinished: bool = False, ahead: bool = False) -> list[RunRecord]:
    """Return the runs that began before a moment and are no longer needed; ``ahead``: also those dated far ahead of the
    clock, which would never grow old. To a clock that has been set back all runs are.

    An unfinished run is kept, unless ``unfinished``, together with the runs that it builds on; one at work always is.
    So is an undo as long as the run that it has undone: that would count again.
    """
    runs, wrong = journal.runs(), datetime.now(UTC) + AHEAD
    old = [
        run
        for run in runs
        if (began := datetime.fromisoformat(run.started_at)) < before or (ahead and began > wrong)
        if run.state == "finished" or (unfinished and state_of(journal, run) != RUNNING)
    ]
    pruned = {run.id for run in old}
    needed = {run.parent for run in runs if run.state != "finished" and run.id not in pruned}
    gone = {run.id for run in old} - needed
    there = {run.id for run in runs} - gone
    return [run for run in old if run.id in gone and not (run.command == "undo" and run.parent in there)]


def prunable_runs(journal: Journal, names: Sequence[str]) -> list[RunRecord]:
    """Return the runs with these IDs, finished or not. The beginning of an ID is not enough, as it is gone for good.

    Raises:
        UsageError: one is not there, or at work, or another run needs it.
    """
    named = {name: journal.run(name) for name in names}
    for name, run in named.items():
        if run.id != name:
            raise UsageError(phrase("run {name}: to delete run {run}, give its whole ID", name=name, run=run.id))
        require_not_at_work(journal, run)
    for run in journal.runs():
        if run.parent in named and run.id not in named and run.state != "finished":
            raise UsageError(
                phrase("run {other} is not finished, and needs run {run}: name both", other=run.id, run=run.parent)
            )
        undos = [undo.id for undo in named.values() if undo.command == "undo" and undo.parent == run.id]
        if undos and run.id not in named:
            raise UsageError(
                phrase("run {undo} has undone run {run}, which would count again: name both", undo=undos[0], run=run.id)
            )
    return list(named.values())


def prune(journal: Journal, runs: list[RunRecord], *, reports: bool = False) -> None:
    """Delete runs, and with ``reports`` their reports.

    The last payload of each UserData stays known; undoing them becomes impossible.

    Raises:
        UsageError: another run is working on one of their campaigns.
    """
    for target in dict.fromkeys(run.target for run in runs):
        with journal.campaign_lock(target):
            journal.fold_runs(target)
            for run in runs:
                if run.target == target:
                    if reports:
                        _delete_reports(run)
                    journal.delete_run(run.id)
                    delete_copies(journal, run)


def _delete_reports(run: RunRecord) -> bool:
    try:
        return delete_reports(run)
    except OSError as error:
        _log.warning(phrase("the reports in {folder} cannot be deleted: {why}", folder=run.out, why=error.strerror))
        return False


def delete_old_reports(journal: Journal, folder: Path, keep: timedelta, now: datetime | None = None) -> None:
    """Delete the reports in a folder of finished runs that ended longer ago than ``keep``; the journal keeps the runs.
    Reports elsewhere, of other configurations or ``--out``, stay."""
    limit, folder = (now or datetime.now(UTC)) - keep, real(folder)
    for run in journal.runs():
        ended = run.state == "finished" and run.finished_at and datetime.fromisoformat(run.finished_at) < limit
        if ended and Path(run.out).parent == folder:
            _delete_reports(run)


def tidy_reports(settings: Settings, journal: Journal) -> None:
    """Delete old reports, as ``reports.keep`` says."""
    if settings.reports.keep:
        delete_old_reports(journal, settings.reports.dir or REPORTS, age(settings.reports.keep))
