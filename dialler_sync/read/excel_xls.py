"""Reads ``.xls`` by xlrd.

calamine would be ten times as fast, but gives neither errors nor number formats of this format, and a damaged file
can make it end the whole process.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import SourceSettings
from ..errors import InputError
from .excel_formats import digit_format
from .excel_marks import Marks, error_cell
from .excel_numbers import Value, moment_of
from .excel_package import PROTECTED, SAVE_ANEW
from .excel_sheet import Book, Content, Rows, Sheet, SheetCells
from .excel_survey import check_density, hidden_rows

if TYPE_CHECKING:
    import xlrd

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of an OLE file in which Excel keeps an ``.xlsx`` that is protected by a password."""


def open_xls(path: Path, source: SourceSettings) -> Book:
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
    rows = {row + 1: reader.row(row) for row in range(sheet.nrows) if sheet.row_len(row)}
    if not reader.columns:
        return None
    hidden = [row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden and row + 1 in rows]
    check_density(len(rows), max(reader.columns) + 1, reader.filled)
    return Content(
        SheetCells(Rows(rows, reader.columns), reader.marks),
        [(first + 1, after) for first, after, _, _ in sheet.merged_cells],
        hidden_rows(sum(any(value != "" for value in rows[row]) for row in hidden)),
    )


class _Reader:
    """Turns what xlrd gives into what calamine would give, and marks."""

    def __init__(self, book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> None:
        import xlrd

        self.marks = Marks()
        self.columns: set[int] = set()
        self.filled = 0
        self._sheet = sheet
        self._from_1904 = bool(book.datemode)
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
            self.filled += 1
            if kind == xlrd.XL_CELL_ERROR:
                self.marks.add(row + 1, column, self._errors[value])
                value = ""
            elif kind == xlrd.XL_CELL_BOOLEAN:
                value = bool(value)
            elif kind == xlrd.XL_CELL_DATE:
                code = self._codes[self._sheet.cell_xf_index(row, column)]
                value = moment_of(value, code, from_1904=self._from_1904)
            elif kind == xlrd.XL_CELL_NUMBER and (digits := self._digits[self._sheet.cell_xf_index(row, column)]):
                self.marks.add(row + 1, column, digits)
            values.append(value)
        return values
