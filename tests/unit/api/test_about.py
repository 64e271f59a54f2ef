"""Whether an answer is about what was asked for: that to another request must not be taken for it."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.api.about import (
    ToldIds,
    change_is_about,
    is_about,
    of_any,
    of_calls,
    of_user_data,
)

LONG = "customer-0123456789-0123456789-0123456789"


@pytest.mark.parametrize(
    ("record", "contact_id", "user_data", "about"),
    [
        ({"ID": 7}, "7", None, True),
        ({"ID": "007"}, "7", None, True),
        ({"ID": "x7"}, "x7", None, True),
        ({"ID": 8}, "7", None, False),
        ({"ID": "x8"}, "x7", None, False),
        ({"ID": None}, "7", None, True),
        ({"UserData": "K1"}, "7", None, True),
        ({"ID": 8, "UserData": "K1"}, "", "K1", True),
        ({"UserData": "K2"}, "", "K1", False),
        ({"UserData": ""}, "", "K1", True),
        ({"UserData": None}, "", "K1", True),
        ({"UserData": "Ka\ufffd"}, "", "Kä1", True),
        ({"UserData": "K\ufffd\ufffd1"}, "", "Kä1", True),
        ({"UserData": "Ka\ufffd1"}, "", "Kä1", True),
        ({"UserData": "\ufffd\ufffd"}, "", "ЖЖ", True),
        ({"UserData": "somebody \ufffd else"}, "", "F", False),
        ({"UserData": "K\ufffd1"}, "", "Kä2", False),
        ({"UserData": "\ufffd"}, "", "Kä1 and Ka2", False),
        ({"UserData": "1\ufffd1"}, "", "1", False),
        ({"UserData": "Kase"}, "", "Kasse", False),
        ({"UserData": "Kasse"}, "", "Kase", False),
        ({"UserData": "KASSE"}, "", "Kaße", True),
        ({"UserData": "Kase"}, "", "Kaße", True),
        ({"UserData": " k1 "}, "", "K1", True),
        ({"UserData": "K"}, "", "K1", False),
        ({"UserData": LONG[:31]}, "", LONG, False),
        ({"UserData": LONG[:32]}, "", LONG, True),
        ({"UserData": LONG[:32].upper()}, "", LONG, True),
        ({"UserData": LONG}, "", LONG[:32], False),
        ({"ID": 8, "UserData": "K1"}, "7", "K1", False),
        ({"ID": 7, "UserData": "K2"}, "7", "K1", False),
    ],
)
def test_record_is_about_a_contact(record: dict[str, Any], contact_id: str, user_data: str | None, about: bool) -> None:
    """What it does not tell does not count; blanks, case and the length of the field are the dialler's own."""
    assert is_about(record, contact_id, user_data) is about


@pytest.mark.parametrize(
    ("answer", "about"),
    [
        ({}, True),
        ({"status": 200, "records": None}, True),
        ({"records": []}, True),
        ({"ID": 7}, True),
        ({"ID": 8}, False),
        ({"ID": 8, "records": [{"ID": 7}]}, False),
        ({"records": [{"ID": 7}]}, True),
        ({"records": [{"ID": 8}]}, False),
        ({"records": [{"ID": 7}, {"ID": 8}]}, False),
        ({"records": {"ID": 7}}, True),
        ({"records": {"ID": 8}}, False),
        ({"records": ["8"]}, True),
    ],
)
def test_answer_of_a_change_is_about_a_contact(answer: dict[str, Any], about: bool) -> None:
    """It may name the contact itself, or in its records; each that it names must be the one."""
    assert change_is_about(answer, "7") is about


@pytest.mark.parametrize(
    ("keys", "meant"), [(["K1"], True), ([" k1"], True), (["K2"], False), (["K2", "K2"], False), (["K2", "K3"], True)]
)
def test_contacts_of_a_key(keys: list[str], meant: bool) -> None:
    """Several keys are the whole account, from a server that does not understand the question."""
    assert of_user_data("K1")([{"UserData": key} for key in keys]) is meant


