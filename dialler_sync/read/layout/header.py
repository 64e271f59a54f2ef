"""Finds the header among the first rows of a table, for CSV and Excel alike.

A title block has fewer filled cells than the table below it, so the table begins at the first row that is about as full
as the rows usually are. That row is the header if its cells are words and the cells below are values (numbers, dates,
phone numbers, addresses); it is data if its cells are values too, or come again further down. Without evidence either
way (all columns are words), it is the header, as in nearly every file; so is a row of words that usually name columns,
even if they come again below. If the evidence is equal on both sides, the user is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ...config import SourceSettings
from ...errors import InputError
from ...fields import VENDOR_COLUMNS, VENDOR_MARK
from .header_words import is_header_word
from .kinds import Kind, kind_of
from .mended import is_mended, plain_form

Rows = Sequence[tuple[int, Sequence[str]]]

SAMPLE_ROWS = 200
"""Rows that :func:`find_header` looks at."""

_BELOW = 60
SEARCH = 30
_MOST_HEADER_ROWS = 4
_MOSTLY = 0.75
_OFTEN_NAMED = 0.5
_OFTEN = 0.25
"""Share of a column from which a word of the first row is data; a rarer word may be the column's name."""


@dataclass(frozen=True, slots=True)
class Header:
    """The beginning of a table.

    ``rows``: row numbers of the header, empty without a header. ``columns``: one name a column, ``""`` for an empty
    header cell. ``first_row``: the first row that may be data. ``vendor``: the dialler vendor's own headerless format.
    """

    rows: tuple[int, ...]
    columns: tuple[str, ...]
    first_row: int
    remarks: tuple[str, ...] = ()
    vendor: bool = False


