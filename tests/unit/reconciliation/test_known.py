"""Which rows a reconciliation does not miss, as an import leaves them out: their number is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from dialler_sync.api.wire import StoredContact
from dialler_sync.config.rows import Mode
from dialler_sync.plan.decide import PlanRules
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.reconciliation.compare import May
from dialler_sync.reconciliation.known import known_numbers
from dialler_sync.reconciliation.sides import Sides

from ...helpers.rows import BASIC, settings_of

ONE, TWO = "+491711111111", "+491712222222"


@dataclass
class Both:
    """Both sides; the file has K1 and K2."""

    there: list[dict[str, Any]]
    may: May = field(default_factory=May)
    campaign_ids: Mapping[str, str] = field(default_factory=dict)

    def contacts(self) -> Iterator[StoredContact]:
        return (StoredContact(str(each["ID"]), each["UserData"], each) for each in self.there)

    def is_named(self, record: Mapping[str, Any]) -> bool:
        return record["UserData"] in {"K1", "K2"}

    def keys(self) -> list[str]:
        return ["K1", "K2"]


def contact(number: int, phone: str, **fields: Any) -> dict[str, Any]:
    return {"ID": number, "UserData": f"K{number}", "PhoneNumber1": phone, "DiallerCampaignsID": 538, **fields}


def known(*there: dict[str, Any], may: May | None = None, rule: str = "skip", **sections: Any) -> bool:
    """Whether the number of K2 is known; the row of K1 has another one."""
    rows = sections.pop("rows", {})
    settings = settings_of(BASIC, rows={"duplicate_phones_in_dialler": rule, **rows}, **sections)
    sent = [{"UserData": f"K{number}", "PhoneNumber1": phone} for number, phone in ((1, TWO), (2, ONE))]
    batches = [[(seq, row["UserData"], json.dumps(row).encode()) for seq, row in enumerate(sent)]]
    with known_numbers(cast("Sides", Both(list(there), may or May())), settings, batches) as known_of:
        return 1 in known_of([(1, {"DiallerCampaignsID": 538, **sent[1]})])


def test_a_number_of_another_contact() -> None:
    assert known(contact(3, ONE))
    assert not known(contact(3, ONE), rule="warn")
    assert not known(contact(3, TWO))
    assert not known(contact(2, ONE))


def test_a_number_that_a_row_takes_from_its_contact_is_free() -> None:
    """Unless no row may change the contact."""
    assert not known(contact(1, ONE))
    assert known(contact(1, ONE), may=May(mode=Mode.CREATE))
    assert known(contact(1, ONE, bLocked=True), may=May(rules=PlanRules(locked=True)))
    listed = SuppressionLists((SuppressionList("user_data", frozenset({"K1"}), "dnc.csv"),))
    assert known(contact(1, ONE), may=May(suppressed=listed))


@pytest.mark.parametrize("missing", ["keep", "lock", "delete"])
def test_a_number_of_a_contact_that_the_mirror_takes_is_free(missing: str) -> None:
    assert known(contact(3, ONE), mirror={"missing": missing}) == (missing == "keep")


@pytest.mark.parametrize("where", ["campaign", "account"])
def test_a_number_in_another_campaign(where: str) -> None:
    assert known(contact(3, ONE, DiallerCampaignsID=539), rows={"phones_in": where}) == (where == "account")
