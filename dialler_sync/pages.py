"""Split long streams into pages, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

T = TypeVar("T")

ROWS = 5_000
"""Rows per page when rows are read, stored or settled."""

CHARS = 1 << 24
"""Characters of cells after which a page of rows that are read is full, however few they are."""

KEYS = 2_000
"""Keys per batch lookup: 128 kB at most."""

RECORDS = 500
"""Full contact records held in memory at once; also variables per SQL statement."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of ``size``, the last one shorter (``itertools.batched``, new in Python 3.12)."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


def batched_rows(rows: Iterable[T], size: int, cells: Callable[[T], Iterable[str]]) -> Iterator[list[T]]:
    """Yield the rows in lists of at most ``size`` rows, and of :data:`CHARS` characters or one row more."""
    page: list[T] = []
    chars = 0
    for row in rows:
        page.append(row)
        chars += sum(map(len, cells(row)))
        if len(page) == size or chars >= CHARS:
            yield page
            page, chars = [], 0
    if page:
        yield page


def chars_of(rows: Iterable[Iterable[str]]) -> int:
    """Count the characters of all cells."""
    return sum(map(len, chain.from_iterable(rows)))
