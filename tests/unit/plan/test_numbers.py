"""Numbers that the dialler has under other keys: those that its contacts keep, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from dialler_sync.api.wire import StoredContact
from dialler_sync.config.rows import Mode
from dialler_sync.journal import Journal, JournalRow
from dialler_sync.model import RowResult, Status
from dialler_sync.pages import KEYS
from dialler_sync.plan.decide import PlanRules
from dialler_sync.plan.numbers import Known, KnownNumbers, digits, known_numbers
from dialler_sync.plan.snapshot import Snapshot
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.prepare.prepared import Prepared

from ...helpers.records import RUN
from ...helpers.rows import BASIC, settings_of

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


class Book:
    """A journal of a run that has the rows K1 and K9; its mirror has locked the contact 7 before."""

    def rows(self, _run: object) -> Iterator[JournalRow]:
        for key in ("K1", "K9", ""):
            yield JournalRow(RowResult(0, "", "", 2, key, Status.UNPROCESSED), 0, "", "", None)

    def mirror_locked(self, _target: str, ids: Sequence[str]) -> set[str]:
        return {"7"} & {*ids}


def known_of_a_run(
    tmp_path: Path, *there: StoredContact, beside: Sequence[StoredContact] = (), taken: str = "",
    rules: PlanRules | None = None, suppressed: SuppressionLists | None = None, where: str = "account",
) -> bool:  # fmt: skip
    """Whether a number of a row of the run is known; K1 is sent with another one."""
    settings = settings_of(BASIC, rows={"duplicate_phones_in_dialler": "skip", "phones_in": where})
    snapshot, prepared = Snapshot(), Prepared(tmp_path)
    snapshot.add([{"ID": each.id, **each.values} for each in there])
    snapshot.add_beside([{"ID": each.id, **each.values} for each in beside])
    snapshot.index()
    snapshot.take([taken])
    sent = row("K1", TWO)
    prepared.bodies.write([(0, "K1", json.dumps(sent).encode())])
    prepared.todo = bytearray(b"\1")
    journal = cast("Journal", Book())
    try:
        numbers = known_numbers(
            snapshot, settings, journal, RUN, prepared, rules or PlanRules(), suppressed or SuppressionLists()
        )
        with closing(numbers):
            return bool(numbers.find([(1, row("K9", ONE))], {}, everywhere=True))
    finally:
        prepared.close()
        snapshot.close()


def test_which_contacts_of_a_run_hold_their_numbers(tmp_path: Path) -> None:
    """Not those that the mirror takes, or has taken, nor one whose row has another number, if that is sent."""
    listed = SuppressionLists((SuppressionList("user_data", frozenset({"K1"}), "dnc.csv"),))

    assert known_of_a_run(tmp_path, contact(3, ONE))
    assert not known_of_a_run(tmp_path, contact(3, ONE), taken="3")
    assert not known_of_a_run(tmp_path, contact(7, ONE))
    assert not known_of_a_run(tmp_path, contact(1, ONE))
    assert known_of_a_run(tmp_path, contact(1, ONE), rules=PlanRules(mode=Mode.CREATE))
    assert known_of_a_run(tmp_path, contact(1, ONE, bLocked=True), rules=PlanRules(locked=True))
    assert known_of_a_run(tmp_path, contact(1, ONE), suppressed=listed)
    assert known_of_a_run(tmp_path, beside=[contact(3, ONE)])
    assert not known_of_a_run(tmp_path, beside=[contact(3, ONE)], where="campaign")


def test_what_goes_wrong_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[KnownNumbers] = []

    def close(numbers: KnownNumbers) -> None:
        closed.append(numbers)

    monkeypatch.setattr(KnownNumbers, "close", close)
    monkeypatch.setattr(KnownNumbers, "index", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        known_of_a_run(tmp_path)
    assert len(closed) == 1
