"""Numbers that the dialler has under other keys: those that its contacts keep, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest

from dialler_sync.api.wire import StoredContact
from dialler_sync.pages import KEYS
from dialler_sync.plan.numbers import Known, KnownNumbers, digits

ONE, TWO, THREE = "+491711111111", "+491712222222", "+491713333333"


def contact(number: int, *phones: str | None, **fields: Any) -> StoredContact:
    held = {f"PhoneNumber{place}": phone for place, phone in enumerate(phones, 1)}
    values = {"UserData": f"K{number}", "DiallerCampaignsID": 538, **held, **fields}
    return StoredContact(str(number), str(values["UserData"]), values)


def row(key: str, *phones: str | None, **fields: Any) -> dict[str, Any]:
    held = {f"PhoneNumber{place}": phone for place, phone in enumerate(phones, 1)}
    return {"UserData": key, "DiallerCampaignsID": 538, **held, **fields}


def nobody(_contact: StoredContact) -> bool:
    return False


def found(
    there: Sequence[StoredContact],
    *rows: Mapping[str, Any],
    stays: Callable[[StoredContact], bool] = nobody,
    kept: Sequence[str] = (),
    everywhere: bool = False,
    sent: Sequence[int] | None = None,
    ids: Mapping[str, str] | None = None,
) -> dict[int, list[Known]]:
    """What is found of the rows, of which those of ``sent`` are sent; all, if it is None."""
    with closing(KnownNumbers()) as numbers:
        ours = [(each["UserData"], each) for place, each in enumerate(rows) if sent is None or place in sent]
        numbers.going([each["UserData"] for each in rows], ours, kept)
        numbers.add(there, stays)
        numbers.index()
        return numbers.find(list(enumerate(rows)), ids or {}, everywhere=everywhere)


def test_a_number_under_another_key() -> None:
    """However it is written; each number of a row, and the first contact that has it."""
    there = [contact(1, TWO), contact(2, "0049 171 2222222"), contact(3, None, ONE), contact(4, "", "-")]

    assert found(there, row("K9", ONE, TWO, THREE)) == {
        0: [Known("PhoneNumber1", "3", "K3"), Known("PhoneNumber2", "1", "K1")]
    }
    assert found(there, row("K9", THREE), row("K8", None, "")) == {}


def test_a_row_has_its_own_number() -> None:
    """Also where its contact stays as it is; a row and a contact without a key are two."""
    assert found([contact(1, ONE)], row("K1", ONE), stays=lambda _: True) == {}
    assert found([contact(1, ONE, UserData="")], row("", ONE)) == {0: [Known("PhoneNumber1", "1", "")]}


def test_a_row_without_a_key_frees_no_number() -> None:
    """It makes a contact, and overwrites none."""
    there = [contact(1, ONE, UserData="")]

    assert found(there, row("K9", ONE), row("", TWO)) == {0: [Known("PhoneNumber1", "1", "")]}


def test_a_number_that_a_row_overwrites_is_free() -> None:
    """Only the fields that it sets; also where it clears them."""
    there = [contact(1, ONE, TWO)]
    asks = row("K9", ONE, TWO)

    assert found(there, asks, row("K1", THREE)) == {0: [Known("PhoneNumber2", "1", "K1")]}
    assert found(there, asks, row("K1", None, None)) == {}
    assert found(there, asks, row("K1")) == {0: [Known("PhoneNumber1", "1", "K1"), Known("PhoneNumber2", "1", "K1")]}


def test_a_row_that_is_not_sent_frees_all_that_a_run_sets() -> None:
    """It is there as it is: what its contact has was sent by an earlier run, and the rules judged it then."""
    assert found([contact(1, ONE)], row("K9", ONE), row("K1", TWO), sent=[0]) == {}


def test_a_field_that_contacts_keep_is_not_free() -> None:
    there, kept = [contact(1, ONE)], ["PhoneNumber1"]

    assert found(there, row("K9", ONE), row("K1", TWO), kept=kept) == {0: [Known("PhoneNumber1", "1", "K1")]}
    assert found(there, row("K9", ONE), row("K1", TWO), kept=kept, sent=[0]) == {0: [Known("PhoneNumber1", "1", "K1")]}


def test_a_contact_that_stays_keeps_its_number() -> None:
    there = [contact(1, ONE), contact(2, TWO)]
    rows = row("K9", ONE, TWO), row("K1", THREE), row("K2", THREE)

    assert found(there, *rows, stays=lambda each: each.id == "2") == {0: [Known("PhoneNumber2", "2", "K2")]}


@pytest.mark.parametrize("everywhere", [False, True])
def test_contacts_of_other_campaigns_count_where_that_is_wanted(everywhere: bool) -> None:
    """The first contact is another one's; the second may be in the row's campaign."""
    there = [contact(1, ONE, DiallerCampaignsID=539), contact(2, ONE, DiallerCampaignsID=None)]

    assert found(there, row("K9", ONE), everywhere=everywhere) == {
        0: [Known("PhoneNumber1", "1" if everywhere else "2", "K1" if everywhere else "K2")]
    }


def test_a_campaign_by_its_name() -> None:
    there = [
        contact(1, ONE, DiallerCampaignsID=539),
        contact(2, TWO, DiallerCampaignsName="Fair", DiallerCampaignsID=None),
    ]
    named = row("K9", ONE, TWO, DiallerCampaignsID=None, DiallerCampaignsName="Nightly")

    assert found(there, named, ids={"Nightly": "538", "Fair": "539"}) == {}
    assert list(found(there, named, ids={"Nightly": "539", "Fair": "539"})) == [0]


def test_more_than_a_page() -> None:
    many = range(1, KEYS + 3)
    there = [contact(number, f"+49171{number:07}") for number in many]
    rows = [row(f"R{number}", f"+49171{number:07}") for number in many]

    assert len(found(there, *rows)) == len(rows)
    assert found(there, *rows, *(row(f"K{number}", THREE) for number in many)) == {}


def test_half_a_character_in_a_key_is_no_fault() -> None:
    assert found([contact(1, ONE)], row("K\ud800", ONE)) == {0: [Known("PhoneNumber1", "1", "K1")]}


def test_who_has_it_is_said() -> None:
    assert Known("Fax", "1", "K1").reason == "contact 1 (UserData K1) has the same number (Fax)"
    assert Known("Fax", "1", "").reason == "contact 1 (without UserData) has the same number (Fax)"


@pytest.mark.parametrize("written", ["+49 (171) 1", "0049171-1", "491711"])
def test_bare_digits(written: str) -> None:
    assert digits(written) == "491711"
