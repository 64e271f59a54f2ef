"""The columns of a table, with what their headers mean and a sample of their cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ..mapping.columns import is_blank
from ..model import Fault, Table
from ..read.layout.header_words import Meaning, language_of, meaning_of

SAMPLE = 500
"""Rows that are looked at."""
MOSTLY = 0.8
"""Share of a column's cells that have to fit before its content alone says what it is."""
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: name, meaning, and a sample of its cells, with empty ones (``by_row``) and without."""

    name: str
    place: int
    meaning: Meaning
    by_row: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of the sample."""
        return len(self.by_row)

    def share(self, good: Callable[[str], object]) -> float:
        """Share of the cells that are good, 0 where there are none."""
        return sum(map(bool, map(good, self.cells))) / len(self.cells) if self.cells else 0.0

    def readable(self, read: Callable[[str], object]) -> float:
        """Share of the cells that can be read."""
        return self.share(lambda cell: not isinstance(read(cell), Fault))

    @property
    def empty(self) -> bool:
        """Whether there are rows, and none has anything here."""
        return bool(self.rows) and not self.cells


@dataclass(frozen=True, slots=True)
class Sample:
    """The columns that a configuration can name, those that it cannot, and the language of the headers."""

    columns: list[Column]
    nameless: list[str]
    language: str


def sample(table: Table) -> Sample:
    """Look at the first rows; columns whose name is there twice cannot be told apart."""
    chunk = next(iter(table.chunks(SAMPLE)), None)
    names = table.layout.columns
    counts = Counter(names)
    language = language_of(names)
    columns = []
    for place, name in enumerate(names):
        cells = () if chunk is None else tuple(chunk.frame.iloc[:, place].tolist())
        if name and counts[name] == 1:
            filled = tuple(cell for cell in cells if not is_blank(cell))
            columns.append(Column(name, place, meaning_of(name, language), cells, filled))
    return Sample(columns, [name for name in counts if name and counts[name] > 1], language)
