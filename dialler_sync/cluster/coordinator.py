"""Split the rows of a run into partitions, find each a sender, and replace lost senders."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from ..config.dialler import DiallerSettings
from ..errors import ClusterLost, DiallerSyncError
from ..load.rules import Rules
from ..model import SpooledRow
from ..text.phrase import figure, phrase
from ..version import __version__
from .conversation import Conversation, Lost, RemoteSender, reason
from .messages import Share
from .partitions import Partition, split
from .writer import Writer

_log = logging.getLogger(__name__)

LOSSES = 3
"""Senders that a partition may lose in a row without an outcome; beyond that, its own rows may be the cause."""

NEXT_WORKER = 60.0
"""Least seconds for a cluster without workers to start one."""


class Engine(Protocol):
    """Runs senders on workers."""

    @property
    def workers(self) -> int:
        """Number of workers that could send when the run began."""

    @property
    def lacking(self) -> Sequence[str]:
        """Reasons why workers cannot send, each with the worker's name."""

    async def begin(self, share: Share) -> RemoteSender:
        """Create a sender on the worker that has the fewest; wait if there is no worker.

        Raises:
            Lost: the sender could not be created.
            ClusterLost: the cluster is gone.
            DiallerSyncError: the sender refuses to start.
        """


@dataclass(slots=True)
class Coordinator:
    """Sends the rows of one run from the workers of a cluster.

    ``writer`` records the outcomes until it is closed here; its gate ends the run. ``folder`` is the place of waiting
    rows. ``token`` goes to workers only over secret connections. ``patience_at_start`` and ``lease`` are as in
    ``Share``. ``requests`` and ``retries`` are sums over all senders, ``campaign_names`` all that they know.
    """

    engine: Engine
    writer: Writer
    folder: Path
    dialler: DiallerSettings
    token: SecretStr
    patience_at_start: float
    rules: Rules
    lease: float
    clock: Callable[[], float] = time.monotonic
    requests: int = 0
    retries: int = 0
    campaign_names: dict[str, str] = field(default_factory=dict)

    async def load(self, rows: Iterable[SpooledRow], doubtful: Sequence[tuple[SpooledRow, int | None]]) -> None:
        """Send ``rows``, after settling the ``doubtful`` ones, each given with its watermark.

        Raises:
            StopRun: the run cannot go on.
        """
        count = max(1, min(self.engine.workers, self.dialler.concurrency))
        partitions = [Partition(number, self.folder, self.rules) for number in range(count)]
        try:
            for _ in split(rows, doubtful, partitions):
                await self.writer.gate.rest(0)
            async with asyncio.TaskGroup() as group:
                for partition in partitions:
                    group.create_task(self._serve(partition, count))
        finally:
            try:
                self.writer.close(partitions)
            finally:
                for partition in partitions:
                    partition.close()
        if self.writer.gate.stopped:
            raise self.writer.gate.stopped

    async def _serve(self, partition: Partition, count: int) -> None:
        """Send one partition to its end; an error that stops it stops all others."""
        share = self._share(partition.number, count)
        losses = 0
        try:
            while True:
                conversation = Conversation(partition, self.writer, self.token, self.lease, self.clock)
                try:
                    return await conversation.hold(await self._begin(share))
                except Lost as lost:
                    losses = 1 if conversation.told else losses + 1
                    if losses > LOSSES:
                        raise ClusterLost(
                            phrase(
                                "{count} workers were lost one after the other, the last one: {lost}",
                                count=losses,
                                lost=lost,
                            )
                        ) from lost
                    await self._recover(partition, conversation.asked_at, lost)
                finally:
                    self.requests += conversation.requests
                    self.retries += conversation.retries
                    self.campaign_names |= conversation.campaign_names
        except DiallerSyncError as error:
            self.writer.gate.stop(reason(error, phrase("the cluster")))

    def _share(self, number: int, count: int) -> Share:
        whole = self.dialler.concurrency
        changes = {
            "token": None,
            "concurrency": whole // count + (number < whole % count),
            "rate": self.dialler.rate / count,
        }
        return Share(
            f"{self.writer.run_id}-{number + 1}of{count}",
            __version__,
            self.dialler.model_copy(update=changes),
            self.patience_at_start,
            self.rules,
            self.lease,
        )

    async def _begin(self, share: Share) -> RemoteSender:
        """Create a sender for a share; wait for a worker at most as long as for an unreachable dialler."""
        seconds = max(self.dialler.give_up_after, NEXT_WORKER)
        beginning = asyncio.create_task(self.engine.begin(share))
        patience = asyncio.create_task(self.writer.gate.rest(seconds))
        try:
            await asyncio.wait({beginning, patience}, return_when=asyncio.FIRST_COMPLETED)
            if not beginning.done():
                patience.result()
                lacking = "".join(f"; {why}" for why in self.engine.lacking)
                raise ClusterLost(
                    phrase(
                        "no worker of the cluster could be reached for {seconds:g} s{lacking}",
                        seconds=seconds,
                        lacking=lacking,
                    )
                )
            return beginning.result()
        finally:
            beginning.cancel()
            patience.cancel()
            await asyncio.wait({beginning, patience})

    async def _recover(self, partition: Partition, asked_at: float, lost: Lost) -> None:
        """Wait until the lost sender's lease has run out for certain, then take its rows back."""
        until = self.clock()
        if partition.held:
            # Its last order may have renewed the lease as late as the moment when we gave up waiting for the answer.
            until = max(until, asked_at + 2 * self.lease + self.rules.quiet)
        wait = max(until - self.clock(), 0.0)
        _log.warning(
            phrase(
                "a worker is lost ({lost}): another one takes over its rows in {wait} s", lost=lost, wait=figure(wait)
            )
        )
        with suppress(ClusterLost):  # when all workers are lost, each partition waits for its own
            await self.writer.gate.rest(wait)
        await asyncio.sleep(until - self.clock())
        partition.take_back()
