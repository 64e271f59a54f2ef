"""The life of a run once it has begun, for every command alike: what ends its work, and its end, which is settled in
the journal first and then told in reports."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby, islice
from typing import Any, Protocol

from ..errors import Interrupted, JournalDamaged, JournalError, JournalFailed, JournalLost, StopRun
from ..journal import UNREPORTED, Journal, Outcome, RunRecord
from ..text.command_line import command
from ..text.stamp import stamp
from .collector import collect_rarely
from .reports import Effort, SourceCells, Summary, summarise, write_reports

_log = logging.getLogger(__name__)

READING = frozenset({"validate", "plan", "reconcile"})
"""Commands whose runs send nothing, and cannot be resumed."""

_SHOWN = 50
"""Numbers of rows, and stretches of them, that a message names."""


class Work(Protocol):
    """A run while it is carried out; ``run`` is its record as it stands now."""

    journal: Journal
    run: RunRecord

    @property
    def planned(self) -> bool:
        """Whether the journal has its plan: then it can be resumed, and it may have sent rows."""


@dataclass(slots=True)
class Course:
    """How the work of a run went: what stopped it, None if it came to its end, and when it started."""

    stopped: StopRun | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def duration(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started


@contextmanager
def carrying_out(work: Work) -> Iterator[Course]:
    """Do the work of a run in the block; what stops it stands in the course, and the run can be concluded.

    Raises:
        DiallerSyncError: the run could not begin.
    """
    collect_rarely()
    course = Course()
    try:  # in which nothing stands before the block: a Ctrl-C there would be caught, and the block left out
        yield course
    except (StopRun, sqlite3.OperationalError) as error:
        stop = error if isinstance(error, StopRun) else _temporary_file(error)
        sends = work.planned and not work.run.options.get("dry_run")
        course.stopped = told(in_mid_run(stop) if sends else stop, work.run)
    except KeyboardInterrupt:
        course.stopped = told(Interrupted(), work.run)


@contextmanager
def temporary_files() -> Iterator[None]:
    """Work with files that SQLite keeps for a while.

    Raises:
        JournalError: one of them cannot be written.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _temporary_file(error) from error


def _temporary_file(error: sqlite3.OperationalError) -> JournalError:
    return JournalError(f"a temporary file cannot be written: {error}. Is the disk full?")


def told(stop: StopRun, run: RunRecord) -> StopRun:
    """What stopped a run; where a person did, with the command that goes on with it."""
    if not isinstance(stop, Interrupted):
        return stop
    if run.command in READING:
        return Interrupted("Interrupted. Nothing was to be sent; give the command again.")
    return Interrupted(f"Interrupted. Continue with: {command('resume', run.id)}")


def in_mid_run(stopped: StopRun) -> StopRun:
    """What stopped a run that may have sent rows: where its journal fails, it can be resumed, unless it is damaged."""
    if isinstance(stopped, JournalDamaged):
        return JournalLost(*stopped.args)
    if isinstance(stopped, JournalError) and not isinstance(stopped, JournalFailed):
        return JournalFailed(*stopped.args)
    return stopped


def ended(run: RunRecord, stopped: StopRun | None) -> RunRecord:
    """The record of a run that ends now."""
    return replace(run, state="stopped" if stopped else "finished", finished_at=stamp())


@contextmanager
def reporting(run: RunRecord) -> Iterator[None]:
    """Write the reports of a run.

    Raises:
        Interrupted: with the command that goes on with it.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise told(Interrupted(), run) from None


def note_end(journal: Journal, run: RunRecord, summary: dict[str, Any], **changes: Any) -> None:
    """Have the journal know how a run ended."""
    journal.update_run(run.id, state=run.state, finished_at=run.finished_at, summary=summary, **changes)


def conclude(
    journal: Journal,
    run: RunRecord,
    cells: SourceCells,
    stopped: StopRun | None,
    effort: Effort,
    unwritten: Sequence[Outcome] = (),
) -> Summary:
    """End a run: whatever happens to its reports, the journal knows how it ended, and they can be written later.

    ``unwritten`` is what became of rows and could not be written down when it should have been.

    Raises:
        Interrupted: while the reports were written.
        JournalError: the reports cannot be written.
    """
    with reporting(run):
        if unwritten:
            stopped = _write_down(journal, run, stopped, unwritten)
        run = ended(run, stopped)
        try:
            summary = _settle(journal, run, stopped, effort)
        except JournalError as error:
            if stopped and not isinstance(stopped, JournalError):
                _log.warning("%s", error)
            return _tell_all_the_same(journal, run, cells, stopped or in_mid_run(error), effort)
        report(journal, run, cells, summary)
        if not isinstance(stopped, JournalLost):
            journal.require_there()
        return summary


def report(journal: Journal, run: RunRecord, cells: SourceCells, summary: Summary) -> None:
    """Write the reports of a run whose end is settled, and note that they are written."""
    write_reports(journal, run, cells, summary)
    note_end(journal, run, asdict(summary))


def _settle(journal: Journal, run: RunRecord, stopped: StopRun | None, effort: Effort) -> Summary:
    """Have the journal know how the run ended. Its outcomes are counted anew when they are asked for next, whatever was
    before: a plan takes no lock, and may have counted them while the run was at work."""
    summary = summarise(journal, run, stopped, effort)
    note_end(journal, run, {**asdict(summary), UNREPORTED: True}, folded=False)
    return summary


def _tell_all_the_same(
    journal: Journal, run: RunRecord, cells: SourceCells, stopped: StopRun, effort: Effort
) -> Summary:
    """Report a run whose journal can be read and not written, which still knows it as it was when that began.

    Raises:
        StopRun: ``stopped``, as it cannot be read, either, or the reports cannot be written.
    """
    run = replace(run, state="stopped")
    try:
        summary = summarise(journal, run, stopped, effort)
        write_reports(journal, run, cells, summary, keep=False)
    except JournalError as error:
        _log.error("The reports in %s are not written: %s", run.out, error)
        raise stopped from error
    return summary


def _write_down(
    journal: Journal, run: RunRecord, stopped: StopRun | None, unwritten: Sequence[Outcome]
) -> StopRun | None:
    """Try once more to write down what became of rows; where that fails, say which rows they are."""
    try:
        journal.record(run.id, unwritten)
    except JournalError as error:
        stopped = in_mid_run(stopped or error)
        sent = {outcome.seq for outcome in unwritten if outcome.attempts}
        if not sent:
            return stopped
        with suppress(JournalError):
            rows = (entry.result.row for entry in journal.rows(run) if entry.result.seq in sent)
            many = f"{len(sent):,} row{'s were' if len(sent) > 1 else ' was'} sent and could not be written down"
            return type(stopped)(
                *stopped.args,
                f"{many}: {_in_words(rows)}. The reports do not know what became of them; "
                "the run that goes on sends them again where that is harmless, and else looks for them first.",
            )
    return stopped


def _in_words(numbers: Iterator[int]) -> str:
    """Numbers of rows in the order of the files: ``2, 4-7``."""
    stretches = []
    for _, each in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        found = [number for _, number in each]
        stretches.append(str(found[0]) if len(found) == 1 else f"{found[0]}-{found[-1]}")
    return ", ".join(islice(stretches, _SHOWN)) + (" and more" if len(stretches) > _SHOWN else "")
