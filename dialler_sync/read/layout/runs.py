"""Rows as they were read, from a CSV file or a sheet, with the numbers that a spreadsheet program shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

BROKEN = 1
"""Flag of a row in which a quote is not closed as it should be."""

NOTABLE = 2
"""Flag of a row that may hold a mark to take away; most rows do not."""


class Seen(NamedTuple):
    """A row that holds something, with its number."""

    number: int
    cells: list[str]
    flags: int


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive rows, blank ones too. ``flags``: by place in the run, where there are any."""

    first_number: int
    rows: list[list[str]]
    flags: dict[int, int] = field(default_factory=dict)

    def is_dense(self) -> bool:
        """Whether every row surely holds something; the quick answer for nearly every run."""
        return [] not in self.rows and all(map(str.strip, map(itemgetter(0), self.rows)))

    def seen(self) -> list[Seen]:
        """The rows that hold something: blank lines, and rows of blank cells, only count."""
        return [
            Seen(number, cells, self.flags.get(number - self.first_number, 0))
            for number, cells in enumerate(self.rows, self.first_number)
            if cells and (cells[0].strip() or any(map(str.strip, cells)))
        ]
