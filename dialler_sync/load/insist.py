"""Brings a row whose first try failed to its end.

What was certainly not done is sent again; what may have been done is looked for first. What was repeated after
it may have been done is looked for afterwards: there must be one contact, and not two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from ..api.client import DiallerClient
from ..api.hopeless import reason_to_stop
from ..api.pace import Bout
from ..api.retry import NOT_ABOUT_THE_ROW, TURNED_AWAY, pause
from ..api.wire import StoredContact, differences, id_number
from ..error_codes import INTERRUPTED, POSSIBLE_DUPLICATE
from ..errors import MaybeDone, Refused, RequestError, StopRun
from ..journal import Outcome
from ..model import SpooledRow, Status
from .evidence import may_be_trace, trace
from .moves import Moves
from .outcomes import Outcomes
from .recorder import Recorder

LONGEST_QUIET = 10.0
"""Seconds after which a request whose connection is gone is taken to run no longer in the dialler."""


CROWD = 5
"""Refusals for load that are more than a few rows' own."""

SPARED = 2
"""Tries that do not count as others failed with them. Not more: rows at fault themselves fail together, too."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How this run sends. ``campaign``: the one that all rows go to, so that a 404 speaks of all.

    ``campaign_ids``: the IDs of campaigns that rows name, by name, as far as they are known.
    """

    overwrite: bool
    campaign: str | None
    retries: int
    timeout: float
    campaign_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def quiet(self) -> float:
        """Seconds to wait before a request that was lost is taken to run no longer."""
        return min(self.timeout, LONGEST_QUIET)

    def repeatable(self, row: SpooledRow) -> bool:
        """Whether sending a row twice does no harm."""
        return self.overwrite and bool(row.user_data)


@dataclass(slots=True)
class Tried:
    """A row that was tried.

    ``newest_before`` is the newest contact ID that was known before the first try (None when overwriting: it does
    not matter). ``maybe_done``: by all that is known now, a try may have been done. ``lost``: the outcome of some
    try was not known when it ended; ``twice``: it was sent again after that. ``known`` are the IDs of the contacts
    that carried its key when it was seen not to be done. ``excused`` are the tries that do not count, as the dialler
    turned away many rows just then; ``seen`` are the rows done and the requests turned away at the last try.
    ``away``: the dialler was, when the row's repeats were used up. ``bout``: what its last failure belongs to;
    ``spared``: how many tries did not count as others failed with them.
    """

    row: SpooledRow
    newest_before: int | None
    first_try: float
    sent_at: str = ""
    tries: int = 1
    maybe_done: bool = False
    lost: bool = False
    twice: bool = False
    known: frozenset[str] | None = None
    excused: int = 0
    seen: tuple[int, int] | None = None
    away: bool = False
    bout: Bout | None = None
    spared: int = 0

    def fail_in(self, bout: Bout) -> None:
        """Its last try has failed; at once, as the next failure may belong to another bout."""
        self.bout = bout
        bout.rows.add(self.row.seq)

    @property
    def alone(self) -> bool:
        """Whether no other row failed with its last try."""
        return self.bout is None or len(self.bout.rows) == 1

    @property
    def fields(self) -> dict[str, Any]:
        """What was sent."""
        found: dict[str, Any] = orjson.loads(self.row.body)
        return found


