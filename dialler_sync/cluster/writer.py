"""Writes what senders report into the journal, which only the coordinator has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..api.pace import Gate
from ..errors import JournalError
from ..journal import Outcome
from ..load.outcomes import RunLog
from ..load.recorder import Book
from .messages import Batch
from .partitions import Partition


@dataclass(slots=True)
class Writer:
    """Writes down what became of the rows of a run, in a thread beside the event loop.

    ``log`` counts every outcome once it is written down. ``unwritable``: why the journal can no longer be written,
    which also ends the run by ``gate``.
    """

    journal: Book
    run_id: str
    gate: Gate
    log: RunLog
    unwritable: str | None = None
    _thread: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "journal")  # one, so that what is written first is there first

    async def write(self, partition: Partition, batches: Sequence[Batch]) -> int:
        """Write what a sender tells of its partition; gives the number of the last batch that is there."""
        number = 0
        for batch in batches:
            partition.note(batch)
            outcomes = [self._decided(outcome) for outcome in batch.outcomes]
            if self.unwritable is None:
                try:
                    await asyncio.get_running_loop().run_in_executor(
                        self._thread, self.journal.record, self.run_id, outcomes, batch.states
                    )
                except JournalError as error:
                    self.unwritable = str(error)
                    self.gate.stop(error)
            if self.unwritable is not None:
                continue
            number = batch.number
            for outcome in outcomes:
                self.log.count(outcome)
        return number

    def _decided(self, outcome: Outcome) -> Outcome:
        """With what was decided for the row, which senders do not know."""
        action = self.log.action(outcome.seq)
        return outcome._replace(action=action) if action else outcome

    def close(self, partitions: Sequence[Partition]) -> None:
        """Rows that a sender may still be sending are to be looked for by whoever resumes the run."""
        doubts = [state for partition in partitions for state in partition.in_doubt()]
        try:
            if doubts and self.unwritable is None:
                self._thread.submit(self.journal.record, self.run_id, (), doubts).result()
        finally:
            self._thread.shutdown()
