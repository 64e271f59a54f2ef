"""Where each row of a run on a cluster stands: none is lost with its sender, and none in doubt is sent blindly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialler_sync.cluster.messages import LOT, SHORTEST_LEASE, Batch, lease
from dialler_sync.cluster.partitions import Partition, partition_of, split
from dialler_sync.journal import Outcome, RowState
from dialler_sync.load.rules import Rules
from dialler_sync.model import SpooledRow, Status

OVERWRITE = Rules(True, "538", 1, 30.0)
CREATE = Rules(False, "538", 1, 30.0)


def row(seq: int, key: str | None = None) -> SpooledRow:
    return SpooledRow(seq, f"K{seq}" if key is None else key, b"{}")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[list[Partition]]:
    made = [Partition(0, tmp_path, OVERWRITE), Partition(1, tmp_path, CREATE)]
    yield made
    for partition in made:
        partition.close()


def filled(partition: Partition, count: int) -> Partition:
    for seq in range(count):
        partition.add(row(seq))
    partition.ready()
    return partition


def seqs(rows: list[SpooledRow]) -> list[int]:
    return [each.seq for each in rows]


def test_rows_are_given_in_lots_once_and_in_order(make: list[Partition]) -> None:
    partition = filled(make[0], 2 * LOT + 1)

    lots = [partition.give() for _ in range(4)]

    assert [len(lot) for lot in lots] == [LOT, LOT, 1, 0]
    assert [seq for lot in lots for seq in seqs(lot)] == list(range(2 * LOT + 1))
    assert partition.held == 2 * LOT + 1


def test_rows_of_a_sender_that_is_lost_are_given_again(make: list[Partition]) -> None:
    """What is settled is not; what was written down as about to be sent is looked for first."""
    partition = filled(make[0], 6)
    partition.give()
    sending = [(2, RowState.SENDING, 7), (3, RowState.SENDING, 8), (4, RowState.SENDING, 9)]
    partition.note(Batch(1, [Outcome(0, Status.SUCCEEDED)], sending))
    partition.note(Batch(2, [Outcome(4, Status.FAILED)], [(3, RowState.PENDING, -1)]))

    partition.take_back()

    assert partition.held == 0
    assert partition.give_doubtful() == [(row(2), 7)]
    assert seqs(partition.give()) == [1, 3, 5]
    assert partition.give_doubtful() == []
    assert partition.give() == []


def test_doubtful_rows_that_a_lost_sender_held_are_doubtful_again(make: list[Partition]) -> None:
    """With what was known when they were first sent."""
    partition = filled(make[0], 0)
    partition.doubtful.append((row(9), 5))

    assert partition.give_doubtful() == [(row(9), 5)]
    assert partition.held == 1
    partition.take_back()

    assert partition.give_doubtful() == [(row(9), 5)]


def test_rows_that_come_back_are_given_before_others_and_in_lots(make: list[Partition]) -> None:
    partition = filled(make[0], 2 * LOT)
    partition.give()
    partition.take_back()
    partition.note(Batch(1, [], []))

    assert seqs(partition.give()) == list(range(LOT))
    assert seqs(partition.give()) == list(range(LOT, 2 * LOT))


def test_what_a_sender_that_ended_in_order_still_holds_was_not_sent(make: list[Partition]) -> None:
    partition = filled(make[0], 3)
    partition.give()

    partition.release()

    assert (partition.held, partition.in_doubt()) == (0, [])


def test_rows_that_a_lost_sender_may_still_send_are_in_doubt(make: list[Partition]) -> None:
    """Where that is written down before they are sent, it stands in the journal already."""
    overwriting, creating = make
    overwriting.add(row(7, key=""))
    for partition in make:
        filled(partition, 3).give()
        partition.note(Batch(1, [Outcome(0, Status.SUCCEEDED)], [(1, RowState.SENDING, 5)]))

    assert overwriting.in_doubt() == [(2, RowState.SENDING, -1)]
    assert creating.in_doubt() == []


def test_rows_of_one_key_are_in_one_hand(make: list[Partition]) -> None:
    """Doubtful ones too; without a key each is one by itself."""
    given = [row(seq, key=f"K{seq % 3}") for seq in range(6)]
    assert len({partition_of(each, 8) for each in given}) <= 3
    assert [partition_of(row(seq, key=""), 4) for seq in range(6)] == [0, 1, 2, 3, 0, 1]

    breaths = sum(1 for _ in split(iter(given), [(row(9, key="K1"), 5)], make))

    assert breaths == 1
    mine = {partition.number: partition.give_doubtful() for partition in make}
    for partition in make:
        keys = {each.user_data for each in partition.give()}
        assert all(partition_of(row(0, key), 2) == partition.number for key in keys)
    assert mine[partition_of(row(9, key="K1"), 2)] == [(row(9, key="K1"), 5)]
    assert sum(partition.held for partition in make) == 7


@pytest.mark.parametrize(("timeout", "seconds"), [(60.0, 5.0), (8.0, 4.0), (0.1, SHORTEST_LEASE)])
def test_sender_that_is_unheard_of_rests_before_its_rows_are_taken_to_be_still(timeout: float, seconds: float) -> None:
    """Within half of the time after which a lost request is taken to run no longer."""
    assert lease(Rules(True, None, 1, timeout)) == seconds
