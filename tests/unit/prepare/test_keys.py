"""Which rows carry a key that another row carries too: as a list of lists would tell it, in less memory."""

from __future__ import annotations

import random
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
