"""Rows that share a key or a number are settled a page at a time, however many there are."""

from __future__ import annotations

import tracemalloc
from array import array
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from dialler_sync.fields import PHONE_FIELDS
from dialler_sync.journal import Outcome
from dialler_sync.pages import ROWS
from dialler_sync.prepare.duplicates import settle_doubled, settle_shared
from dialler_sync.prepare.keys import Keys
from dialler_sync.prepare.phones import Numbers
from dialler_sync.prepare.prepared import Prepared
from dialler_sync.prepare.sink import RowSink

NUMBER = 60_000


class Pages:
    def __init__(self) -> None:
        self.sizes: list[int] = []

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        self.sizes.append(len(outcomes))

    def settle_shared(self, outcomes: Sequence[Outcome], warned: Sequence[tuple[int, str]]) -> None:
        self.sizes.append(len(outcomes) + len(warned))


def doubled(policy: str, prepared: Prepared, sink: RowSink) -> None:
    keys = Keys()
    for at in range(0, NUMBER, 500):
        keys.add((seq, "K1") for seq in range(at, at + 500))
    settle_doubled(prepared, keys, policy, sink)


def shared(policy: str, prepared: Prepared, sink: RowSink) -> None:
    numbers = Numbers()
    for seq in range(NUMBER):
        numbers.add(seq, {PHONE_FIELDS[0]: "+491713920012"})
    settle_shared(prepared, numbers, policy, (), sink)


@pytest.mark.parametrize(
    ("settle", "policy", "settled"),
    [
        (doubled, "last", NUMBER - 1), (doubled, "reject", NUMBER), (shared, "first", NUMBER - 1),
        (shared, "reject", NUMBER), (shared, "warn", NUMBER),
    ],
)  # fmt: skip
def test_rows_that_share_one_take_little_memory(
    tmp_path: Path, settle: Callable[[str, Prepared, RowSink], None], policy: str, settled: int
) -> None:
    """All of them."""
    pages: Any = Pages()
    with closing(Prepared(tmp_path)) as prepared:
        prepared.rows, prepared.todo = array("q", range(NUMBER)), bytearray(b"\1" * NUMBER)
        prepared.files.append({"name": "list.csv", "path": "list.csv", "sheet": None, "rows": NUMBER})
        tracemalloc.start()
        try:
            settle(policy, prepared, cast(RowSink, pages))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert sum(pages.sizes) == settled
        assert max(pages.sizes) <= ROWS
        assert len(prepared.warned) == (settled if policy == "warn" else 0)
        assert sum(prepared.todo) == NUMBER - (0 if policy == "warn" else settled)
    assert peak / NUMBER < 250
