"""The rows of a run, split so that a key is in one hand, and where each of them stands. Knows no network."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from ..journal import RowState
from ..load.rules import Rules
from ..model import SpooledRow
from ..prepare.spool import Spool
from .messages import LOT, Batch

State = tuple[int, RowState, int | None]


def partition_of(row: SpooledRow, count: int) -> int:
    """The partition of a row: by the hash of its UserData, without one by its place in the run."""
    if not row.user_data:
        return row.seq % count
    digest = hashlib.blake2b(row.user_data.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % count


class Partition:
    """One partition: rows that wait on disk, and rows that are in the hands of a sender.

    A row is ``intended`` when its sender has written down that it may be sent, and it has no outcome yet.
    """

    def __init__(self, number: int, folder: Path, rules: Rules) -> None:
        self.number = number
        self.doubtful: list[tuple[SpooledRow, int | None]] = []
        self._rules = rules
        self._spool = Spool(folder)
        self._buffer: list[tuple[object, ...]] = []
        self._waiting: Iterator[SpooledRow] = iter(())
        self._again: deque[SpooledRow] = deque()
        self._held: dict[int, SpooledRow] = {}
        self._intended: dict[int, int | None] = {}

    def add(self, row: SpooledRow) -> None:
        """Put a row by, before any is given."""
        self._buffer.append(tuple(row))
        if len(self._buffer) >= LOT:
            self._store()

    def _store(self) -> None:
        if self._buffer:
            self._spool.write(self._buffer)
            self._buffer = []

    def ready(self) -> None:
        """All rows have been added."""
        self._store()
        self._waiting = (SpooledRow(*row) for batch in self._spool.batches() for row in batch)

    def give(self) -> list[SpooledRow]:
        """The next rows, which are in a sender's hands from now on; none: there are no more."""
        rows = [self._again.popleft() for _ in range(min(len(self._again), LOT))]
        rows += islice(self._waiting, LOT - len(rows))
        self._held.update((row.seq, row) for row in rows)
        return rows

    def give_doubtful(self) -> list[tuple[SpooledRow, int | None]]:
        """The rows that may have been sent, which are in a sender's hands from now on."""
        given, self.doubtful = self.doubtful, []
        for row, watermark in given:
            self._held[row.seq], self._intended[row.seq] = row, watermark
        return given

    def note(self, batch: Batch) -> None:
        """What a sender tells of its rows."""
        for seq, state, watermark in batch.states:
            if state is RowState.SENDING:
                self._intended[seq] = watermark
            else:
                self._intended.pop(seq, None)
        for outcome in batch.outcomes:
            self._held.pop(outcome.seq, None)
            self._intended.pop(outcome.seq, None)

    @property
    def held(self) -> int:
        """How many rows are in a sender's hands."""
        return len(self._held)

    def take_back(self) -> None:
        """The sender is lost and has come to rest: what it held is to be given to another one."""
        for seq, row in self._held.items():
            if seq in self._intended:
                self.doubtful.append((row, self._intended[seq]))
            else:  # a repeat is harmless, or it was certainly not sent
                self._again.append(row)
        self._held.clear()
        self._intended.clear()

    def in_doubt(self) -> list[State]:
        """Rows that a sender may still send, though nobody has written that down; they are to be looked for later."""
        unsure = (row for row in self._held.values() if row.seq not in self._intended)
        return [(row.seq, RowState.SENDING, -1) for row in unsure if self._rules.repeatable(row)]

    def release(self) -> None:
        """The sender has ended in order: what it still holds was not sent."""
        self._held.clear()
        self._intended.clear()

    def close(self) -> None:
        """Delete the rows that wait on disk."""
        self._spool.close()


def split(
    rows: Iterable[SpooledRow],
    doubtful: Sequence[tuple[SpooledRow, int | None]],
    partitions: Sequence[Partition],
) -> Iterator[None]:
    """Put every row into its partition; stops for breath now and then."""
    for row, watermark in doubtful:
        partitions[partition_of(row, len(partitions))].doubtful.append((row, watermark))
    for count, row in enumerate(rows):
        partitions[partition_of(row, len(partitions))].add(row)
        if count % LOT == 0:
            yield
    for partition in partitions:
        partition.ready()
