"""What a row's tries mean for the journal and for those who watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ..api.wire import StoredContact, id_number
from ..errors import RequestError
from ..journal import Outcome
from ..model import Action, SpooledRow, Status
from ..text.stamp import stamp
from .recorder import Recorder


class Outcomes:
    """Makes outcomes and passes them on. ``newest_id`` is the newest contact ID that the dialler has told, -1: none.
    ``done`` counts the rows that it has taken.

    ``settled`` is called with each outcome; ``planned`` gives what was decided for a row, by its place in the run.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        overwrite: bool,
        settled: Callable[[Outcome], None],
        planned: Callable[[int], Action | None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.newest_id = -1
        self.done = 0
        self._recorder = recorder
        self._unplanned = Action.IMPORT if overwrite else Action.CREATE
        self._settled = settled
        self._planned = planned
        self._now = now

    def put(self, outcome: Outcome) -> None:
        """Write an outcome down, soon, and tell it."""
        self._recorder.put(outcome)
        self._settled(outcome)

    def time(self) -> str:
        """The time, as reports have it."""
        return stamp(self._now(), "milliseconds")

    def succeeded(self, row: SpooledRow, contact: StoredContact, tries: int, sent_at: str) -> Outcome:
        """The dialler has the row as this contact."""
        self.done += 1
        number = id_number(contact.id)
        if number is not None:
            self.newest_id = max(self.newest_id, number)
        return Outcome(row.seq, Status.SUCCEEDED, self._action(row), contact.id, 200, tries, sent_at=sent_at)

    def failed(self, row: SpooledRow, error: RequestError, tries: int, sent_at: str, *, maybe_done: bool) -> Outcome:
        """No try succeeded; ``maybe_done``: one of them may have been done all the same."""
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
        """The run ended while the dialler was still at work on the row."""
        return Outcome(
            row.seq,
            Status.UNKNOWN,
            self._action(row),
            row.contact_id,
            attempts=tries,
            error_code="interrupted",
            error="the run ended before the dialler had answered",
            sent_at=sent_at,
        )

    def _action(self, row: SpooledRow) -> Action:
        if not row.body:
            return Action(row.kind)
        return self._planned(row.seq) or self._unplanned
