"""Finds the end of a table and the faults of its rows, in one pass before the first row is given.

Totals, footnotes or a second table may follow a table; none of them is a row of it. They are left out, and reported,
only if their form leaves no doubt; a doubtful row stays, and is rejected for its number of cells or their content. If
the same header comes again, as in concatenated exports, the table continues below it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ...errors import InputError
from ...own_columns import is_own
from ...text.phrase import counted, figure, phrase
from .footnotes import Footnotes, filled, first_text
from .header import Header, are_alike, columns_headed, columns_of
from .header_words import is_header_word
from .kinds import Kind, kind_of
from .runs import BROKEN, Run, Seen

_MOST_FOOTNOTES = 40
_LOOK_AHEAD = 8
_SAMPLE = 60


@dataclass(frozen=True, slots=True)
class Extent:
    """The extent of a table: the number of its last row (0: it has none), and remarks for the user.

    ``blank_columns``: number of cells beyond the header, empty in every row. ``left_out``: rows before the last that
    are not part of the table. ``unread_from``: the first row of a second table with a similar header; ``next_table``:
    of one with any header. ``below``: the cells of totals and footnotes.
    """

    last_row: int
    blank_columns: int = 0
    left_out: frozenset[int] = frozenset()
    unread_from: int | None = None
    next_table: int | None = None
    remarks: tuple[str, ...] = ()
    below: tuple[tuple[str, ...], ...] = ()


def find_extent(runs: Iterator[Run], header: Header, *, to_end: bool = False) -> Extent:
    """Read all rows of a file, from its first line to the end of the table; ``to_end``: that is the end of the file.

    Raises:
        InputError: as :meth:`CsvFile.runs`, or a row may belong to the table as well as begin another one.
    """
    run = next(runs, None)
    survey = _Survey(header, run.seen() if run else [], to_end=to_end)
    while run:
        following = next(runs, None)
        if not survey.adds_whole(run):
            rows = [row for row in run.seen() if row.number >= header.first_row]
            ahead = rows + (following.seen()[:_LOOK_AHEAD] if following else [])
            for i, row in enumerate(rows):
                if survey.repeats_header(row):
                    survey.restart(row)
                elif to_end:
                    survey.add(row)
                elif survey.ends_before(row, ahead[i : i + _LOOK_AHEAD]):
                    return survey.extent(second_table=row)
                else:
                    survey.add(row)
        run = following
    return survey.extent()


class _Survey:
    """Facts about a table, collected while its rows pass by."""

    def __init__(self, header: Header, first_rows: Sequence[Seen], *, to_end: bool) -> None:
        self._to_end = to_end
        sample = [row for row in first_rows if row.number >= header.first_row][:_SAMPLE]
        self._width = len(header.columns)
        self._names = list(header.columns) if header.rows else []
        self._header = [_folded(row.cells) for row in first_rows if row.number in header.rows]
        self._in_header = {name for name in self._header[-1] if name} if self._header else set()
        self._named = next((i for i, name in enumerate(self._header[-1]) if name), None) if self._header else None
        self._usual_widths = {self._width, *(len(row.cells) for row in sample[:1])}
        self._footnotes = Footnotes(header.columns, sample)
        self._codes = columns_of(Kind.CODE, [(row.number, row.cells) for row in sample], header)
        self._first_row = self._next_number = header.first_row
        self._gap = self._titled = False
        self._tail: deque[Seen] = deque()
        self._last = 0
        self._widths: Counter[int] = Counter()
        self._all_blank_beyond = True
        self._first_ragged = 0
        self._broken = 0
        self._first_broken = 0
        self._left_out: list[int] = []
        self._parts: list[str] = []
        self._below: list[tuple[str, ...]] = []
        self._repeats: list[int] = []

    def adds_whole(self, run: Run) -> bool:
        """Count a run in which no row needs a closer look; False if one does."""
        rows = run.rows
        if (
            run.first_number != self._next_number
            or self._gap
            or set(map(len, rows)) != {self._width}
            or self._may_hold_header(rows)
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
        """Count a row, delayed until enough rows have followed that it cannot be a footnote."""
        self._tail.append(row)
        if len(self._tail) > _MOST_FOOTNOTES:
            self._settle(self._tail.popleft())

    def repeats_header(self, row: Seen) -> bool:
        """Whether a row repeats a line of the table's header; in a table of ours, only one that no row can be."""
        return _folded(row.cells) in self._header and (not self._to_end or any(map(is_own, row.cells)))

    def restart(self, row: Seen) -> None:
        """Leave out a repeated header, and the footnotes between the rows above and below it."""
        self._leave_out_footnotes()
        while self._tail:
            self._settle(self._tail.popleft())
        self._left_out.append(row.number)
        self._repeats.append(row.number)
        self._next_number = row.number + 1
        self._gap = self._titled = False

    def _require_no_other_header(self, row: Seen) -> None:
        """Raises:
        InputError: a row is a header: most of its cells are names of the table's, one of them in another column, or
            in quotes of another kind.
        """
        told = _folded(row.cells)
        cells = [cell.strip("'") for cell in told]
        shared = self._in_header.intersection(cells)
        if len(shared) < 2 or 2 * len(shared) <= len({*cells} - {""}):
            return
        if told != cells or any(cell in shared and cell != name for cell, name in zip_longest(cells, self._header[-1])):
            raise InputError(
                phrase(
                    "row {number} has the names of the header in another order, or in other quotes: put the rows below "
                    "it under the header of the first ones, or into a file of their own.",
                    number=row.number,
                )
            )

    def _may_hold_header(self, rows: list[list[str]]) -> bool:
        """Whether a cell of a column is a name of the header: a quick test."""
        at = self._named
        return at is not None and not self._in_header.isdisjoint(_folded([cells[at] for cells in rows]))

    def _leave_out_footnotes(self) -> None:
        rows = [] if self._to_end else self._footnotes.at_end_of(self._tail, self._last or self._first_row - 1)
        for _ in rows:
            self._tail.pop()
        if rows:
            self._left_out += [row.number for row in rows]
            self._below += [tuple(row.cells) for row in rows]
            self._parts.append(
                counted(
                    rows[-1].number - rows[0].number + 1,
                    "Row {first} is below the table and not part of it, beginning with '{text}'.",
                    "Rows {first} to {last} are below the table and not part of it, beginning with '{text}'.",
                    first=rows[0].number,
                    last=rows[-1].number,
                    text=first_text(rows[0].cells)[:40],
                )
            )

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
        """Whether a second table begins with ``row``. ``ahead``: that row and some below it.

        Raises:
            InputError: it may be the header of another table as well as a row of this one.
        """
        self._gap = self._gap or row.number > self._next_number
        self._next_number = row.number + 1
        is_usual = not self._gap and len(row.cells) in self._usual_widths
        if not is_usual and self._is_second_header(ahead):
            return True
        self._require_no_other_header(row)
        if is_usual:
            return False
        self._gap = self._titled = self._gap and filled(row.cells) == 1  # a title: the gap goes on below it
        return False

    def _is_second_header(self, rows: Sequence[Seen]) -> bool:
        first = rows[0].cells
        below = []
        for row, above in zip(rows[1:], rows, strict=False):
            if row.number != above.number + 1 or len(row.cells) != len(first):
                break
            below.append(row.cells)
        same_width = len(first) == self._width
        if not below or len(first) < 2 or (same_width and not self._gap):
            return False
        if same_width and any(kind_of(first[i]) is Kind.CODE for i in self._codes):
            return False
        support = columns_headed(first, below)
        if same_width and support > 0 and not self._titled:
            is_named = any(map(is_header_word, first))
            if support == len(first) or (support > 1 and is_named):
                return True
            if support == 1 and not is_named:
                return False  # a row that says "unknown" where the others have a number
            raise InputError(
                phrase(
                    "row {number}, after a blank row, can be the header of a second table or a row of the first: "
                    "remove the blank row, or put the second table into its own file.",
                    number=rows[0].number,
                )
            )
        if self._gap:
            return support >= 1 or (support == 0 and not same_width and len(below) >= 3)
        return support >= 2 and len(below) >= 2

    def extent(self, second_table: Seen | None = None) -> Extent:
        """Return the result, once no further row belongs to the table."""
        self._leave_out_footnotes()
        while self._tail:
            self._settle(self._tail.popleft())
        remarks = [*self._remarks(), *self._parts]
        if self._repeats:
            remarks.append(
                counted(
                    len(self._repeats),
                    "Row {first} repeats the header, and is left out; the table continues below it.",
                    "The header is repeated in {count} rows, which are left out; the first is row {first}.",
                    first=self._repeats[0],
                )
            )
        if second_table:
            remarks.append(
                phrase("Row {number} begins a second table; only the first is read.", number=second_table.number)
            )
        return Extent(
            self._last,
            self._blank_columns,
            frozenset(self._left_out),
            second_table.number if second_table and are_alike(self._names, second_table.cells) else None,
            second_table.number if second_table else None,
            tuple(remarks),
            tuple(self._below),
        )

    @property
    def _blank_columns(self) -> int:
        """Count the empty cells beyond the header that all rows end in: then the file is written that way."""
        widths = list(self._widths)
        alike = len(widths) == 1 and widths[0] > self._width and self._all_blank_beyond
        return widths[0] - self._width if alike else 0

    def _remarks(self) -> Iterator[str]:
        ragged = self._widths.total() - self._widths[self._width]
        if ragged and not self._blank_columns:
            yield (
                phrase(
                    "Rows with more or fewer cells than the table's {width} columns: {ragged} of {total}, the "
                    "first is row {first_ragged}.",
                    width=self._width,
                    ragged=figure(ragged),
                    total=figure(self._widths.total()),
                    first_ragged=self._first_ragged,
                )
            )
        if self._broken:
            yield (
                phrase(
                    "Rows with a stray or unclosed quote: {broken}, the first is row {first_broken}. Correct them; "
                    "or set source.quote to none, if quotes are plain text here.",
                    broken=figure(self._broken),
                    first_broken=self._first_broken,
                )
            )


def _folded(cells: Sequence[str]) -> list[str]:
    """Fold header cells; drop what concatenation adds: a byte order mark, quotes behind it, blanks."""
    return [cell.strip('\ufeff" ').casefold() for cell in cells]
