"""Questions outside a run: what is asked again, which campaign is meant, and what to do where a function is missing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from dialler_sync.api import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.query import calling, id_of, persisting, resolve_campaign
from dialler_sync.endpoints import endpoint
from dialler_sync.errors import MaybeDone, NoRowCanSucceed, NotDone, Refused, RequestError

from ..helpers.scripted import NOT_FOUND, ScriptedServer, records, respond

pytestmark = pytest.mark.anyio

RETRIES = 2


class Restless(Gate):
    """A gate at which nobody has to rest."""

    async def rest(self, seconds: float) -> None:
        pass


class Dialler:
    """A client of a dialler that was ``there`` after the question, or not; ``method``: how its functions are called."""

    class settings:  # noqa: N801 - the name of the client's
        retries = RETRIES

    def __init__(self, *, there: bool = False, method: str = "PUT") -> None:
        self.gate = Restless(1)
        self.gate.last_success = time.monotonic() + (1000 if there else -1000)
        self._method = method

    def endpoint(self, name: str) -> object:
        return endpoint(name, f"{self._method} /dialler/contacts/contact/{{id}}/lock")


def client(**how: Any) -> DiallerClient:
    return cast("DiallerClient", Dialler(**how))


def failing(*errors: RequestError) -> Callable[[], Any]:
    """A request that fails so often, and then is done."""
    left = list(errors)

    async def once() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return once


AWAY = NotDone("unavailable", "down", http_status=503)
LOST = MaybeDone("bad_gateway", "lost", http_status=502)
POISON = MaybeDone("server_error", "broken", http_status=500)
REFUSED = Refused("bad_request", "refused", http_status=400)


@pytest.mark.parametrize(
    ("errors", "there", "repeatable", "done"),
    [
        ([AWAY] * 9, False, True, True),
        ([LOST] * 9, False, True, True),
        ([AWAY], True, True, False),
        ([LOST], True, True, False),
        ([POISON], False, True, False),
        ([REFUSED], False, True, False),
        ([AWAY] * 9, False, False, True),
        ([AWAY] * RETRIES, True, False, True),
        ([AWAY] * (RETRIES + 1), True, False, False),
        ([LOST], False, False, False),
        ([LOST], True, False, False),
        ([POISON], False, False, False),
        ([REFUSED], False, False, False),
    ],
)
async def test_what_is_asked_again(errors: Sequence[RequestError], there: bool, repeatable: bool, done: bool) -> None:
    """While the dialler as a whole is away; what may do harm twice only where it was certainly not done."""
    asking = persisting(client(there=there), failing(*errors), repeatable=repeatable)

    if done:
        assert await asking == "done"
    else:
        with pytest.raises(type(errors[0])):
            await asking


def test_function_that_is_missing_names_the_line_of_the_configuration() -> None:
    """What is a PUT here may be called by another method there."""
    missing = Refused("endpoint_missing", "no such function", http_status=404)

    with (
        pytest.raises(NoRowCanSucceed, match=r"GET /dialler/contacts/contact/.* or .*PATCH"),
        calling(client(), "lock_by_id"),
    ):
        raise missing
    with (
        pytest.raises(NoRowCanSucceed, match="If this server has it at another path, set it in the configuration"),
        calling(client(method="PATCH"), "lock_by_id"),
    ):
        raise missing
    with pytest.raises(Refused), calling(client(), "lock_by_id"):
        raise REFUSED


CAMPAIGNS = [{"ID": 538, "Name": "Nightly"}, {"ID": 7, "Name": "Twice"}, {"ID": 8, "Name": "Twice"}, {"Name": "None"}]


def test_campaign_of_a_name() -> None:
    assert id_of("Nightly", CAMPAIGNS) == 538


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Twice", r"several campaigns named 'Twice' \(7, 8\)"),
        ("None", "the dialler gives no usable ID for its campaign '"),
        ("nightly", "no campaign 'nightly'.*Nightly.*campaigns list"),
        ("Something else", "no campaign 'Something else'; 'dialler-sync campaigns list'"),
    ],
)
def test_campaign_that_cannot_be_told(name: str, says: str) -> None:
    """None is guessed."""
    with pytest.raises(NoRowCanSucceed, match=says):
        id_of(name, CAMPAIGNS)


@pytest.mark.parametrize(
    ("campaign", "answer", "target"),
    [
        ("538", records({"ID": 538, "Name": "Nightly"}), "campaigns/538"),
        ("Nightly", records({"ID": 538, "Name": "Nightly"}), "campaigns"),
        ("٥٣٨", records({"ID": 538, "Name": "٥٣٨"}), "campaigns"),
    ],
)
async def test_campaign_by_its_id_or_name(campaign: str, answer: bytes, target: str) -> None:
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as found:
        assert await resolve_campaign(found, campaign) == 538

    assert [request.target.rpartition("/dialler/")[2] for request in server.received] == [target]


@pytest.mark.parametrize(
    ("campaign", "answer", "says"),
    [
        ("538", NOT_FOUND, "no campaign 538"),
        ("538", respond(404), "get_campaign"),
        ("Nightly", respond(404), "list_campaigns"),
        ("Nightly", records(), "no campaign 'Nightly'"),
    ],
)
async def test_campaign_that_is_not_there(campaign: str, answer: bytes, says: str) -> None:
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as found:
        with pytest.raises(NoRowCanSucceed, match=says):
            await resolve_campaign(found, campaign)
