"""By which function the contacts that carry a key are found."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.wire import StoredContact
from dialler_sync.errors import MaybeDone, NotDone, Refused
from dialler_sync.load.moves import Lookup


class Answers:
    """A client whose lookup by key, and in a batch, gives these records, or raises; ``asked`` says in which order."""

    def __init__(self, by_key: list[Any] | Exception, in_batch: list[Any] | Exception) -> None:
        self.asked: list[str] = []
        self.gate = SimpleNamespace(last_success=0, clock=lambda: 0)
        self._by_key, self._in_batch = by_key, in_batch

    async def find_contacts(self, _user_data: str, *, proof: bool) -> list[StoredContact]:
        assert proof
        return self._told("key", self._by_key)

    async def batch_contacts(self, *, user_data: list[str]) -> list[Any]:
        assert user_data == ["K"]
        return self._told("batch", self._in_batch)

    def _told(self, name: str, answer: list[Any] | Exception) -> list[Any]:
        self.asked.append(name)
        self.gate.last_success += 1  # the dialler is there
        if isinstance(answer, Exception):
            raise answer
        return answer


MISSING = Refused("endpoint_missing", "no such function", http_status=404)
NOT_FOUND = Refused("not_found", "not found", http_status=404)
FOUND = [StoredContact("7", "K", {})]
IN_BATCH = [{"ID": 8, "UserData": "K"}, {"ID": 9, "UserData": "k"}]


@pytest.mark.parametrize(
    ("by_key", "in_batch", "found", "asked", "possible"),
    [
        (FOUND, IN_BATCH, ["7"], ["key"] * 2, True),
        ([], IN_BATCH, [], ["key"] * 2, True),
        (MISSING, IN_BATCH, ["8"], ["key", "batch", "batch"], True),
        (NOT_FOUND, IN_BATCH, ["8"], ["key", "batch"] * 2, True),
        (MISSING, MISSING, None, ["key", "batch"], False),
        (NOT_FOUND, NOT_FOUND, None, ["key", "batch"] * 2, True),
        (NotDone("unavailable", "down"), IN_BATCH, None, ["key"] * 2, True),
        (MaybeDone("timeout", "no answer"), IN_BATCH, None, ["key"] * 2, True),
    ],
)
def test_lookup_by_whichever_function_there_is(
    by_key: list[Any] | Exception,
    in_batch: list[Any] | Exception,
    found: list[str] | None,
    asked: list[str],
    possible: bool,
) -> None:
    """One that is missing is asked for once; that none answers is not that there is no contact."""
    client = Answers(by_key, in_batch)
    lookup = Lookup(cast("DiallerClient", client))

    async def twice() -> list[list[StoredContact] | None]:
        return [await lookup.find("K"), await lookup.find("K")]

    for contacts in asyncio.run(twice()):
        assert (None if contacts is None else [contact.id for contact in contacts]) == found
    assert (client.asked, lookup.possible) == (asked, possible)


@pytest.mark.parametrize(("answered", "tries"), [(-1, 2), (0, 1)])
def test_lookup_is_repeated_where_nothing_that_was_sent_after_it_is_answered(answered: float, tries: int) -> None:
    """An older request may be answered in mid-outage."""
    client = Answers(NotDone("unavailable", "down", http_status=503), IN_BATCH)
    client.gate.last_success = -2

    async def by_key(_user_data: str, *, proof: bool) -> list[StoredContact]:
        client.asked.append("key")
        assert proof
        client.gate.last_success = answered if len(client.asked) == 1 else 0
        raise NotDone("unavailable", "down", http_status=503)

    client.find_contacts = by_key  # type: ignore[method-assign]

    assert asyncio.run(Lookup(cast("DiallerClient", client)).find("K")) is None
    assert len(client.asked) == tries


def test_function_that_two_rows_find_missing_at_once() -> None:
    """It is left out once."""
    client = Answers(MISSING, IN_BATCH)
    lookup = Lookup(cast("DiallerClient", client))
    slow = asyncio.Barrier(2)

    async def by_key(user_data: str, *, proof: bool) -> list[StoredContact]:
        await slow.wait()
        return await Answers.find_contacts(client, user_data, proof=proof)

    client.find_contacts = by_key  # type: ignore[method-assign]

    async def at_once() -> list[Any]:
        return await asyncio.gather(lookup.find("K"), lookup.find("K"))

    assert all(found is not None and len(found) == 1 for found in asyncio.run(at_once()))
