"""Settles unchanged rows: those whose last payload in the journal is the present one."""

from __future__ import annotations

from dataclasses import dataclass

from ..journal import PlannedRow
from ..model import Contact
from ..prepare.sink import Found, NewRows
from .suppress import SuppressionLists


@dataclass(frozen=True, slots=True)
class ChangedRows(NewRows):
    """A sink that settles unchanged rows at once. Suppressed rows count as changed: the reports name them."""

    suppressed: SuppressionLists

    def add_rows(self, rows: list[PlannedRow], found: list[Found]) -> set[int]:
        """Write the rows; return the places of those still to be sent."""
        held: set[int] = set()
        if self.suppressed:
            pairs = zip(rows, found, strict=True)
            held = {row.seq for row, of in pairs if isinstance(of, Contact) and self.suppressed.reason(of.fields)}
        return self.journal.add_changed(self.run.id, self.run.target, rows, held)
