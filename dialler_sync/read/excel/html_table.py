"""The tables of an HTML page, and their cells, while it is parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...config import SourceSettings
from ...text.phrase import phrase
from .marks import LAST_ROW
from .numbers import Value
from .parsed import ParsedSheet
from .sheet import Content
from .survey import check_extent

_BLANKS = re.compile(r"[ \t\r\n\f]+")
_EXPONENT = re.compile(r"\s*-?\d+(?:[.,]\d+)?E\+\d+\s*", re.IGNORECASE)
_WHOLE = re.compile(r"-?\d{1,15}")
_MOST_SPAN = LAST_ROW


@dataclass(eq=False, slots=True)
class HtmlTable(ParsedSheet):
    """A table while it is parsed. ``spans``: column → last row of a cell that reaches down from above; they go to the
    column before ``reach``, and the first of them ends in the row ``soonest``."""

    caption: str = ""
    is_layout: bool = False
    spans: dict[int, int] = field(default_factory=dict)
    soonest: int = LAST_ROW
    reach: int = 0
    cells: list[tuple[str, int, int]] = field(default_factory=list)
    in_row: bool = False
    is_hidden: bool = False
    is_closed: bool = False

    def shown(self) -> Content | None:
        """Return the content, None if no cell holds anything."""
        if self.is_closed:
            return self.content()
        return self.content(phrase("The table has no end (</table>): check that its last row is complete."))

    def end_row(self, source: SourceSettings) -> None:
        """Place the cells of a row beside those that reach down into it."""
        if not (self.cells or self.in_row):
            return
        self.in_row = False
        self.row += 1
        if self.soonest < self.row:
            self.spans = {column: last for column, last in self.spans.items() if last >= self.row}
            self.soonest, self.reach = min(self.spans.values(), default=LAST_ROW), max(self.spans, default=-1) + 1
        if self.spans:
            check_extent(self.row, self.reach, source)
        values: list[Value] = []
        column = 0
        for text, across, down in self.cells:
            while column in self.spans:
                column += 1
            if text:
                values += [""] * (column - len(values))
                values.append(text)
                self.columns.add(column)
                self.filled += 1
            if across > 1 or down > 1:
                self.merged.append((self.row, min(self.row + down - 1, LAST_ROW)))
            places = range(column, column + min(across, source.max_columns))
            if down > 1:
                self.spans.update(dict.fromkeys(places, self.row + down - 1))
                self.soonest, self.reach = min(self.soonest, self.row + down - 1), max(self.reach, places.stop)
            column = places.stop
            if column > 2 * source.max_columns:
                check_extent(self.row, column, source)
        if values:
            check_extent(self.row, len(values), source)
            self.rows.add(self.row, values)
            self.hidden += self.is_hidden
        self.cells = []


@dataclass(slots=True)
class HtmlCell:
    """A cell, or a caption, while it is parsed."""

    tag: str
    across: int
    down: int
    number: str
    pieces: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the text as it is shown."""
        text = self.pieces[0] if len(self.pieces) == 1 else "".join(self.pieces)
        if not text.isalnum():  # nearly all keys and numbers are
            lines = (_BLANKS.sub(" ", line).strip(" ") for line in text.split("\v"))
            text = "\n".join(filter(None, lines)).strip(" \u00a0")
        if self.number and _EXPONENT.fullmatch(text) and _WHOLE.fullmatch(self.number):
            return self.number  # Excel shows 4,92E+10, and writes beside it what the cell holds
        return text


def span_of(given: str | None) -> int:
    """Return how many columns or rows a cell takes; what is no number is one."""
    if given is None:
        return 1
    digits = re.match(r"\s*(\d{1,12})", given)
    return min(max(int(digits[1]), 1), _MOST_SPAN) if digits else 1
