"""A first look at the sheets of an ``.xlsb``: errors, number formats, hidden rows, and how far the cells reach.

calamine gives ``""`` for an error and ``123.0`` for a number that is shown as ``00123``, and fills the rectangle
around all cells in memory. Source: [MS-XLSB] 2.1.4 (records) and 2.4 (what they hold).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from ..config import SourceSettings
from ..errors import InputError
from .excel_formats import DigitFormat, digit_format
from .excel_marks import Marks, error_cell
from .excel_package import SAVE_ANEW, Package
from .excel_survey import Survey, check_extent, hidden_rows

_ROW, _BLANK, _ERROR, _LAST_CELL, _FORMULA_ERROR = 0, 1, 3, 11, 11
_NUMBERS = {2, 5, 9}
"""Short numbers, numbers, and numbers that a formula gave."""

_FORMAT, _XF, _XFS_BEGIN, _XFS_END, _SHEET = 44, 47, 617, 618, 156
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


def xlsb_surveyor(package: Package, workbook: str, source: SourceSettings) -> Callable[[int], Survey]:
    """How to look at a sheet, given its index. ``workbook``: the name of the workbook's part.

    Raises:
        InputError: the workbook names a sheet that is not in the package.
    """
    related = package.related(workbook)
    sheets = [
        related.get(_text(record, 8), ("", ""))[1] for kind, record in _records(package, workbook) if kind == _SHEET
    ]
    if not all(sheets):  # calamine would panic, and write so to stderr
        raise InputError(f"is damaged: a sheet is not where the workbook says. {SAVE_ANEW}")
    digits = _digits(package, dict(related.values()).get("styles", ""))
    return lambda index: _survey(package, sheets[index], digits, source)


def _survey(package: Package, part: str, digits: dict[int, DigitFormat], source: SourceSettings) -> Survey:
    marks = Marks()
    row = rows = columns = hidden = 0
    is_hidden = False
    for kind, record in _records(package, part):
        if kind == _ROW:
            row = int.from_bytes(record[:4], "little") + 1
            is_hidden = bool(record[11] & 0x10)
        elif _BLANK < kind <= _LAST_CELL:
            column, style = struct.unpack_from("<II", record)
            hidden += is_hidden and rows < row
            rows, columns = max(rows, row), max(columns, column + 1)
            if kind in {_ERROR, _FORMULA_ERROR}:
                marks.add(row, column, error_cell(_ERRORS.get(record[8], "#ERROR!")))
            elif kind in _NUMBERS and style & 0xFFFFFF in digits:
                marks.add(row, column, digits[style & 0xFFFFFF])
    check_extent(rows, columns, source)
    return Survey(rows > 0, marks, hidden_rows(hidden))


def _digits(package: Package, part: str) -> dict[int, DigitFormat]:
    """The number formats of digit places and literals, by cell style."""
    codes: dict[int, DigitFormat | None] = {}
    used: list[int] = []
    within = False
    for kind, record in _records(package, part):
        if kind in {_XFS_BEGIN, _XFS_END}:
            within = kind == _XFS_BEGIN
        elif kind == _FORMAT:
            codes[int.from_bytes(record[:2], "little")] = digit_format(_text(record, 2))
        elif kind == _XF and within:
            used.append(int.from_bytes(record[2:4], "little"))
    return {style: known for style, number in enumerate(used) if (known := codes.get(number))}


def _text(record: bytes, at: int) -> str:
    size = int.from_bytes(record[at : at + 4], "little")
    return record[at + 4 : at + 4 + 2 * size].decode("utf-16-le")


def _records(package: Package, part: str) -> Iterator[tuple[int, bytes]]:
    """The records of a part: (kind, content)."""
    content = package.read(part)
    at = 0
    while at < len(content):
        kind, at = _number(content, at, 2)
        size, at = _number(content, at, 4)
        yield kind, content[at : at + size]
        at += size


def _number(content: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of at most ``most`` bytes, 7 bits in each, and where what follows it begins."""
    number = 0
    for place in range(most):
        byte = content[at]
        at += 1
        number |= (byte & 127) << 7 * place
        if byte < 128:
            break
    return number, at
