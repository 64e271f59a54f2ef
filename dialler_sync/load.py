"""Actions → dialler: concurrently, each exactly once, recorded in the journal.

A row is sent by a worker. Where that succeeds, or is refused, the row is settled there and then. Where it
fails otherwise the row is parked in a task of its own, so that its waiting holds up nobody, and insists:
what was certainly not done is sent again; what may have been done is looked for first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from .api.client import DiallerClient
from .api.retry import NOT_ABOUT_THE_ROW, pause
from .api.wire import COMMANDS, StoredContact, differences, plainly_different
from .change import Changer, ContactChanger
from .errors import MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError, StopRun
from .journal import Outcome
from .model import Action, Status
from .recorder import Recorder
from .spool import SpooledRow

LONGEST_QUIET = 10.0
"""Seconds after which a request whose connection is gone is taken to run no longer in the dialler."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How this run sends. ``fixed_campaign``: all rows go to one campaign, so that a 404 speaks of all."""

    overwrite: bool
    fixed_campaign: bool
    retries: int
    timeout: float


@dataclass(slots=True)
class _Row:
    """A row on its way: its tries so far, and what is known of the dialler's contacts with its key."""

    row: SpooledRow
    fields: dict[str, Any]
    repeatable: bool
    newest_before: int
    first_try: float
    tries: int = 1
    doubtful: bool = False
    known: frozenset[str] | None = None
    not_done: bool = False
    sent_at: str = field(default="")


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
        self._can_look_up = True
        self.retries = 0

    def stop(self, reason: StopRun) -> None:
        """Take no more rows; what is in flight ends."""
        self._gate.stop(reason)

    async def load(self, rows: Iterator[SpooledRow], doubtful: Iterable[tuple[SpooledRow, int]] = ()) -> None:
        """Send ``rows``; first settle the ``doubtful``, which an interrupted run may have sent.

        Each of them comes with the newest contact ID that was known when it was sent.

        Raises:
            StopRun: the run cannot go on; what was not taken stays as it was.
        """
        for row, newest in doubtful:
            await self._park(self._resolve_doubtful(row, newest))
        workers: list[asyncio.Task[None]] = []
        try:
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
            self._put(_cut_off(row.seq, 1, sent_at))
            raise
        except RequestError as error:
            stop = reason_to_stop(error, fixed_campaign=False)
            if stop is not None:
                self.stop(stop)
            status = Status.UNKNOWN if isinstance(error, MaybeDone) else Status.FAILED
            action, code, said, why = Action(row.kind), error.code, error.http_status, str(error)
            outcome = Outcome(row.seq, status, action, row.contact_id, said, 1, code, error=why, sent_at=sent_at)
        self._put(outcome)

    async def _send(self, row: SpooledRow) -> None:
        """The first try of a row."""
        repeatable = self._rules.overwrite and bool(row.user_data)
        if not repeatable:
            await self._recorder.intend(row.seq, self._newest_id)
        newest, started, sent_at = self._newest_id, self._clock(), self._time()
        try:
            contact = await self._client.import_contact(row.body, overwrite=self._rules.overwrite)
        except StopRun:
            await self._not_sent(row, repeatable)
        except asyncio.CancelledError:
            self._put(_cut_off(row.seq, 1, sent_at))
            raise
        except RequestError as error:
            way = _Row(row, orjson.loads(row.body), repeatable, newest, started, sent_at=sent_at)
            if isinstance(error, Refused):
                self._put(self._refused(way, error))  # here and now: it may be what stops all others
            else:
                await self._park(self._insist(way, error))
        else:
            self._put(self._succeeded(row, contact, 1, sent_at))

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
        return self._planned_action(row.seq) or (Action.IMPORT if self._rules.overwrite else Action.CREATE)

    def _put(self, outcome: Outcome) -> None:
        self._recorder.put(outcome)
        self._settled(outcome)

    async def _not_sent(self, row: SpooledRow, repeatable: bool) -> None:
        """The run stopped before the first try: take the intent back."""
        if not repeatable:
            await self._recorder.take_back(row.seq)

    def _time(self) -> str:
        return self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    # The few

    async def _insist(self, way: _Row, error: RequestError) -> None:
        """Bring a row whose first try failed to its end."""
        try:
            self._put(await self._outcome(way, error))
        except StopRun:
            # Stopped while waiting. What certainly did not happen is still to be done; the rest is doubtful.
            if way.doubtful and not way.not_done:
                self._put(self._given_up(way, error))
            else:
                await self._not_sent(way.row, way.repeatable)
        except asyncio.CancelledError:
            self._put(_cut_off(way.row.seq, way.tries, way.sent_at))
            raise

    async def _outcome(self, way: _Row, error: RequestError) -> Outcome:
        while True:
            if isinstance(error, Refused):
                return self._refused(way, error)
            if isinstance(error, MaybeDone):
                way.doubtful, way.not_done = True, False
                found = await self._look(way, error)
                if found is not None:
                    return found
                if not way.repeatable and not way.not_done:
                    return self._given_up(way, error)
            if not self._may_repeat(way, error):
                return self._given_up(way, error)
            await self._gate.rest(pause(way.tries, error))
            if not way.repeatable:
                way.newest_before = self._newest_id
                await self._recorder.intend(way.row.seq, way.newest_before)
            self.retries += 1
            way.tries += 1
            way.sent_at = self._time()
            try:
                contact = await self._client.import_contact(way.row.body, overwrite=self._rules.overwrite)
            except RequestError as again:
                error = again
            else:
                return await self._prove_single(way, contact)

    def _may_repeat(self, way: _Row, error: RequestError) -> bool:
        """Within the row's repeats; beyond them only while the dialler as a whole is away."""
        away = error.code in NOT_ABOUT_THE_ROW and self._gate.last_success < way.first_try
        return way.tries <= self._rules.retries or away

    async def _look(self, way: _Row, error: MaybeDone) -> Outcome | None:
        """Look for a row that may have been done. None: it was not done, or may be repeated without harm."""
        if not way.row.user_data:
            return None
        found = await self._find(way.row.user_data)
        there = self._ours(way, found)
        if there is None and error.running:
            await self._gate.rest(min(self._rules.timeout, LONGEST_QUIET))
            found = await self._find(way.row.user_data)
            there = self._ours(way, found)
        if there is not None:
            return self._succeeded(way.row, there, way.tries, way.sent_at)
        if found is not None:
            way.known = frozenset(contact.id for contact in found)
            if self._rules.overwrite:
                way.not_done = all(plainly_different(way.fields, contact.values) for contact in found)
            else:
                # While it may still be running, that it is not there yet proves nothing.
                absent = all(differences(way.fields, contact.values) for contact in found)
                way.not_done = absent and not error.running
        return None

    def _ours(self, way: _Row, found: list[StoredContact] | None) -> StoredContact | None:
        """The contact that shows that the row was done.

        When overwriting, a contact that is as we want it is enough. Else it must also be newer than every
        contact that the dialler had told us of before we sent: IDs are given in ascending order.
        """
        if COMMANDS & way.fields.keys():
            return None
        alike = [contact for contact in found if not differences(way.fields, contact.values)]
        if not self._rules.overwrite:
            alike = [
                contact for contact in alike if contact.id.isdecimal() and int(contact.id) > way.newest_before >= 0
            ]
            return alike[0] if len(alike) == 1 else None
        return alike[0] if alike else None

    async def _find(self, user_data: str) -> list[StoredContact] | None:
        """Contacts of a key, None where that cannot be found out."""
        if not self._can_look_up:
            return None
        try:
            return await self._client.find_contacts(user_data)
        except Refused as error:
            self._can_look_up = error.code != "endpoint_missing"
            return None
        except (NotDone, MaybeDone):
            return None

    async def _prove_single(self, way: _Row, contact: StoredContact) -> Outcome:
        """A repeat succeeded. Where an earlier try may have been done too, see that there is one contact."""
        done = self._succeeded(way.row, contact, way.tries, way.sent_at)
        if not way.doubtful or not way.row.user_data:
            return done
        found = await self._find(way.row.user_data) or []
        others = [c for c in found if c.id != contact.id and (way.known is None or c.id not in way.known)]
        if not others or (way.known is None and len(found) == 1):
            return done
        ours = way.known is not None and all(not differences(way.fields, c.values) for c in others)
        if ours and contact.id in {c.id for c in found}:
            for extra in others:
                await self._client.delete_by_id(extra.id)
            return done
        ids = ", ".join(sorted(c.id for c in found))
        return self._failure(
            way,
            Status.UNKNOWN,
            "possible_duplicate",
            f"the dialler holds several contacts with this UserData ({ids}) after a repeated request",
            http_status=200,
        )

    def _refused(self, way: _Row, error: Refused) -> Outcome:
        stop = reason_to_stop(error, fixed_campaign=self._rules.fixed_campaign)
        if stop is not None:
            self.stop(stop)
        status = Status.UNKNOWN if way.doubtful and not way.not_done and not way.repeatable else Status.FAILED
        return self._failure(way, status, error.code, str(error), http_status=error.http_status)

    def _given_up(self, way: _Row, error: RequestError) -> Outcome:
        certain = way.not_done or not way.doubtful
        return self._failure(
            way, Status.FAILED if certain else Status.UNKNOWN, error.code, str(error), http_status=error.http_status
        )

    def _failure(self, way: _Row, status: Status, code: str, message: str, *, http_status: int | None) -> Outcome:
        return Outcome(
            way.row.seq,
            status,
            self._action(way.row),
            http_status=http_status,
            attempts=way.tries,
            error_code=code,
            error=message,
            sent_at=way.sent_at,
        )

    async def _resolve_doubtful(self, row: SpooledRow, newest: int) -> None:
        """A row that an interrupted run may have sent and that must not be sent blindly again."""
        way = _Row(row, orjson.loads(row.body), False, newest, self._clock(), tries=0, doubtful=True)
        interrupted = MaybeDone("interrupted", "the run was interrupted while this row was being sent", running=False)
        if row.user_data and self._ours(way, await self._find(row.user_data)) is None:
            await self._gate.rest(min(self._rules.timeout, LONGEST_QUIET))  # it may have been sent only just now
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


def _cut_off(seq: int, tries: int, sent_at: str) -> Outcome:
    """The run ended while the dialler was still at work on this row."""
    return Outcome(
        seq,
        Status.UNKNOWN,
        attempts=tries,
        error_code="interrupted",
        error="the run ended before the dialler had answered",
        sent_at=sent_at,
    )


async def _all(tasks: list[asyncio.Task[None]] | set[asyncio.Task[None]]) -> None:
    """Wait for all, also for those that are added meanwhile; raise what the first one raises."""
    while pending := [task for task in tasks if not task.done()]:
        await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.done() and not task.cancelled() and task.exception() for task in tasks):
            break
    for task in list(tasks):
        if task.done():
            task.result()
