"""The rows of a CSV file, one by one, in the order and number that a spreadsheet program shows them.

Rows come from the ``csv`` module wherever it reads the dialect exactly, and from
:class:`~dialler_sync.read.csv_grammar.Dialect` wherever it does not. A quote that is not closed does not
swallow the rows after it: its row is taken from its own line alone, and marked as broken.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from ..config import SourceSettings
from ..errors import InputError
from .csv_grammar import Cut, Dialect
from .dialect import TELLS_DELIMITER

BROKEN = 1
"""Flag of a row in which a quote is not closed as it should be."""

NOTABLE = 2
"""Flag of a row that may hold a cell with a note, or a mark to take away; most rows do not."""

Row = tuple[list[str], int]
"""The cells of a row (none: a blank line) and its flags."""


class Seen(NamedTuple):
    """A row that holds something, with the number that a spreadsheet program shows."""

    number: int
    cells: list[str]
    flags: int


_LINE_IN_CELLS = 10
"""Longest line, in longest cells."""

_NO_CHANCE = 6
"""So many delimiters in just the right places do not stand inside a cell by chance."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file of which everything is known that decides where its cells begin and end.

    ``width``: how many cells its rows usually have; it decides how a broken row is read.
    """

    path: Path
    encoding: str
    dialect: Dialect
    width: int
    source: SourceSettings

    def rows(self) -> Iterator[Row]:
        """Every row, blank ones too: the n-th is row n.

        Raises:
            InputError: a line or a cell is longer, or a row has more cells, than the limits allow.
        """
        with self.path.open(encoding=self.encoding, newline="") as file:
            lines = _Lines(file, self.source.max_cell_chars * _LINE_IN_CELLS)
            first = lines.take().removeprefix("\ufeff")
            if first and not TELLS_DELIMITER.fullmatch(first):
                lines.give_back([first])
            if self.dialect.is_plain:
                yield from self._plain_rows(lines)
            while lines.peek():
                yield self._careful_row(lines)

    def _plain_rows(self, lines: _Lines) -> Iterator[Row]:
        """All rows, by the ``csv`` module but for those that it refuses or that look swallowed."""
        dialect, width, taken, longest = self.dialect, self.width, lines.taken, self.source.max_cell_chars
        while True:
            reader = csv.reader(
                iter(lines),
                delimiter=dialect.delimiter,
                quotechar=dialect.quote or None,
                quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
                strict=True,
            )
            try:
                for cells in reader:
                    if len(taken) > 1 and self._swallows_rows(taken, cells):
                        break
                    if len(cells) > width:
                        self._check_columns(cells)
                    flags = 0
                    for line in taken:
                        if "'" in line or "#" in line or "E+" in line or "e+" in line:
                            flags = NOTABLE
                        if len(line) > longest:
                            self._check_lengths(cells)
                    taken.clear()
                    yield cells, flags
                else:
                    return
            except csv.Error:
                # A quote that is not closed, or a cell beyond the module's own limit. It reads on all the same
                # with a new reader, behind the row that is read here with more care.
                pass
            lines.give_back(taken)
            yield self._careful_row(lines)

    def _careful_row(self, lines: _Lines) -> Row:
        """The next row, read by the grammar of the dialect. There must be a line left."""
        first = lines.take()
        cells = self.dialect.cut_line(first)
        if cells is None:
            cells, flags = self._quoted_row(first, lines)
        elif cells == [""]:
            return [], 0
        else:
            flags = NOTABLE
        if len(cells) > self.width:
            self._check_columns(cells)
        self._check_lengths(cells)
        return cells, flags

    def _quoted_row(self, first: str, lines: _Lines) -> Row:
        taken, text, more = [first], first, 1
        cut = self.dialect.cut(text)
        while cut.open and len(text) <= self.source.max_cell_chars:
            # Twice as many lines each time, so that a long cell is not read from its start for every line.
            further = list(islice(iter(lines), more))
            if not further:
                break
            taken += further
            text += "".join(further)
            more *= 2
            cut = self.dialect.cut(text)
        used = _lines_until(taken, cut.end)
        broken = cut.broken or (used > 1 and self._swallows_rows(taken[:used], cut.cells))
        if broken:
            cut, used = self._mended(taken)
        lines.taken.clear()
        lines.give_back(taken[used:])
        return cut.cells, NOTABLE | (BROKEN if broken else 0)

    def _mended(self, taken: list[str]) -> tuple[Cut, int]:
        """The most likely reading of a row with a broken quote, and the number of its lines.

        The first of these that gives the usual number of cells: quotes inside quotes that were not escaped; a
        quote that is only text; the same over several lines. Else the quote is text, and the row ends with its line.
        """
        first = taken[0]
        for text, loosely in ((first, True), (first, False), ("".join(taken), True)):
            cut = self.dialect.cut(text, loosely=loosely)
            if len(cut.cells) == self.width:
                return cut, _lines_until(taken, cut.end)
        return self.dialect.cut(first), 1

    def _swallows_rows(self, lines: list[str], cells: list[str]) -> bool:
        """Whether a row over several lines is rather one with an unclosed quote, and rows that it swallowed.

        Its lines have the usual number of cells, each for itself, where the row has not; or they have it so
        exactly that it is no chance.
        """
        if self.width < 2:
            return False
        fitting = sum(len(self.dialect.cut(line).cells) == self.width for line in lines)
        if len(cells) != self.width:
            return fitting * 2 >= len(lines)
        return fitting == len(lines) and fitting * (self.width - 1) >= _NO_CHANCE

    def _check_lengths(self, cells: list[str]) -> None:
        longest = max(cells, key=len)
        if len(longest) > self.source.max_cell_chars:
            raise InputError(
                f"a cell has {len(longest):,} characters, beginning with '{longest[:40]}', and "
                f"{self.source.max_cell_chars:,} are allowed: mend the file, or raise source.max_cell_chars."
            )

    def _check_columns(self, cells: list[str]) -> None:
        if len(cells) > self.source.max_columns:
            raise InputError(
                f"a row has {len(cells):,} cells, beginning with '{cells[0][:40]}', and {self.source.max_columns:,} "
                "are allowed: mend the file, set source.delimiter, or raise source.max_columns."
            )


def seen_rows(rows: Iterable[Row]) -> Iterator[Seen]:
    """The rows that hold something: blank lines, and rows of empty cells, only count."""
    for number, (cells, flags) in enumerate(rows, 1):
        if cells and (cells[0].strip() or any(map(str.strip, cells))):
            yield Seen(number, cells, flags)


class _Lines:
    """The lines of a file, with their ends, to take and to give back. ``taken`` lists them as they are taken."""

    def __init__(self, file: TextIO, longest: int) -> None:
        self.taken: list[str] = []
        self.number = 0
        self._longest = longest
        self._file = iter(partial(file.readline, longest + 1), "")
        self._pending: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        pending, taken, longest = self._pending, self.taken, self._longest
        while pending:
            line = pending.popleft()
            taken.append(line)
            self.number += 1
            yield line
        for line in self._file:
            self.number += 1
            if len(line) > longest:
                raise InputError(
                    f"line {self.number} is longer than {longest:,} characters: mend the file, or raise "
                    "source.max_cell_chars."
                )
            taken.append(line)
            yield line

    def take(self) -> str:
        """The next line, ``""`` at the end."""
        line = next(iter(self), "")
        self.taken.clear()
        return line

    def give_back(self, lines: list[str]) -> None:
        """Take ``lines`` next, before any others. Empties ``taken``."""
        self._pending.extendleft(reversed(lines))
        self.number -= len(lines)
        self.taken.clear()

    def peek(self) -> bool:
        """Whether there is a line left."""
        line = self.take()
        if line:
            self.give_back([line])
        return bool(line)


def _lines_until(lines: list[str], end: int) -> int:
    """How many of ``lines`` the first ``end`` characters are."""
    for count, line in enumerate(lines, 1):
        end -= len(line)
        if end <= 0:
            return count
    return len(lines)
