"""Evidence that a row is the header of the rows below it: words over values, against what comes again below."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from ...errors import InputError
from ...text.phrase import phrase
from .header_words import is_header_word
from .kinds import Kind, kind_of

BELOW = 60
"""Rows below a row that tell whether it is their header."""

MOSTLY = 0.75
"""Share of a column's cells from which its kind is theirs."""

_OFTEN_NAMED = 0.5
_OFTEN = 0.25
"""Share of a column from which a word of the first row is data; a rarer word may be the column's name."""


class Row:
    """A row that holds something, with its precomputed properties."""

    __slots__ = ("cells", "filled", "kinds", "number", "trimmed")

    def __init__(self, number: int, cells: tuple[str, ...]) -> None:
        self.number = number
        self.cells = cells
        self.kinds = tuple(map(kind_of, cells))
        self.filled = sum(kind is not Kind.EMPTY for kind in self.kinds)
        extent = max(i for i, kind in enumerate(self.kinds) if kind is not Kind.EMPTY) + 1
        self.trimmed = cells[:extent]

    def names(self, column: int) -> bool:
        """Whether the cell in ``column`` holds something."""
        return column < len(self.kinds) and self.kinds[column] is not Kind.EMPTY


def is_header(rows: list[Row], at: int) -> bool:
    """Whether a row is the header of the rows below it.

    Raises:
        InputError: the evidence for and against it is equal.
    """
    row = rows[at]
    below = _block_below(rows, at)
    if not below:
        return Kind.VALUE not in row.kinds
    support, against = evidence(row, below)
    if not support and not against and not _share_named(row):
        against = support = any(other.cells == row.cells for other in rows[at + 1 : at + 1 + BELOW])
    elif against and Kind.VALUE not in row.kinds:
        named = _share_named(row)
        if named >= _OFTEN_NAMED:
            return True
        if not support and not named and _share_of_recurring(row, below) >= _OFTEN:
            return False
        support = support or against
    if support == against > 0:
        raise InputError(
            phrase(
                "row {number} can be the header or the first row of data: set source.header to {number}, or to none.",
                number=row.number,
            )
        )
    return support >= against


def _block_below(rows: list[Row], at: int) -> list[Row]:
    """Return the rows below one, up to a repeat of it, or to a blank row once the block has two rows."""
    row, block = rows[at], list[Row]()
    for above, other in pairwise(rows[at : at + 1 + BELOW]):
        is_again = len(row.trimmed) > 1 and _is_header_again(other, row)
        if is_again or (len(block) > 1 and other.number > above.number + 1):
            break
        block.append(other)
    return block


def _share_named(row: Row) -> float:
    """Return the share of a row's cells, 0 to 1, that are usual column names; 0 if a name comes twice."""
    words = [cell.strip().casefold() for cell in row.cells if cell.strip()]
    return sum(map(is_header_word, words)) / len(words) if len(set(words)) == len(words) else 0.0


def _share_of_recurring(row: Row, below: list[Row]) -> float:
    """Return the largest share of a column, 0 to 1, that equals its word in ``row``."""
    shares = []
    for column, word in enumerate(row.cells):
        cells = [other.cells[column] for other in below if other.names(column)]
        if word.strip() and cells:
            shares.append(cells.count(word) / len(cells))
    return max(shares, default=0.0)


def _is_header_again(row: Row, header: Row) -> bool:
    """Whether a row repeats the header, with at most some columns more or fewer."""
    shared = set(row.trimmed) & set(header.trimmed)
    return row.cells == header.cells or (len(row.cells) != len(header.cells) and len(shared) * 2 > header.filled)


def evidence(row: Row, below: list[Row]) -> tuple[float, float]:
    """Count the columns (for, against) a row being the header of the rows below it."""
    support = against = 0.0
    for column, kind in enumerate(row.kinds):
        if kind is Kind.EMPTY:
            continue
        kinds = Counter(other.kinds[column] for other in below if column < len(other.kinds))
        del kinds[Kind.EMPTY]
        if not kinds:
            continue
        usual, count = kinds.most_common(1)[0]
        if count < MOSTLY * kinds.total():
            continue
        if kind is Kind.VALUE:
            against += 1 if usual is Kind.VALUE else 0.5
        elif usual is Kind.VALUE or (kind is Kind.TEXT and usual is Kind.CODE):
            support += 1
        elif any(column < len(other.cells) and other.cells[column] == row.cells[column] for other in below):
            against += 1
    return support, against
