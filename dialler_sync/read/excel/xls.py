"""Reads ``.xls`` with xlrd, after a scan of its records.

calamine would be ten times as fast, but gives ``""`` for an error and for a formula without a value, ``123`` for a
number that is shown as ``00123``, and midnight for a negative date; a damaged file can make it end the whole process.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...config import SourceSettings
from ...errors import InputError
from ...text.phrase import figure, phrase
from .biff import BIFF_8, Biff, Place, survey_biff
from .formats import DigitFormats
from .marks import NO_VALUE, Marks, error_of
from .numbers import Value, moment_of
from .package import PROTECTED, save_anew
from .sheet import Book, Content, Sheet, SheetCells
from .stored import Rows, StoredRows
from .survey import check_density, check_repeated, hidden_rows, most_repeated

if TYPE_CHECKING:
    import xlrd

_LIKELY = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254")
_STREAM = 2
_HEADER = 512
_MOST_MB = 512
"""Of a file: it is held in memory several times. A full sheet has 250."""

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Stream of an OLE file in which Excel stores a password-protected ``.xlsx``."""


def open_xls(path: Path, source: SourceSettings) -> Book:
    """Open an OLE file, or bare records without it, as a workbook.

    Raises:
        InputError: it is protected, damaged, too large, of another program, or does not name its code page.
    """
    if (size := path.stat().st_size) > _MOST_MB * 1_000_000:
        raise save_anew(
            phrase(
                "has {size} MB, and an .xls of more than {most} MB is not read.",
                size=figure(size // 1_000_000),
                most=figure(_MOST_MB),
            )
        )
    content = path.read_bytes()
    try:
        biff = survey_biff(_workbook_stream(content))
        book, sheets = _read(biff, source, most_repeated(size, source))
    except (InputError, MemoryError, ImportError):
        raise
    except Exception as error:  # xlrd raises whatever its parsing meets
        if _ENCRYPTED in content:
            raise InputError(phrase(PROTECTED)) from error
        raise save_anew(phrase("is damaged, or not a workbook ({reason}).", reason=_reason(error))) from error
    remarks = _said_by_fonts(biff) if source.encoding == "auto" else ()

    def read(sheet: Sheet) -> Content | None:
        if biff.sheets[sheet.index].problem:
            raise InputError(biff.sheets[sheet.index].problem)
        found = sheets[sheet.index]
        return found and replace(found, remarks=(*found.remarks, *remarks))

    return Book("xls", [Sheet(i, sheet.name, sheet.visibility == 0) for i, sheet in enumerate(book.sheets())], read)


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:120] or phrase("its records contradict each other")


def _workbook_stream(content: bytes) -> bytes:
    """Return the records of a workbook, taken out of the OLE file around them."""
    from xlrd.compdoc import SIGNATURE, CompDoc, CompDocError

    if not content.startswith(SIGNATURE):
        return content
    _check_chains(content)
    file: Any = CompDoc(content, logfile=io.StringIO(), ignore_workbook_corruption=True)
    top = (file.dirlist[child] for child in file.dirlist[0].children)  # embedded files have streams of their own
    streams = {node.name.casefold(): node for node in top if node.etype == _STREAM}
    stream = streams.get("workbook") or streams.get("book")
    if stream is None:
        raise CompDocError(phrase("it holds no workbook"))
    # xlrd would refuse a chain of sectors that is longer than the stream.
    if stream.tot_size >= file.min_size_std_stream:
        memory, start, size, following = content, _HEADER, file.sec_size, file.SAT
    else:
        memory, start, size, following = file.SSCS, 0, file.short_sec_size, file.SSAT
    sectors: list[bytes] = []
    at = stream.first_SID
    while 0 <= at < len(following) and len(sectors) * size < stream.tot_size:
        sectors.append(memory[start + at * size : start + (at + 1) * size])
        at = following[at]
    found = b"".join(sectors)[: stream.tot_size]
    if len(found) < stream.tot_size:
        raise CompDocError(phrase("it is cut off"))
    return found


def _read(biff: Biff, source: SourceSettings, most: int) -> tuple[xlrd.Book, list[Content | None]]:
    import xlrd

    if biff.is_protected:
        raise InputError(phrase(PROTECTED))
    encoding = None
    if biff.version < BIFF_8:
        encoding = biff.encoding if source.encoding == "auto" else source.encoding
        if encoding is None and biff.code_page is None:
            encoding = "latin-1"
    try:
        book = xlrd.open_workbook(
            file_contents=bytes(biff.stream),
            logfile=io.StringIO(),
            encoding_override=encoding,
            formatting_info=True,
            ragged_rows=True,
        )
    except UnicodeDecodeError as error:
        raise InputError(
            phrase(
                "has text that is not {encoding}: set source.encoding to another.", encoding=encoding or error.encoding
            )
        ) from error
    if encoding == "latin-1" and source.encoding == "auto":
        _require_code_page(book)
    sheets = [_content(book, sheet, biff.without_value(place), most) for place, sheet in enumerate(book.sheets())]
    return book, sheets


