"""What the dialler's contacts tell of a row that may have been sent."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.api.wire import StoredContact
from dialler_sync.load.evidence import Evidence

SENT: dict[str, Any] = {"DiallerCampaignsID": 538, "UserData": "K", "Name": "Müller", "PhoneNumber1": "+49171"}
AS_SENT = {**SENT, "ID": 0, "bLocked": False}
TIDIED = {**AS_SENT, "PhoneNumber1": "49171", "Name": "MÜLLER"}
ANOTHER = {**AS_SENT, "Name": "Meier"}


@pytest.mark.parametrize(
    ("values", "contact_id", "overwrite", "watermark", "shown", "possible"),
    [
        (AS_SENT, "7", True, 9, True, True),
        (AS_SENT, "7", False, 6, True, True),
        (AS_SENT, "7", False, 0, True, True),
        (AS_SENT, "7", False, 7, False, False),
        (AS_SENT, "7", False, 9, False, False),
        (AS_SENT, "7", False, None, False, True),
        (AS_SENT, "x7", False, 6, False, True),
        (TIDIED, "7", True, 9, False, True),
        (TIDIED, "7", False, 6, False, True),
        (TIDIED, "7", False, 8, False, False),
        (ANOTHER, "7", True, 9, False, False),
        (ANOTHER, "7", False, 6, False, False),
    ],
)
def test_what_a_contact_tells_of_a_row(
    values: dict[str, Any], contact_id: str, overwrite: bool, watermark: int | None, shown: bool, possible: bool
) -> None:
    """Whether it shows that the row was done, and whether it may at least come from it."""
    contact = StoredContact(contact_id, "K", values)

    evidence = Evidence(overwrite, {})

    assert (evidence.trace(SENT, [contact], watermark) is contact) == shown
    assert evidence.may_be_trace(SENT, contact, watermark) == possible


def test_two_contacts_that_look_alike_show_nothing_without_overwriting() -> None:
    """Which of them is the row's would be a guess; when overwriting, either is as it should be."""
    both = [StoredContact("7", "K", AS_SENT), StoredContact("8", "K", AS_SENT)]

    assert Evidence(False, {}).trace(SENT, both, 6) is None
    assert Evidence(True, {}).trace(SENT, both, 6) is both[0]


def test_a_row_that_resets_the_contact_is_not_shown_by_it() -> None:
    """ResetContact is no field that the dialler keeps: that all others fit does not tell that it was done."""
    there = [StoredContact("7", "K", AS_SENT)]

    assert Evidence(True, {}).trace({**SENT, "ResetContact": True}, there, None) is None


def test_contact_of_another_campaign_shows_nothing_of_a_row() -> None:
    """It is another contact with the same key."""
    there = StoredContact("7", "K", {**AS_SENT, "DiallerCampaignsName": "Other"})
    sent = {name: value for name, value in SENT.items() if name != "DiallerCampaignsID"}
    sent["DiallerCampaignsName"] = "Nightly"
    known_by_id = StoredContact("7", "K", {**AS_SENT, "DiallerCampaignsID": 539})

    evidence = Evidence(True, {"Nightly": "538"})

    for contact in (there, known_by_id):
        assert evidence.trace(sent, [contact], None) is None
        assert not evidence.may_be_trace(sent, contact, None)
