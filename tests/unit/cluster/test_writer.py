"""The writer of a cluster's run: what is not in the journal is never said to be there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dialler_sync.api.pace import Gate
from dialler_sync.cluster.messages import Batch
from dialler_sync.cluster.partitions import Partition
from dialler_sync.cluster.writer import Writer
from dialler_sync.error_codes import POSSIBLE_DUPLICATE
from dialler_sync.errors import JournalError, SafetyLimit
from dialler_sync.journal import Outcome, RowState
from dialler_sync.load.named import Named
from dialler_sync.load.rules import Rules
from dialler_sync.model import Action, SpooledRow, Status

from ...helpers.run_log import Log


@dataclass
class Book:
    """A journal that is full after ``room`` writes."""

    room: int = 9
    there: list[tuple[list[Outcome], list[tuple[int, RowState, int]]]] = field(default_factory=list)

    def record(
        self, _run: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int]] = (), /
    ) -> None:
        if len(self.there) >= self.room:
            raise JournalError("the disk is full")
        self.there.append((list(outcomes), list(states)))


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Partition]:
    """A partition whose rows 0 to 3 a sender has."""
    found = Partition(0, tmp_path, Rules(True, None, 0, 1.0))
    for seq in range(4):
        found.add(SpooledRow(seq, f"K{seq}", b"{}"))
    found.ready()
    found.give()
    yield found
    found.close()


def done(seq: int) -> Outcome:
    return Outcome(seq, Status.SUCCEEDED, contact_id=str(seq))


def writer_of(book: Book, settled: list[Outcome]) -> Writer:
    actions = {1: Action.CREATE}
    gate = Gate(1)
    return Writer(book, "run", gate, Log(settled.append, actions), Named(gate))


BATCHES = [Batch(1, [done(0)], ()), Batch(2, [done(1)], ()), Batch(3, [done(2)], ())]


def test_outcomes_are_settled_with_what_was_decided(partition: Partition) -> None:
    book, settled = Book(), []
    writer = writer_of(book, settled)

    assert asyncio.run(writer.write(partition, BATCHES)) == 3
    assert settled == [done(0), done(1)._replace(action=Action.CREATE), done(2)]
    assert [outcomes for outcomes, _ in book.there] == [[outcome] for outcome in settled]
    writer.close([])


def test_what_the_journal_did_not_take_is_not_written(partition: Partition) -> None:
    """Nor is what comes after it, though there be room again; and the run stops."""
    book, settled = Book(room=1), []
    writer = writer_of(book, settled)

    assert asyncio.run(writer.write(partition, BATCHES[:2])) == 1
    book.room = 9
    assert asyncio.run(writer.write(partition, BATCHES[2:])) == 0

    assert settled == [done(0)]
    assert isinstance(writer.gate.stopped, JournalError)
    assert writer.unwritable == "the disk is full"
    writer.close([partition])
    assert len(book.there) == 1


def test_a_contact_that_two_senders_name_stops_the_run(partition: Partition, tmp_path: Path) -> None:
    """Neither of them sees the answers to the other."""
    book, settled = Book(), []
    writer = writer_of(book, settled)
    other = Partition(1, tmp_path, Rules(True, None, 0, 1.0))
    other.add(SpooledRow(9, "k2", b"{}"))
    other.ready()
    other.give()

    asyncio.run(writer.write(partition, BATCHES))
    asyncio.run(writer.write(other, [Batch(1, [Outcome(9, Status.SUCCEEDED, contact_id="2")], ())]))

    assert [each.status for each in settled] == [Status.SUCCEEDED] * 3 + [Status.UNKNOWN]
    assert settled[-1].error_code == POSSIBLE_DUPLICATE
    assert isinstance(writer.gate.stopped, SafetyLimit)
    writer.close([])
    other.close()


def test_rows_that_may_still_be_sent_are_noted_in_the_end(partition: Partition) -> None:
    book = Book()
    writer = writer_of(book, [])
    asyncio.run(writer.write(partition, [Batch(1, (), [(3, RowState.SENDING, 7)])]))

    writer.close([partition])

    assert [states for _, states in book.there] == [
        [(3, RowState.SENDING, 7)],
        [(seq, RowState.SENDING, -1) for seq in range(3)],
    ]


def test_a_run_without_doubts_writes_nothing_in_the_end() -> None:
    book = Book()
    writer_of(book, []).close([])

    assert book.there == []
