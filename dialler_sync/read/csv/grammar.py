"""Cuts the text of a CSV file into cells, by a given dialect.

One regular expression reads one cell. This is the reference implementation: slower than the ``csv`` module of the
standard library, but it knows dialects that ``csv`` lacks (comma and space, unescaped quotes, literal backslashes), and
it reports an unclosed quote instead of reading on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Cut(NamedTuple):
    """One row cut out of a text.

    ``quoted``: whether each cell was in quotes. ``end``: where the next row begins. ``broken``: a cell opens a quote
    that is not closed properly, or several cells hold an odd number of quotes, as after a lost delimiter before a
    quoted cell; such quotes are kept as text. ``open``: further lines could still close the quote.
    """

    cells: list[str]
    quoted: list[bool]
    end: int
    broken: bool
    open: bool


@dataclass(frozen=True)
class Dialect:
    """The delimiter, quote and escape of a CSV file.

    ``delimiter``: one character, ``", "``, or ``""`` for a single column. ``quote``: one character, or ``""``.
    ``escape``: how a quote is written inside quotes: ``double`` (twice), ``backslash``, or ``none`` (unescaped: the
    closing quote is the one before a delimiter or a line end).
    """

    delimiter: str
    quote: str = '"'
    escape: str = "double"

    @property
    def is_plain(self) -> bool:
        """Whether the ``csv`` module reads this dialect exactly."""
        return len(self.delimiter) == 1 and (self.escape == "double" or not (self.quote or self.escape == "backslash"))

    def cut(self, text: str, start: int = 0, *, loosely: bool = False) -> Cut:
        """Cut the row that begins at ``start`` out of ``text``.

        ``loosely``: quotes inside quotes need no escape.
        """
        cells: list[str] = []
        quoted: list[bool] = []
        broken = is_open = False
        odd = 0
        pattern = self._loose_cell if loosely else self._cell
        while True:
            match = pattern.match(text, start)
            if match is None:
                raise AssertionError("a cell can be empty, so there always is one")
            inside, plain, end = match.groups()
            quoted.append(inside is not None)
            if inside is not None:
                cells.append(self._unescaped(inside, inside=True))
            else:
                cells.append(self._unescaped(plain))
                if self.quote and self.quote in plain:
                    odd += plain.count('"') % 2  # apostrophes (O'Brien) do not count
                    if plain.startswith(self.quote):
                        broken = True
                        is_open = is_open or self._open_cell.match(text, start) is not None
            start = match.end()
            if end in {"", "\n", "\r", "\r\n"}:
                return Cut(cells, quoted, start, broken or odd > 1, is_open)

    def is_balanced(self, lines: str) -> bool:
        """Whether opening and closing quotes are equal in number: a quick test for stray quotes."""
        quote, delimiter = self.quote, self.delimiter
        if not quote or quote not in lines:
            return True
        begin = lines.startswith(quote) + sum(lines.count(sign + quote) for sign in (delimiter, "\n", "\r"))
        end = lines.endswith(quote) + sum(lines.count(quote + sign) for sign in (delimiter, "\n", "\r"))
        return begin == end

    def cut_line(self, line: str) -> list[str] | None:
        """Cut a line without quotes and escapes, the common case; None if the line needs the pattern."""
        if (self.quote and self.quote in line) or (self.escape == "backslash" and "\\" in line):
            return None
        line = line.rstrip("\r\n")
        if not self.delimiter:
            return [line]
        if self.delimiter == ", " and line.endswith(","):
            line += " "
        return line.split(self.delimiter)

    @cached_property
    def _ends(self) -> str:
        if not self.delimiter:
            return r"(?!)"
        return r",(?:\x20|(?=[\r\n]|\Z))" if self.delimiter == ", " else re.escape(self.delimiter)

    @cached_property
    def _cell(self) -> re.Pattern[str]:
        return self._pattern(self.escape)

    @cached_property
    def _loose_cell(self) -> re.Pattern[str]:
        return self._pattern("none")

    @cached_property
    def _open_cell(self) -> re.Pattern[str]:
        return re.compile(rf"{re.escape(self.quote)}{self._inside(self.escape)}\\?\Z", re.DOTALL)

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        return re.compile(rf"\\([\\{re.escape(self.quote + self.delimiter.strip())}])")

    def _pattern(self, escape: str) -> re.Pattern[str]:
        """Compile the pattern of one cell. Groups: 1 inside of a quoted cell, 2 plain cell, 3 end of the cell."""
        # Groups with a lookahead are not possessive: Python before 3.11.5 (Debian 12) matches those wrongly.
        if self.delimiter == ", ":
            plain = rf"[^,\r\n]*+(?:(?!{self._ends}),[^,\r\n]*+)*"
        elif self.escape == "backslash":
            plain = rf"(?:[^\\\r\n{re.escape(self.delimiter)}]|\\[^\r\n]?)*+"
        else:
            plain = rf"[^\r\n{re.escape(self.delimiter)}]*+"
        end = rf"{self._ends}|\r\n|[\r\n]|\Z"
        quote = re.escape(self.quote)
        inside = rf"{quote}({self._inside(escape)}){quote}(?={end})" if quote else r"((?!))"
        return re.compile(rf"(?:{inside}|({plain}))({end})", re.DOTALL)

    def _inside(self, escape: str) -> str:
        quote = re.escape(self.quote)
        # Unescaped, a quote is text unless it ends its cell or begins the next one.
        begins = rf"(?<![\r\n])(?<!{re.escape(self.delimiter)})" if self.delimiter else r"(?<![\r\n])"
        return {
            "double": rf"[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+",
            "backslash": rf"[^{quote}\\]*+(?:\\.[^{quote}\\]*+)*+",
            "none": rf"[^{quote}]*+(?:{begins}{quote}(?!{self._ends}|[\r\n]|\Z)[^{quote}]*+)*",
        }[escape]

    def _unescaped(self, cell: str, *, inside: bool = False) -> str:
        if self.escape == "backslash":
            return self._escaped.sub(r"\1", cell) if "\\" in cell else cell
        return cell.replace(self.quote * 2, self.quote) if inside and self.escape == "double" else cell
