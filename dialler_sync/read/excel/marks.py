"""Finds the cells of an ``.xlsx`` sheet that calamine misreads, by parsing the XML.

calamine gives ``""`` for an error and for a formula that was never calculated, ``123.0`` for a cell that shows
``00123``, and a time of day for a negative date. Source: ECMA-376 part 1, 18.3.1 (worksheet).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from ...errors import InputError
from ...model import CellNote
from ...text.phrase import phrase
from .formats import DigitFormat
from .numbers import Value, number_text
from .package import parse_xml, save_anew, whole_number
from .workbook import Styles

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


@dataclass(frozen=True, slots=True)
class KnownCell:
    """A cell with a known text, whatever calamine gives."""

    text: str
    note: CellNote | None = None

    def read(self, _: Value) -> tuple[str, CellNote | None]:
        """Return the text, and the note on what the text does not say."""
        return self.text, self.note


Mark = DigitFormat | KnownCell

_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}

_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf)", re.IGNORECASE)
_FIRST_DAY = -1e9
"""Of a date, in days: further back than that nothing counts."""
_SHOWN = 30
NO_VALUE = KnownCell("", CellNote(code="formula_without_value"))


def error_cell(text: str) -> KnownCell:
    """Return a cell that holds an error such as ``#REF!``."""
    return KnownCell(text, CellNote(code="error_cell"))


def error_of(code: int) -> KnownCell:
    """Return an error cell for the code that ``.xls`` and ``.xlsb`` store."""
    return error_cell(_ERRORS.get(code, "#ERROR!"))


@dataclass(frozen=True, slots=True)
class Marks:
    """Marked cells in row order, 16 bytes each. ``rows`` count from 1, ``columns`` from 0."""

    rows: array[int] = field(default_factory=lambda: array("I"))
    columns: array[int] = field(default_factory=lambda: array("I"))
    cells: list[Mark] = field(default_factory=list)

    def add(self, row: int, column: int, cell: Mark) -> None:
        """Mark the next cell.

        Raises:
            InputError: its row lies above the one before.
        """
        if self.rows and row < self.rows[-1]:
            raise save_anew(phrase("is damaged: row {row} comes after row {last}.", row=row, last=self.rows[-1]))
        self.rows.append(row)
        self.columns.append(column)
        self.cells.append(cell)

    def by_row(self) -> Iterator[tuple[int, list[tuple[int, Mark]]]]:
        """Yield each row with marked cells, with its (column, cell) pairs."""
        for row, group in groupby(zip(self.rows, self.columns, self.cells, strict=True), itemgetter(0)):
            yield row, [(column, cell) for _, column, cell in group]


def given_twice(row: int, column: int) -> str:
    """Return the message on a cell that a sheet holds twice; ``column`` counts from 0."""
    from openpyxl.utils import get_column_letter

    return phrase(
        "has the cell {column}{row} twice, and spreadsheet programs show only one of them. Fix the program "
        "that wrote the file.",
        column=get_column_letter(column + 1),
        row=row,
    )


def find_marks(pieces: Iterable[bytes], prefix: str, styles: Styles, recalculates: bool) -> Marks:
    """Parse the XML of a sheet. ``prefix``: of its tags; ``recalculates``: a stored 0 of a formula may be no value.

    Raises:
        InputError: a cell lies outside any possible sheet, or rows are out of order.
    """
    scanner = _Scanner(prefix, styles, recalculates)
    parse_xml(pieces, scanner.start, text=scanner.text)
    scanner.finish_cell()
    return scanner.marks


def find_extent(pieces: Iterable[bytes], prefix: str) -> tuple[int, int]:
    """Find the last row and the last column of a sheet that hold something, counted from 1, in its XML.

    Raises:
        InputError: a cell lies outside any possible sheet, or is given twice.
    """
    scanner = _Scanner(prefix, Styles(), recalculates=False, measures=True)
    parse_xml(pieces, scanner.start)
    scanner.finish_cell()
    return scanner.rows, scanner.columns


