"""Write the senders' reports to the journal, to which only the coordinator has access."""

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
    """Records the outcomes of a run's rows, in a thread beside the event loop.

    ``log`` counts every outcome once it is written. ``unwritable`` is the reason why the journal can no longer be
    written, which also stops the run through ``gate``.
    """

    journal: Book
    run_id: str
    gate: Gate
    log: RunLog
    unwritable: str | None = None
    _thread: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "journal")  # one thread keeps the order of writes

    async def write(self, partition: Partition, batches: Sequence[Batch]) -> int:
        """Write a sender's report on its partition; return the number of the last batch written."""
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
        """Return the outcome with the row's planned action, which senders do not know."""
        action = self.log.action(outcome.seq)
        return outcome._replace(action=action) if action else outcome

    def close(self, partitions: Sequence[Partition]) -> None:
        """Mark rows that a sender may still be sending, so that a resume looks them up; then close."""
        doubts = [state for partition in partitions for state in partition.in_doubt()]
        try:
            if doubts and self.unwritable is None:
                self._thread.submit(self.journal.record, self.run_id, (), doubts).result()
        finally:
            self._thread.shutdown()
