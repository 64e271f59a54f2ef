"""Rows of a CSV file, in runs, with the row numbers that a spreadsheet program shows.

The ``csv`` module cuts a block of text in one go if each of its lines is one row, as in nearly all files. Any other
block is read row by row: by ``csv`` where it reads the dialect exactly, otherwise by
:class:`~dialler_sync.read.csv.grammar.Dialect`, so that an unclosed quote does not swallow the rows below. A broken row
is read from its own line alone, and flagged.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from ...config import SourceSettings
from ...errors import InputError
from ...pages import ROWS, batched_rows, chars_of
from ...text.phrase import figure, phrase
from ..layout.kinds import Kind, kind_of
from ..layout.runs import BROKEN, NOTABLE, Run
from .grammar import Cut, Dialect
from .lines import MARK, Blocks, Lines, end_of, lines_until

_LINE_IN_CELLS = 10
"""Longest line, in multiples of the longest cell."""

_NO_COINCIDENCE = 6
"""Number of well-placed delimiters that rules out a coincidence inside one cell."""

Row = tuple[list[str], int]
"""Cells of a row (empty for a blank line) and its flags."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file with a known layout.

    ``width``: usual number of cells in a row; it decides how a broken row is read. ``values``: columns that usually
    hold values, which tell a row from a part of a cell. ``ours``: we wrote the file, and no quote in it is stray.
    ``line_end``: that of the first row.
    """

    path: Path
    encoding: str
    dialect: Dialect
    width: int
    source: SourceSettings
    values: tuple[int, ...] = ()
    ours: bool = False
    line_end: str = ""

    def runs(self) -> Iterator[Run]:
        """Yield every row of the file, from row 1 on.

        Raises:
            InputError: a line, a cell or a row exceeds the limits, or another file was appended in the middle of a row.
        """
        number = 1
        with self.path.open(encoding=self.encoding, newline="") as file:
            blocks = Blocks(file, self.source.max_cell_chars * _LINE_IN_CELLS)
            for run in self._runs(blocks):
                self._check(run, number)
                if blocks.has_marks:
                    self._take_marks(run[0], number)
                yield Run(number, *run)
                number += len(run[0])

    def _runs(self, blocks: Blocks) -> Iterator[tuple[list[list[str]], dict[int, int]]]:
        while block := blocks.next():
            run = self._whole_block(block) if self.dialect.is_plain else None
            if run:
                yield run
                continue
            rows = self._row_by_row(Lines(block, blocks))
            for part in batched_rows(rows, ROWS, lambda row: chars_of(row[0])):
                yield [cells for cells, _ in part], {i: flags for i, (_, flags) in enumerate(part) if flags}

    def _whole_block(self, block: str) -> tuple[list[list[str]], dict[int, int]] | None:
        """Cut a block at once; None unless each of its lines is one row."""
        try:
            rows = list(self._reader(StringIO(block, newline="")))
        except csv.Error:
            return None
        ends = block.count("\n") + block.count("\r") - block.count("\r\n")
        if len(rows) != ends + (not block.endswith(("\n", "\r"))):
            return None
        if not _is_notable(block) and self.dialect.is_balanced(block):
            return rows, {}
        flagged = ((i, self._flags(line)) for i, line in enumerate(StringIO(block, newline="")))
        return rows, {i: flags for i, flags in flagged if flags}

    def _row_by_row(self, lines: Lines) -> Iterator[Row]:
        if self.dialect.is_plain:
            yield from self._plain_rows(lines)
        while first := lines.next():
            yield self._careful_row(first, lines)

    def _reader(self, lines: Iterable[str]) -> Any:
        return csv.reader(
            lines,
            delimiter=self.dialect.delimiter,
            quotechar=self.dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.dialect.quote else csv.QUOTE_NONE,
            strict=True,
        )

    def _plain_rows(self, lines: Lines) -> Iterator[Row]:
        """Yield rows cut by the ``csv`` module; rows that it refuses, or that swallow others, go to the grammar.

        ``csv`` refuses unclosed quotes, and cells beyond its own limit.
        """
        while True:
            try:
                for cells in self._reader(lines):
                    if len(lines.taken) > 1 and self._swallows_rows(lines.taken, cells):
                        break
                    flags = self._flags("".join(lines.taken)) | (BROKEN if lines.are_suspect(lines.taken) else 0)
                    lines.taken.clear()
                    yield cells, flags
                else:
                    return
            except csv.Error:
                pass
            lines.give_back(lines.taken)
            yield self._careful_row(lines.next(), lines)

    def _flags(self, row: str) -> int:
        is_broken = not self.dialect.is_balanced(row) and self.dialect.cut(row).broken
        return (NOTABLE if _is_notable(row) else 0) | (BROKEN if is_broken else 0)

    def _careful_row(self, first: str, lines: Lines) -> Row:
        """Read the row that begins with the line ``first``, by the grammar of the dialect."""
        cells, flags = self.dialect.cut_line(first), NOTABLE
        if cells == [""]:
            return [], 0
        if cells is None:
            cells, flags = self._quoted_row(first, lines)
        return cells, flags | (BROKEN if lines.are_suspect([first]) else 0)

    def _quoted_row(self, first: str, lines: Lines) -> Row:
        text, more = first, 1
        lines.taken[:] = [first]
        cut = self.dialect.cut(text)
        while cut.open and len(text) <= self.source.max_cell_chars:
            # Double the lines each time: otherwise a long cell would be read again from its start for every line.
            further = list(islice(lines, more))
            if not further:
                break
            text += "".join(further)
            more *= 2
            cut = self.dialect.cut(text)
        taken = lines.taken[:]
        if cut.open and len(text) > self.source.max_cell_chars and not self._swallows_rows(taken, []):
            raise InputError(
                phrase(
                    "a cell of the row that begins with '{start}' is longer than {most} characters, or its quote "
                    "is not closed: correct it, or raise source.max_cell_chars.",
                    start=first.strip()[:40],
                    most=figure(self.source.max_cell_chars),
                )
            )
        used = lines_until(taken, cut.end)
        swallows = used > 1 and self._swallows_rows(taken[:used], cut.cells)
        if swallows:
            # One cell can look like several rows, and the rows like a cell: then none of them is imported.
            lines.suspect(taken[used - 1 : used] if self._is_untidy(cut) else taken[1:used])
        broken = cut.broken or swallows
        if broken:
            cut, used = self._repaired(taken)
        lines.give_back(taken[used:])
        return cut.cells, NOTABLE | (BROKEN if broken else 0)

    def _repaired(self, taken: list[str]) -> tuple[Cut, int]:
        """Return the likeliest reading of a row with a broken quote, and the number of its lines.

        Tries unescaped quotes inside quotes, then the quote as text, then unescaped quotes over several lines: the
        first that gives the usual number of cells wins. Otherwise the quote is text and the row ends with its line.
        """
        for text, loosely in ((taken[0], True), (taken[0], False), ("".join(taken), True)):
            cut = self.dialect.cut(text, loosely=loosely)
            if len(cut.cells) == self.width:
                return cut, lines_until(taken, cut.end)
        return self.dialect.cut(taken[0]), 1

    def _swallows_rows(self, lines: list[str], cells: list[str]) -> bool:
        """Whether a row over several lines has an unclosed quote and swallowed the rows below it.

        It has if half of its lines have the usual number of cells and the row does not; or if the row and all its lines
        do, but the lines have too many well-placed delimiters, or values in the columns of values, for a coincidence.
        """
        if self.width < 2 or (self._is_of_cells(lines) and not self._is_untidy(self.dialect.cut("".join(lines)))):
            return False
        rows = [self.dialect.cut(line).cells for line in lines]
        fitting = sum(len(row) == self.width for row in rows)
        if len(cells) != self.width:
            return fitting * 2 >= len(lines)
        return fitting == len(lines) and (
            fitting * (self.width - 1) >= _NO_COINCIDENCE or all(map(self._has_values, rows))
        )

    def _is_of_cells(self, lines: list[str]) -> bool:
        """Whether lines certainly are parts of cells if the quotes around them are in order: we wrote them, or the
        row ends as the first one of the file, and none of them does.
        """
        ends = list(map(end_of, lines))
        return self.ours or (ends[-1] == self.line_end and ends[-1] not in ends[:-1])

    def _is_untidy(self, cut: Cut) -> bool:
        """Whether a row has a quote where a program would not write one."""
        plain = (cell for cell, quoted in zip(cut.cells, cut.quoted, strict=True) if not quoted)
        return cut.broken or any(self.dialect.quote in cell for cell in plain)

    def _has_values(self, cells: list[str]) -> bool:
        kinds = {kind_of(cells[i].strip(self.dialect.quote)) for i in self.values}
        return Kind.VALUE in kinds and kinds <= {Kind.VALUE, Kind.EMPTY}

    def _check(self, run: tuple[list[list[str]], dict[int, int]], number: int) -> None:
        """Check a run against the limits for columns and for characters in a cell."""
        most, longest = self.source.max_columns, self.source.max_cell_chars
        if max(map(len, run[0])) > most:
            number, cells = next((n, row) for n, row in enumerate(run[0], number) if len(row) > most)
            raise InputError(
                phrase(
                    "row {number} has {count} cells; the limit is {most}: correct the row, set source.delimiter, "
                    "or raise source.max_columns.",
                    number=number,
                    count=figure(len(cells)),
                    most=figure(most),
                )
            )
        # Cells beyond the limit of ``csv`` were read row by row and carry flags.
        suspects = run[1] if longest >= csv.field_size_limit() else range(len(run[0]))
        for i in suspects:
            if max(map(len, run[0][i]), default=0) > longest:
                raise InputError(
                    phrase(
                        "row {number} has a cell of more than {most} characters: correct it, or raise "
                        "source.max_cell_chars.",
                        number=number + i,
                        most=figure(longest),
                    )
                )

    def _take_marks(self, rows: list[list[str]], first_number: int) -> None:
        """Remove byte order marks from the cells; refuse a mark that another file may begin after."""
        for number, row in enumerate(rows, first_number):
            if not any(MARK in cell for cell in row):
                continue
            if len(row) > self.width or MARK in row[0]:
                raise InputError(
                    phrase(
                        "row {number} holds a byte order mark (U+FEFF) in its middle: another file seems to have "
                        "been appended without a line end between. Put a line end where the second file begins, or "
                        "remove the mark.",
                        number=number,
                    )
                )
            row[:] = [cell.replace(MARK, "") for cell in row]


def _is_notable(text: str) -> bool:
    return "'" in text or '="' in text
