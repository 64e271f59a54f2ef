"""Long streams in pages, so that memory stays flat however long they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

ROWS = 5_000
"""Rows that are read, kept or settled at once."""

KEYS = 2_000
"""Keys of one batch look-up: 128 kB at most."""

RECORDS = 500
"""Contacts that are held at once, with all that the dialler tells of them; also variables of one SQL statement."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of ``size``, the last one shorter; Python has this from 3.12 on."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
