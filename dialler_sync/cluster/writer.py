"""Write the senders' reports to the journal, to which only the coordinator has access."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..api.pace import Gate
from ..errors import JournalError, JournalLost
from ..journal import Outcome
from ..load.named import Named
from ..load.outcomes import RunLog
from ..load.recorder import Book
from ..model import SpooledRow
from .messages import Batch
from .partitions import Partition, State


@dataclass(slots=True)
class Writer:
    """Records the outcomes of a run's rows, in a thread beside the event loop.

    ``log`` counts every outcome once it is written; ``named`` sees the answers to all senders. ``unwritable`` is the
    reason why the journal can no longer be written, which also stops the run through ``gate``; ``unwritten`` are the
    outcomes that it lacks then, by row.
    """

    journal: Book
    run_id: str
    gate: Gate
    log: RunLog
    named: Named
    unwritable: str | None = None
    unwritten: dict[int, Outcome] = field(default_factory=dict)
    _thread: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "journal")  # one thread keeps the order of writes

    async def write(self, partition: Partition, batches: Sequence[Batch]) -> int:
        """Write a sender's report on its partition; return the number of the last batch written."""
        number = 0
        for batch in batches:
            outcomes = [self._decided(outcome, partition.row(outcome.seq)) for outcome in batch.outcomes]
            partition.note(batch)
            if self.unwritable is None:
                await self._record(outcomes, batch.states)
            if self.unwritable is not None:
                self.unwritten |= {outcome.seq: outcome for outcome in outcomes}
                continue
            number = batch.number
            for outcome in outcomes:
                self.log.count(outcome)
        return number

    async def _record(self, outcomes: Sequence[Outcome], states: Sequence[State]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self.journal.record, self.run_id, outcomes, states)
        except JournalLost as lost:  # still open, so that the reports of this run will have it all
            self.gate.stop(lost)
        except JournalError as error:
            self.unwritable = str(error)
            self.gate.stop(error)

    def keep(self, unwritten: Sequence[Outcome]) -> None:
        """Keep what a sender could not tell while it was to be written."""
        self.unwritten |= {outcome.seq: self._decided(outcome) for outcome in unwritten}

    def _decided(self, outcome: Outcome, row: SpooledRow | None = None) -> Outcome:
        """Return the outcome with what senders do not know: the row's planned action, and other senders' answers."""
        if action := self.log.action(outcome.seq):
            outcome = outcome._replace(action=action)
        return self.named.checked(row, outcome) if row else outcome

    def close(self, partitions: Sequence[Partition]) -> None:
        """Mark rows that a sender may still be sending, so that a resume looks them up; then close."""
        doubts = [state for partition in partitions for state in partition.in_doubt()]
        try:
            if doubts and self.unwritable is None:
                self._thread.submit(self.journal.record, self.run_id, (), doubts).result()
        finally:
            self._thread.shutdown()
