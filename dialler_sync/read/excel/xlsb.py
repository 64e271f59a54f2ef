"""Reads ``.xlsb``: Excel's binary records.

calamine gives ``""`` for an error and for a rich text, ``46349`` for a date, ``123.0`` for a number that is shown as
``00123``, and the later of two cells at one place. It names no merged cells, fills the rectangle around all cells in
memory, and panics, onto standard error, if a reference is damaged. Source: [MS-XLSB] 2.1.4 (records) and 2.4 (their
contents).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...config import SourceSettings
from ...errors import InputError
from ...text.phrase import phrase
from .formats import BUILT_IN_CODES, DigitFormat, digit_formats, usable_code
from .marks import Marks, error_of, given_twice
from .numbers import Value, moment_of
from .package import Package, check_merged, longest_element, save_anew, too_long
from .sheet import Book, Content, Sheet, SheetCells
from .stored import Rows, StoredRows
from .survey import check_density, check_extent, check_repeated, hidden_rows, most_repeated
from .workbook import WITHOUT_CELLS, require_once

_ROW, _BLANK, _RK, _ERROR, _BOOLEAN, _REAL, _TEXT, _SHARED, _RICH = 0, 1, 2, 3, 4, 5, 6, 7, 62
_FORMULA_TEXT, _FORMULA_REAL, _FORMULA_BOOLEAN, _FORMULA_ERROR = 8, 9, 10, 11
_STRING_ITEM, _FORMAT, _XF, _WORKBOOK, _SHEET, _MERGED, _XFS_BEGIN, _XFS_END = 19, 44, 47, 153, 156, 176, 617, 618


@dataclass(slots=True)
class _Workbook:
    """Data shared by the sheets of a workbook. ``digits``, ``dates``: number formats by cell style."""

    package: Package
    source: SourceSettings
    parts: list[str] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    digits: dict[int, DigitFormat] = field(default_factory=dict)
    dates: dict[int, str] = field(default_factory=dict)
    from_1904: bool = False


def open_xlsb(package: Package, workbook: str, source: SourceSettings) -> Book:
    """Open a workbook of binary parts. ``workbook``: the name of its part.

    Raises:
        InputError: the workbook names a sheet that is not in the package, or one part twice.
    """
    related = package.related(workbook)
    by_kind = dict(related.values())
    book = _Workbook(package, source)
    for kind, record in _records(book, workbook):
        if kind == _WORKBOOK:
            book.from_1904 = bool(record[0] & 1)
        elif kind == _SHEET:
            relation, name = _texts(record, 8)
            sheet_kind, part = related.get(relation, ("", ""))
            if not package.has(part):
                raise save_anew(phrase("is damaged: the sheet '{name}' is not where the workbook says.", name=name))
            if sheet_kind not in WITHOUT_CELLS:
                book.sheets.append(Sheet(len(book.sheets), name, record[0] == 0))
                book.parts.append(part)
    require_once(book.parts)
    book.strings = [
        _texts(record, 1, 1)[0]
        for kind, record in _records(book, by_kind.get("sharedStrings", ""))
        if kind == _STRING_ITEM
    ]
    _read_styles(book, by_kind.get("styles", ""))
    return Book("xlsb", book.sheets, lambda sheet: _Scanner(book).read(book.parts[sheet.index]))


class _Scanner:
    """Follows the records of one sheet."""

    def __init__(self, book: _Workbook) -> None:
        self._book = book
        self._most = most_repeated(book.package.packed, book.source)
        self._rows = StoredRows()
        self._values: list[Value] = []
        self._marks = Marks()
        self._merged: list[tuple[int, int]] = []
        self._row = self._width = self._filled = self._hidden = self._size = 0
        self._columns: set[int] = set()

    def read(self, part: str) -> Content | None:
        """Read the content of the sheet, None if it is empty.

        Raises:
            InputError: it is larger than allowed, or holds a cell twice.
        """
        is_hidden = False
        for kind, record in _records(self._book, part):
            if kind == _ROW:
                self._begin_row(int.from_bytes(record[:4], "little") + 1)
                is_hidden = bool(record[11] & 0x10)
            elif _BLANK < kind <= _FORMULA_ERROR or kind == _RICH:
                self._hidden += is_hidden and not self._values
                self._add(kind, record)
            elif kind == _MERGED:
                first, last = struct.unpack_from("<II", record)
                check_merged(len(self._merged))
                self._merged.append((first + 1, last + 1))
        self._begin_row(0)
        if not self._rows:
            return None
        check_density(len(self._rows), self._width, self._filled)
        cells = SheetCells(Rows(self._rows, self._columns), self._marks)
        return Content(cells, self._merged, hidden_rows(self._hidden))

    def _begin_row(self, row: int) -> None:
        if row != self._row and self._values:
            self._rows.add(self._row, self._values)
            self._values = []
        self._row = row

    def _add(self, kind: int, record: bytes) -> None:
        column, style = struct.unpack_from("<II", record)
        style &= 0xFFFFFF
        values = self._values
        self._width = max(self._width, column + 1)
        check_extent(self._row, self._width, self._book.source)
        self._columns.add(column)
        self._filled += 1
        value = self._value(kind, record)
        if kind in {_ERROR, _FORMULA_ERROR}:
            self._marks.add(self._row, column, error_of(record[8]))
        elif kind in {_RK, _REAL, _FORMULA_REAL} and isinstance(value, float):
            if style in self._book.digits:
                self._marks.add(self._row, column, self._book.digits[style])
            elif style in self._book.dates:
                value = moment_of(value, self._book.dates[style], from_1904=self._book.from_1904)
        if column < len(values):
            raise InputError(given_twice(self._row, column))
        values += [""] * (column - len(values))
        values.append(value)

    def _value(self, kind: int, record: bytes) -> Value:
        if kind == _RK:
            return _rk(int.from_bytes(record[8:12], "little"))
        if kind in {_REAL, _FORMULA_REAL}:
            return _real(record[8:16])
        if kind in {_BOOLEAN, _FORMULA_BOOLEAN}:
            return bool(record[8])
        if kind in {_ERROR, _FORMULA_ERROR}:
            return ""
        if kind == _SHARED:
            text = self._book.strings[int.from_bytes(record[8:12], "little")]
        else:
            (text,) = _texts(record, 9 if kind == _RICH else 8, 1)
        self._size += len(text)
        check_repeated(self._size, self._most)
        return text


def _rk(number: int) -> float:
    """Decode a 30-bit number: the upper bits of a float, or a whole number, times one or a hundredth."""
    whole = (number >> 2) - (number >> 31 << 30)
    value = whole if number & 2 else _real(struct.pack("<II", 0, number & 0xFFFFFFFC))
    return float(value / 100 if number & 1 else value)


def _real(content: bytes) -> float:
    (number,) = struct.unpack("<d", content)
    return float(number)


def _read_styles(book: _Workbook, part: str) -> None:
    from openpyxl.styles.numbers import is_date_format

    codes = dict(BUILT_IN_CODES)
    used: list[int] = []
    within = False
    for kind, record in _records(book, part):
        if kind in {_XFS_BEGIN, _XFS_END}:
            within = kind == _XFS_BEGIN
        elif kind == _FORMAT:
            codes[int.from_bytes(record[:2], "little")] = usable_code(_texts(record, 2, 1)[0])
        elif kind == _XF and within:
            used.append(int.from_bytes(record[2:4], "little"))
    digits = digit_formats(codes)
    book.digits = {style: digits[number] for style, number in enumerate(used) if number in digits}
    dates = {number for number, code in codes.items() if is_date_format(code)}
    book.dates = {style: codes[number] for style, number in enumerate(used) if number in dates}


def _texts(record: bytes, at: int, count: int = 2) -> list[str]:
    """Read consecutive texts, each with its length before it.

    Raises:
        struct.error: the record ends before a text does.
    """
    found = []
    for _ in range(count):
        (size,) = struct.unpack_from("<I", record, at)
        at += 4 + 2 * size
        if at > len(record):
            raise struct.error(phrase("a text is longer than its record"))
        found.append(record[at - 2 * size : at].decode("utf-16-le", "surrogatepass"))
    return found


def _records(book: _Workbook, part: str) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a part: (kind, content), while it is unpacked.

    Raises:
        InputError: a record is longer than ``source`` allows, or than what is left of the part.
    """
    longest = longest_element(book.source)
    content = b""
    for piece in book.package.stream(part):
        content += piece
        at = 0
        while (head := _head(content, at)) and head[2] <= len(content):
            kind, begin, at = head
            yield kind, content[begin:at]
        if head and head[2] - head[1] > longest:
            raise too_long(longest)
        content = content[at:]
    if content:
        raise save_anew(phrase("is damaged: a record is longer than what is left of {part}.", part=part))


def _head(content: bytes, at: int) -> tuple[int, int, int] | None:
    """Return the kind of a record, and the places of its content and behind it; None if its head is not whole."""
    try:
        kind, at = _number(content, at, 2)
        size, at = _number(content, at, 4)
    except IndexError:
        return None
    return kind, at, at + size


def _number(content: bytes, at: int, most: int) -> tuple[int, int]:
    """Read a number of at most ``most`` bytes, 7 bits in each; also return the position behind it."""
    number = 0
    for place in range(most):
        byte = content[at]
        at += 1
        number |= (byte & 127) << 7 * place
        if byte < 128:
            break
    return number, at
