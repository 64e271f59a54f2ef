"""Scans the records of an ``.xls`` before xlrd reads it, and repairs records that xlrd would fail on.

xlrd reads a formula without a value as an empty text, and keeps the later of two cells at one place; it rejects a file
for a wrong count of shared strings, or for comments, names and drawings that it does not understand. Source: [MS-XLS]
2.1.4 (records), 2.4 (their contents), 2.5.293 (strings).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...errors import InputError
from ...text.phrase import figure, phrase
from .marks import given_twice
from .package import check_merged, check_sheets, save_anew

BIFF_8 = 0x0600
_BOF, _EOF, _CONTINUE, _SST = 0x0809, 0x0A, 0x3C, 0xFC
_CODE_PAGE, _FILE_PASS, _BOUND_SHEET, _FONT, _RECALC_ID = 0x42, 0x2F, 0x85, 0x31, 0x1C1
_FORMULA = frozenset({0x06, 0x206, 0x406})
_LABEL_SST, _MULTIPLE_RK = 0xFD, 0xBD
_LABEL, _RICH_LABEL = 0x204, 0xD6
_MERGED, _BYTES_OF_RANGE = 0xE5, 8
_CELLS = frozenset({0x203, 0x205, 0x27E, _LABEL, _RICH_LABEL, _LABEL_SST, *_FORMULA})
"""Numbers, texts, errors, rounded numbers, rich texts, shared texts, formulas."""

_NEEDED = frozenset(
    {
        *(_BOF, _EOF, _CONTINUE, _SST, _CODE_PAGE, _FILE_PASS, _BOUND_SHEET, _FONT, _MULTIPLE_RK, *_CELLS),
        *(0x22, 0x41E, 0x1E, 0xE0, 0x92, 0x293, 0x8C, 0x5C),  # date system, formats, styles, palette, country, author
        *(
            0x208,
            0x200,
            0x201,
            0xBE,
            0xE5,
            0x207,
            0x4BC,
            0x221,
            0x236,
            0x37,
            0x36,
        ),  # rows, blanks, merged, formulas' own
    }
)
_IGNORED = 0x0FFF
"""A record type that does not exist, so xlrd skips it."""

_CHARSETS = {
    128: "cp932",
    129: "cp949",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
"""Code pages by the character set of a font; programs that do not care write 0."""

_MOST_COLUMNS = 256
_MOST_CELLS, _SPARSE = 20_000_000, 4
"""Cells, the empty ones between others counted, that are read in any case (a full sheet has 17 million); of more, one
in ``_SPARSE`` must hold something."""


Place = tuple[int, int]
"""Row from 1 and column from 0."""


@dataclass(slots=True)
class BiffSheet:
    """``empty``, ``zero``: formulas that gave an empty text, or 0 to be calculated. ``problem``: why it is refused."""

    empty: set[Place] = field(default_factory=set)
    zero: set[Place] = field(default_factory=set)
    problem: str = ""
    taken: dict[int, int] = field(default_factory=dict)
    merged: int = 0


@dataclass(slots=True)
class Biff:
    """The records of a workbook. ``sheets``: its worksheets, in order; ``stream``: the repaired records, for xlrd.

    ``results``: 1 if any formula has a result; plus 2 if any that is calculated on opening has one.
    """

    stream: bytearray
    version: int = 0
    code_page: int | None = None
    charsets: set[str] = field(default_factory=set)
    is_protected: bool = False
    was_calculated: bool = False
    results: int = 0
    sheets: list[BiffSheet] = field(default_factory=list)

    @property
    def encoding(self) -> str | None:
        """Code page of single-byte texts, if the file names one; BIFF 8 is Unicode."""
        if self.code_page is None and len(self.charsets) == 1:
            return next(iter(self.charsets))
        return None

    def without_value(self, sheet: int) -> set[Place]:
        """Return the formulas that were never calculated.

        Programs that cannot calculate store an empty text, or 0 and a flag that says so, for every formula. Excel,
        since 2002, also stores the version that calculated the workbook; those programs do not.
        """
        found = self.sheets[sheet]
        empty = set() if self.was_calculated or self.results & 1 else found.empty
        return empty | (set() if self.results & 2 else found.zero)


def survey_biff(stream: bytes) -> Biff:
    """Scan all records, and disable those that a table does not need.

    Raises:
        struct.error: a record that the table needs is too short.
        InputError: sheets lie in one another, or a cell lies outside of any sheet.
    """
    biff = Biff(bytearray(stream))
    by_offset: dict[int, BiffSheet] = {}
    sheet: BiffSheet | None = None
    begun = 0
    depth = 0
    is_ignored = False
    for kind, at, size in _records(stream):
        record = stream[at : at + size]
        if kind == _BOF:
            depth += 1
            if depth == 1:
                biff.version = biff.version or int.from_bytes(record[:2], "little")
                sheet = by_offset.get(at - 4)
                begun += sheet is not None
        elif kind == _EOF:
            depth -= 1
        elif kind not in _NEEDED or (kind == _CONTINUE and is_ignored):
            struct.pack_into("<H", biff.stream, at - 4, _IGNORED)
            biff.was_calculated = biff.was_calculated or kind == _RECALC_ID
            is_ignored = True
            continue
        elif sheet and depth == 1:
            _read_cell(biff, sheet, kind, record)
            if kind == _RICH_LABEL:  # the same text, without runs that may make xlrd fail
                struct.pack_into("<H", biff.stream, at - 4, _LABEL)
        elif kind == _SST:
            struct.pack_into("<I", biff.stream, at + 4, _count_strings(stream, at, size))
        elif kind == _BOUND_SHEET:
            if record[5] == 0:
                place = int.from_bytes(record[:4], "little")
                if place in by_offset:  # a few bytes could repeat a sheet of any size
                    raise save_anew(phrase("is damaged: two of its sheets are the same part."))
                check_sheets(len(by_offset) + 1)
                by_offset[place] = found = BiffSheet()
                biff.sheets.append(found)
        else:
            _read_global(biff, kind, record)
        is_ignored = False
    _check_sheets(biff)
    if begun < len(by_offset):  # xlrd would read what has not been looked at here
        raise save_anew(phrase("is damaged: the sheet is not where the workbook says."))
    return biff


def _check_sheets(biff: Biff) -> None:
    """Refuse sheets of which hardly a cell holds anything: xlrd fills each row up to its last cell.

    Raises:
        InputError: says what to do.
    """
    rows = [places for sheet in biff.sheets for places in sheet.taken.values()]
    filled = sum(places.bit_count() for places in rows)
    if sum(places.bit_length() for places in rows) > max(_MOST_CELLS, _SPARSE * filled):
        raise InputError(
            phrase(
                "has sheets with cells far right, and hardly any of them hold something: delete what lies right of "
                "the tables."
            )
        )


def _records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the records of a stream: kind, start of the content, length."""
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, size
        at += 4 + size


