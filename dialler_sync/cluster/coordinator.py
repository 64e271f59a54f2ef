"""Gives the rows of a run to senders, writes down what they report, and replaces those that are lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from .. import __version__
from ..api.pace import Gate
from ..api.token import COMMAND_TIMEOUT
from ..config.settings import DiallerSettings
from ..errors import ClusterLost, DiallerSyncError, JournalError, NoRowCanSucceed, StopRun
from ..journal import Outcome
from ..load.insist import Rules
from ..load.recorder import Book
from ..model import Action
from ..spool import SpooledRow
from .messages import LOT, Batch, Order, Report, Share
from .partitions import Partition, State, split

_log = logging.getLogger(__name__)

LOSSES = 3
"""Senders that a partition may lose one after the other without any outcome: its rows may be what kills them."""


NEXT_WORKER = 60.0
"""Seconds that a cluster without workers is given at least to start one."""


class Lost(Exception):
    """A sender cannot be reached any more, or could not be made."""


class RemoteSender(Protocol):
    """A sender on a worker. ``where`` names the worker."""

    @property
    def where(self) -> str:
        """The worker's address."""

    @property
    def trusted(self) -> bool:
        """Whether nobody can read what is sent to it on the way."""

    async def exchange(self, order: Order) -> Report:
        """Give an order.

        Raises:
            Lost: there is no answer.
        """


class Engine(Protocol):
    """What runs senders on workers."""

    @property
    def workers(self) -> int:
        """How many workers there are."""

    async def begin(self, share: Share) -> RemoteSender:
        """Make a sender on the worker that has the fewest; wait for a worker where there is none.

        Raises:
            Lost: it could not be made.
            ClusterLost: the cluster is gone.
            DiallerSyncError: it refuses.
        """


@dataclass(slots=True)
class Coordinator:
    """Sends the rows of one run by the workers of a cluster.

    ``token`` goes to workers only where nobody can read it on the way. ``patience_at_start`` is in seconds. ``settled``
    is called with every outcome, once it is written down; ``action`` gives what was decided for a row.
    ``lease`` is how many seconds a sender works on without hearing from here. ``requests`` and ``retries`` are sums
    over all senders.
    """

    engine: Engine
    journal: Book
    run_id: str
    folder: Path
    dialler: DiallerSettings
    token: SecretStr
    patience_at_start: float
    rules: Rules
    gate: Gate
    settled: Callable[[Outcome], None]
    action: Callable[[int], Action | None]
    lease: float
    clock: Callable[[], float] = time.monotonic
    requests: int = 0
    retries: int = 0
    _writer: ThreadPoolExecutor = field(init=False)
    _unwritable: str | None = None

    def __post_init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, "journal")  # one, so that what is written first is there first

    async def load(self, rows: Iterable[SpooledRow], doubtful: Sequence[tuple[SpooledRow, int]]) -> None:
        """Send ``rows``; first settle the ``doubtful``, each with the newest contact ID known when it was sent.

        Raises:
            StopRun: the run cannot go on.
        """
        count = max(1, min(self.engine.workers, self.dialler.concurrency))
        partitions = [Partition(number, self.folder, self.rules) for number in range(count)]
        try:
            for _ in split(rows, doubtful, partitions):
                await self.gate.rest(0)
            async with asyncio.TaskGroup() as group:
                for partition in partitions:
                    group.create_task(self._serve(partition, count))
        finally:
            self._write_doubts(partitions)
            self._writer.shutdown()
            for partition in partitions:
                partition.close()
        if self.gate.stopped:
            raise self.gate.stopped

    async def _serve(self, partition: Partition, count: int) -> None:
        """Bring one partition to its end, or as far as the run goes; what stops it stops all others."""
        share = self._share(partition.number, count)
        losses = 0
        try:
            while True:
                conversation = Conversation(self, partition)
                try:
                    return await conversation.hold(await self._begin(share))
                except Lost as lost:
                    losses = 1 if conversation.told else losses + 1
                    if losses > LOSSES:
                        raise ClusterLost(
                            f"{losses} workers were lost one after the other, the last one: {lost}"
                        ) from lost
                    await self._recover(partition, conversation, lost)
        except DiallerSyncError as error:
            self.gate.stop(reason(error, "the cluster"))

    def _share(self, number: int, count: int) -> Share:
        whole = self.dialler.concurrency
        changes = {
            "token": None,
            "concurrency": whole // count + (number < whole % count),
            "rate": self.dialler.rate / count,
        }
        return Share(
            f"{self.run_id}-{number + 1}of{count}",
            __version__,
            self.dialler.model_copy(update=changes),
            self.patience_at_start,
            self.rules,
            self.lease,
        )

    async def _begin(self, share: Share) -> RemoteSender:
        """A sender for a share; as long as there is no worker, the cluster is given the dialler's patience."""
        seconds = max(self.dialler.give_up_after, NEXT_WORKER)
        beginning = asyncio.create_task(self.engine.begin(share))
        patience = asyncio.create_task(self.gate.rest(seconds))
        try:
            await asyncio.wait({beginning, patience}, return_when=asyncio.FIRST_COMPLETED)
            if not beginning.done():
                patience.result()
                raise ClusterLost(f"the cluster has had no worker for {seconds:g} s")
            return beginning.result()
        finally:
            beginning.cancel()
            patience.cancel()
            await asyncio.wait({beginning, patience})

    async def _recover(self, partition: Partition, conversation: Conversation, lost: Lost) -> None:
        """Wait until nothing that the lost sender did can be running, then take its rows back."""
        until = self.clock()
        if partition.held:
            # Its last order may have renewed its lease as late as we gave up waiting for the answer.
            until = max(until, conversation.asked_at + 2 * self.lease + self.rules.quiet)
        wait = max(until - self.clock(), 0.0)
        _log.warning("a worker is lost (%s): another one goes on with its rows in %.0f s", lost, wait)
        with suppress(ClusterLost):  # where all workers are lost, each partition waits for its own
            await self.gate.rest(wait)
        await asyncio.sleep(until - self.clock())
        partition.take_back()

    # Writing down

    async def write(self, partition: Partition, batches: Sequence[Batch]) -> int:
        """Write batches to the journal; gives the number of the last one that is there."""
        number = 0
        for batch in map(self._decided, batches):
            partition.note(batch)
            if self._unwritable is None:
                try:
                    await self._record(batch.outcomes, batch.states)
                except JournalError as error:
                    self._unwritable = str(error)
                    self.gate.stop(error)
            if self._unwritable is not None:
                continue
            number = batch.number
            for outcome in batch.outcomes:
                self.settled(outcome)
        return number

    @property
    def unwritable(self) -> str | None:
        """Why the journal can no longer be written."""
        return self._unwritable

    def _decided(self, batch: Batch) -> Batch:
        """The outcomes with what was decided for each row, which senders do not know."""
        outcomes = []
        for outcome in batch.outcomes:
            action = self.action(outcome.seq)
            outcomes.append(replace(outcome, action=action) if action else outcome)
        return replace(batch, outcomes=outcomes)

    async def _record(self, outcomes: Sequence[Outcome], states: Sequence[State]) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self.journal.record, self.run_id, outcomes, states)

    def _write_doubts(self, partitions: Sequence[Partition]) -> None:
        """Rows that a sender may still be sending are to be looked for by whoever resumes the run."""
        states = [state for partition in partitions for state in partition.in_doubt()]
        if states and self._unwritable is None:
            self._writer.submit(self.journal.record, self.run_id, (), states).result()


