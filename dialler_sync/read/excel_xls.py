"""A second look at an ``.xls``, by xlrd, for what calamine does not give: errors, number formats, hidden rows.

xlrd takes ten times as long, and refuses some files that calamine reads; so calamine reads the cells.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .excel_formats import digit_format
from .excel_marks import KnownCell, Mark, Marks, error_cell
from .excel_numbers import number_text
from .excel_survey import Survey, hidden_rows

if TYPE_CHECKING:
    import xlrd

NOT_KNOWN = (
    "In this {} file, error cells (#REF!) are read as empty, and numbers without what only their format shows "
    "(00123 as 123): if it has such cells, save it as .xlsx."
)


def survey_xls(path: Path, names: list[str]) -> Callable[[int], Survey]:
    """How to look at a sheet, given its index in ``names``."""
    import xlrd

    def survey(index: int) -> Survey:
        try:
            book = xlrd.open_workbook(
                str(path), logfile=io.StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
            )
            return _survey(book, book.sheet_by_name(names[index]))
        except Exception:  # noqa: BLE001 - xlrd raises whatever its parsing stumbles on, in files that calamine reads
            return Survey(remarks=(NOT_KNOWN.format(".xls"),))

    return survey


def _survey(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> Survey:
    import xlrd

    formats = [digit_format(book.format_map[xf.format_key].format_str) for xf in book.xf_list]
    errors = {code: error_cell(text) for code, text in xlrd.error_text_from_code.items()}
    marks = Marks()
    for row in range(sheet.nrows):
        for column, kind in enumerate(sheet.row_types(row)):
            value: Any = sheet.cell_value(row, column)
            mark: Mark | None = None
            if kind == xlrd.XL_CELL_NUMBER:
                mark = formats[sheet.cell_xf_index(row, column)]
            elif kind == xlrd.XL_CELL_ERROR:
                mark = errors[value]
            elif kind == xlrd.XL_CELL_DATE and value < 0:
                mark = KnownCell(number_text(value))
            if mark:
                marks.add(row + 1, column, mark)
    filled = (row for row in range(sheet.nrows) if any(sheet.row_types(row)))
    hidden = sum(row in sheet.rowinfo_map and bool(sheet.rowinfo_map[row].hidden) for row in filled)
    return Survey(marks=marks, remarks=hidden_rows(hidden))
