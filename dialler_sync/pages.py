"""Split long streams into pages, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")

ROWS = 5_000
"""Rows per page when rows are read, stored or settled."""

CHARS = 1 << 24
"""Characters of cells after which a page of rows that are read is full, however few they are."""

FIRST_KEYS = 500
"""Keys of the first batch lookup, which shows how much the dialler tells of each contact."""

KEYS = 2_000
"""Keys per batch lookup: 128 kB at most."""

RECORDS = 500
"""Full contact records held in memory at once; also variables per SQL statement."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of ``size``, the last one shorter (``itertools.batched``, new in Python 3.12)."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


def batched_rows(rows: Iterable[T], size: int, chars: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield the rows in lists of at most ``size`` rows, each with so many ``chars``: a list is full with
    :data:`CHARS` of them, too."""
    page: list[T] = []
    taken = 0
    for row in rows:
        page.append(row)
        taken += chars(row)
        if len(page) == size or taken >= CHARS:
            yield page
            page, taken = [], 0
    if page:
        yield page


def chars_of(cells: Iterable[str]) -> int:
    """Count the characters of cells."""
    return sum(map(len, cells))


def together(*columns: Any) -> Iterator[tuple[int, ...]]:
    """Yield the rows of arrays of whole numbers, which are of one length, as Python's own numbers."""
    for at in range(0, len(columns[0]), ROWS):
        yield from zip(*(column[at : at + ROWS].tolist() for column in columns), strict=True)
