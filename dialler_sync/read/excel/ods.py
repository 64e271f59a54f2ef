"""Reads ``.ods``: one XML document with all sheets.

calamine reads white space between elements and the text of drawings as text of the cell, and loses tabs and line
breaks. It reads an error as an empty cell and ``00123`` as ``123``, gives a duration as ``PT36H15M00S``, and fills the
rectangle around all cells in memory. Source: ODF 1.3 part 3, 6.1.2 (white space), 9 (tables) and 19.385
(office:value-type).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from math import isfinite

from ...config import SourceSettings
from ...errors import InputError
from ...model import CellNote
from ...text.phrase import figure, phrase
from ...text.spreadsheet import damage
from ...text.spreadsheet_changes import TRUTH
from .marks import LAST_ROW, NO_VALUE, KnownCell, Mark, error_cell
from .numbers import Value, cell_text
from .package import Package, check_merged, check_sheets, longest_element, parse_xml, too_long, whole_number
from .parsed import ParsedSheet
from .sheet import Book, Sheet
from .survey import check_extent, most_repeated

_DIGITS_AND_SIGNS = re.compile(r"[\d +()/-]+")
_PERCENTAGE = re.compile(r"\s*+[-+]?[\d.,'\s]++%\s*")
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d*))?S)?")
_BLANKS = re.compile(r"[ \t\r\n]+")
_WHITE = " \t\r\n"
_BREAKS = {"text:tab": "\t", "text:line-break": "\n"}
_NUMBERS = frozenset({"float", "currency", "percentage"})
_VALUES = {
    **dict.fromkeys(_NUMBERS, "office:value"),
    **{kind: f"office:{kind}-value" for kind in ("boolean", "date", "time", "string")},
}
"""Where the value of a cell is; without one it is the text that the cell shows."""
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
_ASIDE = re.compile(r"office:annotation|draw:.*|dr3d:.*|text:ruby-text")
"""Elements within a cell with paragraphs of their own: comments and drawings."""
_EACH_CELL, _EACH_PIECE = 8, 64
"""Bytes that a repeated cell, and a piece of a text, count beside their text: roughly what they take."""


def open_ods(package: Package, source: SourceSettings) -> Book:
    """Read all sheets.

    Raises:
        InputError: a sheet is larger than ``source`` allows.
    """
    scanner = _Scanner(source, most_repeated(package.packed, source))
    parse_xml(package.stream("content.xml"), scanner.start, scanner.end, scanner.text)
    sheets = [
        Sheet(index, table.name, table.style not in scanner.hidden_styles) for index, table in enumerate(scanner.tables)
    ]
    return Book("ods", sheets, lambda sheet: scanner.tables[sheet.index].content())


@dataclass(slots=True)
class _Cell:
    """A cell while it is parsed. ``pieces``: of the open paragraph, each with whether its white space counts; ``size``:
    bytes of all so far."""

    given: dict[str, str]
    text: str = ""
    paragraphs: list[str] = field(default_factory=list)
    pieces: list[tuple[str, bool]] | None = None
    size: int = 0

    def begin_paragraph(self) -> None:
        self.pieces = []
        self.size += _EACH_PIECE

    def add(self, text: str, *, counts: bool) -> None:
        """Add a piece to the open paragraph, if there is one."""
        if self.pieces is not None:
            self.pieces.append((text, counts))
            self.size += len(text) + _EACH_PIECE

    def end_paragraph(self) -> None:
        """Collapse white space to single blanks, none at the start; with a line break at the end it is XML layout."""
        if self.pieces is None:
            return
        text, at_blank = "", True
        for piece, counts in self.pieces:
            words = piece if counts else _BLANKS.sub(" ", piece)
            text += words.lstrip(" ") if at_blank and not counts else words
            at_blank = not counts and (words.endswith(" ") or (at_blank and not words))
        if at_blank and self.pieces and _ends_in_layout(self.pieces[-1][0]):
            text = text.removesuffix(" ")
        self.paragraphs.append(text)
        self.pieces = None

    def is_empty(self) -> bool:
        return not (self.text or "office:value-type" in self.given or "table:formula" in self.given)

    def value(self) -> Value:
        """Return the value of the cell."""
        kind = self.given.get("office:value-type", "")
        given = self.given.get(_VALUES.get(kind, ""), "")
        if not given:
            return self.text
        if kind in _NUMBERS:
            return float(given) if self._truth is None else self._truth
        if kind == "boolean":
            return _BOOLEANS.get(given, self.text)
        if kind == "date":
            return _moment(given)
        return _duration(given) if kind == "time" else given

    @property
    def _truth(self) -> bool | None:
        """The truth value that the cell shows: LibreOffice stores those of formulas, and all from .xlsx, as 1 and 0."""
        if "table:formula" not in self.given:
            return None
        return next(
            (value for value, words in zip((True, False), TRUTH, strict=True) if self.text.casefold() in words), None
        )

    def mark(self) -> Mark | None:
        """Return how to read a cell that shows something other than its value."""
        kind = self.given.get("office:value-type", "")
        formula = "table:formula" in self.given
        if self.given.get("calcext:value-type") == "error" or (formula and damage(self.text) == "error_cell"):
            return error_cell(self.text)
        if formula and (not kind or (kind in _NUMBERS and "office:value" not in self.given)):
            return NO_VALUE
        if kind in _NUMBERS and not isfinite(float(self.given.get("office:value") or 0)):
            return error_cell(self.text)
        if kind in _NUMBERS and (shown := self._shown(kind)):
            number, note = cell_text(self.value())
            return KnownCell(shown, CellNote(note.code if note else None, number)) if shown != number else None
        return None

    def _shown(self, kind: str) -> str:
        """Return the shown text if it differs from the number: zeros, signs, per cent."""
        if kind == "percentage":
            return self.text if _PERCENTAGE.fullmatch(self.text) else ""
        if not _DIGITS_AND_SIGNS.fullmatch(self.text):
            return ""
        number, _ = cell_text(self.value())
        alike = re.sub(r"\D", "", self.text).lstrip("0") == number.lstrip("-0")
        return self.text if kind == "float" and alike else ""


def _ends_in_layout(text: str) -> bool:
    """Whether white space with a line break is the end of a text."""
    end = text[len(text.rstrip(_WHITE)) :]
    return "\n" in end or "\r" in end


def _count(given: dict[str, str], name: str) -> int:
    count = whole_number(given.get(name, 1))
    if count < 1:  # its cells would be lost
        raise ValueError(f"{name} is {count}")
    return count


def _moment(text: str) -> Value:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment if "T" in text else moment.date()


def _duration(text: str) -> Value:
    match = _DURATION.fullmatch(text)
    if not match:
        return text
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:5])
    try:
        span = dt.timedelta(days, seconds + float(f"0.{match[6] or 0}"), hours=hours, minutes=minutes)
    except OverflowError:
        return text
    return -span if match[1] else span


@dataclass(eq=False, slots=True)
class _Table(ParsedSheet):
    """A sheet while it is parsed. ``style``: the name of its style, which may hide it."""

    name: str = ""
    style: str = ""


class _Scanner:
    """Follows tables, rows and cells as the parser meets them."""

    def __init__(self, source: SourceSettings, most: int) -> None:
        self.tables: list[_Table] = []
        self._most, self._longest = most, longest_element(source)
        self.hidden_styles: set[str] = set()
        self._source = source
        self._bytes = 0
        self._style = ""
        self._within: list[str] = []
        self._table: _Table | None = None
        self._repeated, self._is_hidden = 1, False
        self._column = 0
        self._filled: list[tuple[int, int, _Cell]] = []
        self._cell: _Cell | None = None
        self._aside = 0

    def start(self, tag: str, given: dict[str, str]) -> None:
        cell = self._cell
        if tag == "style:style":
            self._style = given.get("style:name", "")
        elif tag == "style:table-properties" and given.get("table:display") == "false":
            self.hidden_styles.add(self._style)
        elif tag == "table:table" and self._within[-1:] == ["office:spreadsheet"]:
            check_sheets(len(self.tables) + 1)
            self._table = _Table(name=given.get("table:name", ""), style=given.get("table:style-name", ""))
        elif cell and _ASIDE.fullmatch(tag):
            self._aside += 1
        elif cell and not self._aside:
            self._start_text(cell, tag, given)
            self._check(cell)
        elif tag == "table:table-row":
            self._column, self._filled = 0, []
            self._repeated = _count(given, "table:number-rows-repeated")
            self._is_hidden = given.get("table:visibility", "visible") != "visible"
        elif tag in _CELLS and self._table:
            self._cell = _Cell(given)
        self._within.append(tag)

    def _start_text(self, cell: _Cell, tag: str, given: dict[str, str]) -> None:
        if tag == "text:p":
            cell.begin_paragraph()
        elif tag == "text:s":
            cell.add(" " * min(whole_number(given.get("text:c", 1)), self._source.max_cell_chars), counts=True)
        elif tag in _BREAKS:
            cell.add(_BREAKS[tag], counts=True)

    def text(self, text: str) -> None:
        if self._cell and not self._aside:
            self._cell.add(text, counts=False)
            self._check(self._cell)

    def _check(self, cell: _Cell) -> None:
        if cell.size > self._longest:
            raise too_long(self._longest)

    def end(self, tag: str) -> None:
        self._within.pop()
        if self._aside:
            self._aside -= bool(_ASIDE.fullmatch(tag))
        elif self._cell:
            if tag == "text:p":
                self._cell.end_paragraph()
            elif tag in _CELLS:
                self._end_cell(self._cell)
                self._cell = None
        elif self._table and tag == "table:table-row":
            self._end_row(self._table)
        elif self._table and tag == "table:table" and self._within[-1:] == ["office:spreadsheet"]:
            self.tables.append(self._table)
            self._table = None

    def _end_cell(self, cell: _Cell) -> None:
        repeated = _count(cell.given, "table:number-columns-repeated")
        cell.text = "\n".join(cell.paragraphs)
        if not cell.is_empty():
            if (last := self._column + repeated) > self._source.max_columns:
                # before the rest of such a row fills the memory
                check_extent(self._table.row + 1 if self._table else 1, last, self._source)
            self._filled.append((self._column, repeated, cell))
            length = max(len(cell.text), len(cell.given.get("office:string-value", "")))
            times = repeated * self._repeated
            self._bytes += times * length + (times - 1) * _EACH_CELL
            if self._bytes > self._most:
                raise InputError(
                    phrase(
                        "repeats cells to more than {most} MB, hundreds of times its size: a zip bomb, or rows and "
                        "columns that were filled to the end of the sheet: delete these.",
                        most=figure(self._most / 1e6),
                    )
                )
        self._column += repeated

    def _end_row(self, table: _Table) -> None:
        first, last = table.row + 1, table.row + self._repeated
        table.row = last
        if not self._filled:
            return
        column, repeated, _ = self._filled[-1]
        check_extent(last, column + repeated, self._source)
        values: list[Value] = []
        marked: list[tuple[int, Mark]] = []
        for at, count, cell in self._filled:
            mark, places = cell.mark(), range(at, at + count)
            marked += [(place, mark) for place in places] if mark else []
            table.columns.update((at, at + count - 1))
            table.filled += count * self._repeated
            values += [""] * (at - len(values)) + ["" if mark is not None else cell.value()] * count
            spanned = whole_number(cell.given.get("table:number-rows-spanned", 1))
            if spanned > 1 or whole_number(cell.given.get("table:number-columns-spanned", 1)) > 1:
                check_merged(len(table.merged))
                table.merged.append((first, min(first + spanned - 1, LAST_ROW)))
        table.hidden += self._repeated if self._is_hidden else 0
        for row in range(first, last + 1):
            table.rows.add(row, values)
            for place, mark in marked:
                table.marks.add(row, place, mark)
