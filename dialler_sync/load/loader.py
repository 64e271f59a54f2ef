"""Send actions to the dialler: concurrently, each exactly once, recorded in the journal.

A worker sends each row, and settles it if it succeeds or is refused. After any other failure the row is parked in a
task of its own, so that its retries hold up no other row.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Container, Coroutine, Iterable, Iterator
from itertools import islice
from typing import Any

from ..api.client import PARKED, DiallerClient
from ..errors import MaybeDone, Refused, RequestError, StopRun
from ..model import SpooledRow, Status
from .attempt import Attempt, State
from .change import Changer, ContactChanger
from .moves import Moves
from .named import Named
from .outcomes import Outcomes, RunLog
from .recorder import Recorder
from .retrier import Retrier
from .rules import Rules

SENT_ALONE = 10
"""Most rows sent one after the other."""


class Loader:
    """Sends rows. One use; ``log`` counts every outcome. ``perhaps_sent``: rows that a killed process may have sent, of
    which a refusal now says nothing.

    ``load`` raises the reason that stopped it, after requests in flight have been recorded.
    """

    def __init__(
        self,
        client: DiallerClient,
        recorder: Recorder,
        rules: Rules,
        log: RunLog,
        *,
        changer: Changer | None = None,
        named: Named | None = None,
        perhaps_sent: Container[int] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        client.campaign_ids = rules.campaign_ids
        self._gate = client.gate
        self._recorder = recorder
        self._rules = rules
        self._outcomes = Outcomes(recorder, log, overwrite=rules.overwrite)
        self._moves = Moves(client, named)
        self._retrier = Retrier(client, recorder, self._outcomes, rules, self._moves, clock)
        self._changer = changer or ContactChanger(client)
        self._clock = clock
        self._parked: set[asyncio.Task[None]] = set()
        self._perhaps_sent = perhaps_sent

    @property
    def retries(self) -> int:
        """Count the imports that were retries."""
        return self._retrier.retries

    async def load(self, rows: Iterator[SpooledRow], doubtful: Iterable[tuple[SpooledRow, int | None]] = ()) -> None:
        """Send ``rows``; first settle the ``doubtful``, which an interrupted run may have sent.

        Each of them comes with its watermark: the highest contact ID known when it was sent, None if unknown.

        Raises:
            StopRun: the run cannot go on; what was not taken stays as it was.
        """
        workers: list[asyncio.Task[None]] = []
        try:
            for row, watermark in doubtful:
                async with self._moves.turn(row) as alone:
                    resolving = self._retrier.resolve(row, watermark)
                    await (resolving if alone else self._park(resolving))
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

    async def _send_first(self, rows: Iterator[SpooledRow]) -> None:
        """Send the first row alone: a wrong token or campaign costs one row, not as many as are in flight.

        A refusal by a proxy before the dialler is followed by another single row, which shows whether all are refused.
        Without overwriting, go on until a row returns an ID, the watermark that tells a lost row from older contacts.
        If no row does, each row looks up its key before it is sent.
        """
        for row in islice(rows, SENT_ALONE):
            await self._take(row)
            await _all(self._parked)
            known = self._rules.overwrite or self._outcomes.newest_id is not None
            if (known and not self._retrier.refuses_all) or self._gate.stopped:
                return

    async def _work(self, rows: Iterator[SpooledRow]) -> None:
        for row in rows:
            if self._gate.stopped:
                return
            await self._take(row)
        self._retrier.nothing_fresh = True

    async def _take(self, row: SpooledRow) -> None:
        await self._recorder.keep_up()
        async with self._moves.turn(row) as alone:
            await (self._send(row, alone=alone) if row.body else self._change(row))

    async def _send(self, row: SpooledRow, *, alone: bool) -> None:
        """Send a row for the first time. ``alone``: rows like it wait until this one is settled."""
        repeatable = self._rules.repeatable(row)
        watermark = self._outcomes.newest_id
        if not repeatable:
            try:
                watermark = await self._retrier.intend(row, watermark)
            except StopRun:
                return
        started, sent_at = self._clock(), self._outcomes.time()
        try:
            contact = await self._client.import_contact(
                row.body, overwrite=self._rules.overwrite, user_data=row.user_data
            )
        except StopRun:
            if not repeatable:
                self._recorder.take_back(row.seq)
        except asyncio.CancelledError:
            self._outcomes.put(self._outcomes.cut_off(row, 1, sent_at))
            raise
        except RequestError as error:
            before = State.SENT_AGAIN_IN_DOUBT if row.seq in self._perhaps_sent else State.NOT_DONE
            attempt = Attempt(row, watermark, started, sent_at, state=before)
            attempt.allowance.fail(row.seq, self._gate.bout)
            retrying = self._retrier.retry(attempt, error)
            # A refusal at this moment: it may stop all other rows.
            await (retrying if isinstance(error, Refused) or alone else self._park(retrying))
        else:
            done = self._outcomes.succeeded(row, contact, 1, sent_at)
            self._outcomes.put(await self._moves.checked(row, done))

    async def _change(self, row: SpooledRow) -> None:
        """Execute a row that is not an import."""
        sent_at = self._outcomes.time()
        try:
            outcome = (await self._changer.change(row))._replace(sent_at=sent_at)
            self._outcomes.done += outcome.status is Status.SUCCEEDED
        except StopRun as why:
            self._gate.stop(why)  # the reason is this row's; the gate keeps the first
            return
        except asyncio.CancelledError:
            self._outcomes.put(self._outcomes.cut_off(row, 1, sent_at))
            raise
        except RequestError as error:
            try:
                self._retrier.stop_if_fatal(error, None)
            except StopRun:
                return
            maybe_done = isinstance(error, MaybeDone) or row.seq in self._perhaps_sent
            outcome = self._outcomes.failed(row, error, 1, sent_at, maybe_done=maybe_done)
        self._outcomes.put(outcome)

    async def _park(self, work: Coroutine[Any, Any, None]) -> None:
        """Park a row in its own task; the worker waits if too many are parked, so that memory stays flat."""
        task = asyncio.create_task(work)
        self._parked.add(task)
        task.add_done_callback(self._unpark)
        if len(self._parked) > PARKED * self._gate.concurrency:
            await asyncio.wait(self._parked, return_when=asyncio.FIRST_COMPLETED)

    def _unpark(self, task: asyncio.Task[None]) -> None:
        # A failed task stays, so that load() raises its error.
        if not task.cancelled() and task.exception() is None:
            self._parked.discard(task)


async def _all(tasks: list[asyncio.Task[None]] | set[asyncio.Task[None]]) -> None:
    """Wait for all tasks, also those added meanwhile; raise the first error."""
    while pending := [task for task in tasks if not task.done()]:
        await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.done() and not task.cancelled() and task.exception() for task in tasks):
            break
    for task in list(tasks):
        if task.done():
            task.result()
