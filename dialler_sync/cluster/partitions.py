"""Partitions of a run's rows, split so that all rows of a key go to one sender. Knows no network."""

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
    """Return the partition of a row: by the hash of its UserData, else by its place in the run."""
    if not row.user_data:
        return row.seq % count
    digest = hashlib.blake2b(row.user_data.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % count


class Partition:
    """One partition: rows that wait on disk, and rows held by a sender.

    A row is ``intended`` once its sender has recorded that it may be sent, until it has an outcome.
    """

    def __init__(self, number: int, folder: Path, rules: Rules) -> None:
        self.number = number
        self.doubtful: list[tuple[SpooledRow, int | None]] = []
        self._rules = rules
        self._spool = Spool(folder)
        self._buffer: list[tuple[object, ...]] = []
        self._waiting: Iterator[SpooledRow] = iter(())
        self._returned: deque[SpooledRow] = deque()
        self._held: dict[int, SpooledRow] = {}
        self._intended: dict[int, int | None] = {}

    def add(self, row: SpooledRow) -> None:
        """Add a row; all rows are added before the first is given."""
        self._buffer.append(tuple(row))
        if len(self._buffer) >= LOT:
            self._store()

    def _store(self) -> None:
        if self._buffer:
            self._spool.write(self._buffer)
            self._buffer = []

    def ready(self) -> None:
        """Finish adding rows."""
        self._store()
        self._waiting = (SpooledRow(*row) for batch in self._spool.batches() for row in batch)

    def give(self) -> list[SpooledRow]:
        """Return the next rows, now held by a sender; empty: no more rows."""
        rows = [self._returned.popleft() for _ in range(min(len(self._returned), LOT))]
        rows += islice(self._waiting, LOT - len(rows))
        self._held.update((row.seq, row) for row in rows)
        return rows

    def give_doubtful(self) -> list[tuple[SpooledRow, int | None]]:
        """Return the rows that may have been sent already, now held by a sender."""
        given, self.doubtful = self.doubtful, []
        for row, watermark in given:
            self._held[row.seq], self._intended[row.seq] = row, watermark
        return given

    def row(self, seq: int) -> SpooledRow | None:
        """Return a row if a sender holds it."""
        return self._held.get(seq)

    def note(self, batch: Batch) -> None:
        """Apply a sender's report on its rows."""
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
        """The number of rows held by a sender."""
        return len(self._held)

    def take_back(self) -> None:
        """Take back the rows of a lost sender, once it is idle, for another one."""
        for seq, row in self._held.items():
            if seq in self._intended:
                self.doubtful.append((row, self._intended[seq]))
            else:  # a retry is harmless, or the row was certainly not sent
                self._returned.append(row)
        self._held.clear()
        self._intended.clear()

    def in_doubt(self) -> list[State]:
        """Return repeatable rows that a sender may still be sending, unrecorded; a resume must look them up."""
        unsure = (row for row in self._held.values() if row.seq not in self._intended)
        return [(row.seq, RowState.SENDING, -1) for row in unsure if self._rules.repeatable(row)]

    def release(self) -> None:
        """Release the rows of a sender that ended in order: rows it still holds were not sent."""
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
    """Put every row into its partition; yields regularly, so that the caller can let other tasks run."""
    for row, watermark in doubtful:
        partitions[partition_of(row, len(partitions))].doubtful.append((row, watermark))
    for count, row in enumerate(rows):
        partitions[partition_of(row, len(partitions))].add(row)
        if count % LOT == 0:
            yield
    for partition in partitions:
        partition.ready()
