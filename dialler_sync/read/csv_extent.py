"""Where a table in a CSV file ends, and what is wrong with its rows: found out in one pass, before a row is given.

Under a table there can be totals, footnotes, or a second table; none of them is a row of the table. They are
left out only where their form says so beyond doubt, and always reported; what is in doubt stays a row, and is
rejected for its number of cells or for what is in them.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

from ..errors import InputError
from .csv_rows import BROKEN, Run, Seen
from .header import Header, columns_headed, name_rows
from .kinds import Kind, kind_of

_TOTAL = re.compile(
    r"[\W_]*(?:(?:gesamt|end|zwischen|teil)?summen?|insgesamt|gesamt|(?:grand |sub)?totals?|sum)"
    r"(?:\s+(?:eur|usd|chf|rows|records|anzahl|kunden|kontakte|datensätze))?[\W\d_]*",
    re.IGNORECASE,
)
"""What stands before a total, German and English."""

_NOTE = re.compile(
    r"[\W_]*(?:summen?|gesamt\w*|insgesamt|anzahl|stand|quelle|hinweis|fußnote|erstellt|seite|ende"
    r"|totals?|sum|count|source|notes?|footnotes?|end of|page|generated|created)\b",
    re.IGNORECASE,
)
"""First words of footnotes, German and English."""

_MOST_FOOTNOTES = 40
_LOOK_AHEAD = 8
_SAMPLE = 60


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a table goes: the number of its last row (0: it has none), and sentences for the user.

    ``blank_columns``: how many cells all rows have beyond the header, empty in every row.
    """

    last_row: int
    blank_columns: int = 0
    remarks: tuple[str, ...] = ()


def find_extent(runs: Iterator[Run], header: Header) -> Extent:
    """Go through all rows of a file, from its first line on, to the end of the table.

    Raises:
        InputError: as :meth:`CsvFile.runs`, or a row can belong to the table as well as begin another one.
    """
    run = next(runs, None)
    survey = _Survey(header, run.seen() if run else [])
    while run:
        following = next(runs, None)
        if not survey.adds_whole(run):
            rows = [row for row in run.seen() if row.number >= header.first_row]
            ahead = rows + (following.seen()[:_LOOK_AHEAD] if following else [])
            for i, row in enumerate(rows):
                if survey.ends_before(row, ahead[i : i + _LOOK_AHEAD]):
                    return survey.extent(second_table=row.number)
                survey.add(row)
        run = following
    return survey.extent()


