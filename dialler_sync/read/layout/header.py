"""Finds the header among the first rows of a table, for CSV and Excel alike.

A title block has fewer filled cells than the table below it, so the table begins at the first row that is about as full
as the rows usually are. That row is the header if its cells are words and the cells below are values (numbers, dates,
phone numbers, addresses); it is data if its cells are values too, or come again further down. Without evidence either
way (all columns are words), it is the header, as in nearly every file; so is a row of words that usually name columns,
even if they come again below. If the evidence is equal on both sides, the user is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ...config import SourceSettings
from ...errors import InputError
from ...fields import VENDOR_COLUMNS, VENDOR_MARK
from ...text.phrase import counted, phrase
from .evidence import BELOW, MOSTLY, Row, evidence, is_header
from .kinds import Kind, kind_of, split_otherwise
from .mended import mended_at, plain_form

Rows = Sequence[tuple[int, Sequence[str]]]

SAMPLE_ROWS = 200
"""Rows that :func:`find_header` looks at."""

SEARCH = 30
_MOST_HEADER_ROWS = 4


@dataclass(frozen=True, slots=True)
class Header:
    """The beginning of a table.

    ``rows``: row numbers of the header, empty without a header. ``columns``: one name a column, ``""`` for an empty
    header cell. ``first_row``: the first row that may be data. ``vendor``: the dialler vendor's own headerless format.
    ``above``: the cells of rows above the header that are not part of the table.
    """

    rows: tuple[int, ...]
    columns: tuple[str, ...]
    first_row: int
    remarks: tuple[str, ...] = ()
    vendor: bool = False
    above: tuple[tuple[str, ...], ...] = ()


def find_header(rows: Rows, source: SourceSettings) -> Header:
    """Find the header in the first rows of a table.

    ``rows``: (row number, cells) of the first :data:`SAMPLE_ROWS` or so; blank rows may be left out.

    Raises:
        InputError: all rows are blank, the configured header is missing, or header and data look alike. The caller
            prefixes the file's name.
    """
    filled = [Row(number, tuple(cells)) for number, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        raise InputError(phrase("there are no rows in it."))
    ours = mended_at(row.cells for row in filled[:SEARCH])
    if ours is not None:
        return _made(filled, ours, 1, plain_form(source))
    if source.header != "auto":
        return _configured(filled, source)
    if filled[0].cells[0] == VENDOR_MARK and not source.columns:
        return _vendor(filled)
    start = _start_of_table(filled)
    if source.columns:
        named = [_folded(c) for c in source.columns] == [_folded(c) for c in filled[start].trimmed]
        return _made(filled, start, 1 if named else 0, source)
    at = _header_further_down(filled, start)
    if at is None and not is_header(filled, start):
        while start > 0 and _fits_above(filled[start - 1], filled[start]):
            start -= 1
        return _made(filled, start, 0, source)
    at = start if at is None else at
    for i in range(at - 1):
        if any(are_alike(names, filled[at].cells) for names in _perhaps_names(filled[i])):
            raise _table_above(filled, i, at)
    end = at + 1 + _more_header_rows(filled, at)
    grouped = at > 0 and _is_group_row(filled[at - 1], filled[at:end], filled[end : end + BELOW])
    return _made(filled, at - grouped, end - at + grouped, source)


def are_alike(header: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two headers share most of the names of one of them, and more than one: their tables may be one list."""
    names, others = ({cell.strip(" '\"").casefold() for cell in cells} - {""} for cells in (header, other))
    shared = len(names & others)
    return shared > 1 and shared * 2 > min(len(names), len(others))


def columns_headed(cells: Sequence[str], below: Sequence[Sequence[str]]) -> int:
    """Count the columns in which ``cells`` look like the header of the rows ``below``; -1 if they cannot be one."""
    if not any(map(str.strip, cells)):
        return -1
    row = Row(0, tuple(cells))
    if Kind.VALUE in row.kinds or row.filled < len(cells):
        return -1
    support, against = evidence(row, [Row(0, tuple(other)) for other in below if any(map(str.strip, other))])
    return -1 if against else int(support)


def columns_of(kind: Kind, rows: Rows, header: Header) -> tuple[int, ...]:
    """Find the columns of a table whose cells are mostly of this kind, judged by its first rows."""
    found = []
    for column in range(len(header.columns)):
        kinds = Counter(
            kind_of(cells[column]) for number, cells in rows if number >= header.first_row and column < len(cells)
        )
        del kinds[Kind.EMPTY]
        if kinds[kind] > MOSTLY * kinds.total():
            found.append(column)
    return tuple(found)


def _configured(rows: list[Row], source: SourceSettings) -> Header:
    if isinstance(source.header, str):
        return _made(rows, 0, 0, source)
    numbers = sorted(set(source.header))
    at = {row.number: i for i, row in enumerate(rows)}
    missing = [number for number in numbers if number not in at]
    if missing:
        raise InputError(
            phrase(
                "row {missing} is blank or not among the first rows: set source.header to the row of the header.",
                missing=missing[0],
            )
        )
    header = [rows[at[number]] for number in numbers]
    found = _header(header, rows[at[numbers[-1]] + 1 :], source, rows[: at[numbers[0]]])
    return replace(found, above=())  # somebody has looked at them


def _vendor(rows: list[Row]) -> Header:
    with_header = rows[0].trimmed == VENDOR_COLUMNS
    return Header(
        rows=(rows[0].number,) if with_header else (),
        columns=VENDOR_COLUMNS,
        first_row=rows[0].number + with_header,
        vendor=True,
    )


