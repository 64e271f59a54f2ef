"""What is kept of the dialler, and how contacts are looked for where it lacks a function."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.wire import StoredContact, stored_contact
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import MaybeDone, RequestError
from dialler_sync.pages import RECORDS
from dialler_sync.plan.fill import MOST_SINGLE, look_beside, read_campaign, read_contacts
from dialler_sync.plan.snapshot import Snapshot

BROKEN = MaybeDone("connection_lost", "broken")


def failing(status: int) -> RequestError:
    return MaybeDone("server_error", "broken", http_status=status)


def contact(number: int, key: str | None = None, campaign: int = 538, **fields: Any) -> dict[str, Any]:
    return {"ID": number, "UserData": f"K{number}" if key is None else key, "DiallerCampaignsID": campaign, **fields}


class Dialler:
    """A client with these contacts. ``batch``, ``single``, ``account``: raised in place of an answer, once or always;
    ``breaks``: the first list breaks off."""

    paged, several, _held = DiallerClient.paged, DiallerClient.several, None
    repeating, _clock = DiallerClient.repeating, staticmethod(time.monotonic)

    def __init__(
        self,
        *there: Mapping[str, Any],
        batch: Exception | None = None,
        single: Exception | None = None,
        account: RequestError | None = None,
        breaks: bool = False,
    ) -> None:
        self.settings = DiallerSettings(base_url="http://127.0.0.1/x", clients_id=1, retries=int(breaks))
        self.gate = Gate(1)
        self._there, self._breaks = there, breaks
        self._batch, self._single, self._account = batch, single, account
        self.asked: list[str] = []

    async def batch_contacts(self, *, user_data: Sequence[str]) -> list[Mapping[str, Any]]:
        self.asked.append("batch")
        if self._batch:
            raise self._batch
        return [each for each in self._there if each["UserData"] in user_data]

    async def find_alike(self, key: str) -> list[StoredContact]:
        self.asked.append(key)
        if self._single:
            raise self._single
        return [stored_contact(each) for each in self._there if each["UserData"] == key]

    async def list_contacts(
        self, campaign: int | None = None, others: Callable[[Mapping[str, Any]], object] = lambda _: None
    ) -> AsyncIterator[Mapping[str, Any]]:
        self.asked.append(f"list {campaign}")
        if self._account and campaign is None:
            raise self._account
        for each in self._there:
            if campaign in (None, each["DiallerCampaignsID"]):
                yield each
                if self._breaks:
                    self._breaks = False
                    raise BROKEN

    @property
    def client(self) -> DiallerClient:
        return cast("DiallerClient", self)


@pytest.fixture
def snapshot() -> Iterator[Snapshot]:
    found = Snapshot()
    yield found
    found.close()


def ids(contacts: Iterator[StoredContact] | Sequence[StoredContact]) -> list[str]:
    return sorted(each.id for each in contacts)


def test_contacts_that_the_file_lacks(snapshot: Snapshot) -> None:
    """One without a UserData is in no file, and none of another campaign is missing."""
    snapshot.add([contact(1), contact(2), contact(3, "")])
    snapshot.add_beside([contact(4, campaign=539)])
    snapshot.mark_present(["K1", "", "K9"])

    assert ids(snapshot.absent()) == ["2"]
    assert snapshot.count_present() == 1
    assert snapshot.take(["2"]) == 1
    assert (ids(snapshot.taken()), ids(snapshot.not_taken())) == (["2"], ["1", "3"])


def test_contacts_are_found_by_their_keys(snapshot: Snapshot) -> None:
    """Of other campaigns, too; and an empty key is nobody's."""
    snapshot.add([contact(1), contact(2, "")])
    snapshot.add_beside([contact(3, "K1", 539)])

    assert {key: ids(found) for key, found in snapshot.find(["K1", "K9", ""]).items()} == {"K1": ["1", "3"]}
    assert list(snapshot.unknown(["K1", "K9"])) == ["K9"]


def test_what_holds_nothing_is_not_kept(snapshot: Snapshot) -> None:
    """A zero and a no are something."""
    snapshot.add([contact(1, Name="", City=None, Amount=0, bLocked=False)])

    assert snapshot.find(["K1"])["K1"][0].values == {
        "ID": 1, "UserData": "K1", "DiallerCampaignsID": 538, "Amount": 0, "bLocked": False,
    }  # fmt: skip


def test_a_list_that_breaks_off_is_read_anew() -> None:
    """No contact is there twice; and a long list is there whole."""
    there = [contact(number) for number in range(2 * RECORDS + 1)]

    found = asyncio.run(read_campaign(Dialler(*there, breaks=True).client, 538))

    with_all = ids(found.not_taken())
    found.close()
    assert len(with_all) == len(set(with_all)) == len(there)
    assert found.whole


@pytest.mark.parametrize("status", [400, 403, 404, 405, 415, 500, 501])
def test_without_a_batch_look_up_the_campaign_is_read(status: int) -> None:
    dialler = Dialler(contact(1), batch=failing(status))

    found = asyncio.run(read_contacts(dialler.client, ["K1"], 538))
    found.close()

    assert dialler.asked == ["batch", "list 538"]
    assert found.whole


@pytest.mark.parametrize("error", [failing(401), failing(503), BROKEN, ValueError("a bug")])
def test_what_says_nothing_of_the_batch_look_up_is_raised(error: Exception) -> None:
    dialler = Dialler(contact(1), batch=error)

    with pytest.raises(type(error)):
        asyncio.run(read_contacts(dialler.client, ["K1"], 538))
    assert dialler.asked == ["batch"]


OTHER = contact(9, "K9", 539)


@pytest.mark.parametrize(
    ("there", "fails", "keys", "asked", "found"),
    [
        ((OTHER,), {}, ["K1", "K9"], ["batch"], ["9"]),
        ((OTHER,), {"batch": BROKEN}, ["K1", "K9"], ["batch", "K9"], ["9"]),
        ((OTHER, contact(1)), {"batch": BROKEN, "single": BROKEN}, ["K1", "K9"], ["batch", "K9", "list None"], ["9"]),
        ((OTHER,), {"batch": BROKEN, "single": BROKEN, "account": BROKEN}, ["K9"], ["batch", "K9", "list None"], None),
    ],
)
def test_contacts_of_other_campaigns_are_looked_for(
    there: Sequence[Mapping[str, Any]],
    fails: Mapping[str, Any],
    keys: list[str],
    asked: list[str],
    found: list[str] | None,
    snapshot: Snapshot,
) -> None:
    """By whatever this dialler has; where that fails, a row may move a contact that nobody knows of."""
    dialler = Dialler(*there, **fails)
    snapshot.add([contact(1)])
    snapshot.index()

    asyncio.run(look_beside(snapshot, dialler.client, keys))

    assert dialler.asked == asked
    assert snapshot.may_move == (found is None)
    assert ids(snapshot.find(["K9"]).get("K9", [])) == (found or [])
    assert ids(snapshot.find(["K1"])["K1"]) == ["1"]


def test_many_keys_are_not_looked_up_one_by_one(snapshot: Snapshot) -> None:
    dialler = Dialler(OTHER, batch=BROKEN)
    snapshot.index()

    asyncio.run(look_beside(snapshot, dialler.client, [f"K{number}" for number in range(MOST_SINGLE + 1)]))

    assert dialler.asked == ["batch", "list None"]


def test_a_bug_is_not_taken_for_a_dialler_without_a_function(snapshot: Snapshot) -> None:
    snapshot.index()

    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(look_beside(snapshot, Dialler(batch=BROKEN, single=ValueError("a bug")).client, ["K1"]))
