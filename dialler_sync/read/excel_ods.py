"""A first look at the sheets of an ``.ods``: their extent, what is hidden, and the cells that calamine misreads.

calamine gives ``""`` for an error, ``123.0`` for a number that is shown as ``00123``, leaves out tabs and line breaks
within a paragraph, gives a duration of a day or more as ``PT36H00M00S``, and repeats cells as often as it is told.
Source: ODF 1.3 part 3, 9 (tables) and 19.385 (office:value-type).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..config import SourceSettings
from ..errors import InputError
from ..model import CellNote
from .excel_marks import NO_VALUE, KnownCell, Mark, Marks, error_cell
from .excel_numbers import cell_text
from .excel_package import Package, parse_xml
from .excel_survey import Survey, check_extent, hidden_rows, most_bytes

_DIGITS_AND_SIGNS = re.compile(r"[\d +()/-]+")
_ERROR = re.compile(r"Err:\d{3}|#(?:REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!)")
_DURATION = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,]\d*)?S")
_BREAKS = {"text:tab": "\t", "text:line-break": "\n"}


def survey_ods(package: Package, source: SourceSettings) -> list[Survey]:
    """Look through all sheets, in their order; they are one XML document.

    Raises:
        InputError: one is larger than ``source`` allows.
    """
    scanner = _Scanner(source)
    parse_xml(package.stream("content.xml"), scanner.start, scanner.end, scanner.text)
    return scanner.sheets


@dataclass(slots=True)
class _Cell:
    """A cell while it is parsed. ``breaks``: it holds tabs or line breaks within a paragraph."""

    given: dict[str, str]
    text: str = ""
    paragraphs: int = 0
    breaks: bool = False

    def is_empty(self) -> bool:
        return not (self.text or "office:value-type" in self.given or "table:formula" in self.given)

    def mark(self) -> Mark | None:
        """How to read the cell, where calamine does not."""
        kind = self.given.get("office:value-type", "")
        formula = "table:formula" in self.given
        if self.given.get("calcext:value-type") == "error" or (formula and _ERROR.fullmatch(self.text)):
            return error_cell(self.text)
        if formula and not kind:
            return NO_VALUE
        if kind == "time" and (match := _DURATION.fullmatch(self.given.get("office:time-value", ""))):
            sign, hours, minutes, seconds = match.groups()
            return KnownCell(f"{sign}{hours}:{minutes}:{seconds}") if int(hours) >= 24 else None
        if kind == "float" and _DIGITS_AND_SIGNS.fullmatch(self.text):
            number, note = cell_text(float(self.given.get("office:value", "")))
            if self.text != number and re.sub(r"\D", "", self.text).lstrip("0") == number.lstrip("-0"):
                return KnownCell(self.text, CellNote(note.code if note else None, number))
        return KnownCell(*cell_text(self.text)) if self.breaks else None


class _Scanner:
    """Follows tables, rows and cells as the parser meets them."""

    def __init__(self, source: SourceSettings) -> None:
        self.sheets: list[Survey] = []
        self._source = source
        self._bytes = 0
        self._marks = Marks()
        self._rows = self._columns = self._hidden = self._row = self._column = 0
        self._repeated, self._is_hidden = 1, False
        self._filled: list[tuple[int, int, Mark | None]] = []
        self._cell: _Cell | None = None
        self._aside = 0

    def start(self, tag: str, given: dict[str, str]) -> None:
        cell = self._cell
        if tag == "table:table":
            self._marks = Marks()
            self._rows = self._columns = self._hidden = self._row = 0
        elif tag == "table:table-row":
            self._column, self._filled = 0, []
            self._repeated = int(given.get("table:number-rows-repeated", 1))
            self._is_hidden = given.get("table:visibility", "visible") != "visible"
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            self._cell = _Cell(given)
        elif tag == "office:annotation":  # a comment on a cell, with paragraphs of its own
            self._aside += 1
        elif cell and not self._aside:
            if tag == "text:p":
                cell.text += "\n" if cell.paragraphs else ""
                cell.paragraphs += 1
            elif tag == "text:s":
                cell.text += " " * min(int(given.get("text:c", 1)), self._source.max_cell_chars)
            elif tag in _BREAKS:
                cell.text += _BREAKS[tag]
                cell.breaks = True

    def text(self, text: str) -> None:
        if self._cell and self._cell.paragraphs and not self._aside:
            self._cell.text += text

    def end(self, tag: str) -> None:
        if tag == "table:table":
            self.sheets.append(Survey(self._rows > 0, self._marks, hidden_rows(self._hidden)))
        elif tag == "table:table-row":
            self._end_row()
        elif tag in {"table:table-cell", "table:covered-table-cell"} and self._cell:
            self._end_cell(self._cell)
            self._cell = None
        elif tag == "office:annotation":
            self._aside -= 1

    def _end_cell(self, cell: _Cell) -> None:
        repeated = int(cell.given.get("table:number-columns-repeated", 1))
        if not cell.is_empty():
            self._filled.append((self._column, repeated, cell.mark()))
            self._bytes += repeated * self._repeated * len(cell.text)
            if self._bytes > most_bytes(self._source):
                raise InputError(
                    f"repeats cells to more than {self._source.max_file_mb:,} MB (source.max_file_mb): a zip bomb."
                )
        self._column += repeated

    def _end_row(self) -> None:
        if self._filled:
            column, repeated, _ = self._filled[-1]
            self._rows = self._row + self._repeated
            self._columns = max(self._columns, column + repeated)
            check_extent(self._rows, self._columns, self._source)
            self._hidden += self._repeated if self._is_hidden else 0
            marked = [(c, mark) for at, n, mark in self._filled if mark for c in range(at, at + n)]
            for row in range(self._row + 1, self._rows + 1) if marked else ():
                for c, mark in marked:
                    self._marks.add(row, c, mark)
        self._row += self._repeated
