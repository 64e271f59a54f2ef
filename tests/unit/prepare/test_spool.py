"""Rows on disk between reading and sending, and which of them share a key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialler_sync.errors import JournalError
from dialler_sync.prepare.keys import Keys
from dialler_sync.prepare.spool import Spool


def test_batches_come_back_as_they_were_written(tmp_path: Path) -> None:
    """In order, as often as wanted, also while others read or write."""
    spool = Spool(tmp_path)
    batches = [[(n, f"K{n}", b"\x00" * n)] for n in range(50)]
    for batch in batches[:40]:
        spool.write(batch)

    first, second = spool.batches(), spool.batches()
    interleaved = [(next(first), next(second)) for _ in range(20)]
    for batch in batches[40:]:
        spool.write(batch)
    interleaved += [(next(first), next(second)) for _ in range(20)]

    assert interleaved == [(batch, batch) for batch in batches[:40]]
    assert list(spool.batches()) == batches
    spool.close()


def test_the_file_has_no_name(tmp_path: Path) -> None:
    """Personal data that a crash leaves behind would lie about for ever."""
    spool = Spool(tmp_path)
    spool.write([(0, "K", b"{}")])

    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Said in words, before anything is sent."""
    with pytest.raises(JournalError, match="cannot be written"):
        Spool(tmp_path / "gone")


LAST: Callable[[list[int]], int] = max
FIRST: Callable[[list[int]], int] = min


def expected(keys: list[str], policy: str) -> list[tuple[int, int]]:
    """(row that does not count, the row that does), the plain way."""
    by_key: dict[str, list[int]] = {}
    for seq, key in enumerate(keys):
        if key:
            by_key.setdefault(key, []).append(seq)
    found = []
    for seqs in by_key.values():
        if policy == "reject":
            found += [(seq, seqs[1] if seq == seqs[0] else seqs[0]) for seq in seqs if len(seqs) > 1]
        else:
            winner = {"last": LAST, "first": FIRST}[policy](seqs)
            found += [(seq, winner) for seq in seqs if seq != winner]
    return sorted(found)


@given(st.lists(st.sampled_from(["", "A", "B", "ä", "a", "C" * 64])), st.sampled_from(["last", "first", "reject"]))
def test_rows_that_share_a_key(keys: list[str], policy: str) -> None:
    """Each policy says which row counts; rows without a key share nothing."""
    shared = Keys()
    shared.add(list(enumerate(keys))[:3])
    shared.add(list(enumerate(keys))[3:])

    losers, winners = shared.losers(policy)

    assert list(zip(losers.tolist(), winners.tolist(), strict=True)) == expected(keys, policy)
