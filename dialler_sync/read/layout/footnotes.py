"""Tells totals and notes below a table from the table's own rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice, takewhile
from statistics import median

from .header import are_alike
from .header_words import is_phone_header
from .kinds import Kind, kind_of, split_otherwise
from .runs import BROKEN, Seen

_TOTAL = re.compile(
    r"[\W_]*(?:(?:gesamt|end|zwischen|teil)?summen?|insgesamt|gesamt|(?:grand |sub)?totals?|sum)"
    r"(?:\s+(?:eur|usd|chf|rows|records|anzahl|kunden|kontakte|datensätze))?[\W\d_]*",
    re.IGNORECASE,
)
"""Words before a total, German and English."""

_NOTE = re.compile(
    r"[\W_]*(?:summen?|gesamt\w*|insgesamt|anzahl|stand|quelle|hinweis|fußnote|erstellt|seite|ende"
    r"|totals?|sum|count|source|notes?|footnotes?|end of|page|generated|created)\b",
    re.IGNORECASE,
)
"""First words of footnotes, German and English."""

_CONTACT_DETAIL = re.compile(r"\s*(?:(?:\+|\(?0)(?:[\s()/.-]*\d){6,}\s*|[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]+\s*)")
"""Phone number or e-mail address: a row with one is a contact."""

_TERM_AND_MEANING = 2
"""Number of cells in a row of a legend."""

_FEWEST_DIGITS = 6
"""Digits of a phone number; a total below a column of phone numbers has fewer."""


class Footnotes:
    """Recognises the footnotes of a table, by the table's names and first rows."""

    def __init__(self, names: Sequence[str], sample: Sequence[Seen]) -> None:
        self._names = names
        self._width = len(names)
        self._phones = [i for i, name in enumerate(names) if is_phone_header(name)]
        self._fill = median(filled(row.cells) for row in sample) if sample else 0
        self._first_kind = Counter(kind_of(row.cells[0]) for row in sample).most_common(1)[0][0] if sample else None

    def at_end_of(self, rows: Sequence[Seen], above: int) -> list[Seen]:
        """Return the last of ``rows`` that are totals or footnotes; none if a row of them names columns, delimited
        otherwise. ``above``: number of the row before ``rows``."""
        found = self._legend_at_end_of(rows, above) or self._notes_at_end_of(rows, above)
        names = (cells for row in found for cells in split_otherwise(first_text(row.cells)))
        return [] if any(are_alike(self._names, cells) for cells in names) else found

    def _legend_at_end_of(self, rows: Sequence[Seen], above: int) -> list[Seen]:
        """Find a legend: a title in the first cell behind a blank row, with terms and meanings below it.

        Every row of the table has more cells than the fullest row of the legend, and the legend holds no phone number
        or e-mail address, nor a code in the column of the table's codes.
        """
        numbers = [above, *(row.number for row in rows)]
        gap = next((i for i in range(len(rows) - 1, -1, -1) if rows[i].number > numbers[i] + 1), None)
        table, legend = (list(rows)[:gap], list(rows)[gap:]) if gap else ([], [])
        is_legend = (
            len(legend) > 1
            and min(filled(row.cells) for row in table) > _TERM_AND_MEANING
            and filled(legend[0].cells) == 1
            and all(map(self._is_term, legend))
            and max(filled(row.cells) for row in legend) == _TERM_AND_MEANING
        )
        return legend if is_legend else []

    def _is_term(self, row: Seen) -> bool:
        cells = [cell for cell in row.cells if cell.strip()]
        return (
            bool(row.cells[0].strip())
            and len(cells) <= _TERM_AND_MEANING
            and not any(row.cells[_TERM_AND_MEANING:])
            and not row.flags & BROKEN
            and not any(kind_of(cell) is Kind.VALUE for cell in cells)
            and not (self._first_kind is kind_of(row.cells[0]) is Kind.CODE)
            and not self._is_contact(row.cells)
        )

    def _notes_at_end_of(self, rows: Sequence[Seen], above: int) -> list[Seen]:
        at = len(rows)
        while at and self._is_sparse(rows[at - 1]):
            at -= 1
        above = rows[at - 1].number if at else above
        sparse = []
        gap = False
        for row in islice(rows, at, None):
            gap = gap or row.number > above + 1
            above = row.number
            sparse.append((row, gap))
        notes = takewhile(lambda pair: self._is_footnote(pair[0].cells, behind_gap=pair[1]), reversed(sparse))
        return [row for row, _ in notes][::-1]

    def _is_sparse(self, row: Seen) -> bool:
        cells = filled(row.cells)
        return (
            self._width > 1
            and not row.flags & BROKEN
            and (cells <= max(1, self._fill / 2) or (cells < self._fill and _is_total(row.cells)))
            and not self._is_contact(row.cells)
        )

    def _is_contact(self, cells: Sequence[str]) -> bool:
        """Whether a row holds a phone number or an e-mail address, which makes it a contact, whatever its name; or one
        cell that is a whole row, delimited otherwise than those above it."""
        texts = list(filter(str.strip, cells))
        if len(texts) == 1 and not _is_total(texts) and self._is_row(texts[0]):
            return True
        in_phone_columns = (cells[i] for i in self._phones if i < len(cells))
        return any(map(_CONTACT_DETAIL.fullmatch, cells)) or any(
            kind_of(cell) is Kind.VALUE and sum(map(str.isdigit, cell)) >= _FEWEST_DIGITS for cell in in_phone_columns
        )

    def _is_row(self, text: str) -> bool:
        return any(
            any(map(_CONTACT_DETAIL.fullmatch, parts))
            or any(map(_is_key, parts if len(parts) >= self._width else parts[:1]))
            for cells in split_otherwise(text)
            if len(parts := [cell.strip(" '\"") for cell in cells]) >= min(self._width, _TERM_AND_MEANING + 1)
        )

    def _is_footnote(self, cells: list[str], *, behind_gap: bool) -> bool:
        text = first_text(cells)
        if _is_total(cells) or (_NOTE.match(text) and filled(cells) == 1):
            return True
        if kind_of(text) is not Kind.TEXT or not cells[0]:
            return False
        if behind_gap or filled(cells) > 1:
            return behind_gap
        return self._first_kind is not Kind.TEXT or (len(cells) == 1 and text.count(" ") > 1)


def _is_key(text: str) -> bool:
    return text.isdigit() or kind_of(text) is Kind.CODE


def filled(cells: Sequence[str]) -> int:
    """Count the cells that hold something."""
    return sum(map(bool, map(str.strip, cells)))


def first_text(cells: Sequence[str]) -> str:
    """Return the first cell that holds something, up to the length that matters."""
    return next(cell for cell in cells if cell.strip())[:100]


def _is_total(cells: Sequence[str]) -> bool:
    """Whether a row holds a word for a total, and otherwise at most values."""
    text, *others = [cell for cell in cells if cell.strip()]
    return _TOTAL.fullmatch(text[:100]) is not None and all(kind_of(cell) is Kind.VALUE for cell in others)