class _Survey:
    """What is known of a table while its rows pass by."""

    def __init__(self, header: Header, first_rows: Sequence[Seen]) -> None:
        sample = [row for row in first_rows if row.number >= header.first_row][:_SAMPLE]
        self._width = len(header.columns)
        self._names = list(header.columns) if header.rows else []
        self._usual_widths = {self._width, *(len(row.cells) for row in sample[:1])}
        self._fill = median(_filled(row.cells) for row in sample) if sample else 0
        self._first_kind = Counter(kind_of(row.cells[0]) for row in sample).most_common(1)[0][0] if sample else None
        self._first_row = self._next_number = header.first_row
        self._gap = self._titled = False
        self._tail: deque[Seen] = deque()
        self._last = 0
        self._widths: Counter[int] = Counter()
        self._all_blank_beyond = True
        self._first_ragged = 0
        self._broken = 0
        self._first_broken = 0

    def adds_whole(self, run: Run) -> bool:
        """Count a run in which no row needs a closer look; False if one does."""
        rows = run.rows
        if (
            run.first_number != self._next_number
            or self._gap
            or set(map(len, rows)) != {self._width}
            or self._names in rows
            or any(flags & BROKEN for flags in run.flags.values())
            or not run.is_dense()
        ):
            return False
        while self._tail:
            self._settle(self._tail.popleft())
        settled = max(0, len(rows) - _MOST_FOOTNOTES)
        self._widths[self._width] += settled
        self._last = run.first_number + settled - 1 if settled else self._last
        self._tail.extend(Seen(run.first_number + i, rows[i], 0) for i in range(settled, len(rows)))
        self._next_number = run.first_number + len(rows)
        return True

    def add(self, row: Seen) -> None:
        """Count a row, once so many have followed that it cannot be a footnote."""
        self._tail.append(row)
        if len(self._tail) > _MOST_FOOTNOTES:
            self._settle(self._tail.popleft())

    def _settle(self, row: Seen) -> None:
        self._last = row.number
        width = len(row.cells)
        self._widths[width] += 1
        if width != self._width:
            self._first_ragged = self._first_ragged or row.number
            if width > self._width and self._all_blank_beyond:
                self._all_blank_beyond = not any(row.cells[self._width :])
        if row.flags & BROKEN:
            self._broken += 1
            self._first_broken = self._first_broken or row.number

    def ends_before(self, row: Seen, ahead: Sequence[Seen]) -> bool:
        """Whether a second table begins with ``row``. ``ahead``: that row and some that follow it.

        Raises:
            InputError: it can be the header of another table as well as a row of this one.
        """
        self._gap = self._gap or row.number > self._next_number
        self._next_number = row.number + 1
        if not self._gap and row.cells != self._names and len(row.cells) in self._usual_widths:
            return False
        if self._is_second_header(ahead):
            return True
        self._gap = self._titled = self._gap and _filled(row.cells) == 1  # a title: what follows is as if behind it
        return False

    def _is_second_header(self, rows: Sequence[Seen]) -> bool:
        first = rows[0].cells
        if first == self._names:
            return True
        below = []
        for row, above in zip(rows[1:], rows, strict=False):
            if row.number != above.number + 1 or len(row.cells) != len(first):
                break
            below.append(row.cells)
        same_width = len(first) == self._width
        if not below or len(first) < 2 or (same_width and not self._gap):
            return False
        support = columns_headed(first, below)
        if same_width and support == 1 and not self._titled:
            raise InputError(
                f"row {rows[0].number}, behind a blank row, can be the header of a second table or a row of the first: "
                "take out the blank row, or put the second table into a file of its own."
            )
        if self._gap:
            return support >= 1 or (support == 0 and not same_width and len(below) >= 3)
        return support >= 2 and len(below) >= 2

    def extent(self, second_table: int | None = None) -> Extent:
        """What was found, now that no further row belongs to the table."""
        footnotes = self._footnotes()
        for row in list(self._tail)[: len(self._tail) - len(footnotes)]:
            self._settle(row)
        remarks = list(self._remarks())
        if footnotes:
            first = footnotes[0]
            remarks.append(
                f"{name_rows(first.number, footnotes[-1].number)} below the table and not part of it, beginning with "
                f"'{_first_text(first.cells)[:40]}'."
            )
        if second_table:
            remarks.append(f"Row {second_table} begins a second table; only the first is read.")
        return Extent(self._last, self._blank_columns, tuple(remarks))

    @property
    def _blank_columns(self) -> int:
        """All rows end in the same number of empty cells beyond the header: that is the file's shape."""
        widths = list(self._widths)
        alike = len(widths) == 1 and widths[0] > self._width and self._all_blank_beyond
        return widths[0] - self._width if alike else 0

    def _remarks(self) -> Iterator[str]:
        ragged = self._widths.total() - self._widths[self._width]
        if ragged and not self._blank_columns:
            yield (
                f"Rows with more or fewer cells than the table's {self._width} columns: {ragged:,} of "
                f"{self._widths.total():,}, the first is row {self._first_ragged}."
            )
        if self._broken:
            yield (
                f"Rows with a stray quote, or a quote that is opened and not closed: {self._broken:,}, the first is "
                f"row {self._first_broken}. Mend them; or set source.quote to none, if quotes are only text here."
            )

    def _footnotes(self) -> list[Seen]:
        """The last rows, as far as they are totals or footnotes."""
        rows = list(self._tail)
        at = len(rows)
        while at and self._is_sparse(rows[at - 1]):
            at -= 1
        above = rows[at - 1].number if at else self._last or self._first_row - 1
        sparse = []
        gap = False
        for row in rows[at:]:
            gap = gap or row.number > above + 1
            above = row.number
            sparse.append((row, gap))
        notes = takewhile(lambda pair: self._is_footnote(pair[0].cells, behind_gap=pair[1]), reversed(sparse))
        return [row for row, _ in notes][::-1]

    def _is_sparse(self, row: Seen) -> bool:
        filled = _filled(row.cells)
        return (
            self._width > 1
            and not row.flags & BROKEN
            and (filled <= max(1, self._fill / 2) or (filled < self._fill and _is_total(row.cells)))
        )

    def _is_footnote(self, cells: list[str], *, behind_gap: bool) -> bool:
        text = _first_text(cells)
        if _is_total(cells) or (_NOTE.match(text) and _filled(cells) == 1):
            return True
        if kind_of(text) is not Kind.TEXT or not cells[0]:
            return False
        if behind_gap or _filled(cells) > 1:
            return behind_gap
        return self._first_kind is not Kind.TEXT or (len(cells) == 1 and text.count(" ") > 1)


def _is_total(cells: Sequence[str]) -> bool:
    """Whether a row holds the word for a total, and otherwise at most values."""
    text, *others = [cell for cell in cells if cell.strip()]
    return _TOTAL.fullmatch(text[:100]) is not None and all(kind_of(cell) is Kind.VALUE for cell in others)


def _filled(cells: Sequence[str]) -> int:
    return sum(map(bool, map(str.strip, cells)))


def _first_text(cells: Sequence[str]) -> str:
    return next(cell for cell in cells if cell.strip())[:100]
