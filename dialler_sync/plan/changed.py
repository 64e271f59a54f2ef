"""Rows that were last sent as they are now, by what the journal knows, are settled as they are written down."""

from __future__ import annotations

from dataclasses import dataclass

from ..journal import Journal, PlannedRow, RunRecord
from ..model import Contact
from ..prepare.read_through import Found
from .suppress import SuppressionLists


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """Writes down the rows of a run, and tells those that have changed. Suppressed ones count as such: it is to be
    said of them that they are."""

    journal: Journal
    run: RunRecord
    suppressed: SuppressionLists

    def __call__(self, rows: list[PlannedRow], found: list[Found]) -> set[int]:
        """Write them down; gives the places of those that are still to be sent."""
        held: set[int] = set()
        if self.suppressed:
            pairs = zip(rows, found, strict=True)
            held = {row.seq for row, of in pairs if isinstance(of, Contact) and self.suppressed.reason(of.fields)}
        return self.journal.add_changed(self.run.id, self.run.target, rows, held)
