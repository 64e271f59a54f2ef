"""Runs that have not ended, as they are: at work, killed, or stopped."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ..errors import JournalError, UsageError
from ..journal import READING, Journal, RunRecord
from ..model import Status
from ..run.counts import Counts
from ..text.command_line import command
from ..text.forms import rows
from ..text.phrase import figure, mark, phrase

_log = logging.getLogger(__name__)

RUNNING, KILLED, NOT_KNOWN = mark("running"), mark("killed"), mark("running or killed")
_STATES = {True: RUNNING, False: KILLED, None: NOT_KNOWN}


def state_of(journal: Journal, run: RunRecord) -> str:
    """Return the state of a run: ``finished``, ``stopped``, ``running``, ``killed``; ``running or killed`` where that
    cannot be known."""
    return _STATES[journal.is_at_work(run.id)] if run.state == "running" else run.state


def require_not_at_work(journal: Journal, run: RunRecord) -> None:
    """Refuse a run that another process is working on.

    Raises:
        UsageError: it is at work.
    """
    if state_of(journal, run) == RUNNING:
        raise UsageError(phrase("run {run} is at work: wait until it has finished, or stop it", run=run.id))


def counts_so_far(journal: Journal, run: RunRecord) -> dict[str, int]:
    """Return the counts of a run that has not ended; empty while it writes them."""
    try:
        found = Counts.of(journal, run).rows
    except JournalError:
        return {}
    return {"read": found.total(), **found}


def progress_in_words(run: RunRecord, state: str, counts: Mapping[str, int]) -> str:
    """Return how far a run came, and what to do: ``killed; 2 of 6 rows settled. Finish it with: …``."""
    read = counts.get("read", 0)
    said = phrase(
        "{state}; {settled} of {rows} settled",
        state=phrase(state),
        settled=figure(read - _unsettled(counts)),
        rows=rows(read),
    )
    if state == RUNNING:
        return said
    if run.command in READING:
        return ". ".join((said, phrase("It sends nothing: run the command again")))
    finish = (
        mark("If it was killed, finish it with: {command}") if state == NOT_KNOWN else mark("Finish it with: {command}")
    )
    return f"{said}. {phrase(finish, command=command('resume', run.id))}"


def _unsettled(counts: Mapping[str, int]) -> int:
    return counts.get(Status.UNPROCESSED, 0) + counts.get(Status.UNKNOWN, 0)


def warn_of_unfinished(journal: Journal, run: RunRecord) -> None:
    """Warn where an earlier import of the same list has not finished. The caller holds the campaign, so none is at
    work."""
    lists = {entry["sha256"] for entry in run.files}
    for other in journal.runs():
        same = other.target == run.target and lists & {entry["sha256"] for entry in other.files}
        if not same or other.id == run.id or other.command != "import" or other.options.get("dry_run"):
            continue
        if journal.undo_of(other.id):
            continue
        if other.state == "finished":
            return  # the list has been imported whole since
        state = KILLED if other.state == "running" else other.state
        _log.warning(
            phrase(
                "run {run} has not finished this list ({state}, {rows} not settled). This import sends the "
                "list from its start; '{command}' would send only those rows, as far as no later run has "
                "settled them",
                run=other.id,
                state=phrase(state),
                rows=rows(_unsettled(counts_so_far(journal, other))),
                command=command("resume", other.id),
            ),
        )
        return
