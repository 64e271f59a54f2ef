"""Actions → dialler: concurrently, each exactly once, recorded in the journal.

A row is sent by a worker. Where that succeeds, or is refused, the row is settled there and then. Where it
fails otherwise the row is parked in a task of its own, so that its waiting holds up nobody, and insists:
what was certainly not done is sent again; what may have been done is looked for first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from .api.client import DiallerClient
from .api.retry import NOT_ABOUT_THE_ROW, pause
from .api.wire import StoredContact, differences
from .change import Changer, ContactChanger
from .errors import MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError, StopRun
from .evidence import LookUp, may_be_trace, trace
from .journal import Outcome
from .model import Action, Status
from .recorder import Recorder
from .spool import SpooledRow

LONGEST_QUIET = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How this run sends. ``fixed_campaign``: all rows go to one campaign, so that a 404 speaks of all."""

    overwrite: bool
    fixed_campaign: bool
    retries: int
    timeout: float

    @property
    def quiet(self) -> float:
        """Seconds after which a request whose connection is gone is taken to run no longer in the dialler."""
        return min(self.timeout, LONGEST_QUIET)


@dataclass(slots=True)
class _Row:
    """A row on its way.

    ``newest_before`` is the newest contact ID known when it was sent (None when overwriting: it does not matter);
    ``maybe_done``: by all that is known now, some try may have been done; ``in_doubt``: for some try, that was so
    at some time; ``known`` are the IDs that carried its key when it was found not to be done.
    """

    row: SpooledRow
    fields: dict[str, Any]
    repeatable: bool
    newest_before: int | None
    first_try: float
    tries: int = 1
    sent_at: str = ""
    maybe_done: bool = False
    in_doubt: bool = False
    known: frozenset[str] | None = None