def _require_code_page(book: xlrd.Book) -> None:
    """Refuse single-byte texts if no code page is named.

    Raises:
        InputError: shows one of the texts in several readings.
    """
    texts = (
        text for sheet in book.sheets() for row in range(sheet.nrows) for text in (sheet.name, *sheet.row_values(row))
    )
    foreign = next((text for text in texts if isinstance(text, str) and not text.isascii()), None)
    if foreign is not None:
        content = foreign[:40].encode("latin-1")
        readings = ", ".join(f"'{content.decode(name, 'replace')}' ({name})" for name in _LIKELY)
        raise InputError(
            phrase(
                "is of Excel 95 or older and does not say in which code page its text is written. It can be read "
                "as {readings}: set source.encoding to the right one.",
                readings=readings,
            )
        )


def _said_by_fonts(biff: Biff) -> tuple[str, ...]:
    if biff.version >= BIFF_8 or biff.code_page is not None or not biff.encoding:
        return ()
    return (
        phrase(
            "The file does not name its code page; its fonts are of {encoding}, and so is its text read.",
            encoding=biff.encoding,
        ),
    )


def _check_chains(content: bytes) -> None:
    """Refuse an OLE file with a circular chain of short sectors, which xlrd would follow for ever.

    Raises:
        CompDocError: there is such a chain, or it is not an OLE file.
    """
    from xlrd.compdoc import CompDoc, CompDocError

    following = CompDoc(content, logfile=io.StringIO()).SSAT  # the next sector of each one, negative at the end
    seen = [-1] * len(following)
    for start in range(len(following)):
        at = start
        while 0 <= at < len(following) and seen[at] < 0:
            seen[at] = start
            at = following[at]
        if 0 <= at < len(following) and seen[at] == start:
            raise CompDocError(phrase("sector {at} comes after itself", at=at))


def _content(book: xlrd.Book, sheet: xlrd.sheet.Sheet, without_value: set[Place], most: int) -> Content | None:
    reader = _Reader(book, sheet, without_value)
    rows = StoredRows()
    hidden = 0
    for row in range(sheet.nrows):
        if sheet.row_len(row):
            values = reader.row(row)
            check_repeated(reader.size, most)  # many cells may share one long text
            rows.add(row + 1, values)
            info = sheet.rowinfo_map.get(row)
            hidden += bool(info and info.hidden) and any(value != "" for value in values)
    if not reader.columns:
        return None
    check_density(len(rows), max(reader.columns) + 1, reader.filled)
    return Content(
        SheetCells(Rows(rows, reader.columns), reader.marks),
        [(first + 1, after) for first, after, _, _ in sheet.merged_cells],
        hidden_rows(hidden),
    )


class _Reader:
    """Converts xlrd's values to those that calamine gives, and collects marks."""

    def __init__(self, book: xlrd.Book, sheet: xlrd.sheet.Sheet, without_value: set[Place]) -> None:
        self.marks = Marks()
        self.columns: set[int] = set()
        self.filled = self.size = 0
        self._sheet = sheet
        self._without_value = without_value
        self._from_1904 = bool(book.datemode)
        self._codes = [book.format_map[xf.format_key].format_str for xf in book.xf_list]
        shown = DigitFormats()
        self._digits = [shown.get(code) for code in self._codes]

    def row(self, row: int) -> list[Value]:
        """Return the values of a row, and mark cells that hold an error."""
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
            if (row + 1, column) in self._without_value:
                self.marks.add(row + 1, column, NO_VALUE)
                value = ""
            elif kind == xlrd.XL_CELL_ERROR:
                self.marks.add(row + 1, column, error_of(value))
                value = ""
            elif kind == xlrd.XL_CELL_TEXT:
                self.size += len(value)
            elif kind == xlrd.XL_CELL_BOOLEAN:
                value = bool(value)
            elif kind == xlrd.XL_CELL_DATE:
                code = self._codes[self._sheet.cell_xf_index(row, column)]
                value = moment_of(value, code, from_1904=self._from_1904)
            elif kind == xlrd.XL_CELL_NUMBER and (digits := self._digits[self._sheet.cell_xf_index(row, column)]):
                self.marks.add(row + 1, column, digits)
            values.append(value)
        return values
