"""Retry a row whose first try failed, until it has an outcome.

A row that was certainly not done is sent again; one that may have been done is looked up first. A row sent again after
that is looked up afterwards: there must be one contact, and not two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus

from ..api.client import DiallerClient
from ..api.fatal import reason_to_stop
from ..api.retry import NOT_ABOUT_THE_ROW, TURNED_AWAY, pause
from ..api.wire import StoredContact, differences, id_number
from ..error_codes import INTERRUPTED, POSSIBLE_DUPLICATE
from ..errors import MaybeDone, Refused, RequestError, StopRun
from ..journal import Outcome
from ..model import SpooledRow, Status
from ..text.phrase import phrase
from .attempt import Attempt, Event, State
from .evidence import Evidence
from .moves import Moves
from .outcomes import Outcomes
from .recorder import Recorder
from .rules import Rules


class Retrier:
    """Sends again and looks up, until the outcome of a row is known or cannot be known.

    ``retries`` counts the repeated imports. ``nothing_fresh``: all rows were taken from the source, so those still to
    be sent have failed before.
    """

    def __init__(
        self,
        client: DiallerClient,
        recorder: Recorder,
        outcomes: Outcomes,
        rules: Rules,
        moves: Moves,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.retries = 0
        self.nothing_fresh = False
        self._suspect = 0  # refusals that may concern every row: a 403, or one by a proxy before the dialler
        self._client = client
        self._gate = client.gate
        self._recorder = recorder
        self._outcomes = outcomes
        self._rules = rules
        self._clock = clock
        self._moves = moves
        self._lookup = moves.lookup
        self._evidence = Evidence(rules.overwrite, rules.campaign_ids)
        self._quiet_at = clock() + rules.quiet

    @property
    def refuses_all(self) -> bool:
        """Whether every row so far may have been refused for an outside reason."""
        return bool(self._suspect) and not self._outcomes.done

    async def intend(self, row: SpooledRow, watermark: int | None) -> int | None:
        """Journal that a row is about to be sent for the first time, as sending it twice may do harm.

        Returns the highest contact ID known to carry its key: ``watermark``, else by a lookup; None if unknown.
        """
        try:
            if watermark is None and row.user_data and (found := await self._lookup.find(row.user_data)) is not None:
                watermark = max((id_number(contact.id) or 0 for contact in found), default=0)
            await self._recorder.intend(row.seq, watermark)
        except asyncio.CancelledError:
            self._recorder.take_back(row.seq)
            raise
        return watermark

    async def retry(self, attempt: Attempt, error: RequestError) -> None:
        """Retry a row after ``error`` until it has an outcome."""
        try:
            self._outcomes.put(await self._moves.checked(attempt.row, await self._outcome(attempt, error)))
        except StopRun:
            # A row that was certainly not done is still to be sent; any other is doubtful.
            if attempt.in_doubt:
                self._outcomes.put(self._give_up(attempt, error))
            elif not self._rules.repeatable(attempt.row):
                self._recorder.take_back(attempt.row.seq)
        except asyncio.CancelledError:
            self._outcomes.put(self._outcomes.cut_off(attempt.row, attempt.tries, attempt.sent_at))
            raise

    async def resolve(self, row: SpooledRow, watermark: int | None) -> None:
        """Find the outcome of a row that an earlier run, or this one before it was resumed, may have sent."""
        attempt = Attempt(row, watermark, self._clock(), state=State.SENT_AGAIN)
        if row.user_data:
            try:
                if self._trace(attempt, await self._lookup.find(row.user_data)) is None:
                    await self._gate.rest(max(self._quiet_at - self._clock(), 0.0))  # it may still be in flight
            except StopRun:
                return  # the row stays doubtful
        why = phrase("it was sent before without an answer, and whether it was done cannot be found out")
        await self.retry(attempt, MaybeDone(INTERRUPTED, why, running=False))

    def stop_if_fatal(self, error: RequestError, campaign: str | None) -> None:
        """Stop the run if a refusal is fatal.

        Raises:
            StopRun: it cannot.
        """
        rows_pass = self._outcomes.done > 0 or (self._gate.opened and not self._suspect)
        if isinstance(error, Refused):
            self._suspect += error.foreign or error.http_status == HTTPStatus.FORBIDDEN
        stop = reason_to_stop(error, campaign=campaign, rows_pass=rows_pass)
        if stop is not None:
            self._gate.stop(stop)
            raise stop

    async def _outcome(self, attempt: Attempt, error: RequestError) -> Outcome:
        while True:
            if isinstance(error, Refused):
                self.stop_if_fatal(error, self._rules.campaign)
                return self._give_up(attempt, error)
            if isinstance(error, MaybeDone):
                attempt.note(Event.LOST)
                there, found = await self._look(attempt, error)
                if there is not None:
                    attempt.note(Event.FOUND)
                    return await self._count(attempt, there, found)
                if attempt.in_doubt and not self._rules.repeatable(attempt.row):
                    return self._give_up(attempt, error)
            if not await self._is_allowed(attempt, error):
                return self._give_up(attempt, error)
            if self.nothing_fresh and self._gate.is_probing and attempt.row.user_data:
                await self._lookup.find(attempt.row.user_data, patient=False)  # a probe that no row's fault can fail
            await self._gate.rest(pause(attempt.tries, error, self._gate.left(attempt.first_try)))
            try:
                contact = await self._send_again(attempt)
            except RequestError as again:
                error = again
                attempt.allowance.fail(attempt.row.seq, self._gate.bout)
            else:
                attempt.note(Event.ACCEPTED)
                return await self._count(attempt, contact)

    async def _send_again(self, attempt: Attempt) -> StoredContact:
        row = attempt.row
        if not self._rules.repeatable(row):
            await self._recorder.intend(row.seq, attempt.watermark)
        attempt.note(Event.SENT)
        attempt.tries += 1
        attempt.sent_at = self._outcomes.time()
        self.retries += 1
        return await self._client.import_contact(row.body, overwrite=self._rules.overwrite, user_data=row.user_data)

    async def _is_allowed(self, attempt: Attempt, error: RequestError) -> bool:
        """Whether the row has retries left, or the dialler was unreachable at its last try."""
        allowance = attempt.allowance
        if error.code in TURNED_AWAY:
            allowance.excuse_in_crowd(self._outcomes.done, self._gate.turned_away)
        left = self._rules.retries - (attempt.tries - allowance.excused)
        if left > 0 or error.code not in NOT_ABOUT_THE_ROW:
            return left >= 0
        key, since, was_away = attempt.row.user_data, attempt.first_try, allowance.was_away
        if key and self._lookup.possible:
            # A lookup tells an unreachable dialler from one that refuses this row. If it was unreachable, the row's
            # last try may have been just before it came back.
            since = self._clock()
            await self._lookup.find(key, patient=False)
        allowance.was_away = self._gate.last_success < since
        return left >= 0 or allowance.was_away or was_away or allowance.spare()

    async def _look(
        self, attempt: Attempt, error: MaybeDone
    ) -> tuple[StoredContact | None, list[StoredContact] | None]:
        """Return (contact that proves that the row was done, all contacts with its key); None: no proof, unknown."""
        key = attempt.row.user_data
        if not key:
            return None, None
        found = await self._lookup.find(key)
        there = self._trace(attempt, found)
        if there is None and error.running:
            await self._gate.rest(self._rules.quiet)
            found = await self._lookup.find(key)
            there = self._trace(attempt, found)
        if there is None and found is not None:
            attempt.known = frozenset(contact.id for contact in found)
            # A missing contact proves too little if a repeat does harm.
            proves = not error.running or self._rules.repeatable(attempt.row)
            if proves and not any(self._may_be_trace(attempt, contact) for contact in found):
                attempt.note(Event.ABSENT)
        return there, found

    async def _count(
        self, attempt: Attempt, contact: StoredContact, found: list[StoredContact] | None = None
    ) -> Outcome:
        """Settle a row that was done; after several tries, check that there is one contact."""
        done = self._outcomes.succeeded(attempt.row, contact, attempt.tries, attempt.sent_at)
        if attempt.state is not State.TO_COUNT:
            return done
        if found is None:
            found = await self._lookup.find(attempt.row.user_data)
        if found is None:
            attempt.note(Event.NOT_COUNTED)
            return done._replace(
                error=phrase("sent again after a lost answer; cannot check that the contact is there only once")
            )
        others = await self._delete_own(attempt, contact, found)
        attempt.note(Event.SEVERAL if others else Event.ONE)
        if not others:
            return done
        ids = ", ".join(sorted(c.id for c in found))
        return done._replace(
            status=Status.UNKNOWN,
            error_code=POSSIBLE_DUPLICATE,
            error=phrase(
                "several contacts in the dialler have this UserData ({ids}) after a repeated request", ids=ids
            ),
        )

    async def _delete_own(
        self, attempt: Attempt, contact: StoredContact, found: list[StoredContact]
    ) -> list[StoredContact]:
        """Delete the contacts that earlier tries certainly made beside ``contact``; return the remaining suspects."""
        if not contact.id:  # one of those found, and it is not known which
            return found if len(found) > 1 else []
        known = {contact.id, *(attempt.known or ())}
        others = [c for c in found if c.id not in known and self._may_be_trace(attempt, c)]
        if attempt.known is None or any(differences(attempt.fields, other.values) for other in others):
            return others
        try:
            for other in others:
                await self._client.delete_by_id(other.id)
        except RequestError:
            return others
        return []

    def _trace(self, attempt: Attempt, found: list[StoredContact] | None) -> StoredContact | None:
        return self._evidence.trace(attempt.fields, found or (), attempt.watermark)

    def _may_be_trace(self, attempt: Attempt, contact: StoredContact) -> bool:
        return self._evidence.may_be_trace(attempt.fields, contact, attempt.watermark)

    def _give_up(self, attempt: Attempt, error: RequestError) -> Outcome:
        maybe_done = attempt.in_doubt
        attempt.note(Event.GIVEN_UP)
        return self._outcomes.failed(attempt.row, error, attempt.tries, attempt.sent_at, maybe_done=maybe_done)
