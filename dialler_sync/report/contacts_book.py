"""Write records of the dialler as a workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.pinned import known, temporary_folder
from ..read.layout.mended import is_marked
from ..text.outward import mask
from ..text.phrase import phrase
from ..text.spreadsheet import harmless
from .contacts_output import Listing, cell_text
from .sheets import CELL_LENGTH, SHEET_ROWS, write_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


_EXACT = 2**53


def write_xlsx(listing: Listing, path: Path, *, sheet_rows: int = SHEET_ROWS) -> list[str]:
    """Write a workbook in flat memory, with as many sheets as the records need; return remarks for the user.

    Raises:
        UsageError: there are more columns than Excel has.
        OSError: the file cannot be written.
    """
    import xlsxwriter

    listing.check_columns()
    with temporary_folder(known(path).parent) as folder:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(folder)})
        try:
            cut = _write_sheets(book, listing, sheet_rows)
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise error.args[0] from error
        finally:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
    return (
        [phrase("{count} texts are too long for an Excel cell and were truncated; -o csv has them in full", count=cut)]
        if cut
        else []
    )


def _write_sheets(book: Workbook, listing: Listing, sheet_rows: int) -> int:
    """Write the records into as many sheets as they need; return the number of texts that were cut."""
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
    shield = harmless if is_marked(listing.columns) else str  # marks are put only where readers take them away
    records = iter(listing.records)
    record = next(records, None)
    cut = 0
    while record is not None or not book.worksheets():
        number = len(book.worksheets()) + 1
        sheet: Worksheet = book.add_worksheet("Records" if number == 1 else f"Records {number}")
        sheet.freeze_panes(1, 0)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})  # the digits are text on purpose
        for place, name in enumerate(listing.columns):
            sheet.set_column(place, place, min(max(len(name), 10), 40) + 2, text)
            write_text(sheet, 0, place, shield(mask(name)), bold)
        rows = 0
        while record is not None and rows < sheet_rows - 1:
            rows += 1
            cut += _write_row(sheet, rows, [record.get(name) for name in listing.columns], text, shield)
            record = next(records, None)
        sheet.autofilter(0, 0, max(rows, 1), max(len(listing.columns) - 1, 0))
    return cut


def _write_row(
    sheet: Worksheet, row: int, values: Iterable[object], style: Format, shield: Callable[[str], str]
) -> int:
    """Write one record; return the number of its texts that were cut."""
    cut = 0
    for place, value in enumerate(values):
        if value is None:
            continue
        text = cell_text(value)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _EXACT
        if is_number and mask(text) == text:
            sheet.write_number(row, place, value)
        elif text := shield(mask(text)):
            if len(text) > CELL_LENGTH // 2 or not text.isprintable():
                units = text.encode("utf-16-le", "surrogatepass")
                cut += len(units) > 2 * CELL_LENGTH
                text = units[: 2 * CELL_LENGTH].decode("utf-16-le", "replace")
            write_text(sheet, row, place, text, style)
    return cut