def _start_of_table(rows: list[Row]) -> int:
    """Return the index of the first row that is about as full as the table's rows; a title block is above it."""
    widths = Counter(len(row.trimmed) for row in rows)
    width = max(widths, key=lambda w: w * widths[w])
    usual = median(row.filled for row in rows if len(row.trimmed) * 2 > width)
    least = max(min(2, width), round(usual / 2))
    return next((i for i, row in enumerate(rows) if row.filled >= least), 0)


def _header_further_down(rows: list[Row], start: int) -> int | None:
    """Find a row of words that fits the values below better than the rows above (``Created;2024-02-01;by;Smith``)."""
    fullest = rows[start].filled
    for i in range(start + 1, min(start + SEARCH, len(rows) - 1)):
        row, below = rows[i], rows[i + 1 : i + 1 + BELOW]
        width = len(below[0].cells)
        fits = len(row.cells) == width != len(rows[i - 1].cells)
        if (row.filled > fullest or fits) and row.filled == len(row.trimmed) and Kind.VALUE not in row.kinds:
            support, against = evidence(row, below)
            above = evidence(rows[start], rows[start + 1 : i])[0]
            if support >= min(2, width) and not against and above < 2:
                if above and row.trimmed == rows[start].trimmed:
                    return None  # the same header again
                between = rows[start + 1 : i]
                if above and (are_alike(rows[start].cells, row.cells) or _is_of_a_table(rows[start], between)):
                    raise _table_above(rows, start, i)
                return i
        fullest = max(fullest, row.filled)
    return None


def _perhaps_names(row: Row) -> Iterator[Sequence[str]]:
    """Yield what a row of words above a table names, also in one cell."""
    if Kind.VALUE not in row.kinds:
        yield row.cells
        if row.filled == 1:
            yield from split_otherwise(next(filter(str.strip, row.cells)))


def _table_above(rows: list[Row], first: int, header: int) -> InputError:
    return InputError(
        phrase(
            "rows {first} to {last}, above the header in row {row}, can be a table of their own: put them under the "
            "same header, or set source.header to {row} if they are not to be read.",
            first=rows[first].number,
            last=rows[header - 1].number,
            row=rows[header].number,
        )
    )


def _is_of_a_table(header: Row, below: list[Row]) -> bool:
    """Whether words above rows that have as many cells, with values, are more than a block of names and values."""
    return (
        header.filled > 2
        and Kind.VALUE not in header.kinds
        and any(row.filled == header.filled and Kind.VALUE in row.kinds for row in below)
    )


def _more_header_rows(rows: list[Row], at: int) -> int:
    """Count the rows below the header that continue it: the same words again, or words over columns of values."""
    more = 0
    while more < _MOST_HEADER_ROWS - 1 and at + more + 2 < len(rows):
        row, below = rows[at + more + 1], rows[at + more + 2 : at + more + 2 + BELOW]
        repeated = row.trimmed == rows[at].trimmed
        adjacent = row.number == rows[at + more].number + 1
        if not adjacent or Kind.VALUE in row.kinds or not (repeated or _names_a_line(row, rows[at], below)):
            break
        more += 1
    return more


def _names_a_line(row: Row, header: Row, below: list[Row]) -> bool:
    """Whether a row of words must be a second line of the header: it has words in every column of values."""
    support, against = evidence(row, below)
    return support >= 2 and not against and support >= evidence(header, below)[0] and len(below) >= 2


def _is_group_row(above: Row, header: list[Row], data: list[Row]) -> bool:
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


def _is_title(row: Row) -> bool:
    """Whether a row looks like part of a title block: ``by;Smith;;``, ``by:;;Smith``."""
    return row.filled == len(row.trimmed) or any(cell.rstrip().endswith(":") for cell in row.cells)


def _fits_above(above: Row, first: Row) -> bool:
    """Whether a sparse row directly above the first full row of data is data too, not a title."""
    return (
        above.number == first.number - 1
        and len(above.cells) == len(first.cells)
        and (above.filled > 1 or above.kinds[0] is not Kind.TEXT)
        and all(kind in {Kind.EMPTY, below} for kind, below in zip(above.kinds, first.kinds, strict=True))
    )


def _made(rows: list[Row], start: int, count: int, source: SourceSettings) -> Header:
    return _header(rows[start : start + count], rows[start + count :], source, rows[:start])


def _header(header: list[Row], data: list[Row], source: SourceSettings, above: list[Row]) -> Header:
    widths = Counter(len(row.cells) for row in data[:BELOW])
    width = max(widths, key=lambda w: (widths[w], w)) if widths else 0
    if source.columns:
        columns = tuple(source.columns)
        if width and len(columns) != width:
            raise InputError(
                phrase(
                    "source.columns names {count} columns, but the rows have {width} cells: name each column once.",
                    count=len(columns),
                    width=width,
                )
            )
    elif header:
        columns = _joined(header, width)
    else:
        columns = tuple(f"column_{i}" for i in range(1, width + 1))
    remarks = []
    if above:
        remarks.append(
            counted(
                above[-1].number - above[0].number + 1,
                "Row {first} is above the table and not part of it.",
                "Rows {first} to {last} are above the table and not part of it.",
                first=above[0].number,
                last=above[-1].number,
            )
        )
    last = header[-1].number if header else 0
    return Header(
        rows=tuple(row.number for row in header),
        columns=columns,
        first_row=last + 1 if header else data[0].number,
        remarks=tuple(remarks),
        above=tuple(row.cells for row in above),
    )


def _joined(header: list[Row], width: int) -> tuple[str, ...]:
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
