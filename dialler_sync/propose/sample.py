"""The columns of a table, with the meanings of their headers and a sample of their cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ..mapping.cells import is_blank
from ..model import Fault, Table
from ..read.layout.header_words import Meaning, language_of, meaning_of

SAMPLE = 500
"""Rows in the sample."""
MOSTLY = 0.8
"""Share of a column's cells that must fit before content alone decides."""
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
        """Number of rows in the sample."""
        return len(self.by_row)

    def share(self, good: Callable[[str], object]) -> float:
        """Return the share of cells that are good, 0 to 1; 0 without cells."""
        return sum(map(bool, map(good, self.cells))) / len(self.cells) if self.cells else 0.0

    def readable(self, read: Callable[[str], object]) -> float:
        """Return the share of cells that can be read, 0 to 1."""
        return self.share(lambda cell: not isinstance(read(cell), Fault))

    @property
    def empty(self) -> bool:
        """Whether there are rows, all empty in this column."""
        return bool(self.rows) and not self.cells


@dataclass(frozen=True, slots=True)
class Sample:
    """Columns that a configuration can name, columns that it cannot, and the language of the headers."""

    columns: list[Column]
    nameless: list[str]
    language: str


def sample(table: Table) -> Sample:
    """Sample the first rows of a table; columns that share a name cannot be told apart."""
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
