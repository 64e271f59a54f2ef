"""What the coordinator says to one sender: the token only where nobody reads it, rows only while more are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from dialler_sync.api.pace import Gate
from dialler_sync.cluster.conversation import Conversation, Lost, reason
from dialler_sync.cluster.messages import LOT, Batch, Order, Report
from dialler_sync.cluster.partitions import Partition
from dialler_sync.cluster.writer import Writer
from dialler_sync.errors import ClusterLost, ConfigError, DiallerSyncError, Interrupted, NoRowCanSucceed
from dialler_sync.journal import Outcome, RowState
from dialler_sync.load.named import Named
from dialler_sync.load.rules import Rules
from dialler_sync.model import SpooledRow, Status

from ...helpers.run_log import Log

TOKEN = SecretStr("secret")


class Book:
    def record(
        self, _run: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int]] = (), /
    ) -> None:
        """Everything is taken."""


def report(
    waiting: int = 0,
    *,
    ended: bool = False,
    batches: Sequence[Batch] = (),
    error: DiallerSyncError | None = None,
) -> Report:
    return Report(batches, waiting, 0, 0, (), ended, error)


@dataclass
class Sender:
    """A sender that gives these answers. ``delays``: seconds before each."""

    answers: Sequence[Report]
    trusted: bool = True
    where: str = "tcp://worker"
    delays: Sequence[float] = ()
    orders: list[Order] = field(default_factory=list)

    async def exchange(self, order: Order) -> Report:
        self.orders.append(order)
        place = len(self.orders) - 1
        await asyncio.sleep(self.delays[place] if place < len(self.delays) else 0)
        return self.answers[place]


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Partition]:
    """Three lots of rows, and one row more."""
    found = Partition(0, tmp_path, Rules(True, None, 0, 1.0))
    for seq in range(3 * LOT + 1):
        found.add(SpooledRow(seq, f"K{seq}", b"{}"))
    found.ready()
    yield found
    found.close()


def hold(partition: Partition, sender: Sender, *, lease: float = 60.0, gate: Gate | None = None) -> Conversation:
    writer = Writer(Book(), "run", gate or Gate(1), Log(), Named(gate or Gate(1)))
    conversation = Conversation(partition, writer, TOKEN, lease)
    try:
        asyncio.run(conversation.hold(sender))
    finally:
        writer.close([])
    return conversation


@pytest.mark.parametrize("trusted", [True, False])
def test_the_token_goes_only_where_nobody_reads_it(trusted: bool, partition: Partition) -> None:
    """And once."""
    sender = Sender([report(), report(), report(ended=True)], trusted)

    hold(partition, sender)

    assert [order.token for order in sender.orders] == [TOKEN if trusted else None, None, None]


def test_rows_are_given_while_more_are_wanted(partition: Partition) -> None:
    waiting = [LOT - 1, LOT, 0, 0, 0, 0]
    sender = Sender([*map(report, waiting), report(ended=True)])

    hold(partition, sender)

    assert [(len(order.rows), order.last) for order in sender.orders] == [
        (0, False),
        (LOT, False),
        (0, False),  # it has enough
        (LOT, False),
        (LOT, False),
        (1, False),
        (0, True),
    ]
    assert [order.number for order in sender.orders] == list(range(7))
    assert partition.held == 0


def test_a_run_that_stops_gives_no_more_rows(partition: Partition) -> None:
    """Though the sender wants some, and no order says that these were the last ones."""
    gate = Gate(1)
    gate.stop(Interrupted("Ctrl-C"))
    sender = Sender([report(), report(), report(ended=True)])

    hold(partition, sender, gate=gate)

    assert [(len(order.rows), order.last, order.stop) for order in sender.orders[1:]] == [(0, False, True)] * 2


def test_rows_in_doubt_are_given_once_and_first(partition: Partition) -> None:
    partition.doubtful.append((SpooledRow(99, "K99", b"{}"), 7))
    sender = Sender([report(LOT), report(), report(), report(ended=True)])

    hold(partition, sender)

    assert [[row.seq for row, _ in order.doubtful] for order in sender.orders] == [[], [], [99], []]


def test_what_is_written_is_said(partition: Partition) -> None:
    """The number of the last batch, also where a report has none; and that the sender has settled something."""
    batch = Batch(5, [Outcome(0, Status.SUCCEEDED)], ())
    sender = Sender([report(), report(batches=[batch]), report(), report(ended=True)])

    conversation = hold(partition, sender)

    assert [order.written for order in sender.orders] == [0, 0, 5, 5]
    assert conversation.told
    assert not hold(partition, Sender([report(ended=True)])).told


def test_only_the_first_answer_may_take_as_long_as_a_token_does(partition: Partition) -> None:
    hold(partition, Sender([report(), report(ended=True)], delays=[0.5]), lease=0.2)
    with pytest.raises(Lost, match="does not answer"):
        hold(partition, Sender([report(), report()], delays=[0, 30]), lease=0.01)


def test_what_a_sender_cannot_get_over_stops_the_run(partition: Partition) -> None:
    gate = Gate(1)

    hold(partition, Sender([report(ended=True, error=ConfigError("no token"))]), gate=gate)

    assert isinstance(gate.stopped, NoRowCanSucceed)
    assert str(gate.stopped) == "worker tcp://worker: no token"


def test_why_a_run_stops() -> None:
    """Without its cluster it can be gone on with; what stops a run here stops it there."""
    interrupted = Interrupted("Ctrl-C")

    assert reason(interrupted, "worker") is interrupted
    assert "resume" in str(reason(ClusterLost("all gone"), "worker"))
