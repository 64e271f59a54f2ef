"""Split long streams into pages, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

ROWS = 5_000
"""Rows per page when rows are read, stored or settled."""

KEYS = 2_000
"""Keys per batch lookup: 128 kB at most."""

RECORDS = 500
"""Full contact records held in memory at once; also variables per SQL statement."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of ``size``, the last one shorter (``itertools.batched``, new in Python 3.12)."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
