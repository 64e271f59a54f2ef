"""Which rows share a number: as sets would tell it, in less memory."""

from __future__ import annotations

import random

import pytest

from dialler_sync.fields import PHONE_FIELDS
from dialler_sync.prepare.phones import Numbers

Rows = dict[int, list[str]]


def numbers_of(rows: Rows) -> Numbers:
    numbers = Numbers()
    for seq, cells in rows.items():
        numbers.add(seq, dict(zip(PHONE_FIELDS, cells, strict=False)))
    return numbers


def drawn(different: int) -> Rows:
    draw = random.Random(different)
    numbers = ["", "+1" + 30 * "2", *(f"+49{number}" for number in range(10**9, 10**9 + different))]
    return {3 * place: [draw.choice(numbers) for _ in range(draw.randint(1, 6))] for place in range(60)}


@pytest.mark.parametrize("different", [0, 1, 5, 90, 900])
def test_rows_that_share_a_number(different: int) -> None:
    """With one digit and with many, in whichever field; but rows whose key another one has."""
    rows, but = drawn(different), {0, 9, 30}
    sets = {seq: {*cells} - {""} for seq, cells in rows.items() if seq not in but}
    shares = {seq: [other for other in sets if other != seq and sets[other] & sets[seq]] for seq in sets}

    sharing = list(numbers_of(rows).sharing(but))

    assert [(each.seq, each.beside) for each in sharing] == [
        (seq, min(found)) for seq, found in shares.items() if found
    ]
    for each in sharing:
        assert rows[each.seq][PHONE_FIELDS.index(each.field)] in sets[each.beside]
    assert {seq for seq, _ in numbers_of(rows).each_shared(but)} == {each.seq for each in sharing}


@pytest.mark.parametrize("policy", ["first", "last"])
@pytest.mark.parametrize("different", [1, 5, 90, 900])
def test_one_of_them_counts(policy: str, different: int) -> None:
    """No two that count share a number, and each of the others has one of a row that counts and goes before it."""
    rows = drawn(different)
    sets = {seq: {*cells} - {""} for seq, cells in rows.items()}
    lost = {each.seq: each for each in numbers_of(rows).losers(policy, set())}

    count = [seq for seq in rows if seq not in lost]
    assert all(not sets[one] & sets[other] for one in count for other in count if one != other)
    for seq, each in lost.items():
        assert each.beside in count
        assert (each.beside < seq) == (policy == "first")
        assert rows[seq][PHONE_FIELDS.index(each.field)] in sets[each.beside]


def test_a_number_is_the_same_with_and_without_its_plus() -> None:
    assert [each.seq for each in numbers_of({0: ["+4930123"], 1: ["4930123"], 2: ["030123"]}).sharing(())] == [0, 1]
