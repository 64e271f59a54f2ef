"""Which rows carry a key that another row carries too: as a list of lists would tell it, in less memory."""

from __future__ import annotations

import random
import tracemalloc
from collections import defaultdict

import pytest

from dialler_sync.prepare.keys import Keys


def losers(rows: list[tuple[int, str]], policy: str) -> list[tuple[int, int]]:
    keys = Keys()
    for start in range(0, len(rows), 7):
        keys.add(rows[start : start + 7])
    found, beside = keys.losers(policy)
    return list(zip(found.tolist(), beside.tolist(), strict=True))


def expected(rows: list[tuple[int, str]], policy: str) -> list[tuple[int, int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for seq, key in rows:
        groups[key].append(seq)
    lost = []
    for key, seqs in groups.items():
        if key and len(seqs) > 1:
            if policy == "reject":
                lost += [(seq, seqs[1] if seq == seqs[0] else seqs[0]) for seq in seqs]
            else:
                winner = seqs[-1] if policy == "last" else seqs[0]
                lost += [(seq, winner) for seq in seqs if seq != winner]
    return sorted(lost)


@pytest.mark.parametrize("policy", ["last", "first", "reject"])
@pytest.mark.parametrize("different", [0, 1, 3, 40, 1_000])
def test_rows_that_share_a_key(policy: str, different: int) -> None:
    """Many keys and few, once and often; a row without a key shares nothing."""
    draw = random.Random(different)
    keys = ["", "ä", "\ud800", *(f"K{number}" for number in range(different))]
    rows = [(3 * place, draw.choice(keys)) for place in range(300)]

    assert losers(rows, policy) == expected(rows, policy)


def test_no_rows_share_nothing() -> None:
    assert losers([], "last") == []


@pytest.mark.parametrize(
    ("keys", "alike"),
    [
        (["K1", "K2", "k1", "K 1"], []),
        (["K1", "K1 "], [(1, 0)]),
        (["K1 ", "K2 ", "K1 "], []),
        (["K1 ", "K1"], [(0, 1)]),
        (["M\u00fcller", "Mu\u0308ller", "Muller"], [(1, 0)]),
        (["K1", "K\u200b1", "K1\u00a0", "K\u00ad1", "K\uff11", "K1\u3164"], [(n, 0) for n in range(1, 6)]),
        (["K\u200b1", "K1\u00a0", "K1\u00a0"], [(0, 1), (1, 0), (2, 0)]),
        (["К1", "K1", "КУ-1", "KY-1", "Д1"], [(0, 1), (2, 3)]),  # the first of each is Cyrillic
        (["", " ", "\u200b", "\u2060 "], [(1, 2), (2, 1), (3, 1)]),
    ],
)
def test_keys_that_look_alike(keys: list[str], alike: list[tuple[int, int]]) -> None:
    """Beside each stands the first row whose key is another one; keys that are odd in the same way are the same."""
    found = Keys()
    for row in enumerate(keys):
        found.add([row])

    assert list(zip(*map(list, found.alike()), strict=True)) == alike


@pytest.mark.parametrize("blank", ["", " "])
def test_keys_take_little_memory(blank: str) -> None:
    """Also where all of them end in a blank, as columns of fixed width do."""
    keys, number = Keys(), 20_000
    tracemalloc.start()
    try:
        for at in range(0, number, 500):
            keys.add([(seq, f"K{seq // 2}{blank}{blank * (seq % 2)}") for seq in range(at, at + 500)])
        found, _ = keys.alike()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(found) == (number if blank else 0)
    assert peak / number < 250
