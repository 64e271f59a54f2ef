"""The lifecycle of a run, for every command: its work, and its end, settled in the journal before the reports."""

from __future__ import annotations

import gc
import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import groupby, islice
from typing import Any, Protocol

from ..errors import Interrupted, JournalDamaged, JournalError, JournalFailed, JournalLost, OutOfTime, StopRun
from ..journal import READING, UNREPORTED, Journal, Outcome, RunRecord
from ..text.command_line import command
from ..text.phrase import counted, mark, phrase
from ..text.stamp import stamp
from .reports import Effort, SourceCells, Summary, summarise

_log = logging.getLogger(__name__)

_SHOWN = 50
"""Most row numbers, and ranges of them, in a message."""


class Work(Protocol):
    """A run that is carried out; ``run`` is its present record."""

    journal: Journal
    run: RunRecord

    @property
    def planned(self) -> bool:
        """Whether the journal has the plan; then the run can be resumed, and may have sent rows."""


@dataclass(slots=True)
class Course:
    """The course of a run's work: the error that stopped it, None if it came to its end, and its start."""

    stopped: StopRun | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def duration(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started


@contextmanager
def carrying_out(work: Work) -> Iterator[Course]:
    """Do the work of a run in the block; catch what stops it into the course, so that the run can be concluded.

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
    """Run a block that uses temporary files of SQLite.

    Raises:
        JournalError: a temporary file cannot be written.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _temporary_file(error) from error


def _temporary_file(error: sqlite3.OperationalError) -> JournalError:
    return JournalError(phrase("a temporary file cannot be written: {error}. Is the disk full?", error=error))


def told(stop: StopRun, run: RunRecord) -> StopRun:
    """Return the error that stopped a run; of an interrupt, or the end of its time, with the command to continue it."""
    if isinstance(stop, OutOfTime):
        return OutOfTime(phrase("{stop}. Continue with: {command}", stop=stop, command=command("resume", run.id)))
    if not isinstance(stop, Interrupted):
        return stop
    if run.command in READING:
        return Interrupted(phrase("Interrupted. Nothing has been sent; run the command again."))
    return Interrupted(phrase("Interrupted. Continue with: {command}", command=command("resume", run.id)))


def in_mid_run(stopped: StopRun) -> StopRun:
    """Return the error for a run that may have sent rows: a failing journal is resumable, a damaged one is not."""
    if isinstance(stopped, JournalDamaged):
        return JournalLost(*stopped.args)
    if isinstance(stopped, JournalError) and not isinstance(stopped, JournalFailed):
        return JournalFailed(*stopped.args)
    return stopped


def ended(run: RunRecord, stopped: StopRun | None) -> RunRecord:
    """Return the record of a run that ends now."""
    return replace(run, state="stopped" if stopped else "finished", finished_at=stamp())


@contextmanager
def reporting(run: RunRecord) -> Iterator[None]:
    """Write the reports of a run.

    Raises:
        Interrupted: with the command that continues the run.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise told(Interrupted(), run) from None


def note_end(journal: Journal, run: RunRecord, summary: dict[str, Any], **changes: Any) -> None:
    """Write the end of a run to the journal."""
    journal.update_run(run.id, state=run.state, finished_at=run.finished_at, summary=summary, **changes)


def conclude(
    journal: Journal,
    run: RunRecord,
    cells: SourceCells,
    stopped: StopRun | None,
    effort: Effort,
    unwritten: Sequence[Outcome] = (),
) -> Summary:
    """End a run: first in the journal, then in its reports, which can be written again later.

    ``unwritten`` are outcomes that the journal did not take.

    Raises:
        Interrupted: while the reports were written.
        JournalError: the reports cannot be written.
    """
    with _naming(), reporting(run):
        if unwritten:
            stopped = _write_down(journal, run, stopped, unwritten)
        run = ended(run, stopped)
        try:
            summary = _settle(journal, run, stopped, effort)
        except JournalError as error:
            if stopped and not isinstance(stopped, JournalError):
                _log.warning("%s", error)
            sends = run.command not in READING and not run.options.get("dry_run")
            return _tell_all_the_same(journal, run, cells, stopped or (in_mid_run(error) if sends else error), effort)
        report(journal, run, cells, summary)
        if not isinstance(stopped, JournalLost):
            journal.require_there()
        return summary


@contextmanager
def _naming() -> Iterator[None]:
    """Note of an error that its message, or one before it, names the run: ``resume``, ``runs report``."""
    try:
        yield
    except StopRun as error:
        error.names_run = True
        raise


def load_reports() -> None:
    """Load what reports need, which takes a moment."""
    with suppress(ImportError, MemoryError, OSError):  # told where they are needed, if they are still lacking then
        from .report_files import load

        load()


def report(journal: Journal, run: RunRecord, cells: SourceCells, summary: Summary) -> None:
    """Write the reports of a settled run, and note that they are written."""
    from .report_files import write_reports

    write_reports(journal, run, cells, summary)
    note_end(journal, run, asdict(summary))


def _settle(journal: Journal, run: RunRecord, stopped: StopRun | None, effort: Effort) -> Summary:
    """Write the end of the run to the journal.

    Its outcomes are counted anew when next asked for: a plan takes no lock, and may have counted them during the run.
    """
    summary = summarise(journal, run, stopped, effort)
    note_end(journal, run, {**asdict(summary), UNREPORTED: True}, folded=False)
    return summary


def _tell_all_the_same(
    journal: Journal, run: RunRecord, cells: SourceCells, stopped: StopRun, effort: Effort
) -> Summary:
    """Report a run whose journal can be read but not written, and so holds an old state.

    Raises:
        StopRun: ``stopped``, as it cannot be read, either, or the reports cannot be written.
    """
    from .report_files import write_reports

    run = replace(run, state="stopped")
    try:
        summary = summarise(journal, run, stopped, effort)
        write_reports(journal, run, cells, summary, keep=False)
    except JournalError as error:
        if isinstance(error, JournalDamaged):
            unread = mark(
                "The reports in {folder} are not written, as the journal cannot be read: only the dialler knows what "
                "this run has sent."
            )
            _log.error(phrase(unread, folder=run.out))
        else:
            _log.error(phrase("The reports in {folder} are not written: {error}", folder=run.out, error=error))
        raise stopped from error
    return summary


def _write_down(
    journal: Journal, run: RunRecord, stopped: StopRun | None, unwritten: Sequence[Outcome]
) -> StopRun | None:
    """Write the outcomes once more; if that fails, name their rows in the error."""
    try:
        journal.record(run.id, unwritten)
    except JournalError as error:
        stopped = in_mid_run(stopped or error)
        sent = {outcome.seq for outcome in unwritten if outcome.attempts}
        if not sent:
            return stopped
        with suppress(JournalError):
            rows = (entry.result.row for entry in journal.rows(run) if entry.result.seq in sent)
            told = counted(
                len(sent),
                "{count} row was sent and could not be written down: {rows}. Its outcome is missing from the reports.",
                "{count} rows were sent and could not be written down: {rows}. Their outcome is missing from the "
                "reports.",
                rows=_in_words(rows),
            )
            if not isinstance(stopped, JournalLost):
                told += " " + phrase(
                    "Resuming the run sends again what can be sent again without harm, and looks the rest up first."
                )
            return type(stopped)(*stopped.args, told)
    return stopped


def _in_words(numbers: Iterator[int]) -> str:
    """Return row numbers in the order of the files: ``2, 4-7``."""
    stretches = []
    for _, each in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        found = [number for _, number in each]
        stretches.append(str(found[0]) if len(found) == 1 else f"{found[0]}-{found[-1]}")
    shown = ", ".join(islice(stretches, _SHOWN))
    return phrase("{rows} and more", rows=shown) if len(stretches) > _SHOWN else shown


def collect_rarely() -> None:
    """Freeze the objects of the first run's start, which stay, and collect newer ones rarely.

    Later runs of the process would freeze what earlier ones have left to be collected.
    """
    _freeze_start()
    gc.set_threshold(20_000)


@cache
def _freeze_start() -> None:
    """Once a process; to ask the collector whether it is done takes longer than a small run."""
    gc.freeze()
