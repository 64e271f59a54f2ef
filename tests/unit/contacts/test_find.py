"""Finds the contacts that are meant: by batch or one by one, of one campaign alone, and never none for "not known"."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.wire import StoredContact, stored_contact
from dialler_sync.contacts.find import Finder, Found, each
from dialler_sync.contacts.targets import Target
from dialler_sync.errors import MaybeDone, Refused
from dialler_sync.model import Fault

CONTACTS: list[dict[str, Any]] = [
    {"ID": 1, "UserData": "K1", "DiallerCampaignsID": 538},
    {"ID": 2, "UserData": "K1", "DiallerCampaignsID": 539},
    {"ID": 3, "UserData": "K3", "DiallerCampaignsID": 539},
    {"ID": 4, "UserData": "K4"},
]
NOBODY = Target(0, 9, user_data="K1", fault=Fault("ragged_row", "The row is ragged.", ""))
BROKEN = MaybeDone("server_error", "broken", http_status=500)
MISSING = Refused("endpoint_missing", "no such function", http_status=404)


class Dialler:
    """A client with ``CONTACTS``; ``batch`` and ``single`` are raised in place of their answers. ``asked``: by what."""

    def __init__(self, batch: Exception | None = None, single: Exception | None = None) -> None:
        self.gate = Gate(4)
        self.gate.last_success = float("inf")
        self.asked: list[str] = []
        self.named: tuple[list[str], list[str]] = [], []
        self._batch, self._single = batch, single

    async def batch_contacts(self, *, user_data: Sequence[str], ids: Sequence[str], language: int | None) -> list[Any]:
        self.asked.append(f"batch {language}" if language else "batch")
        self.named = list(user_data), list(ids)
        if self._batch:
            raise self._batch
        return [each for each in CONTACTS if each["UserData"] in user_data or str(each["ID"]) in ids]

    async def get_contact(self, contact_id: str) -> StoredContact | None:
        return next(iter(self._single_contacts("ID", contact_id)), None)

    async def find_contacts(self, user_data: str) -> list[StoredContact]:
        return self._single_contacts("UserData", user_data)

    def _single_contacts(self, name: str, value: str) -> list[StoredContact]:
        self.asked.append(value)
        if self._single:
            raise self._single
        return [stored_contact(each) for each in CONTACTS if str(each[name]) == value]

    def endpoint(self, name: str) -> Any:
        raise AssertionError(name)


def find(dialler: Dialler, *targets: Target, campaign: int | None = None, language: int | None = None) -> list[Found]:
    return asyncio.run(Finder(cast("DiallerClient", dialler), campaign, language).find(targets))


def key(user_data: str) -> Target:
    return Target(0, 1, user_data=user_data)


def number(contact_id: str) -> Target:
    return Target(0, 1, contact_id=contact_id)


def ids(found: Found) -> list[int] | None:
    return None if found.records is None else [record["ID"] for record in found.records]


@pytest.mark.parametrize("batch", [None, BROKEN, MISSING])
@pytest.mark.parametrize(
    ("campaign", "of_key", "of_number", "of_untold"),
    [(None, [1, 2], [3], [4]), (538, [1], None, None), (540, *3 * [None])],
)
def test_contacts_of_one_campaign_or_of_all(
    campaign: int | None,
    of_key: list[int] | None,
    of_number: list[int] | None,
    of_untold: list[int] | None,
    batch: Exception | None,
) -> None:
    """The same by batch and one by one. One that does not tell its campaign is none of it."""
    dialler = Dialler(batch)

    found = find(dialler, key("K1"), number("3"), key("K4"), key("K9"), NOBODY, campaign=campaign)

    assert list(map(ids, found)) == [of_key, of_number, of_untold, None, None]
    assert [each.error for each in found] == [None] * 5
    assert len(dialler.asked) == (1 if batch is None else 1 + 4)


def test_each_is_asked_for_once_by_its_name() -> None:
    """And none that a row has not named."""
    dialler = Dialler()
    nobody = Target(0, 9, user_data="K9", fault=NOBODY.fault)

    find(dialler, key("K1"), number("3"), key("K1"), number("3"), nobody)

    assert dialler.named == (["K1"], ["3"])


def test_a_refused_token_is_not_tried_again_one_by_one() -> None:
    dialler = Dialler(Refused("unauthorised", "no", http_status=401))

    with pytest.raises(Refused):
        find(dialler, key("K1"), key("K3"))
    assert dialler.asked == ["batch"]


def test_an_id_is_no_key() -> None:
    """A contact whose UserData is another one's ID is not meant by it."""
    assert list(map(ids, find(Dialler(), number("K1"), key("1")))) == [None, None]


@pytest.mark.parametrize("language", [None, 2])
def test_one_contact_is_looked_up_by_batch_only_for_its_language(language: int | None) -> None:
    dialler = Dialler()

    assert ids(find(dialler, key("K3"), language=language)[0]) == [3]
    assert dialler.asked == (["K3"] if language is None else ["batch 2"])


def test_batch_look_up_that_does_not_help_is_tried_once() -> None:
    dialler = Dialler(MISSING)

    async def twice() -> None:
        finder = Finder(cast("DiallerClient", dialler))
        await finder.find([key("K1"), key("K3")])
        await finder.find([key("K1"), key("K3")])

    asyncio.run(twice())

    assert dialler.asked == ["batch", "K1", "K3", "K1", "K3"]


def test_contact_that_cannot_be_looked_up_is_not_one_that_is_not_there() -> None:
    found = find(Dialler(BROKEN, BROKEN), key("K1"), NOBODY)

    assert [(each.records, each.error) for each in found] == [(None, BROKEN), (None, None)]


@pytest.mark.parametrize("code", ["unauthorised", "redirected", "proxy_refused"])
@pytest.mark.parametrize("by_batch", [True, False])
def test_refusal_of_every_request_is_raised(by_batch: bool, code: str) -> None:
    """It is no fault of one contact."""
    refused = Refused(code, "said so", http_status=401)

    with pytest.raises(Refused) as raised:
        find(Dialler(refused if by_batch else MISSING, refused), key("K1"), key("K3"))

    assert raised.value is refused


def test_where_only_the_batch_look_up_is_forbidden_contacts_are_looked_up_one_by_one() -> None:
    """A 403 may speak of this function alone; where every function is forbidden, it is no fault of one contact."""
    forbidden = Refused("unauthorised", "not for this token", http_status=403)

    assert [ids(each) for each in find(Dialler(forbidden), key("K1"), key("K3"))] == [[1, 2], [3]]
    with pytest.raises(Refused, match="not for this token"):
        find(Dialler(forbidden, forbidden), key("K1"), key("K3"))


def test_each_target_has_its_own_failure() -> None:
    async def one(target: Target) -> list[Any] | None:
        if target.user_data == "K1":
            raise BROKEN
        return [CONTACTS[2]]

    found = asyncio.run(each(cast("DiallerClient", Dialler()), [key("K1"), key("K3"), NOBODY], one))

    assert [(ids(each), each.error) for each in found] == [(None, BROKEN), ([3], None), (None, None)]