def find_header(rows: Rows, source: SourceSettings) -> Header:
    """Find the header in the first rows of a table.

    ``rows``: (row number, cells) of the first :data:`SAMPLE_ROWS` or so; blank rows may be left out.

    Raises:
        InputError: all rows are blank, the configured header is missing, or header and data look alike. The caller
            prefixes the file's name.
    """
    filled = [_Row(number, tuple(cells)) for number, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        raise InputError("there are no rows in it.")
    ours = next((at for at, row in enumerate(filled[:SEARCH]) if is_mended(row.cells)), None)
    if ours is not None:
        return _made(filled, ours, 1, plain_form(source))
    if source.header != "auto":
        return _configured(filled, source)
    if filled[0].cells[0] == VENDOR_MARK and not source.columns:
        return _vendor(filled)
    start = _start_of_table(filled)
    if source.columns:
        is_header = [_folded(c) for c in source.columns] == [_folded(c) for c in filled[start].trimmed]
        return _made(filled, start, 1 if is_header else 0, source)
    at = _header_further_down(filled, start)
    if at is None and not _is_header(filled, start):
        while start > 0 and _fits_above(filled[start - 1], filled[start]):
            start -= 1
        return _made(filled, start, 0, source)
    at = start if at is None else at
    end = at + 1 + _more_header_rows(filled, at)
    grouped = at > 0 and _is_group_row(filled[at - 1], filled[at:end], filled[end : end + _BELOW])
    return _made(filled, at - grouped, end - at + grouped, source)


def columns_headed(cells: Sequence[str], below: Sequence[Sequence[str]]) -> int:
    """Count the columns in which ``cells`` look like the header of the rows ``below``; -1 if they cannot be one."""
    if not any(map(str.strip, cells)):
        return -1
    row = _Row(0, tuple(cells))
    if Kind.VALUE in row.kinds or row.filled < len(cells):
        return -1
    support, against = _evidence(row, [_Row(0, tuple(other)) for other in below if any(map(str.strip, other))])
    return -1 if against else int(support)


def columns_of(kind: Kind, rows: Rows, header: Header) -> tuple[int, ...]:
    """Find the columns of a table whose cells are mostly of this kind, judged by its first rows."""
    found = []
    for column in range(len(header.columns)):
        kinds = Counter(
            kind_of(cells[column]) for number, cells in rows if number >= header.first_row and column < len(cells)
        )
        del kinds[Kind.EMPTY]
        if kinds[kind] > _MOSTLY * kinds.total():
            found.append(column)
    return tuple(found)


def name_rows(first: int, last: int) -> str:
    """Return ``Row 3 is`` or ``Rows 3 to 5 are``."""
    return f"Row {first} is" if first == last else f"Rows {first} to {last} are"


class _Row:
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


def _configured(rows: list[_Row], source: SourceSettings) -> Header:
    if isinstance(source.header, str):
        return _made(rows, 0, 0, source)
    numbers = sorted(set(source.header))
    at = {row.number: i for i, row in enumerate(rows)}
    missing = [number for number in numbers if number not in at]
    if missing:
        raise InputError(
            f"row {missing[0]} is blank or not among the first rows: set source.header to the row of the header."
        )
    header = [rows[at[number]] for number in numbers]
    return _header(header, rows[at[numbers[-1]] + 1 :], source, rows[: at[numbers[0]]])


def _vendor(rows: list[_Row]) -> Header:
    with_header = rows[0].trimmed == VENDOR_COLUMNS
    return Header(
        rows=(rows[0].number,) if with_header else (),
        columns=VENDOR_COLUMNS,
        first_row=rows[0].number + with_header,
        vendor=True,
    )


def _start_of_table(rows: list[_Row]) -> int:
    """Return the index of the first row that is about as full as the table's rows; a title block is above it."""
    widths = Counter(len(row.trimmed) for row in rows)
    width = max(widths, key=lambda w: w * widths[w])
    usual = median(row.filled for row in rows if len(row.trimmed) * 2 > width)
    least = max(min(2, width), round(usual / 2))
    return next((i for i, row in enumerate(rows) if row.filled >= least), 0)


def _header_further_down(rows: list[_Row], start: int) -> int | None:
    """Find a row of words that fits the values below better than the rows above (``Created;2024-02-01;by;Smith``)."""
    fullest = rows[start].filled
    for i in range(start + 1, min(start + SEARCH, len(rows) - 1)):
        row, below = rows[i], rows[i + 1 : i + 1 + _BELOW]
        width = len(below[0].cells)
        fits = len(row.cells) == width != len(rows[i - 1].cells)
        if (row.filled > fullest or fits) and row.filled == len(row.trimmed) and Kind.VALUE not in row.kinds:
            support, against = _evidence(row, below)
            if support >= min(2, width) and not against and _evidence(rows[start], rows[start + 1 : i])[0] < 2:
                return i
        fullest = max(fullest, row.filled)
    return None


def _is_header(rows: list[_Row], at: int) -> bool:
    """Whether a row is the header of the rows below it.

    Raises:
        InputError: the evidence for and against it is equal.
    """
    row = rows[at]
    below = _block_below(rows, at)
    if not below:
        return Kind.VALUE not in row.kinds
    support, against = _evidence(row, below)
    if not support and not against and not _share_named(row):
        against = support = any(other.cells == row.cells for other in rows[at + 1 : at + 1 + _BELOW])
    elif against and Kind.VALUE not in row.kinds:
        named = _share_named(row)
        if named >= _OFTEN_NAMED:
            return True
        if not support and not named and _share_of_recurring(row, below) >= _OFTEN:
            return False
        support = support or against
    if support == against > 0:
        raise InputError(
            f"row {row.number} can be the header or the first row of data: "
            f"set source.header to {row.number}, or to none."
        )
    return support >= against


def _block_below(rows: list[_Row], at: int) -> list[_Row]:
    """Return the rows below one, up to a repeat of it, or to a blank row once the block has two rows."""
    row, block = rows[at], list[_Row]()
    for above, other in pairwise(rows[at : at + 1 + _BELOW]):
        is_again = len(row.trimmed) > 1 and _is_header_again(other, row)
        if is_again or (len(block) > 1 and other.number > above.number + 1):
            break
        block.append(other)
    return block


def _share_named(row: _Row) -> float:
    """Return the share of a row's cells, 0 to 1, that are usual column names; 0 if a name comes twice."""
    words = [cell.strip().casefold() for cell in row.cells if cell.strip()]
    return sum(map(is_header_word, words)) / len(words) if len(set(words)) == len(words) else 0.0


def _share_of_recurring(row: _Row, below: list[_Row]) -> float:
    """Return the largest share of a column, 0 to 1, that equals its word in ``row``."""
    shares = []
    for column, word in enumerate(row.cells):
        cells = [other.cells[column] for other in below if other.names(column)]
        if word.strip() and cells:
            shares.append(cells.count(word) / len(cells))
    return max(shares, default=0.0)


def _is_header_again(row: _Row, header: _Row) -> bool:
    """Whether a row repeats the header, with at most some columns more or fewer."""
    shared = set(row.trimmed) & set(header.trimmed)
    return row.cells == header.cells or (len(row.cells) != len(header.cells) and len(shared) * 2 > header.filled)


def _evidence(row: _Row, below: list[_Row]) -> tuple[float, float]:
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
        if count < _MOSTLY * kinds.total():
            continue
        if kind is Kind.VALUE:
            against += 1 if usual is Kind.VALUE else 0.5
        elif usual is Kind.VALUE or (kind is Kind.TEXT and usual is Kind.CODE):
            support += 1
        elif any(column < len(other.cells) and other.cells[column] == row.cells[column] for other in below):
            against += 1
    return support, against


def _more_header_rows(rows: list[_Row], at: int) -> int:
    """Count the rows below the header that continue it: the same words again, or words over columns of values."""
    more = 0
    while more < _MOST_HEADER_ROWS - 1 and at + more + 2 < len(rows):
        row, below = rows[at + more + 1], rows[at + more + 2 : at + more + 2 + _BELOW]
        repeated = row.trimmed == rows[at].trimmed
        adjacent = row.number == rows[at + more].number + 1
        if not adjacent or Kind.VALUE in row.kinds or not (repeated or _names_a_line(row, rows[at], below)):
            break
        more += 1
    return more


def _names_a_line(row: _Row, header: _Row, below: list[_Row]) -> bool:
    """Whether a row of words must be a second line of the header: it has words in every column of values."""
    support, against = _evidence(row, below)
    return support >= 2 and not against and support >= _evidence(header, below)[0] and len(below) >= 2


def _is_group_row(above: _Row, header: list[_Row], data: list[_Row]) -> bool:
    """Whether the row above the header names groups of columns (``Customer;;Contact;;``).

    It may also name the columns that the header leaves empty, as merged cells do (``No;Name;Phone;`` over
    ``;;home;mobile``).
    """
    unnamed = {
        column
        for column in range(len(above.cells))
        if not any(row.names(column) for row in header) and any(row.names(column) for row in data)
    }
    return (
        above.number == header[0].number - 1
        and above.filled >= 2
        and len(above.cells) == len(header[0].cells)
        and Kind.VALUE not in above.kinds
        and (all(map(above.names, unnamed)) if unnamed else not _is_title(above))
    )


def _is_title(row: _Row) -> bool:
    """Whether a row looks like part of a title block: ``by;Smith;;``, ``by:;;Smith``."""
    return row.filled == len(row.trimmed) or any(cell.rstrip().endswith(":") for cell in row.cells)


def _fits_above(above: _Row, first: _Row) -> bool:
    """Whether a sparse row directly above the first full row of data is data too, not a title."""
    return (
        above.number == first.number - 1
        and len(above.cells) == len(first.cells)
        and (above.filled > 1 or above.kinds[0] is not Kind.TEXT)
        and all(kind in {Kind.EMPTY, below} for kind, below in zip(above.kinds, first.kinds, strict=True))
    )


def _made(rows: list[_Row], start: int, count: int, source: SourceSettings) -> Header:
    return _header(rows[start : start + count], rows[start + count :], source, rows[:start])


def _header(header: list[_Row], data: list[_Row], source: SourceSettings, above: list[_Row]) -> Header:
    widths = Counter(len(row.cells) for row in data[:_BELOW])
    width = max(widths, key=lambda w: (widths[w], w)) if widths else 0
    if source.columns:
        columns = tuple(source.columns)
        if width and len(columns) != width:
            raise InputError(
                f"source.columns names {len(columns)} columns, but the rows have {width} cells: name each column once."
            )
    elif header:
        columns = _joined(header, width)
    else:
        columns = tuple(f"column_{i}" for i in range(1, width + 1))
    remarks = []
    if above:
        remarks.append(f"{name_rows(above[0].number, above[-1].number)} above the table and not part of it.")
    last = header[-1].number if header else 0
    return Header(
        rows=tuple(row.number for row in header),
        columns=columns,
        first_row=last + 1 if header else data[0].number,
        remarks=tuple(remarks),
    )


def _joined(header: list[_Row], width: int) -> tuple[str, ...]:
    """Join the lines of the header by spaces, to one name a column; as wide as the rows if only blanks differ.

    A name above the last line also covers the empty cells to its right, if it names a group.
    """
    widest = max(len(row.cells) for row in header)
    lines = [[*row.cells, *[""] * (widest - len(row.cells))] for row in header]
    for upper, lower in reversed(list(pairwise(lines))):
        for i in range(1, widest):
            if not upper[i].strip() and lower[i].strip() and lower[i - 1].strip():
                upper[i] = upper[i - 1]
    names = [" ".join(line[i] for line in lines if line[i].strip()) for i in range(widest)]
    named = max(len(row.trimmed) for row in header)
    return tuple(names[:width] if named <= width < widest else names)


def _folded(name: str) -> str:
    return name.strip().casefold()
