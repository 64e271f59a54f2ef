"""The coordinator: rows of a lost sender wait until nothing that it did can be running."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from dialler_sync.api.pace import Gate
from dialler_sync.cluster.conversation import Lost, RemoteSender
from dialler_sync.cluster.coordinator import LOSSES, Coordinator
from dialler_sync.cluster.messages import LOT, Batch, Order, Report, Share
from dialler_sync.cluster.writer import Writer
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import ClusterLost, Interrupted
from dialler_sync.journal import Outcome, RowState
from dialler_sync.load.named import Named
from dialler_sync.load.rules import Rules
from dialler_sync.model import SpooledRow, Status

from ...helpers.run_log import Log

RULES = Rules(True, None, 0, 0.05)
LEASE = 0.25
QUIET = 2 * LEASE + RULES.quiet
"""Seconds after an order within which the sender that got it may still send."""


class Book:
    def record(
        self, _run: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int]] = (), /
    ) -> None:
        """Everything is taken."""


class Sender:
    """Is lost at the order of this number, where it is. ``tells``: it settles its rows, and then wants no more.

    ``orders``: when it got each, and the rows with it.
    """

    where = "tcp://worker"
    trusted = True

    def __init__(self, lost_at: int | None, *, tells: bool = False) -> None:
        self.lost_at, self.tells = lost_at, tells
        self.orders: list[tuple[float, list[int]]] = []

    async def exchange(self, order: Order) -> Report:
        seqs = [row.seq for row in order.rows]
        self.orders.append((time.monotonic(), seqs))
        if order.number == self.lost_at:
            raise Lost("it is gone")
        done = seqs if self.tells else []
        batches = [Batch(order.number, [Outcome(seq, Status.SUCCEEDED) for seq in done], ())] if done else []
        return Report(batches, LOT if done else 0, 0, 0, (), order.last or order.stop, None)


class Engine:
    """Gives these senders one after the other; waits for ever when there are no more."""

    workers = 1
    lacking = ("worker tcp://old: too old",)

    def __init__(self, *senders: Sender) -> None:
        self.senders = list(senders)
        self.left = list(senders)

    async def begin(self, _share: Share) -> RemoteSender:
        if not self.left:
            await asyncio.Event().wait()
        return self.left.pop(0)


Run = Callable[..., None]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(engine: Engine, gate: Gate | None = None, rows: int = 1) -> None:
        writer = Writer(Book(), "run", gate or Gate(1), Log(), Named(gate or Gate(1)))
        dialler = DiallerSettings(base_url="http://127.0.0.1/rest/v1.0", clients_id=1, token=SecretStr("t"))
        coordinator = Coordinator(engine, writer, tmp_path, dialler, SecretStr("t"), 0.0, RULES, LEASE)
        asyncio.run(coordinator.load([SpooledRow(seq, f"K{seq}", b"{}") for seq in range(rows)], []))

    return run


def test_rows_of_a_lost_sender_are_given_to_another_one_when_its_lease_is_over(run: Run) -> None:
    first, second = Sender(1), Sender(None)

    run(Engine(first, second))

    assert [seqs for _, seqs in first.orders] == [[], [0]]
    assert [seqs for _, seqs in second.orders] == [[], [0], []]
    assert second.orders[0][0] - first.orders[-1][0] >= QUIET - 0.01


def test_a_sender_that_had_no_rows_is_replaced_at_once(run: Run) -> None:
    first, second = Sender(0), Sender(None)

    run(Engine(first, second), rows=1)

    assert second.orders[0][0] - first.orders[0][0] < QUIET


def test_senders_that_settle_rows_may_be_lost_for_ever(run: Run) -> None:
    """Only those that are lost one after the other without any outcome end the run."""
    run(Engine(*(Sender(2, tells=True) for _ in range(LOSSES + 1)), Sender(None)), rows=LOT * (LOSSES + 1) + 1)
    with pytest.raises(ClusterLost, match="4 workers were lost one after the other, the last one: it is gone"):
        run(Engine(*(Sender(0) for _ in range(LOSSES + 1)), Sender(None)))
    run(Engine(*(Sender(0) for _ in range(LOSSES)), Sender(None)))
    run(Engine(Sender(2, tells=True), *(Sender(0) for _ in range(LOSSES - 1)), Sender(None)))


def test_a_run_that_is_stopped_waits_for_no_worker(run: Run) -> None:
    gate = Gate(1)

    class Stopping(Engine):
        async def begin(self, share: Share) -> RemoteSender:
            gate.stop(Interrupted("Ctrl-C"))
            return await super().begin(share)

    with pytest.raises(Interrupted, match="Ctrl-C"):
        run(Stopping(), gate)
