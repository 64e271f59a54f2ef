"""JSON ↔ facts: what the dialler holds, and whether it is what we sent."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.api.wire import decode, differences, plainly_different, records, same_value, stored_contact
from dialler_sync.model import Value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"<html>",
        b'{"a": 1',
        b"{'a': 1}",
        b'{"status": 200, "status": 500}',
        b'{"a": "\xff"}',
    ],
)
def test_what_is_no_json_object_is_nothing(body: bytes) -> None:
    """Cut off, HTML, empty: no answer of this API."""
    assert decode(body) is None


def test_object_is_decoded() -> None:
    """Text is text, numbers are numbers, unknown fields are kept."""
    assert decode('{"a": [1, 2.5, null], "ü": {"b": true}}\n'.encode()) == {"a": [1, 2.5, None], "ü": {"b": True}}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"records": []}, []),
        ({"records": [], "count": 0}, []),
        ({"records": [{"ID": 1}], "count": 1}, [{"ID": 1}]),
        ({"records": [{"ID": 1}], "count": None}, [{"ID": 1}]),
        ({"records": [{"ID": 1}], "count": "1"}, [{"ID": 1}]),
        ({"records": None, "count": 0}, []),
        ({"count": 0}, []),
        ({}, None),
        ({"records": None}, None),
        ({"records": {}}, None),
        ({"records": [], "count": 1}, None),
        ({"records": [{}, {}], "count": 1}, None),
        ({"records": [1], "count": 1}, None),
    ],
)
def test_records_are_told_or_not(answer: dict[str, Any], found: object) -> None:
    """None there is an answer; nothing said is none."""
    assert records(answer) == found


@pytest.mark.parametrize(
    ("record", "contact_id", "user_data"),
    [
        ({"ID": 4711, "UserData": "K1"}, "4711", "K1"),
        ({"ID": "4711", "UserData": 17}, "4711", "17"),
        ({"ID": 0, "UserData": ""}, "0", ""),
        ({"DiallerContactsID": 4711, "UserData": "K1"}, "4711", "K1"),
        ({"ID": None, "UserData": None}, "", ""),
        ({}, "", ""),
    ],
)
def test_stored_contact(record: dict[str, Any], contact_id: str, user_data: str) -> None:
    """ID and UserData are text, empty where there is none; the record is kept as it is."""
    contact = stored_contact(record)

    assert (contact.id, contact.user_data, contact.values) == (contact_id, user_data, record)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("Müller", "Müller", True),
        ("Müller", "müller", False),
        ("Müller", None, False),
        ("01099", "01099", True),
        ("01099", 1099, False),
        ("1099", 1099, True),
        ("", None, True),
        ("", "", True),
        (None, "", True),
        (None, None, True),
        (None, "x", False),
        (None, 0, False),
        ("0", 0, True),
        (12.5, 12.5, True),
        (12.5, "12.50", True),
        (12.5, "12,5", False),
        (12, 12.0, True),
        (0, None, False),
        (0, 0, True),
        (0.1, 0.1, True),
        (1.5, "nan", False),
        (1.5, [], False),
        (2**53, 2**53 + 1, False),
        (True, True, True),
        (True, 1, True),
        (True, "true", True),
        (True, False, False),
        (False, 0, True),
        (False, None, False),
    ],
)
def test_same_value(ours: Value, theirs: object, same: bool) -> None:
    """Numbers as numbers, empty as null, and text character by character."""
    assert same_value(ours, theirs) is same


def test_differences_are_of_what_we_send() -> None:
    """Fields of the dialler's own are no difference, and neither is what tells it to do something."""
    ours: dict[str, Value] = {"Name": "M", "City": "Berlin", "Title": None, "ResetContact": True}
    theirs = {"ID": 1, "Name": "M", "City": "Bonn", "Company": "ACME"}

    assert differences(ours, theirs) == {"City": ("Berlin", "Bonn")}


def test_campaign_that_is_known_by_its_id_only_is_not_compared() -> None:
    """We name it, the dialler numbers it: that is no difference; another name is one."""
    ours: dict[str, Value] = {"DiallerCampaignsName": "Nightly"}

    assert differences(ours, {"DiallerCampaignsID": 538}) == {}
    assert differences(ours, {"DiallerCampaignsName": "Other"}) == {"DiallerCampaignsName": ("Nightly", "Other")}


@pytest.mark.parametrize(
    ("ours", "theirs", "plainly"),
    [
        ("Müller", "MÜLLER", False),
        ("Müller ", "Müller", False),
        ("+49 171 1", "491711", False),
        ("a long text", "a long", False),
        ("Müller", "Maier", True),
        ("Müller", None, True),
        (None, "Müller", True),
        (None, " ", False),
        ("-", None, False),
        ("short", "short and more", True),
        (12.5, "12.50", False),
        (12.5, 99, True),
    ],
)
def test_plainly_different(ours: Value, theirs: object, plainly: bool) -> None:
    """A dialler's own tidying (case, blanks, signs, cut text) is no proof that it holds something else."""
    assert plainly_different({"Name": ours}, {"Name": theirs}) is plainly
