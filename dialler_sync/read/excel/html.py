"""Reads the tables of an HTML page, which many programs call ``.xls``.

A cell is its text as a browser shows it: white space collapsed, entities read, nothing of scripts, comments and hidden
elements. Numbers stay as they are written. A table around other tables is layout, and holds no data.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any

from ...config import SourceSettings
from ...errors import InputError
from ...text.charset import known_charset
from ...text.phrase import figure, phrase
from ..encoding.detect import find_encoding
from ..layout.kinds import Kind, kind_of
from .html_table import HtmlCell, HtmlTable, span_of
from .package import save_anew
from .sheet import Book, Sheet
from .survey import check_text

_BLOCK = 1 << 18
_META_BYTES = 1 << 12
_CHARSET = re.compile(rb"<meta[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_BROWSERS = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874"}
"""Encodings that browsers read otherwise than they are called, as their pages are written otherwise."""

_END = "dialler-sync-end"
"""An element after the end of the page: the parser gives it only if it has read all before."""

_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3"})
_UNSEEN = frozenset({"script", "style", "template", "noscript", "head", "select", "textarea", "svg", "iframe"})
_NEVER_HIDDEN = frozenset({"br", "img", "hr", "input", "wbr", "table", "tr", "td", "th", "caption"})
"""Elements without an end, and those without which other cells would move."""

_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_MOST_TABLES = 2_000
"""Tables that are followed: those that hold something, and those around them."""

_FEWEST = 2
"""Rows and columns of a table that may hold data, where another one has more of them."""

_DAY_OR_AMOUNT = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)(?:[T\s].*)?|[\d.' ]+,\d{1,2}(?:\s?\D{1,3})?"
)

_FEWEST_DIGITS = 6
"""Digits of a number to call."""


def open_html(path: Path, source: SourceSettings) -> Book:
    """Read all tables that hold data; others are like hidden sheets.

    Raises:
        InputError: it is not in the encoding that it names, ends within a tag or a comment, nests too deep, or is
            larger than ``source`` allows.
    """
    scanner = _Scanner(source)
    _parse(path, scanner, source)
    tables = [table for table in scanner.tables if table.rows]
    inner = [table for table in tables if not table.is_layout] or tables
    large = [table for table in inner if len(table.rows) >= _FEWEST and len(table.columns) >= _FEWEST] or inner
    widths = {len(table.columns) for table in large}
    large = [table for table in inner if table in large or (len(table.columns) in widths and _has_values(table))]
    names = _names(large)
    chosen = set(map(id, large))
    others = [table for table in tables if id(table) not in chosen]
    sheets = [Sheet(index, name, visible=True) for index, name in enumerate(names)]
    sheets += [Sheet(len(sheets) + at, f"(small table {at})", visible=False) for at in range(1, len(others) + 1)]
    contents = [*large, *others]
    places = {sheet.name: table for sheet, table in zip(sheets, contents, strict=True)}
    return Book("html", sheets, lambda sheet: places[sheet.name].shown())


def _has_values(table: HtmlTable) -> bool:
    """Whether the first row of a table may be a row of a list that goes on in it: it has a number to call or an
    address, and not only a day or a total."""
    _, values = next(iter(table.rows))
    cells = (str(value).strip() for value in values)
    texts = [text for text in cells if kind_of(text) is Kind.VALUE and not _DAY_OR_AMOUNT.fullmatch(text)]
    return any("@" in text or sum(map(str.isdigit, text)) >= _FEWEST_DIGITS for text in texts)


def _names(tables: list[HtmlTable]) -> list[str]:
    """Name the tables by their captions, else by their number; each name once."""
    names: dict[str, None] = {}
    for number, table in enumerate(tables, 1):
        name = table.caption or f"Table {number}"
        while name in names:
            name = f"{name} ({number})"
        names[name] = None
    return [*names]


def _parse(path: Path, scanner: _Scanner, source: SourceSettings) -> None:
    from lxml import etree

    encoding = _encoding(path, source)
    parser = etree.HTMLParser(target=scanner, encoding="utf-8", no_network=True, huge_tree=False)
    try:
        with path.open(encoding=encoding, newline="") as file:
            while text := file.read(_BLOCK):
                if "\0" in text:
                    raise save_anew(phrase("has NUL signs in it, so it is damaged."))
                parser.feed(text.encode("utf-8", "surrogatepass"))
        parser.feed(f"<{_END}></{_END}>".encode())
        parser.close()
    except UnicodeError as error:
        raise InputError(
            phrase(
                "is not in {encoding}, as it says ({error}). Name the right one: source.encoding.",
                encoding=encoding,
                error=error,
            )
        ) from error
    except etree.LxmlError as error:
        raise save_anew(phrase("cannot be read as HTML ({error}).", error=error)) from error
    if not scanner.ended:
        raise save_anew(
            phrase("ends within a tag, a comment or a script, or nests its elements too deep: rows could be lost.")
        )


def _encoding(path: Path, source: SourceSettings) -> str:
    """Return the encoding: that of the configuration, of the mark, of the page's own word, or the one that fits."""
    with path.open("rb") as file:
        head = file.read(_META_BYTES)
    marked = head.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    said = _CHARSET.search(head)
    if source.encoding == "auto" and said and not marked:
        name = known_charset(said[1].decode("ascii"))
        return _BROWSERS.get(name, name) if name else find_encoding(path, source)
    return find_encoding(path, source)


