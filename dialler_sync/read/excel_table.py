"""The cells of one sheet as rows of text, and the table that they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat, takewhile
from typing import TYPE_CHECKING

from ..errors import InputError
from ..model import CellNote, Chunk, Layout
from .excel_marks import Mark, Marks
from .excel_numbers import Value, cell_text

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

Row = tuple[int, list[str], dict[int, CellNote]]
"""Row number, cells, and notes by the position of their cell."""


class SheetCells:
    """The cells of a sheet, from the first to the last column that holds something.

    ``marks`` are read in place of what calamine gives; they may lie outside of where it found anything.
    ``longest``: the greatest length of a cell in characters.
    """

    def __init__(self, sheet: CalamineSheet, marks: Marks, longest: int) -> None:
        self._sheet = sheet
        self._marks = marks
        self._longest = longest
        _, start = sheet.start or (0, 0)
        last_row, end = sheet.end or (-1, -1)
        first = min(marks.columns, default=start)
        last = max(marks.columns, default=end)
        self._before = [""] * (start - first)
        self._after = [""] * (last - end)
        self._first = min(start, first)
        self._rows_after = max(marks.rows, default=0) - (last_row + 1)
        self._empty: list[Value] = [""] * (end + 1 - start)

    def rows(self, *, sketched: bool = False) -> Iterator[Row]:
        """Every row that is not blank, all with the same number of cells.

        ``sketched``: with ``0`` for any number or date, five times as fast, where only the shape of the rows counts.

        Raises:
            InputError: a cell is too long.
        """
        read = _sketched if sketched else _texts
        marked = self._marks.by_row()
        marked_row, marked_cells = next(marked, (0, []))
        every_row = chain(self._sheet.iter_rows(), repeat(self._empty, self._rows_after))
        for number, values in enumerate(every_row, 1):
            texts, notes = read(values)
            if self._before or self._after:
                texts = [*self._before, *texts, *self._after]
                notes = {column + len(self._before): note for column, note in notes.items()}
            if number == marked_row:
                self._read_marked(marked_cells, values, texts, notes)
                marked_row, marked_cells = next(marked, (0, []))
            if notes or any(map(str.strip, texts)):
                self._check_lengths(number, texts)
                yield number, texts, notes

    def _read_marked(
        self, marked: list[tuple[int, Mark]], values: list[Value], texts: list[str], notes: dict[int, CellNote]
    ) -> None:
        for column, mark in marked:
            position = column - self._first
            at = position - len(self._before)
            texts[position], note = mark.read(values[at] if 0 <= at < len(values) else "")
            notes.pop(position, None)
            if note:
                notes[position] = note

    def _check_lengths(self, number: int, texts: list[str]) -> None:
        longest = max(texts, key=len)
        if len(longest) > self._longest:
            raise InputError(
                f"a cell of row {number} has {len(longest):,} characters, beginning with '{longest[:40]}', and "
                f"{self._longest:,} are allowed: mend the file, or raise source.max_cell_chars."
            )


def _texts(values: list[Value]) -> tuple[list[str], dict[int, CellNote]]:
    texts: list[str] = []
    notes: dict[int, CellNote] = {}
    for value in values:
        if type(value) is str and value[:1] != "'" and "+" not in value:  # most cells, and the fastest way
            texts.append(value)
            continue
        text, note = cell_text(value)
        if note:
            notes[len(texts)] = note
        texts.append(text)
    return texts, notes


def _sketched(values: list[Value]) -> tuple[list[str], dict[int, CellNote]]:
    return [value if type(value) is str else "0" for value in values], {}


@dataclass(frozen=True, slots=True)
class ExcelTable:
    """One table of a workbook.

    ``width``: how many columns it has; ``kept``: the positions of those that are given; ``last_row``: where it ends.
    """

    layout: Layout
    cells: SheetCells
    width: int
    kept: tuple[int, ...]
    last_row: int

    def chunks(self, rows: int = 5_000) -> Iterator[Chunk]:
        """Give the rows in order, at most ``rows`` at a time.

        Raises:
            InputError: a cell is too long.
        """
        first, last = self.layout.first_row, self.last_row
        table = (row for row in takewhile(lambda row: row[0] <= last, self.cells.rows()) if row[0] >= first)
        while batch := list(islice(table, rows)):
            yield self._chunk(batch)

    def _chunk(self, batch: list[Row]) -> Chunk:
        import pandas as pd

        width = self.width
        place = {position: at for at, position in enumerate(self.kept)}
        lines = [texts for _, texts, _ in batch]
        if len(lines[0]) != width:  # the rows of a sheet are as long as another; but the names may come from elsewhere
            lines = [(texts + [""] * width)[:width] for texts in lines]
        if len(self.kept) < width:
            lines = [[texts[position] for position in self.kept] for texts in lines]
        return Chunk(
            pd.DataFrame(
                lines,
                index=[number for number, _, _ in batch],
                columns=pd.Index(self.layout.columns, dtype=object),
                dtype=object,
            ),
            {
                (number, place[position]): note
                for number, _, notes in batch
                for position, note in notes.items()
                if position in place
            },
            {number: tuple(texts) for number, texts, _ in batch if any(texts[width:])},
        )