class _Scanner:
    """Follows the cells as the parser meets them; a cell without a reference lies right of the one before."""

    def __init__(self, prefix: str, styles: Styles, recalculates: bool, *, measures: bool = False) -> None:
        self.marks = Marks()
        self.rows = self.columns = 0
        self._taken: dict[int, int] = {}
        self._row_tag, self._cell_tag, self._value_tag = f"{prefix}row", f"{prefix}c", f"{prefix}v"
        self._formula_tag, self._text_tag = f"{prefix}f", f"{prefix}t"
        self._styles = styles
        self._recalculates = recalculates
        self._measures = measures
        self._row = 0
        self._reference, self._offset = "", 0
        self._letters: dict[str, int] = {"": 0}
        self._errors: dict[str, KnownCell] = {}
        self._cell: dict[str, str] = {}
        self._formula = self._filled = self._in_value = False
        self._value: str | None = None

    def start(self, tag: str, given: dict[str, str]) -> None:
        self._in_value = False
        if tag == self._cell_tag:
            self.finish_cell()
            self._cell = given
            if "r" in given:
                self._reference, self._offset = given["r"], 0
            else:
                self._offset += 1
        elif tag == self._value_tag:
            self._filled = self._in_value = True
            self._value = ""
        elif tag == self._row_tag:
            self.finish_cell()
            self._row = whole_number(given.get("r", self._row + 1))
            self._reference, self._offset = "", 0
        elif tag == self._formula_tag:
            self._filled = self._formula = True
        elif tag == self._text_tag:
            self._filled = True

    def text(self, text: str) -> None:
        if self._in_value and self._value is not None:
            self._value += text

    def finish_cell(self) -> None:
        if not self._filled:
            return
        value = self._value.strip() if self._value else self._value
        mark = self._mark(self._cell.get("t", "n"), value)
        if mark:
            self.marks.add(*self._place(), mark)
        if self._measures:
            self._measure(*self._place())
        self._formula = self._filled = self._in_value = False
        self._value = None

    def _measure(self, row: int, column: int) -> None:
        self.rows, self.columns = max(self.rows, row), max(self.columns, column + 1)
        taken, bit = self._taken.get(row, 0), 1 << column
        if taken & bit:
            raise InputError(given_twice(row, column))
        self._taken[row] = taken | bit

    def _mark(self, kind: str, value: str | None) -> Mark | None:
        if kind == "e" and value:
            return self._errors.setdefault(value, error_cell(value))
        if self._formula and self._is_uncalculated(kind, value):
            return NO_VALUE
        if kind == "n" and value:
            style = self._cell.get("s", "0")
            if value[0] == "-" and style in self._styles.dates:
                return self._before_all_dates(value)
            if _NO_NUMBER.match(value):
                return error_cell(value)
            return self._styles.digits.get(style)
        return None

    def _before_all_dates(self, value: str) -> Mark:
        number = float(value)
        if not number > _FIRST_DAY:  # calamine panics, onto standard error
            row, column = self._place()
            raise InputError(
                phrase(
                    "row {row}: the cell in column {column} is formatted as a date but holds {value}; Excel shows "
                    "########: correct the cell, or give its column the number format 0.",
                    row=row,
                    column=column + 1,
                    value=value[:_SHOWN],
                )
            )
        return KnownCell(number_text(number))

    def _is_uncalculated(self, kind: str, value: str | None) -> bool:
        if kind == "str":  # an empty text is a value: <v></v>
            return value is None
        return not value or (value == "0" and kind == "n" and self._recalculates)

    def _place(self) -> tuple[int, int]:
        """Return row from 1 and column from 0.

        Raises:
            InputError: no sheet has such a cell.
        """
        letters = self._reference.rstrip("0123456789")
        if letters not in self._letters:
            from openpyxl.utils import column_index_from_string

            self._letters[letters] = column_index_from_string(letters)
        row = whole_number(self._reference[len(letters) :]) if self._reference else self._row
        column = self._letters[letters] + self._offset - 1
        if not (0 < row <= LAST_ROW and 0 <= column < LAST_COLUMN):
            raise save_anew(
                phrase("is damaged: no sheet has a cell in row {row}, column {column}.", row=row, column=column + 1)
            )
        return row, column
