"""Reads ``.xls`` by xlrd.

calamine would be ten times as fast, but gives neither errors nor number formats of this format, and a damaged file
can make it end the whole process.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .excel_formats import digit_format
from .excel_marks import Marks, error_cell
from .excel_numbers import Value
from .excel_package import PROTECTED, SAVE_ANEW
from .excel_sheet import Book, Content, Sheet, SheetCells
from .excel_survey import hidden_rows

if TYPE_CHECKING:
    import xlrd

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of an OLE file in which Excel keeps an ``.xlsx`` that is protected by a password."""


def open_xls(path: Path) -> Book:
    """Open an OLE file as a workbook.

    Raises:
        InputError: it is protected, damaged, or of another program.
    """
    import xlrd

    content = path.read_bytes()
    try:
        _check_chains(content)
        book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO(), formatting_info=True, ragged_rows=True)
        sheets = [(sheet, _content(book, sheet)) for sheet in book.sheets()]
    except Exception as error:  # xlrd raises whatever its parsing stumbles on
        if _ENCRYPTED in content or "encrypted" in str(error):
            raise InputError(PROTECTED) from error
        raise InputError(f"is damaged, or not a workbook. {SAVE_ANEW}") from error
    return Book(
        "xls",
        [Sheet(index, sheet.name, sheet.visibility == 0) for index, (sheet, _) in enumerate(sheets)],
        lambda sheet: sheets[sheet.index][1],
    )


def _check_chains(content: bytes) -> None:
    """Refuse an OLE file in which a chain of short sectors comes back to itself: xlrd would follow it for ever.

    Raises:
        CompDocError: there is such a chain, or it is no OLE file.
    """
    from xlrd.compdoc import CompDoc, CompDocError

    following = CompDoc(content, logfile=io.StringIO()).SSAT  # of each sector the next, negative at the end
    seen = [-1] * len(following)
    for start in range(len(following)):
        at = start
        while 0 <= at < len(following) and seen[at] < 0:
            seen[at] = start
            at = following[at]
        if 0 <= at < len(following) and seen[at] == start:
            raise CompDocError(f"sector {at} comes after itself")


def _content(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> Content | None:
    reader = _Reader(book, sheet)
    rows = [reader.row(row) for row in range(sheet.nrows)]
    if not reader.columns:
        return None
    hidden = [row for row, info in sheet.rowinfo_map.items() if info.hidden and row < len(rows)]
    return Content(
        SheetCells(_Grid(rows, min(reader.columns), max(reader.columns)), reader.marks),
        [(first + 1, after) for first, after, _, _ in sheet.merged_cells],
        hidden_rows(sum(any(value != "" for value in rows[row]) for row in hidden)),
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """Rows from column A to their last cell, as calamine gives them: from the first column that holds something."""

    rows: list[list[Value]]
    first: int
    last: int

    @property
    def start(self) -> tuple[int, int]:
        return 0, self.first

    @property
    def end(self) -> tuple[int, int]:
        return len(self.rows) - 1, self.last

    def iter_rows(self) -> Iterator[list[Value]]:
        width = self.last + 1 - self.first
        for row in self.rows:
            values = row[self.first : self.last + 1]
            yield values + [""] * (width - len(values))


class _Reader:
    """Turns what xlrd gives into what calamine would give, and marks."""

    def __init__(self, book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> None:
        import xlrd
        from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

        self.marks = Marks()
        self.columns: set[int] = set()
        self._sheet = sheet
        self._epoch = CALENDAR_MAC_1904 if book.datemode else CALENDAR_WINDOWS_1900
        self._codes = [book.format_map[xf.format_key].format_str for xf in book.xf_list]
        self._digits = [digit_format(code) for code in self._codes]
        self._errors = {code: error_cell(text) for code, text in xlrd.error_text_from_code.items()}

    def row(self, row: int) -> list[Value]:
        """The values of a row. A cell with an error is marked."""
        import xlrd

        values: list[Value] = []
        given: Sequence[Any] = self._sheet.row_values(row)
        for column, kind in enumerate(self._sheet.row_types(row)):
            value = given[column]
            if kind in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK}:
                values.append("")
                continue
            self.columns.add(column)
            if kind == xlrd.XL_CELL_ERROR:
                self.marks.add(row + 1, column, self._errors[value])
                value = ""
            elif kind == xlrd.XL_CELL_BOOLEAN:
                value = bool(value)
            elif kind == xlrd.XL_CELL_DATE:
                value = self._moment(value, self._codes[self._sheet.cell_xf_index(row, column)])
            elif kind == xlrd.XL_CELL_NUMBER and (digits := self._digits[self._sheet.cell_xf_index(row, column)]):
                self.marks.add(row + 1, column, digits)
            values.append(value)
        return values

    def _moment(self, number: float, code: str) -> Value:
        """The date, time or duration that a number is; the number where it is none, as a negative one."""
        from openpyxl.styles.numbers import is_timedelta_format
        from openpyxl.utils.datetime import from_excel

        try:
            return from_excel(number, self._epoch, is_timedelta_format(code)) if number >= 0 else number
        except (ValueError, OverflowError):
            return number
