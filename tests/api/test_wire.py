"""What a record of the dialler says, and whether it is what we sent."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.api.wire import (
    campaign_of,
    differences,
    id_number,
    imported_contact,
    is_elsewhere,
    is_somebody_else,
    plainly_different,
    records,
    same_value,
    stored_contact,
)
from dialler_sync.model import Value


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
        ({"ID": 4711.0, "UserData": 17.0}, "4711", "17"),
        ({"ID": True, "UserData": False}, "", ""),
        ({"ID": [1], "UserData": {}}, "", ""),
        ({"ID": None, "DiallerContactsID": 1, "UserData": 1.5}, "", "1.5"),
    ],
)
def test_stored_contact(record: dict[str, Any], contact_id: str, user_data: str) -> None:
    """ID and UserData are text, empty where there is none; the record is kept as it is."""
    contact = stored_contact(record)

    assert (contact.id, contact.user_data, contact.values) == (contact_id, user_data, record)


@pytest.mark.parametrize("told", ["9" * 200, "a\x1b[2J" + "b" * 200], ids=["digits", "text"])
def test_id_that_is_none_is_shown_short_and_harmless(told: str) -> None:
    shown = stored_contact({"ID": told}).id

    assert shown != told
    assert len(shown) < 110
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("", None),
        ("x", None),
        ("-1", None),
        ("٧", None),
    ],
)
def test_id_that_counts(text: str, number: int | None) -> None:
    assert id_number(text) == number


@pytest.mark.parametrize(
    ("answer", "contact_id"),
    [
        ({"records": [{"ID": 7}, {"ID": 8}]}, "7"),
        ({"records": {"ID": 7}}, "7"),
        ({"records": []}, ""),
        ({"records": ["7"]}, ""),
        ({"records": None}, ""),
        ({}, ""),
    ],
)
def test_contact_of_an_import(answer: dict[str, Any], contact_id: str) -> None:
    """An answer that tells none is done all the same."""
    assert imported_contact(answer).id == contact_id


@pytest.mark.parametrize(
    ("told", "campaign"), [(538, "538"), (538.0, "538"), (" 538 ", "538"), (538.5, "538.5"), (None, ""), ("", "")]
)
def test_campaign_of_a_record(told: object, campaign: str) -> None:
    assert campaign_of({"DiallerCampaignsID": told}) == campaign


BY_ID: dict[str, Value] = {"DiallerCampaignsID": 538}
BY_NAME: dict[str, Value] = {"DiallerCampaignsName": "Nightly"}


@pytest.mark.parametrize(
    ("ours", "theirs", "elsewhere"),
    [
        (BY_ID, {"DiallerCampaignsID": "538"}, False),
        (BY_ID, {"DiallerCampaignsID": 539}, True),
        (BY_ID, {}, False),
        (BY_ID, {"DiallerCampaignsName": "Other"}, False),
        (BY_NAME, {"DiallerCampaignsID": 538}, False),
        (BY_NAME, {"DiallerCampaignsID": 539}, True),
        (BY_NAME, {"DiallerCampaignsName": "Nightly"}, False),
        (BY_NAME, {"DiallerCampaignsName": "Other"}, True),
        (BY_NAME, {"DiallerCampaignsName": ""}, False),
        (BY_NAME, {}, False),
        ({"DiallerCampaignsName": "Unknown"}, {"DiallerCampaignsID": 539}, False),
        ({"DiallerCampaignsName": "Unknown"}, {"DiallerCampaignsID": 539, "DiallerCampaignsName": "Other"}, True),
        ({}, {"DiallerCampaignsID": 539, "DiallerCampaignsName": "Other"}, False),
    ],
)
def test_contact_of_another_campaign(ours: dict[str, Value], theirs: dict[str, Any], elsewhere: bool) -> None:
    """By its ID, which we may know of a name; what is not told does not count."""
    assert is_elsewhere(ours, theirs, {"Nightly": "538"}) is elsewhere


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
        ("None", None, False),
        ("1", [1], False),
        (True, "yes", False),
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


@pytest.mark.parametrize(
    ("theirs", "another"),
    [
        ({"Name": "Else", "PhoneNumber1": "+4930999999"}, True),
        ({"Name": "Else", "PhoneNumber1": "+4930999999", "PhoneNumber2": "0171 392-0012"}, False),
        ({"Name": "Else", "PhoneNumber3": "00491713920012"}, False),
        ({"Name": "MULLER", "PhoneNumber1": "+4930999999"}, True),
        ({"Name": "MÜL", "PhoneNumber1": "+4930999999"}, False),
        ({"Name": "Else"}, False),
        ({"Name": "Else", "PhoneNumber1": ""}, False),
        ({"Name": "XXXX", "PhoneNumber1": "XXXXXXXXX"}, False),
        ({"Name": "***", "PhoneNumber1": "+4930999999"}, False),
        ({"Name": None, "PhoneNumber1": "+4930999999"}, False),
        ({"ID": 7}, False),
    ],
)
def test_somebody_else(theirs: dict[str, Any], another: bool) -> None:
    """By name and every number; what a record leaves out, masks, cuts or writes in its own way shows nothing."""
    assert is_somebody_else({"Name": "Müller", "PhoneNumber1": "+491713920012"}, theirs) is another
