"""Conversation of the coordinator with one sender, from its first order to its final report."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

from ..errors import ClusterLost, DiallerSyncError, NoRowCanSucceed, StopRun
from ..files.own_command import TIMEOUT
from ..text.command_line import command
from ..text.phrase import phrase
from .messages import LOT, Order, Report
from .partitions import Partition
from .writer import Writer

_log = logging.getLogger(__name__)


class Lost(Exception):
    """A sender has become unreachable, or could not be created."""


class RemoteSender(Protocol):
    """A sender on a worker. ``where`` names the worker."""

    @property
    def where(self) -> str:
        """The worker's address."""

    @property
    def trusted(self) -> bool:
        """Whether the connection to the sender is secret."""

    async def exchange(self, order: Order) -> Report:
        """Send an order; return the report.

        Raises:
            Lost: there is no answer.
        """


@dataclass(slots=True)
class Conversation:
    """Gives one partition's rows to a sender, and passes its outcomes to the writer.

    ``token`` goes only to trusted senders, ``lease`` is as in ``Share``. ``asked_at`` is the time of the last order.
    ``told``: the sender has settled rows. ``requests``, ``retries`` and ``campaign_names`` are those of the sender.
    """

    partition: Partition
    writer: Writer
    token: SecretStr
    lease: float
    clock: Callable[[], float] = time.monotonic
    asked_at: float = 0.0
    told: bool = False
    requests: int = 0
    retries: int = 0
    campaign_names: Mapping[str, str] = field(default_factory=dict)

    async def hold(self, sender: RemoteSender) -> None:
        """Give rows until none are left, record the outcomes, and wait for the sender's end.

        Raises:
            Lost: the sender has become unreachable.
        """
        partition, gate = self.partition, self.writer.gate
        order = Order(0, token=self.token if sender.trusted else None)
        written = 0
        last = False
        while True:
            report = await self._ask(sender, order)
            written = max(written, await self._note(sender, report))
            if report.ended:
                partition.release()
                return
            wanted = report.waiting < LOT and not last and not gate.stopped
            doubtful = partition.give_doubtful() if wanted else ()
            rows = partition.give() if wanted else ()
            last = last or (wanted and not rows)
            stop = gate.stopped is not None
            order = Order(order.number + 1, rows, doubtful, written, self.writer.unwritable, last, stop)

    async def _ask(self, sender: RemoteSender, order: Order) -> Report:
        patience = 2 * self.lease
        if order.number == 0:
            patience += TIMEOUT  # the worker may have to fetch a token
        self.asked_at = self.clock()
        try:
            async with asyncio.timeout(patience):
                return await sender.exchange(order)
        except TimeoutError:
            raise Lost(phrase("{where} does not answer", where=sender.where)) from None

    async def _note(self, sender: RemoteSender, report: Report) -> int:
        self.requests, self.retries, self.campaign_names = report.requests, report.retries, report.campaign_names
        for line in report.said:
            _log.warning("%s: %s", sender.where, line)
        self.told = self.told or bool(report.batches)
        if report.error is not None:
            self.writer.gate.stop(reason(report.error, sender.where))
        written = await self.writer.write(self.partition, report.batches)
        self.writer.keep(report.unwritten)
        return written


def reason(error: DiallerSyncError, where: str) -> StopRun:
    """Return the error that stops the run after ``error`` on the worker ``where``."""
    if isinstance(error, ClusterLost):
        return ClusterLost(
            phrase(
                "{error}; continue with '{command}', with or without --cluster", error=error, command=command("resume")
            )
        )
    return error if isinstance(error, StopRun) else NoRowCanSucceed(f"worker {where}: {error}")
