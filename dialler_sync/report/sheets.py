"""Write workbooks whose cells keep their text exactly, whatever it looks like, in flat memory.

XlsxWriter is 2.7 times as fast as openpyxl for cells that are all text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Self

from ..files.pinned import temporary_folder
from ..files.whole import new_binary_file
from ..text.outward import mask
from ..text.phrase import counted, figure, phrase
from ..text.spreadsheet import CUT, harmless

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from .text_sheet import TextSheet

SHEET_ROWS, SHEET_COLUMNS, CELL_LENGTH = 1_048_576, 16_384, 32_767
"""Limits of an Excel sheet (rows, columns) and of a cell (UTF-16 units)."""

_NUMBERS = frozenset({"_row", "_http_status", "_attempts"})
_MEASURED = 500
"""Rows whose texts decide the column widths."""
_ON_A_PAGE = 300
"""Characters in a line that can be read where all columns are printed side by side, on a landscape page."""
_LINE = 15
"""Points of height of a line of text, Excel's own default."""
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold in any form; control characters are escaped, as Excel does it."""


class Book:
    """A workbook, written as a whole or not at all. A context manager.

    Raises:
        OSError: the folder of ``path`` cannot be written.
    """

    def __init__(self, path: Path) -> None:
        import xlsxwriter

        self._path = path
        # Rows wait on disk, beside the report and readable by their owner only, until the workbook is written.
        self._held = ExitStack()
        folder = self._held.enter_context(temporary_folder(path.parent))
        self.book: Workbook = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": str(folder), "use_zip64": True}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for sheet in self.book.worksheets():
            for file in filter(None, (sheet.row_data_fh, sheet.fh)):  # xlsxwriter leaves them open on a full disk
                with suppress(OSError):  # rows that a full disk could not take are lost anyway
                    file.close()
        self._held.close()

    def add_page(self, name: str, widths: Sequence[int]) -> Page:
        """Add a sheet that is written line by line, with these column widths in characters."""
        return Page(self.book, name, widths)

    def add_table(self, name: str, full: str, sheet_rows: int = SHEET_ROWS) -> Table:
        """Add a sheet that is a table; ``full`` names the file with the rows and texts that do not fit."""
        return Table(self.book, name, full, sheet_rows)

    def save(self) -> None:
        """Write the workbook, once.

        Raises:
            JournalError: the file cannot be written.
            OSError: the waiting rows cannot be written.
        """
        packed = self.packed()
        with new_binary_file(self._path) as file:
            file.write(packed)

    def packed(self) -> memoryview:
        """Return the workbook's bytes, once.

        Raises:
            OSError: the waiting rows cannot be written.
        """
        from xlsxwriter.exceptions import FileCreateError

        packed = _Kept()
        self.book.filename = packed
        try:
            self.book.close()
        except FileCreateError as error:  # wraps the OSError instead of being one
            raise error.args[0] from error
        return packed.getbuffer()


class _Kept(BytesIO):
    """Memory that ignores ``close``: when the disk is full, xlsxwriter leaves its archive open and closes it later."""

    def close(self) -> None:
        """Do nothing; the memory is freed with the object."""


class Table:
    """A sheet of text with header, filters and fitting column widths; has the interface of a csv writer."""

    def __init__(self, book: Workbook, name: str, full: str, sheet_rows: int) -> None:
        from .text_sheet import TextSheet

        self._sheet: TextSheet = book.add_worksheet(name, TextSheet)
        self._full = full
        self._room = sheet_rows - 2  # minus the header, and the line that says that the sheet is full
        self._header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EAEDF1", "num_format": "@"})
        self._text = book.add_format({"num_format": "@"})
        self._numbers: Sequence[int] = ()
        self._widths: list[int] = []
        self._rows = -1
        self._left_out = 0
        self._cut = False
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_landscape()
        self._sheet.repeat_rows(0)
        # Excel's warning is suppressed, because these digits are text on purpose.
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})

    def writerow(self, row: Iterable[str], /) -> None:
        """Write the header on the first call, then a row; formulas must have been made harmless before."""
        values = list(row)
        if self._rows < 0:
            self._numbers = tuple(i for i, name in enumerate(values) if name in _NUMBERS)
            self._widths = [0] * len(values)
        elif self.is_full:
            self._left_out += 1
            return
        self._rows += 1
        if self._rows < _MEASURED:
            self._widths = list(map(max, self._widths, map(len, values)))
        styles = self._styles(len(values))
        numbers = {place: values[place] for place in self._numbers if values[place].isdecimal()}
        texts = ["" if i in numbers else self._fitting(xml_text(value)) for i, value in enumerate(values)]
        self._sheet.write_texts(self._rows, texts[:SHEET_COLUMNS], styles)
        for place, digits in numbers.items():
            self._sheet.write_number(self._rows, place, int(digits), styles[place])

    @property
    def is_full(self) -> bool:
        """Whether the sheet takes no more rows."""
        return self._rows >= self._room

    def _styles(self, count: int) -> Sequence[Format]:
        """Return the formats of the row being written; all must be text formats."""
        return [self._text if self._rows else self._header] * count

    def _column_style(self, place: int) -> Format:  # noqa: ARG002 - subclasses use it
        """Return the format of a column's empty cells."""
        return self._text

    def _fitting(self, text: str) -> str:
        """Return the text, or its beginning with a remark that it is cut."""
        if fits(text):
            return text
        self._cut = True
        remark = CUT + phrase("{file} has all of it]", file=self._full)
        return text[: CELL_LENGTH // 2 - len(remark)] + remark

    def close(self) -> str:
        """Set filters and widths; return a note about rows or texts that do not fit, ``""`` if all do."""
        shown = self._widths[:SHEET_COLUMNS]
        if sum(min(width, 48) for width in shown) <= _ON_A_PAGE:
            self._sheet.fit_to_pages(1, 0)
        self._sheet.autofilter(0, 0, max(self._rows, 1), len(shown) - 1)
        for place, width in enumerate(shown):
            self._sheet.set_column(place, place, min(max(width, 6), 48) + 2, self._column_style(place))
        notes = []
        if self._left_out:
            notes.append(
                counted(
                    self._left_out,
                    "the sheet is full: {count} row more in {file}",
                    "the sheet is full: {count} rows more in {file}",
                    file=self._full,
                )
            )
            self._sheet.write_string(self._rows + 1, 0, notes[0][:1].upper() + notes[0][1:], self._header)
        if len(self._widths) > SHEET_COLUMNS:
            notes.append(
                phrase(
                    "columns after the {last}th are left out: {file} has them",
                    last=figure(SHEET_COLUMNS),
                    file=self._full,
                )
            )
        if self._cut:
            notes.append(
                phrase("texts that are too long for a cell are truncated: {file} has them in full", file=self._full)
            )
        return f"{self._sheet.name}: {'; '.join(notes)}." if notes else ""


class Page:
    """A sheet that is written line by line: text as text, numbers as numbers. Its texts may be the dialler's."""

    def __init__(self, book: Workbook, name: str, widths: Sequence[int]) -> None:
        self._book = book
        self.sheet: Worksheet = book.add_worksheet(name)
        self.at = 0
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.bold = book.add_format({"bold": True})
        self._text = book.add_format()
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._widths = widths
        self._number = book.add_format({"num_format": "#,##0", "align": "right", "indent": 1})
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)

    def line(self, *values: str | int, style: Format | None = None) -> None:
        """Write a line of cells, without secrets; without values, leave a blank line."""
        lines = 1
        for column, value in enumerate(values):
            if isinstance(value, str):
                between = 0 < column < len(values) - 1 and len(value) > self._widths[column]
                wrapped = self._wrapped if between else self._text
                text = harmless(mask(value))
                write_text(self.sheet, self.at, column, text, style or wrapped)
                if between:
                    lines = max(lines, len(wrap(text, self._widths[column])))
            else:
                self.sheet.write_number(self.at, column, value, self._number)
        if lines > 1:  # Excel finds the height out by itself, LibreOffice does not
            self.sheet.set_row(self.at, lines * _LINE)
        self.at += 1

    def bar_chart(self, title: str, first: int, colours: Sequence[str]) -> None:
        """Draw one bar per line from ``first`` on (name in column A, number in B), below the last line written."""
        last = first + len(colours) - 1
        chart: Any = self._book.add_chart({"type": "bar"})
        chart.add_series(
            {
                "categories": [self.sheet.name, first, 0, last, 0],
                "values": [self.sheet.name, first, 1, last, 1],
                "points": [{"fill": {"color": colour}} for colour in colours],
                "data_labels": {"value": True},
                "gap": 40,
            }
        )
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True, "line": {"none": True}, "major_tick_mark": "none"})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
        chart.set_size({"width": 720, "height": 260})
        self.sheet.insert_chart(
            self.at + 1, 0, chart, {"description": phrase("{chart}, as in the table above", chart=title)}
        )
        self.at += 16


def fits(text: str) -> bool:
    """Whether the text fits into a cell; a character is one or two UTF-16 units."""
    return len(text) <= CELL_LENGTH // 2 or len(text.encode("utf-16-le", "surrogatepass")) // 2 <= CELL_LENGTH


def xml_text(text: str) -> str:
    """Return the text with U+FFFD for characters that XML cannot hold."""
    return text if text.isascii() else _NOT_IN_XML.sub("\ufffd", text)


def write_text(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    """Write a text as text, whatever it looks like; see :func:`xml_text`."""
    text = xml_text(text)
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter would take this for its own XML; split in two pieces it stays text.
        sheet.write_rich_string(row, column, text[0], style, text[1:], style)
    else:
        sheet.write_string(row, column, text, style)