def _read_global(biff: Biff, kind: int, record: bytes) -> None:
    if kind == _CODE_PAGE:
        (biff.code_page,) = struct.unpack_from("<H", record)
    elif kind == _FILE_PASS:
        biff.is_protected = True
    elif kind == _FONT and len(record) > 12 and record[12] in _CHARSETS:
        biff.charsets.add(_CHARSETS[record[12]])


def _read_cell(biff: Biff, sheet: BiffSheet, kind: int, record: bytes) -> None:
    if kind == _MERGED:
        sheet.merged += len(record) // _BYTES_OF_RANGE
        check_merged(sheet.merged)
    if kind not in _CELLS and kind != _MULTIPLE_RK:
        return
    row, first = struct.unpack_from("<HH", record)
    columns = (len(record) - 6) // 6 if kind == _MULTIPLE_RK else 1
    if first + columns > _MOST_COLUMNS:
        raise save_anew(
            phrase(
                "is damaged: it has a cell in row {row}, column {column}.",
                row=figure(row + 1),
                column=figure(first + columns),
            )
        )
    places = ((1 << columns) - 1) << first
    taken = sheet.taken.get(row, 0)
    if taken & places and not sheet.problem:
        sheet.problem = given_twice(row + 1, first)
    sheet.taken[row] = taken | places
    if kind in _FORMULA:
        result, is_flagged = record[6:14], bool(record[14] & 2)
        if result[6:] == b"\xff\xff" and result[0] == 3:
            sheet.empty.add((row + 1, first))
        elif is_flagged and not any(result):
            sheet.zero.add((row + 1, first))
        else:
            biff.results |= 1 | is_flagged << 1


def _count_strings(stream: bytes, at: int, size: int) -> int:
    """Count the whole strings in the table of shared strings, which may continue in further records."""
    pieces = [(at + 8, at + size)]
    end = at + size
    for kind, begin, length in _records(stream[end:]):
        if kind != _CONTINUE:
            break
        pieces.append((end + begin, end + begin + length))
    reader = _Strings(stream, pieces)
    count = 0
    while reader.skip_string():
        count += 1
    return count


class _Strings:
    """Skips strings that records cut in two; the flags come again in each record."""

    def __init__(self, stream: bytes, pieces: list[tuple[int, int]]) -> None:
        self._stream = stream
        self._pieces = iter(pieces)
        self._at, self._end = next(self._pieces)

    def skip_string(self) -> bool:
        """Skip a string; False if there is no further whole string."""
        if self._at == self._end and not self._next_piece():
            return False
        if self._end - self._at < 3:
            return False
        characters, flags = struct.unpack_from("<HB", self._stream, self._at)
        self._at += 3
        runs = self._number(2) if flags & 8 else 0
        extension = self._number(4) if flags & 4 else 0
        return self._skip_text(characters, wide=bool(flags & 1)) and self._skip(4 * runs + extension)

    def _next_piece(self) -> bool:
        self._at, self._end = next(self._pieces, (0, 0))
        return self._at < self._end

    def _number(self, size: int) -> int:
        self._at += size
        return int.from_bytes(self._stream[self._at - size : self._at], "little")

    def _skip_text(self, characters: int, *, wide: bool) -> bool:
        while characters:
            here = min(characters, max(0, self._end - self._at) >> wide)
            self._at += here << wide
            characters -= here
            if characters:
                if not self._next_piece():
                    return False
                wide = bool(self._stream[self._at] & 1)
                self._at += 1
        return self._at <= self._end

    def _skip(self, size: int) -> bool:
        while size > self._end - self._at:
            size -= max(0, self._end - self._at)
            if not self._next_piece():
                return False
        self._at += size
        return True
