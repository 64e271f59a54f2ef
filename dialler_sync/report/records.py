"""Serialise rows for the page's table (search, filter, sort) as JSON that is safe inside ``<script>``.

Size is bounded: at most ``ROWS`` rows, texts cut at ``LONGEST``, original cells up to ``CELL_BYTES`` in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

import orjson
from markupsafe import Markup

from ..text.outward import screen
from ..text.phrase import mark, phrase

ROWS = 50_000
LONGEST = 1_000
_LOOKED_AT = 4 * LONGEST
"""Characters of a text that are searched for secrets: searching all of a long cell takes seconds."""

CELL_BYTES = 32 << 20


_PHRASES = {
    "all": mark("all"),
    "beyond": mark("(beyond the header)"),
    "clear": mark("Clear"),
    "cut": mark("The original cells of this row are in failed.xlsx and failed.csv."),
    "details": mark("{column} {value}: all details"),
    "first": mark("First"),
    "found": mark("Rows {from}–{to} of {found} found among {all}"),
    "last": mark("Last"),
    "next": mark("Next"),
    "none": mark("No row is like that."),
    "original": mark("As it stands in the file"),
    "page": mark("Page {page} of {pages}"),
    "previous": mark("Previous"),
    "rows": mark("Rows {from}–{to} of {found}"),
    "search": mark("Search"),
}
"""What page.js says."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the page's table.

    ``kind``: ``number``; ``text``; ``chip``, one coloured word that can be filtered by; ``codes``, several such words
    separated by ``"; "``; ``more``, text shown when a row is opened. ``shared``: texts that occur in many rows are
    stored once.
    """

    label: str
    kind: Literal["number", "text", "chip", "codes", "more"]
    shared: bool = False


def spoken(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return columns with their labels in the language that is spoken."""
    return tuple(replace(column, label=phrase(column.label)) for column in columns)


class Records:
    """Collect rows for one table. ``sources`` are the column names of each source of original cells."""

    def __init__(
        self,
        columns: Sequence[Column],
        sources: Sequence[Sequence[str]],
        *,
        rows: int = ROWS,
        cell_bytes: int = CELL_BYTES,
    ) -> None:
        self._columns = columns
        self._sources = sources
        self._limit = rows
        self._texts: dict[str, int] = {}
        self._rows: list[str] = []
        self._cell_bytes = cell_bytes
        self.total = 0

    @property
    def listed(self) -> int:
        """The number of rows in the page."""
        return len(self._rows)

    def has_room(self) -> bool:
        """Count a row; return whether it will be listed, so that the caller adds it."""
        self.total += 1
        return self.total <= self._limit

    def add(self, values: Sequence[str | int], source: int, cells: Sequence[str]) -> None:
        """List a row: one value per column, then its original cells."""
        row: list[object] = [
            value if isinstance(value, int) else self._shared(value) if column.shared else _cut(value)
            for column, value in zip(self._columns, values, strict=True)
        ]
        row.append(source)
        if cells:
            original = [_cut(cell) for cell in cells]
            self._cell_bytes -= sum(map(len, original))
            row.append(original if self._cell_bytes >= 0 else 0)
        self._rows.append(_script_safe(row))

    def pieces(self) -> Iterator[Markup]:
        """Yield the JSON, piece by piece."""
        head = {
            "columns": [asdict(column) for column in self._columns],
            "sources": [list(map(screen, columns)) for columns in self._sources],
            "texts": list(self._texts),
            "phrases": {name: phrase(sentence) for name, sentence in _PHRASES.items()},
        }
        yield Markup(_script_safe(head)[:-1] + ',"rows":[')  # noqa: S704 - holds no "<"
        between = ""
        for row in self._rows:
            yield Markup(between + row)  # noqa: S704 - holds no "<"
            between = ",\n"
        yield Markup("]}")

    def _shared(self, text: str) -> int:
        return self._texts.setdefault(_cut(text), len(self._texts))


def _cut(text: str) -> str:
    shown = screen(text[:_LOOKED_AT])  # before cutting, because half a secret would not be recognised
    return shown if len(shown) <= LONGEST and len(text) <= _LOOKED_AT else f"{shown[:LONGEST]}…"


def _script_safe(value: object) -> str:
    """Return JSON without ``<``: it can contain neither ``</script>`` nor ``<!--``."""
    return orjson.dumps(value).decode().replace("<", "\\u003c")
