"""A sheet while it is parsed from markup: what all such formats collect of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .marks import Marks
from .sheet import Content, SheetCells
from .stored import Rows, StoredRows
from .survey import check_density, hidden_rows


@dataclass(eq=False, slots=True)
class ParsedSheet:
    """A sheet while it is parsed. ``row``: its last row so far; ``filled``: cells that hold something."""

    rows: StoredRows = field(default_factory=StoredRows)
    marks: Marks = field(default_factory=Marks)
    columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int]] = field(default_factory=list)
    row: int = 0
    filled: int = 0
    hidden: int = 0

    def content(self, *remarks: str) -> Content | None:
        """Return the content, None if no cell holds anything.

        Raises:
            InputError: nearly all of its cells are empty.
        """
        if not self.rows:
            return None
        check_density(len(self.rows), max(self.columns) + 1, self.filled)
        said = (*hidden_rows(self.hidden), *remarks)
        return Content(SheetCells(Rows(self.rows, self.columns), self.marks), self.merged, said)