class Conversation:
    """What is said between the coordinator and one sender.

    ``asked_at``: when the last order was given. ``told``: the sender has settled rows.
    """

    def __init__(self, coordinator: Coordinator, partition: Partition) -> None:
        self.asked_at = coordinator.clock()
        self.told = False
        self._of = coordinator
        self._partition = partition
        self._requests = self._retries = self._written = 0

    async def hold(self, sender: RemoteSender) -> None:
        """Give rows until there are none, write down what comes back, and hear that all is done.

        Raises:
            Lost: the sender is.
        """
        of, partition = self._of, self._partition
        order = Order(0, token=of.token if sender.trusted else None)
        last = False
        while True:
            report = await self._ask(sender, order)
            await self._note(sender, report)
            if report.ended:
                partition.release()
                return
            wanted = report.waiting < LOT and not last and not of.gate.stopped
            doubtful = partition.give_doubtful() if wanted else ()
            rows = partition.give() if wanted else ()
            last = last or (wanted and not rows)
            order = Order(
                order.number + 1, rows, doubtful, self._written, of.unwritable, last, stop=of.gate.stopped is not None
            )

    async def _ask(self, sender: RemoteSender, order: Order) -> Report:
        patience = 2 * self._of.lease
        if order.number == 0:
            patience += COMMAND_TIMEOUT  # the worker may have to ask for a token
        self.asked_at = self._of.clock()
        try:
            async with asyncio.timeout(patience):
                return await sender.exchange(order)
        except TimeoutError:
            raise Lost(f"{sender.where} does not answer") from None

    async def _note(self, sender: RemoteSender, report: Report) -> None:
        of = self._of
        of.requests += report.requests - self._requests
        of.retries += report.retries - self._retries
        self._requests, self._retries = report.requests, report.retries
        for line in report.said:
            _log.warning("%s: %s", sender.where, line)
        self.told = self.told or bool(report.batches)
        if report.error is not None:
            of.gate.stop(reason(report.error, sender.where))
        self._written = max(self._written, await of.write(self._partition, report.batches))


def reason(error: DiallerSyncError, where: str) -> StopRun:
    """Why the run stops after what happened there."""
    return error if isinstance(error, StopRun) else NoRowCanSucceed(f"worker {where}: {error}")
