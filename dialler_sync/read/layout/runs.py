"""Rows of a CSV file or a sheet as they were read, with the numbers that a spreadsheet program shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

BROKEN = 1
"""Flag of a row with a quote that is not closed properly."""

NOTABLE = 2
"""Flag of a row that may hold an apostrophe or ``="…"`` to remove; most rows do not."""


class Seen(NamedTuple):
    """A row that holds something, with its number."""

    number: int
    cells: list[str]
    flags: int


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive rows, blank ones included. ``flags``: by place in the run, flagged rows only."""

    first_number: int
    rows: list[list[str]]
    flags: dict[int, int] = field(default_factory=dict)

    def is_dense(self) -> bool:
        """Whether every row certainly holds something: a quick answer for nearly every run."""
        return [] not in self.rows and all(map(str.strip, map(itemgetter(0), self.rows)))

    def seen(self) -> list[Seen]:
        """Return the rows that hold something; blank lines and rows of blank cells only advance the number."""
        return [
            Seen(number, cells, self.flags.get(number - self.first_number, 0))
            for number, cells in enumerate(self.rows, self.first_number)
            if cells and (cells[0].strip() or any(map(str.strip, cells)))
        ]
