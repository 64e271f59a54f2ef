"""Reads XML Spreadsheet 2003, which many programs call ``.xls``: one XML document with all sheets.

Source: "XML Spreadsheet Reference", Microsoft, 2001. Cells and rows that are not there are empty; ``ss:Index`` says
where the next one stands.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from ...config import SourceSettings
from ...text.phrase import figure, phrase
from .formats import DigitFormat, DigitFormats
from .marks import LAST_COLUMN, LAST_ROW, NO_VALUE, Mark, error_cell
from .numbers import Value
from .package import check_merged, check_sheets, local, parse_xml, save_anew, whole_number
from .parsed import ParsedSheet
from .sheet import Book, Sheet
from .survey import check_extent, check_text

_BLOCK = 1 << 20
_NAMED_FORMATS = {"Percent": "0.00%"}
"""Formats that are named and show another value than the number."""

_FIRST_DAY = dt.datetime(1899, 12, 31)  # noqa: DTZ001 - dates in spreadsheets have no zone
_TIME_ONLY = re.compile(r"1899-12-3[01]T")


def open_xml_2003(path: Path, source: SourceSettings) -> Book:
    """Read all sheets.

    Raises:
        InputError: it declares a document type, or is larger than ``source`` allows.
        expat.ExpatError: it is not well-formed.
    """
    scanner = _Scanner(source)
    parse_xml(_pieces(path), scanner.start, scanner.end, scanner.text)
    sheets = [Sheet(index, table.name, visible=table.visible) for index, table in enumerate(scanner.tables)]
    return Book("xml", sheets, lambda sheet: scanner.tables[sheet.index].content())


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_BLOCK):
            yield piece


@dataclass(eq=False, slots=True)
class _Table(ParsedSheet):
    """A sheet while it is parsed."""

    name: str = ""
    visible: bool = True
    column: int = 0


@dataclass(slots=True)
class _Cell:
    """A cell while it is parsed. ``format``: how its number is shown, if not plainly."""

    formula: bool
    format: DigitFormat | None
    kind: str = ""
    pieces: list[str] | None = None

    def value(self) -> tuple[Value, Mark | None]:
        """Return the value, and how to read a cell that shows something else."""
        text = "".join(self.pieces or ())
        if self.pieces is None or (self.formula and not text and self.kind != "String"):
            return "", NO_VALUE if self.formula else None
        if self.kind == "Number":
            number = float(text)
            if not isfinite(number):
                return "", error_cell(text)
            return number, self.format
        if self.kind == "Boolean":
            return text.strip() == "1", None
        if self.kind == "DateTime":
            return _moment(text.strip()), None
        if self.kind == "Error":
            return "", error_cell(text)
        return text, None


def _moment(text: str) -> Value:
    """Return a date, a time of day, or a duration: Excel writes these as time since the last day of 1899."""
    try:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return text
    if _TIME_ONLY.match(text):
        return moment.time()
    if moment < dt.datetime(1900, 3, 1):  # noqa: DTZ001 - as above
        return moment - _FIRST_DAY
    return moment if moment.time() != dt.time() else moment.date()


class _Scanner:
    """Follows sheets, rows and cells as the parser meets them."""

    def __init__(self, source: SourceSettings) -> None:
        self.tables: list[_Table] = []
        self._source = source
        self._formats: dict[str, DigitFormat] = {}
        self._shown = DigitFormats()
        self._style = ""
        self._within: list[str] = []
        self._cell: _Cell | None = None
        self._values: list[Value] = []
        self._hides = False
        self._bytes = self._across = 0

    def start(self, tag: str, named: dict[str, str]) -> None:
        name = local(tag)
        given = {local(key): value for key, value in named.items()}
        if name == "Style":
            self._style = given.get("ID", "")
        elif name == "NumberFormat" and "Style" in self._within:
            code = given.get("Format", "")
            if found := self._shown.get(_NAMED_FORMATS.get(code, code)):
                self._formats[self._style] = found
        elif name == "Worksheet":
            check_sheets(len(self.tables) + 1)
            self.tables.append(_Table(name=given.get("Name", "")))
        elif name == "Row" and self.tables:
            self._start_row(self.tables[-1], given)
        elif name == "Cell" and self.tables:
            self._start_cell(self.tables[-1], given)
        elif name == "Data" and self._cell:
            self._cell.kind, self._cell.pieces = given.get("Type", "String"), []
        self._within.append(name)

    def _start_row(self, table: _Table, given: dict[str, str]) -> None:
        table.row = _index(given, table.row + 1, LAST_ROW)
        table.column, self._values = 0, []
        self._hides = given.get("Hidden") == "1"

    def _start_cell(self, table: _Table, given: dict[str, str]) -> None:
        table.column = _index(given, table.column + 1, LAST_COLUMN)
        style = self._formats.get(given.get("StyleID", ""))
        self._cell = _Cell("Formula" in given, style)
        self._across, down = _count(given, "MergeAcross"), _count(given, "MergeDown")
        if self._across or down:
            check_merged(len(table.merged))
            table.merged.append((table.row, min(table.row + down, LAST_ROW)))

    def text(self, text: str) -> None:
        if self._cell and self._cell.pieces is not None and "Data" in self._within:
            self._cell.pieces.append(text)
            self._bytes += len(text)
            check_text(self._bytes, self._source)
        elif self._within[-1:] == ["Visible"] and self.tables and text.strip() in ("SheetHidden", "SheetVeryHidden"):
            self.tables[-1].visible = False

    def end(self, _: str) -> None:
        name = self._within.pop()
        if name == "Cell" and self._cell and self.tables:
            self._end_cell(self.tables[-1], self._cell)
            self._cell = None
        elif name == "Row" and self.tables and self._values:
            table = self.tables[-1]
            table.rows.add(table.row, self._values)
            table.hidden += self._hides and any(value != "" for value in self._values)
            self._values = []

    def _end_cell(self, table: _Table, cell: _Cell) -> None:
        value, mark = cell.value()
        column = table.column
        if value != "" or mark is not None:
            check_extent(table.row, column, self._source)
            self._values += [""] * (column - 1 - len(self._values))
            self._values.append(value)
            table.columns.add(column - 1)
            table.filled += 1
            if mark is not None:
                table.marks.add(table.row, column - 1, mark)
        table.column = min(column + self._across, LAST_COLUMN)


def _index(given: dict[str, str], following: int, last: int) -> int:
    """Return the place of a row or cell; one that stands before another would take its place.

    Raises:
        InputError: it does, or lies outside any sheet.
    """
    index = whole_number(given.get("Index", following))
    if not following <= index <= last:
        raise save_anew(
            phrase(
                "is damaged: ss:Index is {index}, after {following}.",
                index=figure(index),
                following=figure(following - 1),
            )
        )
    return index


def _count(given: dict[str, str], name: str) -> int:
    return min(max(whole_number(given.get(name, 0)), 0), LAST_ROW)
