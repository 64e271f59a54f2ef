"""The end of a run: settled in the journal first, then told in reports."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import groupby, islice

from ..errors import Interrupted, JournalError, JournalFailed, JournalLost, StopRun
from ..journal import UNREPORTED, Journal, Outcome, RunRecord
from ..text.stamp import stamp
from .interrupt import told
from .reports import Effort, SourceCells, Summary, summarise, write_reports

_log = logging.getLogger(__name__)

_SHOWN = 50
"""Numbers of rows, and stretches of them, that a message names."""


def in_mid_run(stopped: StopRun) -> StopRun:
    """What stopped a run that may have sent rows: where its journal fails, it can be resumed."""
    if isinstance(stopped, JournalError) and not isinstance(stopped, JournalFailed):
        return JournalFailed(*stopped.args)
    return stopped


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
    try:
        if unwritten:
            stopped = _write_down(journal, run, stopped, unwritten)
        run = replace(run, state="stopped" if stopped else "finished", finished_at=stamp())
        try:
            summary = _settle(journal, run, stopped, effort)
        except JournalError as error:
            if stopped and not isinstance(stopped, JournalError):
                _log.warning("%s", error)
            return _tell_all_the_same(journal, run, cells, stopped or in_mid_run(error), effort)
        report(journal, run, cells, summary)
        if not isinstance(stopped, JournalLost):
            journal.require_there()
    except KeyboardInterrupt:
        raise told(Interrupted("while the reports were written"), run) from None
    return summary


def report(journal: Journal, run: RunRecord, cells: SourceCells, summary: Summary) -> None:
    """Write the reports of a run whose end is settled, and note that they are written."""
    write_reports(journal, run, cells, summary)
    journal.update_run(run.id, state=run.state, finished_at=run.finished_at, summary=asdict(summary))


def _settle(journal: Journal, run: RunRecord, stopped: StopRun | None, effort: Effort) -> Summary:
    """Have the journal know how the run ended. Its outcomes are counted anew when they are asked for next, whatever was
    before: a plan takes no lock, and may have counted them while the run was at work."""
    summary = summarise(journal, run, stopped, effort)
    end = {**asdict(summary), UNREPORTED: True}
    journal.update_run(run.id, state=run.state, finished_at=run.finished_at, summary=end, folded=False)
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
        _log.warning("The reports in %s are not written: %s", run.out, error)
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