class Insister:
    """Sends again and looks up, until the outcome of a row is known or cannot be known."""

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
        self.foreign = 0  # rows that something before the dialler has refused, or a 403
        self.nothing_fresh = False  # every row has been taken: what is still to be sent has failed before
        self._client = client
        self._gate = client.gate
        self._recorder = recorder
        self._outcomes = outcomes
        self._rules = rules
        self._clock = clock
        self._moves = moves
        self._find = moves.find
        self._quiet_at = clock() + rules.quiet

    async def intend(self, row: SpooledRow, newest_known: int) -> int:
        """Write down that a row is about to be sent for the first time, as sending it twice may do harm.

        Gives the contact ID that every contact is older than, or of, that carries its key by now; -1: not known.
        """
        try:
            newest = newest_known
            if newest < 0 and row.user_data and (found := await self._find(row.user_data)) is not None:
                newest = max((id_number(contact.id) or 0 for contact in found), default=0)
            await self._recorder.intend(row.seq, newest)
        except asyncio.CancelledError:
            self._recorder.take_back(row.seq)
            raise
        return newest

    async def insist(self, tried: Tried, error: RequestError) -> None:
        """Bring a row to its end after ``error``."""
        try:
            self._outcomes.put(await self._moves.checked(tried.row, await self._outcome(tried, error)))
        except StopRun:
            # What certainly did not happen is still to be done; the rest is doubtful.
            if tried.maybe_done:
                self._outcomes.put(self._given_up(tried, error))
            elif not self._rules.repeatable(tried.row):
                self._recorder.take_back(tried.row.seq)
        except asyncio.CancelledError:
            self._outcomes.put(self._outcomes.cut_off(tried.row, tried.tries, tried.sent_at))
            raise

    async def resolve(self, row: SpooledRow, newest_before: int) -> None:
        """Bring a row to its end that an interrupted run may have sent, once or more."""
        newest = None if self._rules.overwrite else newest_before
        tried = Tried(row, newest, self._clock(), twice=True)
        if row.user_data:
            try:
                if self._trace(tried, await self._find(row.user_data)) is None:
                    await self._gate.rest(max(self._quiet_at - self._clock(), 0.0))  # it may be at work on it still
            except StopRun:
                return  # it stays as doubtful as it was
        why = "the run was interrupted while this row was being sent"
        await self.insist(tried, MaybeDone(INTERRUPTED, why, running=False))

    async def _outcome(self, tried: Tried, error: RequestError) -> Outcome:
        while True:
            if isinstance(error, Refused):
                passes = self._outcomes.done > 0 or (self._gate.opened and not self.foreign)
                self.foreign += error.foreign or error.http_status == HTTPStatus.FORBIDDEN
                stop = reason_to_stop(error, campaign=self._rules.campaign, opened=passes, passes=passes)
                if stop is not None:
                    self._gate.stop(stop)
                    raise stop
                return self._given_up(tried, error)
            if isinstance(error, MaybeDone):
                tried.maybe_done = tried.lost = True
                there, found = await self._look(tried, error)
                if there is not None:
                    return await self._prove_single(tried, there, found)
                if tried.maybe_done and not self._rules.repeatable(tried.row):
                    return self._given_up(tried, error)
            if not await self._may_repeat(tried, error):
                return self._given_up(tried, error)
            if self.nothing_fresh and self._gate.is_probing and tried.row.user_data:
                await self._find(tried.row.user_data, patient=False)  # a probe that no row's own fault can fail
            await self._gate.rest(pause(tried.tries, error, self._gate.left(tried.first_try)))
            try:
                contact = await self._repeat(tried)
            except RequestError as again:
                error = again
                tried.fail_in(self._gate.bout)
            else:
                return await self._prove_single(tried, contact)

    async def _repeat(self, tried: Tried) -> StoredContact:
        row = tried.row
        if not self._rules.repeatable(row):
            await self._recorder.intend(row.seq, -1 if tried.newest_before is None else tried.newest_before)
        tried.twice = tried.twice or tried.lost
        tried.tries += 1
        tried.sent_at = self._outcomes.time()
        self.retries += 1
        return await self._client.import_contact(row.body, overwrite=self._rules.overwrite, user_data=row.user_data)

    async def _may_repeat(self, tried: Tried, error: RequestError) -> bool:
        """Within the row's repeats; beyond them only while the dialler as a whole is away, or was at its last try."""
        tried.excused += error.code in TURNED_AWAY and self._crowded(tried)
        left = self._rules.retries - (tried.tries - tried.excused)
        if left > 0 or error.code not in NOT_ABOUT_THE_ROW:
            return left >= 0
        key, since, was_away = tried.row.user_data, tried.first_try, tried.away
        if key and self._find.possible:
            # A look-up tells a dialler that is away from one that refuses this row. Where it was away, the row's
            # last try may have been just before it came back.
            since = self._clock()
            await self._find(key, patient=False)
        tried.away = self._gate.last_success < since
        if left >= 0 or tried.away or was_away:
            return True
        if tried.alone or tried.spared == SPARED:
            return False
        tried.spared += 1
        tried.excused += 1
        return True

    def _crowded(self, tried: Tried) -> bool:
        """Whether others, too, have been turned away since the row's last try, and not few beside those that were done:
        then it is not about the row. Where no row is done any more, all that are left may be at fault themselves."""
        now = self._outcomes.done, self._gate.turned_away
        before, tried.seen = tried.seen or now, now
        done, turned_away = now[0] - before[0], now[1] - before[1]
        return turned_away > CROWD and 0 < done <= CROWD * turned_away

    async def _look(self, tried: Tried, error: MaybeDone) -> tuple[StoredContact | None, list[StoredContact] | None]:
        """(the contact that shows that the row was done, all that carry its key); None: there is none, not known."""
        if not tried.row.user_data:
            return None, None
        found = await self._find(tried.row.user_data)
        there = self._trace(tried, found)
        if there is None and error.running:
            await self._gate.rest(self._rules.quiet)
            found = await self._find(tried.row.user_data)
            there = self._trace(tried, found)
        if there is None and found is not None:
            tried.known = frozenset(contact.id for contact in found)
            tried.maybe_done = any(self._may_be_trace(tried, contact) for contact in found)
            if error.running and not self._rules.repeatable(tried.row):
                tried.maybe_done = True  # that it is not there yet proves too little where a repeat does harm
        return there, found

    async def _prove_single(
        self, tried: Tried, contact: StoredContact, found: list[StoredContact] | None = None
    ) -> Outcome:
        """The row was done. Where more than one try may have been, see that there is one contact."""
        done = self._outcomes.succeeded(tried.row, contact, tried.tries, tried.sent_at)
        if not tried.twice or not tried.row.user_data:
            return done
        if found is None:
            found = await self._find(tried.row.user_data)
        if found is None:
            return done._replace(error="sent again after a lost answer; that it is there once cannot be looked up")
        fields, known = tried.fields, {contact.id, *(tried.known or ())}
        others = [c for c in found if c.id not in known and self._may_be_trace(tried, c)]
        if tried.known is not None and not any(differences(fields, other.values) for other in others):
            try:
                for other in others:
                    await self._client.delete_by_id(other.id)
            except RequestError:
                pass
            else:
                others = []
        if not others:
            return done
        ids = ", ".join(sorted(c.id for c in found))
        return done._replace(
            status=Status.UNKNOWN,
            error_code=POSSIBLE_DUPLICATE,
            error=f"the dialler holds several contacts with this UserData ({ids}) after a repeated request",
        )

    def _trace(self, tried: Tried, found: list[StoredContact] | None) -> StoredContact | None:
        return trace(tried.fields, found or (), tried.newest_before, self._rules.campaign_ids)

    def _may_be_trace(self, tried: Tried, contact: StoredContact) -> bool:
        return may_be_trace(tried.fields, contact, tried.newest_before, self._rules.campaign_ids)

    def _given_up(self, tried: Tried, error: RequestError) -> Outcome:
        return self._outcomes.failed(tried.row, error, tried.tries, tried.sent_at, maybe_done=tried.maybe_done)
