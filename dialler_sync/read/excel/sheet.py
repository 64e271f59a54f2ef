"""Sheets of a workbook in any format, and their cells as rows of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Protocol

from ...errors import InputError
from ...model import CellNote
from ...text.phrase import phrase
from .marks import KnownCell, Mark, Marks
from .numbers import BYTE_ORDER_MARK, Value, cell_text

_LONG = 1_000_000
"""Smallest number that may be a phone number."""

Row = tuple[int, list[str], dict[int, CellNote]]
"""Row number, cells, and notes by the position of their cell."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet. ``index``: its place among all sheets of the workbook."""

    index: int
    name: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Content:
    """Content of a sheet. ``merged``: the first and the last row of each merged range."""

    cells: SheetCells
    merged: Sequence[tuple[int, int]]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """An open workbook. ``read`` returns the content of a sheet, None if it is empty."""

    format: str
    sheets: list[Sheet]
    read: Callable[[Sheet], Content | None]


class Grid(Protocol):
    """The rectangle of values in a sheet, as calamine gives it: corners as (row, column) from 0."""

    @property
    def start(self) -> tuple[int, int] | None:
        """Corner with the first column that holds something; ``iter_rows`` begins with the first row of the sheet."""

    @property
    def end(self) -> tuple[int, int] | None:
        """Last row and column that hold something."""

    def iter_rows(self) -> Iterator[list[Value]]:
        """Yield the rows, from the first of the sheet on."""


class SheetCells:
    """The cells of a sheet, from the first to the last column that holds something.

    ``marks`` replace values of the grid; they may lie outside of it.
    """

    def __init__(self, grid: Grid, marks: Marks) -> None:
        self._grid = grid
        self._marks = marks
        _, start = grid.start or (0, min(marks.columns, default=0))
        last_row, end = grid.end or (-1, start - 1)
        first = min(marks.columns, default=start)
        last = max(marks.columns, default=end)
        self._before = [""] * (start - first)
        self._after = [""] * (last - end)
        self._first = min(start, first)
        self._rows_after = max(marks.rows, default=0) - (last_row + 1)
        self._empty: list[Value] = [""] * (end + 1 - start)

    @property
    def first_column(self) -> int:
        """Column of the sheet, from 0, of the first cell in each row."""
        return self._first

    def rows(self, *, sketched: bool = False, types: bool = False) -> Iterator[Row]:
        """Yield every row that is not blank, all with the same number of cells.

        ``sketched``: any number or date becomes ``0`` or ``1000000``, several times as fast, for callers that need only
        the shape of the rows. ``types``: note the cells that are not text.
        """
        read = _sketched if sketched else _typed if types else _texts
        marked = self._marks.by_row()
        marked_row, marked_cells = next(marked, (0, []))
        for number, values in enumerate(chain(rows_of(self._grid), repeat(self._empty, self._rows_after)), 1):
            texts, notes = read(values)
            if self._before or self._after:
                texts = [*self._before, *texts, *self._after]
                notes = {column + len(self._before): note for column, note in notes.items()}
            if number == marked_row:
                if sketched:  # a shown number is a number as well
                    marked_cells = [(column, mark) for column, mark in marked_cells if isinstance(mark, KnownCell)]
                self._read_marked(marked_cells, values, texts, notes)
                marked_row, marked_cells = next(marked, (0, []))
            if notes or any(map(str.strip, texts)):
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


def rows_of(grid: Grid) -> Iterator[list[Value]]:
    """Yield the rows of a grid.

    Raises:
        InputError: a cell holds a duration of more days than Python counts.
    """
    number = 0
    try:
        for number, values in enumerate(grid.iter_rows(), 1):  # noqa: B007 - the message names it
            yield values
    except OverflowError as error:
        raise InputError(
            phrase(
                "row {number}: a cell formatted as a duration holds too large a number; Excel shows ########: give "
                "its column the number format 0.",
                number=number + 1,
            )
        ) from error


def _texts(values: list[Value]) -> tuple[list[str], dict[int, CellNote]]:
    texts: list[str] = []
    notes: dict[int, CellNote] = {}
    for value in values:
        if type(value) is str and BYTE_ORDER_MARK not in value:  # the fast path for most cells
            texts.append(value)
            continue
        text, note = cell_text(value)
        if note:
            notes[len(texts)] = note
        texts.append(text)
    return texts, notes


def _typed(values: list[Value]) -> tuple[list[str], dict[int, CellNote]]:
    texts, notes = _texts(values)
    for at, value in enumerate(values):
        if type(value) is not str:
            notes[at] = replace(notes.get(at, CellNote()), not_text=True)
    return texts, notes


def _sketched(values: list[Value]) -> tuple[list[str], dict[int, CellNote]]:
    return [value if type(value) is str else _sketch(value) for value in values], {}


def _sketch(value: Value) -> str:
    return "1000000" if isinstance(value, float | int) and abs(value) >= _LONG else "0"
