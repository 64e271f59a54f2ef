"""Outcomes of rows, for the journal and for observers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from ..api.wire import StoredContact, id_number
from ..error_codes import INTERRUPTED
from ..errors import RequestError
from ..journal import Outcome
from ..model import Action, SpooledRow, Status
from ..text.phrase import phrase
from ..text.stamp import stamp
from .recorder import Recorder


class RunLog(Protocol):
    """The run that rows belong to."""

    def action(self, seq: int) -> Action | None:
        """Return the action of a row by its place in the run; None if there is none."""

    def count(self, outcome: Outcome) -> None:
        """Count an outcome; called with each one, after it was passed to the journal."""


class Outcomes:
    """Makes outcomes and passes them on.

    ``newest_id`` is the highest contact ID that the dialler has returned, None before the first. ``done`` counts the
    rows that it has accepted.
    """

    def __init__(self, recorder: Recorder, log: RunLog, *, overwrite: bool) -> None:
        self.newest_id: int | None = None
        self.done = 0
        self._recorder = recorder
        self._unplanned = Action.IMPORT if overwrite else Action.CREATE
        self._log = log

    def put(self, outcome: Outcome) -> None:
        """Queue an outcome for the journal, and have the run count it."""
        self._recorder.put(outcome)
        self._log.count(outcome)

    def time(self) -> str:
        """Return the time in the format of reports."""
        return stamp(datetime.now(UTC), "milliseconds")

    def succeeded(self, row: SpooledRow, contact: StoredContact, tries: int, sent_at: str) -> Outcome:
        """Make the outcome of a row that the dialler holds as this contact."""
        self.done += 1
        number = id_number(contact.id)
        if number is not None:
            self.newest_id = max(self.newest_id or 0, number)
        return Outcome(row.seq, Status.SUCCEEDED, self._action(row), contact.id, 200, tries, sent_at=sent_at)

    def failed(self, row: SpooledRow, error: RequestError, tries: int, sent_at: str, *, maybe_done: bool) -> Outcome:
        """Make the outcome of a row without a successful try; ``maybe_done``: one of them may have been done."""
        return Outcome(
            row.seq,
            Status.UNKNOWN if maybe_done else Status.FAILED,
            self._action(row),
            row.contact_id,
            http_status=error.http_status,
            attempts=tries,
            error_code=error.code,
            error=str(error),
            sent_at=sent_at,
        )

    def cut_off(self, row: SpooledRow, tries: int, sent_at: str) -> Outcome:
        """Make the outcome of a row that was in flight when the run ended."""
        return Outcome(
            row.seq,
            Status.UNKNOWN,
            self._action(row),
            row.contact_id,
            attempts=tries,
            error_code=INTERRUPTED,
            error=phrase("the run ended before the dialler had answered"),
            sent_at=sent_at,
        )

    def _action(self, row: SpooledRow) -> Action:
        if not row.body:
            return Action(row.kind)
        return self._log.action(row.seq) or self._unplanned