class _Scanner:
    """Follows tables, rows and cells as the parser meets them; lxml calls it."""

    def __init__(self, source: SourceSettings) -> None:
        self.tables: list[HtmlTable] = []
        self.ended = False
        self._source = source
        self._open: list[tuple[HtmlTable, HtmlCell | None]] = []
        self._cell: HtmlCell | None = None
        self._unseen: list[str] = []
        self._bytes = 0

    def start(self, tag: str, given: Any) -> None:
        """Begin an element."""
        if tag == _END:
            self.ended = True
            self._close_all()
        elif self._unseen:
            if tag == self._unseen[0]:
                self._unseen.append(tag)
        elif tag in _UNSEEN or (self._cell and tag not in _NEVER_HIDDEN and self._is_hidden(given)):
            self._unseen = [tag]
        elif tag == "table":
            self._begin_table()
        elif tag == "tr":
            self._end_cell()
            self._end_row()
            if self._open:
                self._open[-1][0].is_hidden, self._open[-1][0].in_row = self._is_hidden(given), True
        elif tag in ("td", "th", "caption") and self._open:
            self._end_cell()
            number = str(given.get("x:num", given.get("num", "")))
            self._cell = HtmlCell(tag, span_of(given.get("colspan")), span_of(given.get("rowspan")), number)
        elif tag in _BREAKS and self._cell:
            self._cell.pieces.append("\v")

    def end(self, tag: str) -> None:
        """End an element."""
        if self._unseen:
            if tag == self._unseen[0]:
                self._unseen.pop()
        elif tag in ("td", "th", "caption"):
            self._end_cell()
        elif tag == "tr":
            self._end_cell()
            self._end_row()
        elif tag == "table" and self._open:
            self._open[-1][0].is_closed = True
            self._end_table()
        elif tag in _BREAKS and tag != "br" and self._cell:
            self._cell.pieces.append("\v")

    def data(self, text: str) -> None:
        """Take a piece of text."""
        if self._cell and not self._unseen:
            self._cell.pieces.append(text.replace("\v", " "))
            self._bytes += len(text)
            check_text(self._bytes, self._source)

    def comment(self, _: str) -> None:
        """Pass a comment over."""

    def close(self) -> None:
        """Have nothing to return."""

    def _begin_table(self) -> None:
        if self._open and self._cell:
            self._open[-1][0].is_layout = True
        if len(self.tables) >= _MOST_TABLES:
            raise InputError(
                phrase("has more than {most} tables: save the one that counts.", most=figure(_MOST_TABLES))
            )
        table = HtmlTable()
        self.tables.append(table)
        self._open.append((table, self._cell))
        self._cell = None

    def _end_table(self) -> None:
        self._end_cell()
        self._end_row()
        table, self._cell = self._open.pop()
        if not table.rows and self.tables[-1] is table:
            self.tables.pop()

    def _close_all(self) -> None:
        self._unseen = []
        while self._open:
            self._end_table()

    def _end_row(self) -> None:
        if self._open:
            self._open[-1][0].end_row(self._source)

    def _end_cell(self) -> None:
        cell, self._cell = self._cell, None
        if cell and self._open:
            table = self._open[-1][0]
            if cell.tag == "caption":
                table.caption = " ".join(cell.text().split())[:60]
            else:
                table.cells.append((cell.text(), cell.across, cell.down))

    @staticmethod
    def _is_hidden(given: Any) -> bool:
        return bool(_HIDDEN.search(given.get("style") or ""))