class Loader:
    """Sends rows. One use; ``settled`` is called with every outcome.

    ``load`` raises what stopped it, after what was in flight has been recorded.
    """

    def __init__(
        self,
        client: DiallerClient,
        recorder: Recorder,
        rules: Rules,
        *,
        settled: Callable[[Outcome], None],
        action: Callable[[int], Action | None] = lambda _: None,
        changer: Changer | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._gate = client.gate
        self._recorder = recorder
        self._rules = rules
        self._settled = settled
        self._planned_action = action
        self._changer = changer or ContactChanger(client)
        self._clock = clock
        self._now = now
        self._parked: set[asyncio.Task[None]] = set()
        self._newest_id = -1
        self._find = LookUp(client)
        self._quiet_at = 0.0
        self.retries = 0

    async def load(self, rows: Iterator[SpooledRow], doubtful: Iterable[tuple[SpooledRow, int]] = ()) -> None:
        """Send ``rows``; first settle the ``doubtful``, which an interrupted run may have sent.

        Each of them comes with the newest contact ID that was known when it was sent.

        Raises:
            StopRun: the run cannot go on; what was not taken stays as it was.
        """
        self._quiet_at = self._clock() + self._rules.quiet
        workers: list[asyncio.Task[None]] = []
        try:
            for row, newest in doubtful:
                await self._park(self._resolve_doubtful(row, newest))
            await self._send_first(rows)
            workers += [asyncio.create_task(self._work(rows)) for _ in range(self._gate.concurrency)]
            await _all(workers)
            await _all(self._parked)
        except BaseException:
            for task in (*workers, *self._parked):
                task.cancel()
            await asyncio.gather(*workers, *self._parked, return_exceptions=True)
            raise
        finally:
            await self._recorder.flush()
        if self._gate.stopped:
            raise self._gate.stopped

    # The many

    async def _send_first(self, rows: Iterator[SpooledRow]) -> None:
        """Send the first row alone: a wrong token or campaign costs one row, and not as many as are in flight.

        Without overwriting, go on so until a row tells an ID: what a lost row is told from older contacts by.
        """
        for row in rows:
            await self._take(row)
            await _all(self._parked)
            if self._rules.overwrite or self._newest_id >= 0 or self._gate.stopped:
                return

    async def _work(self, rows: Iterator[SpooledRow]) -> None:
        for row in rows:
            if self._gate.stopped:
                return
            await self._take(row)

    async def _take(self, row: SpooledRow) -> None:
        await (self._send(row) if row.body else self._change(row))

    async def _change(self, row: SpooledRow) -> None:
        """A row that is no import."""
        sent_at = self._time()
        try:
            outcome = replace(await self._changer(row), sent_at=sent_at)
        except StopRun:
            return
        except asyncio.CancelledError:
            self._put(self._cut_off(row, 1, sent_at))
            raise
        except RequestError as error:
            stop = reason_to_stop(error, fixed_campaign=False)
            if stop is not None:
                self._gate.stop(stop)
                return
            status = Status.UNKNOWN if isinstance(error, MaybeDone) else Status.FAILED
            action, code, said, why = Action(row.kind), error.code, error.http_status, str(error)
            outcome = Outcome(row.seq, status, action, row.contact_id, said, 1, code, error=why, sent_at=sent_at)
        self._put(outcome)

    async def _send(self, row: SpooledRow) -> None:
        """The first try of a row."""
        repeatable = self._rules.overwrite and bool(row.user_data)
        if not repeatable:
            await self._intend(row)
        newest, started, sent_at = self._newest_id, self._clock(), self._time()
        try:
            contact = await self._client.import_contact(row.body, overwrite=self._rules.overwrite)
        except StopRun:
            if not repeatable:
                self._recorder.take_back(row.seq)
        except asyncio.CancelledError:
            self._put(self._cut_off(row, 1, sent_at))
            raise
        except RequestError as error:
            newest_before = None if self._rules.overwrite else newest
            way = _Row(row, orjson.loads(row.body), repeatable, newest_before, started, sent_at=sent_at)
            if isinstance(error, Refused):
                await self._insist(way, error)  # here and now: it may be what stops all others
            else:
                await self._park(self._insist(way, error))
        else:
            self._put(self._succeeded(row, contact, 1, sent_at))

    async def _intend(self, row: SpooledRow) -> None:
        """Write down that a row is about to be sent, as sending it twice may do harm."""
        try:
            await self._recorder.intend(row.seq, self._newest_id)
        except asyncio.CancelledError:
            self._recorder.take_back(row.seq)
            raise

    async def _park(self, work: Any) -> None:
        """Let a row wait on its own; the worker waits too where too many do, so that memory stays flat."""
        task = asyncio.create_task(work)
        self._parked.add(task)
        task.add_done_callback(self._unpark)
        if len(self._parked) > 4 * self._gate.concurrency:
            await asyncio.wait(self._parked, return_when=asyncio.FIRST_COMPLETED)

    def _unpark(self, task: asyncio.Task[None]) -> None:
        # A task that failed stays, so that load() raises what it raised.
        if not task.cancelled() and task.exception() is None:
            self._parked.discard(task)

    def _succeeded(self, row: SpooledRow, contact: StoredContact, tries: int, sent_at: str) -> Outcome:
        if contact.id.isdecimal():
            self._newest_id = max(self._newest_id, int(contact.id))
        return Outcome(row.seq, Status.SUCCEEDED, self._action(row), contact.id, 200, tries, sent_at=sent_at)

    def _action(self, row: SpooledRow) -> Action:
        if not row.body:
            return Action(row.kind)
        return self._planned_action(row.seq) or (Action.IMPORT if self._rules.overwrite else Action.CREATE)

    def _put(self, outcome: Outcome) -> None:
        self._recorder.put(outcome)
        self._settled(outcome)

    def _cut_off(self, row: SpooledRow, tries: int, sent_at: str) -> Outcome:
        """The run ended while the dialler was still at work on this row."""
        return Outcome(
            row.seq,
            Status.UNKNOWN,
            self._action(row),
            attempts=tries,
            error_code="interrupted",
            error="the run ended before the dialler had answered",
            hint="'dialler-sync resume' looks whether it was done",
            sent_at=sent_at,
        )

    def _time(self) -> str:
        return self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    # The few

    async def _insist(self, way: _Row, error: RequestError) -> None:
        """Bring a row whose first try failed to its end."""
        try:
            self._put(await self._outcome(way, error))
        except StopRun:
            # What certainly did not happen is still to be done; the rest is doubtful.
            if way.maybe_done:
                self._put(self._given_up(way, error))
            elif not way.repeatable:
                self._recorder.take_back(way.row.seq)
        except asyncio.CancelledError:
            self._put(self._cut_off(way.row, way.tries, way.sent_at))
            raise

    async def _outcome(self, way: _Row, error: RequestError) -> Outcome:
        while True:
            if isinstance(error, Refused):
                stop = reason_to_stop(error, fixed_campaign=self._rules.fixed_campaign)
                if stop is not None:
                    self._gate.stop(stop)
                    raise stop
                return self._given_up(way, error)
            if isinstance(error, MaybeDone):
                way.maybe_done = way.in_doubt = True
                found = await self._look(way, error)
                if found is not None:
                    return await self._prove_single(way, found)
                if way.maybe_done and not way.repeatable:
                    return self._given_up(way, error)
            if not await self._may_repeat(way, error):
                return self._given_up(way, error)
            await self._gate.rest(pause(way.tries, error))
            try:
                contact = await self._repeat(way)
            except RequestError as again:
                error = again
            else:
                return await self._prove_single(way, contact)

    async def _repeat(self, way: _Row) -> StoredContact:
        """Send a row again."""
        if not way.repeatable:
            await self._intend(way.row)
        if way.newest_before is not None:
            way.newest_before = self._newest_id
        self.retries += 1
        way.tries += 1
        way.sent_at = self._time()
        before, way.maybe_done = way.maybe_done, True
        try:
            return await self._client.import_contact(way.row.body, overwrite=self._rules.overwrite)
        except (StopRun, NotDone, Refused):
            way.maybe_done = before
            raise

    async def _may_repeat(self, way: _Row, error: RequestError) -> bool:
        """Within the row's repeats; beyond them only while the dialler as a whole is away."""
        away = error.code in NOT_ABOUT_THE_ROW and self._gate.last_success < way.first_try
        if away and way.tries >= self._rules.retries and way.row.user_data:
            # Where no other row is on its way, a look-up tells a dialler that is away from one that refuses this row.
            await self._find(way.row.user_data)
        return away or way.tries <= self._rules.retries

    async def _look(self, way: _Row, error: MaybeDone) -> StoredContact | None:
        """The contact that shows that the row was done. None: it was not done, or that cannot be found out."""
        if not way.row.user_data:
            return None
        found = await self._find(way.row.user_data)
        there = trace(way.fields, found or (), way.newest_before)
        if there is None and error.running:
            await self._gate.rest(self._rules.quiet)
            found = await self._find(way.row.user_data)
            there = trace(way.fields, found or (), way.newest_before)
        if there is None and found is not None:
            way.known = frozenset(contact.id for contact in found)
            way.maybe_done = any(may_be_trace(way.fields, contact, way.newest_before) for contact in found)
            if error.running and not way.repeatable:
                way.maybe_done = True  # that it is not there yet proves too little where a repeat does harm
        return there

    async def _prove_single(self, way: _Row, contact: StoredContact) -> Outcome:
        """The row was done. Where more than one try may have been, see that there is one contact."""
        done = self._succeeded(way.row, contact, way.tries, way.sent_at)
        if not way.in_doubt or way.tries < 2 or not way.row.user_data:
            return done
        found = await self._find(way.row.user_data)
        if found is None:
            return replace(done, error="sent again after a lost answer; that it is there once cannot be looked up")
        others = [other for other in found if other.id != contact.id and other.id not in (way.known or ())]
        try:
            if way.known is not None and all(not differences(way.fields, other.values) for other in others):
                for other in others:
                    await self._client.delete_by_id(other.id)
                return done
        except RequestError:
            pass
        if not others:
            return done
        ids = ", ".join(sorted(other.id for other in found))
        why = f"the dialler holds several contacts with this UserData ({ids}) after a repeated request"
        hint = "Look at these contacts in the dialler, and delete all but one."
        return replace(
            done, status=Status.UNKNOWN, contact_id="", error_code="possible_duplicate", error=why, hint=hint
        )

    def _given_up(self, way: _Row, error: RequestError) -> Outcome:
        return Outcome(
            way.row.seq,
            Status.UNKNOWN if way.maybe_done else Status.FAILED,
            self._action(way.row),
            http_status=error.http_status,
            attempts=way.tries,
            error_code=error.code,
            error=str(error),
            sent_at=way.sent_at,
        )

    async def _resolve_doubtful(self, row: SpooledRow, newest: int) -> None:
        """A row that an interrupted run may have sent."""
        repeatable = self._rules.overwrite and bool(row.user_data)
        newest_before = None if self._rules.overwrite else newest
        way = _Row(row, orjson.loads(row.body), repeatable, newest_before, self._clock(), tries=0, maybe_done=True)
        interrupted = MaybeDone("interrupted", "the run was interrupted while this row was being sent", running=False)
        if row.user_data:
            try:
                if trace(way.fields, await self._find(row.user_data) or (), newest_before) is None:
                    await self._gate.rest(max(self._quiet_at - self._clock(), 0.0))  # it may be at work on it still
            except StopRun:
                return  # it stays as doubtful as it was
        await self._insist(way, interrupted)


def reason_to_stop(error: RequestError, *, fixed_campaign: bool) -> StopRun | None:
    """Why no row can succeed after this, None where others may."""
    if error.code == "unauthorised":
        return NoRowCanSucceed(
            f"the dialler refuses the token or the ClientsID ({error}). Making a new token kills the old one: "
            "get the current token, then go on with 'dialler-sync resume'."
        )
    if error.code in {"redirected", "endpoint_missing"}:
        return NoRowCanSucceed(f"{error}: check dialler.base_url and dialler.endpoints")
    if error.code == "not_found" and fixed_campaign:
        return NoRowCanSucceed(
            f"the dialler does not know the campaign ({error}): check campaign: in the configuration"
        )
    return None


async def _all(tasks: list[asyncio.Task[None]] | set[asyncio.Task[None]]) -> None:
    """Wait for all, also for those that are added meanwhile; raise what the first one raises."""
    while pending := [task for task in tasks if not task.done()]:
        await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.done() and not task.cancelled() and task.exception() for task in tasks):
            break
    for task in list(tasks):
        if task.done():
            task.result()
