"""Rows that were last sent as they are now, by what the journal knows, are settled as they are written down."""

from __future__ import annotations

from dataclasses import dataclass

from ..journal import Journal, Outcome, PlannedRow, RunRecord
from ..model import Contact
from ..prepare.sink import Found
from .suppress import SuppressionLists


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """A sink that tells the rows that have changed. Suppressed ones count as such: the reports name them."""

    journal: Journal
    run: RunRecord
    suppressed: SuppressionLists

    def add_rows(self, rows: list[PlannedRow], found: list[Found]) -> set[int]:
        """Write them down; gives the places of those that are still to be sent."""
        held: set[int] = set()
        if self.suppressed:
            pairs = zip(rows, found, strict=True)
            held = {row.seq for row, of in pairs if isinstance(of, Contact) and self.suppressed.reason(of.fields)}
        return self.journal.add_changed(self.run.id, self.run.target, rows, held)

    def settle(self, outcomes: list[Outcome]) -> None:
        """Write down what turned out in the end."""
        self.journal.record(self.run.id, outcomes)
