"""Whatever stands on either side: the classes part both, and each says what it means."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialler_sync.journal import PlannedRow
from dialler_sync.model import ContactClass, Status
from dialler_sync.plan.suppress import SuppressionLists
from dialler_sync.reconciliation.compare import Line
from dialler_sync.reconciliation.scope import Scope
from dialler_sync.reconciliation.sides import Sides

ODD = "a&b=c/d#e?f %+äöü\"'"
KEYS = st.sampled_from(["", "K1", "K2", "K2 ", "k1", "007", "7", ODD, "x" * 64]) | st.text(max_size=3)
NAMES = st.sampled_from(["Meier", "Müller", ""])
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None), max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=3,
)
ROWS = st.lists(st.tuples(KEYS, NAMES, st.booleans()), max_size=12)
"""(UserData, Name, whether it is valid)"""
RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={"UserData": KEYS | ANYTHING, "Name": NAMES | ANYTHING, "bLocked": ANYTHING, "nTries": ANYTHING},
    ),
    max_size=12,
)


def lines_of(rows: list[tuple[str, str, bool]], records: list[dict[str, Any]], keep: str) -> list[Line]:
    sides = Sides(keep, lambda _: None)
    sides.scope = Scope(frozenset({"538"}))
    valid, rejected = "pending", str(Status.REJECTED)
    numbers = range(2, len(rows) + 2)
    sides.add_rows(
        [
            PlannedRow(seq, 0, numbers[seq], key, state=valid if good else rejected)
            for seq, (key, _, good) in enumerate(rows)
        ]
    )
    bodies = [
        (seq, key, orjson.dumps({"UserData": key, "Name": name} if key else {"Name": name}))
        for seq, (key, name, good) in enumerate(rows)
        if good
    ]
    for at in range(0, len(records), 5):
        sides.add(records[at : at + 5])
    sides.index()
    found = list(sides.lines([bodies], numbers, SuppressionLists()))
    sides.close()
    return found


@settings(deadline=None, max_examples=60)
@given(rows=ROWS, records=RECORDS, keep=st.sampled_from(["last", "first", "reject"]))
@example(rows=[("K", "A", True)] * 3, records=[{"UserData": "K"}] * 3, keep="last")
@example(rows=[("K", "A", False), ("K", "A", True)], records=[{"UserData": "K", "Name": "A"}], keep="first")
@example(rows=[], records=[{"UserData": "\ud800", "Name": 10**30, "nTries": "\udc00"}], keep="last")
def test_the_classes_part_both_sides(rows: list[Any], records: list[dict[str, Any]], keep: str) -> None:
    """Every contact is in exactly one line, every valid row in exactly one class, and a UserData in one class."""
    records = [{**record, "ID": number} for number, record in enumerate(records, 1)]

    lines = lines_of(rows, records, keep)

    ids = Counter(line.contact_id for line in lines if line.contact)
    assert ids == Counter(str(record["ID"]) for record in records)
    assert sum(line.rows for line in lines) == sum(good for _, _, good in rows)
    classes: dict[str, set[ContactClass]] = {}
    for line in lines:
        if line.user_data:
            classes.setdefault(line.user_data, set()).add(line.kind)
    assert all(len(kinds) == 1 for kinds in classes.values())


@settings(deadline=None, max_examples=60)
@given(
    rows=ROWS,
    contacts=st.lists(st.tuples(KEYS, NAMES), max_size=12),
    keep=st.sampled_from(["last", "first"]),
)
def test_each_class_means_what_it_says(rows: list[Any], contacts: list[tuple[str, str]], keep: str) -> None:
    """Worked out again, key by key, from the definitions."""
    records = [{"ID": number, "UserData": key, "Name": name} for number, (key, name) in enumerate(contacts, 1)]

    found = {line.user_data: line.kind for line in lines_of(rows, records, keep) if line.user_data}

    expected = {}
    for key in {key for key, _, _ in rows} | {key for key, _ in contacts} - {""}:
        valid = [name for other, name, good in rows if other == key and good]
        rejected = any(other == key and not good for other, _, good in rows)
        there = [name for other, name in contacts if other == key]
        if not key or not (valid or there):
            continue
        if len(valid) > 1 or len(there) > 1:
            expected[key] = ContactClass.DUPLICATE
        elif not there:
            expected[key] = ContactClass.MISSING
        elif not valid:
            expected[key] = ContactClass.DIFFERING if rejected else ContactClass.EXTRA
        else:
            expected[key] = ContactClass.MATCHING if valid == there else ContactClass.DIFFERING
    assert found == expected


@settings(deadline=None, max_examples=50)
@given(records=RECORDS.filter(bool))
def test_a_contact_that_the_list_holds_twice_is_one(records: list[dict[str, Any]]) -> None:
    """A list that is no snapshot may show a contact again; the later record counts."""
    records = [{**record, "ID": 7} for record in records]

    lines = lines_of([], records, "last")

    assert [line.contact_id for line in lines] == ["7"]