@pytest.mark.parametrize(
    ("record", "meant"),
    [({"ID": 7}, True), ({"ID": 9, "UserData": "k1 "}, True), ({"ID": 8, "UserData": "K2"}, False)],
)
def test_some_of_several_contacts(record: dict[str, Any], meant: bool) -> None:
    assert of_any(["K1"], [7])([record]) is meant


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ([("1", "K1")], True),
        ([("1", "K1"), ("2", "K2")], True),
        ([("1", "k1 "), ("2", "K2"), ("3", "K3")], True),
        ([("1", "K1"), ("2", "ZZ")], False),
        ([("1", "K1"), ("2", "")], False),
        ([("1", "K1"), ("1", "K2")], False),
    ],
    ids=["one is missing", "both", "the account", "under another name", "under none", "one contact, two names"],
)
def test_a_missing_contact_may_be_one_that_nobody_asked_for(found: list[tuple[str, str]], meant: bool) -> None:
    records = [{"ID": number, "UserData": key} for number, key in found]
    assert of_any(["K1", "K2"], [])(records) is meant


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Müller", "MULLER"),
        ("Straße", "strasse"),
        ("STRASE", "Straße"),
        ("Ｋ１", "k1"),
        ("Łódź", "lodz"),
        ("x" * 40, "x" * 32),
    ],
)
def test_a_database_that_compares_leniently_answers_the_question(asked: str, told: str) -> None:
    """By its collation, or cut to its field's length."""
    assert of_any([asked, "K2"], [])([{"ID": 1, "UserData": told}])
    assert len(told) == 32 or of_user_data(asked)([{"ID": 1, "UserData": told}])


@pytest.mark.parametrize(
    ("calls", "meant"),
    [
        ([{"CallID": 1}], True),
        ([{"DiallerContactsID": 7}], True),
        ([{"DiallerContactsID": 8}], False),
        ([{"DiallerContactsID": 8}, {"DiallerContactsID": "7"}], True),
        ([{"Contact": {"DiallerContactsID": 7}}], True),
        ([{"Contact": {"DiallerContactsID": 8}}], False),
        ([{"Contact": {"DiallerContactsID": None}}], True),
    ],
)
def test_calls_of_a_contact(calls: list[dict[str, Any]], meant: bool) -> None:
    assert of_calls(7)(calls) is meant


@pytest.mark.parametrize(
    ("first", "second", "own"),
    [
        (({"ID": 7}, "K1"), ({"ID": 7}, "K2"), False),
        (({"ID": 7}, "K1"), ({"ID": 7}, "K1"), True),
        (({"ID": 7}, "K1"), ({"ID": 8}, "K2"), True),
        (({"ID": 7}, ""), ({"ID": 7}, ""), False),
        (({"ID": 7}, ""), ({"ID": 7, "UserData": ""}, ""), False),
        (({}, "K1"), ({}, "K2"), True),
        (({"ID": 7, "UserData": "K1"}, "K1"), ({"ID": 7, "UserData": "K1"}, "K1"), True),
        (({"ID": 7}, "K1"), ({"ID": 7, "UserData": "K2"}, "K2"), True),
        (({"ID": 7}, "K1"), ({"ID": 8, "UserData": "K1"}, "K2"), False),
        (({"ID": 7, "UserData": "K1"}, "K1"), ({"ID": 7}, ""), False),
        (({"ID": 7}, "K1"), ({"records": [{}, {"ID": 7}]}, "K2"), False),
        (({"ID": 7, "records": [{"ID": 7}]}, ""), ({"records": [{"ID": 8}, {"ID": 8}]}, ""), True),
        (({"records": [{"ID": 7}]}, ""), ({"ID": 7, "records": [{"ID": 8}]}, ""), True),
        (({"records": [{"ID": 7}]}, ""), ({"ID": 7, "records": [{}]}, ""), False),
    ],
)
def test_one_answer_is_not_taken_for_two_rows(
    first: tuple[dict[str, Any], str], second: tuple[dict[str, Any], str], own: bool
) -> None:
    """An answer without a key is told from that to another row by its ID; two rows without a key are two contacts."""
    told = ToldIds()

    assert told.is_own(first[0], first[1])
    assert told.is_own(second[0], second[1]) is own


def test_no_more_ids_are_kept_than_memory_allows() -> None:
    """The oldest are forgotten, and the newest are not."""
    told = ToldIds()

    assert all(told.is_own({"ID": number}, f"K{number}") for number in range(10_001))

    assert told.is_own({"ID": 0}, "K")
    assert not told.is_own({"ID": 10_000}, "K")
