"""The fourteen functions: what goes over the wire, what comes back, and what is repeated."""

from __future__ import annotations

import asyncio
import json
import string
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialler_sync.api import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.endpoints import ASSUMED, ENDPOINTS, endpoint
from dialler_sync.errors import ConfigError, Interrupted, MaybeDone, NotDone, Refused, RequestError, UsageError

from ..helpers.scripted import (
    DONE,
    NOT_FOUND,
    TOKEN,
    Certificate,
    ScriptedServer,
    Step,
    dripping,
    records,
    respond,
    settings,
    then_close,
)

pytestmark = pytest.mark.anyio

Call = Callable[[DiallerClient], Awaitable[Any]]
OK = respond(200, {"status": 200})
LOST = then_close()
DOWN = respond(503, retry_after="0")
NO_ENDPOINT = respond(404)


async def listed(client: DiallerClient, *campaign: int) -> list[object]:
    return [record async for record in client.list_contacts(*campaign)]


class Restless(Gate):
    """A gate at which nobody has to rest."""

    async def rest(self, seconds: float) -> None:
        pass


def restless(server: ScriptedServer, **changes: object) -> DiallerClient:
    return DiallerClient(server.settings(**changes), gate=Restless(4))


# function → (a call of it, what goes over the wire)
LISTS: dict[str, tuple[Call, str]] = {
    "list_contacts": (listed, "GET /dialler/contacts"),
    "list_campaign_contacts": (lambda c: listed(c, 538), "GET /dialler/contacts?diallerCampaignsID=538"),
}
READS: dict[str, tuple[Call, str]] = {
    "get_contact": (lambda c: c.get_contact(4711), "GET /dialler/contacts/4711"),
    "find_contacts": (lambda c: c.find_contacts("K 1"), "GET /dialler/contacts/contact?userData=K%201"),
    "history_by_id": (lambda c: c.history_by_id("4711"), "GET /dialler/contacts/contact/4711/history"),
    "history_by_user_data": (
        lambda c: c.history_by_user_data("K 1"),
        "GET /dialler/contacts/contact/history?userData=K%201",
    ),
    "list_campaigns": (lambda c: c.list_campaigns(), "GET /dialler/campaigns"),
    "get_campaign": (lambda c: c.get_campaign(538), "GET /dialler/campaigns/538"),
    "batch_contacts": (lambda c: c.batch_contacts(user_data=["K 1"], ids=["4711"]), "POST /dialler/contacts"),
}
CHANGES_BY_ID: dict[str, tuple[Call, str]] = {
    "delete_by_id": (lambda c: c.delete_by_id(4711), "DELETE /dialler/contacts/contact/4711"),
    "lock_by_id": (lambda c: c.lock_by_id(4711), "PUT /dialler/contacts/contact/4711/lock"),
    "unlock_by_id": (lambda c: c.unlock_by_id("4711"), "PUT /dialler/contacts/contact/4711/unlock"),
}
SENT_ONCE: dict[str, tuple[Call, str]] = {
    "import_contact": (
        lambda c: c.import_contact(b'{"Name": "M"}', overwrite=True),
        "POST /dialler/contacts/import?overwriteDuplicates=true",
    ),
    "delete_by_user_data": (
        lambda c: c.delete_by_user_data("K 1"),
        "DELETE /dialler/contacts/contact?userData=K%201",
    ),
    "lock_by_user_data": (lambda c: c.lock_by_user_data("K 1"), "PUT /dialler/contacts/contact/lock?userData=K%201"),
    "unlock_by_user_data": (
        lambda c: c.unlock_by_user_data("K 1"),
        "PUT /dialler/contacts/contact/unlock?userData=K%201",
    ),
}
ALL = LISTS | READS | CHANGES_BY_ID | SENT_ONCE


def answered(name: str) -> bytes:
    """What the call of this name is answered with: the contact, or campaign, that it asks for."""
    return records({"ID": 538 if name == "get_campaign" else 4711, "UserData": "K 1"})


# On the wire


def test_table_is_complete() -> None:
    """Every function of the API is in the tables of these tests."""
    assert ALL.keys() == ENDPOINTS.keys()
    assert ENDPOINTS.keys() > ASSUMED


@pytest.mark.parametrize("name", ALL)
async def test_request_on_the_wire(name: str) -> None:
    """Method, path under the ClientsID, and each header once."""
    call, line = ALL[name]
    async with (
        ScriptedServer([answered(name)]) as server,
        DiallerClient(server.settings()) as client,
    ):
        await call(client)
        assert client.requests == 1

    (request,) = server.received
    method, _, path = line.partition(" ")
    assert (request.method, request.target) == (method, f"/rest/v1.0/7{path}")
    assert request.header("authorization") == f"Bearer {TOKEN}"
    assert request.header("content-type") == "application/json"
    assert request.header("accept") == "application/json"
    assert request.header("accept-encoding") == "gzip, deflate"
    assert request.header("host") == f"127.0.0.1:{server.port}"
    assert request.header("user-agent") == "dialler-sync"
    assert len({key for key, _ in request.headers}) == len(request.headers)
    lengths = [value for key, value in request.headers if key == "content-length"]
    assert lengths == ([] if method == "GET" else [str(len(request.body))])


@pytest.mark.parametrize("overwrite", [True, False])
async def test_import_sends_the_body_as_it_is(overwrite: bool) -> None:
    """The bytes that were journalled are the bytes that are sent."""
    body = json.dumps({"Name": "Müller €", "Amount": 12.50}, ensure_ascii=False).encode() + b"\n"
    async with ScriptedServer([DONE]) as server, DiallerClient(server.settings()) as client:
        contact = await client.import_contact(body, overwrite=overwrite)

    assert server.received[0].body == body
    assert server.received[0].query("overwriteDuplicates") == str(overwrite).lower()
    assert (contact.id, contact.user_data) == ("4711", "K1")


async def test_batch_asks_for_numbers_as_numbers() -> None:
    """IDs go out as JSON integers, UserData as text, also where it looks like a number."""
    async with ScriptedServer([records()]) as server, DiallerClient(server.settings()) as client:
        await client.batch_contacts(user_data=["007", "ä"], ids=["4711", 12])

    assert json.loads(server.received[0].body) == {"UserDataList": ["007", "ä"], "IDList": [4711, 12]}


async def test_the_language_is_asked_for_only_where_it_is_wanted() -> None:
    """An older dialler is not asked what it may not know."""
    async with ScriptedServer([records()]) as server, DiallerClient(server.settings()) as client:
        await client.batch_contacts(user_data=["K1"])
        await client.batch_contacts(user_data=["K1"], language=2)

    plain, spoken = server.received
    assert "languagesID" not in plain.target
    assert spoken.query("languagesID") == "2"


async def test_a_coding_that_changes_nothing_is_none() -> None:
    answer = respond(200, {"records": [{"ID": 1}], "count": 1, "status": 200}, content_encoding="identity")
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        assert await client.list_campaigns() == [{"ID": 1}]


async def test_the_length_of_a_body_is_told() -> None:
    """Of one that a function by GET has, and of one that a change has not: some servers refuse it else."""
    endpoints = {"batch_contacts": "GET /batch"}
    async with ScriptedServer([records()]) as server, DiallerClient(server.settings(endpoints=endpoints)) as client:
        await client.batch_contacts(user_data=["K1"])
        await client.list_campaigns()
        await client.lock_by_id(1)

    lengths = [dict(request.headers).get("content-length") for request in server.received]
    assert lengths == [str(len(server.received[0].body)), None, "0"]
    assert b"K1" in server.received[0].body


ODD = {
    "query characters": "a&b=c/d#e?f %+äöü\"'",
    "64 characters": ("ß€𝄞" * 22)[:64],
    "leading zeros": "000123",
    "blanks at the ends": "  K1  ",
    "an escape of its own": "%2F",
    "half an escape": "100%",
    "plus": "+49 171",
    "line break": "a\r\nb\tc",
    "path": "../../x",
    "one dot": ".",
    "two dots": "..",
    "brackets": "{id}[0]<b>|\\^`",
    "ASCII": string.printable,
}
BY_USER_DATA: dict[str, Callable[[DiallerClient, str], Awaitable[Any]]] = {
    "find_contacts": lambda c, u: c.find_contacts(u),
    "history_by_user_data": lambda c, u: c.history_by_user_data(u),
    "delete_by_user_data": lambda c, u: c.delete_by_user_data(u),
    "lock_by_user_data": lambda c, u: c.lock_by_user_data(u),
    "unlock_by_user_data": lambda c, u: c.unlock_by_user_data(u),
}


@pytest.mark.parametrize("name", BY_USER_DATA)
@pytest.mark.parametrize("user_data", ODD.values(), ids=ODD)
async def test_user_data_survives(name: str, user_data: str) -> None:
    """After one percent-decoding the server has the key character by character; a plus is never a blank."""
    async with (
        ScriptedServer([records({"ID": 1, "UserData": user_data})]) as server,
        DiallerClient(server.settings()) as client,
    ):
        found = await BY_USER_DATA[name](client, user_data)

    (request,) = server.received
    assert request.target.isascii()
    assert not set(request.target) & set(' #"<>')
    assert request.query("userData") == user_data
    assert "+" not in request.target
    if name == "find_contacts":
        assert [contact.user_data for contact in found] == [user_data]


@pytest.mark.parametrize("user_data", ODD.values(), ids=ODD)
async def test_user_data_survives_in_a_path(user_data: str) -> None:
    """An endpoint of the configuration may have the key in its path."""
    override = {"lock_by_user_data": "POST /v2/lock/{user_data}/now"}
    async with ScriptedServer([OK]) as server, DiallerClient(server.settings(endpoints=override)) as client:
        if user_data in {".", ".."}:
            with pytest.raises(UsageError, match=r"lock_by_user_data: '\.\.?' is not a user_data"):
                await client.lock_by_user_data(user_data)
            return
        await client.lock_by_user_data(user_data)

    (request,) = server.received
    assert request.method == "POST"
    (_, value) = request.target.split("/v2/lock/")
    assert httpx.QueryParams(f"x={value.removesuffix('/now')}")["x"] == user_data


@pytest.mark.parametrize("call", [lambda c: c.delete_by_user_data(""), lambda c: c.delete_by_id("")])
async def test_nothing_is_sent_without_a_key(call: Call) -> None:
    """Without its value, the path of one function may be that of another."""
    async with ScriptedServer([OK]) as server, DiallerClient(server.settings()) as client:
        with pytest.raises((UsageError, Refused), match=r"delete_by_user_data: '' is not|tells no ID"):
            await call(client)

    assert server.received == []
    assert client.gate.in_flight == 0


@pytest.mark.parametrize(
    ("base", "target", "host"),
    [
        ("http://127.0.0.1:{port}/rest/v1.0/", "/rest/v1.0/7/dialler/campaigns", "127.0.0.1:{port}"),
        ("http://127.0.0.1:{port}", "/7/dialler/campaigns", "127.0.0.1:{port}"),
        ("http://LOCALHOST:{port}/a b/ä", "/a%20b/%C3%A4/7/dialler/campaigns", "localhost:{port}"),
        ("HTTP://127.0.0.1:{port}/x", "/x/7/dialler/campaigns", "127.0.0.1:{port}"),
    ],
)
async def test_base_url(base: str, target: str, host: str) -> None:
    """A base URL in any lawful spelling, with the ClientsID after it."""
    async with (
        ScriptedServer([records()]) as server,
        DiallerClient(settings(base.format(port=server.port))) as client,
    ):
        await client.list_campaigns()

    (request,) = server.received
    assert (request.target, request.header("host")) == (target, host.format(port=server.port))


def test_endpoint_that_cannot_be() -> None:
    """An override that lost its value, or hides it behind a #, is refused before anything is sent."""
    for name, override in {
        "lock_by_id": "PUT /lock",
        "list_campaigns": "GET /campaigns/{id}",
        "get_contact": "GET /contacts/{user_data}",
        "find_contacts": "GET /contacts#?userData={user_data}",
        "delete_by_id": "delete /contact/{id}",
        "get_campaign": "GET https://elsewhere/{id}",
        "unlock_by_id": "PUT  /unlock/{id}",
    }.items():
        with pytest.raises(ValueError, match=r"must have|is not a method and a path"):
            endpoint(name, override)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", ["import_contact", "delete_by_id", "list_campaigns"])
async def test_redirect_is_not_followed(name: str, status: int) -> None:
    """Elsewhere is not where the token belongs, and a POST would become a GET."""
    async with ScriptedServer([respond(status, location="/elsewhere"), OK]) as server, restless(server) as client:
        with pytest.raises(Refused, match=r"to /elsewhere$") as caught:
            await ALL[name][0](client)

    assert caught.value.code == "redirected"
    assert len(server.received) == 1


async def test_cookies_are_not_kept() -> None:
    """A load balancer's cookie would tie all rows to one of its servers, or carry a session that nobody meant."""
    answer = respond(200, {"records": [], "count": 0, "status": 200}, set_cookie="route=1; Path=/")
    async with (
        ScriptedServer([answer]) as server,
        DiallerClient(settings(server.url.replace("127.0.0.1", "localhost"))) as client,
    ):
        await client.list_campaigns()
        await client.list_campaigns()

    assert not [value for key, value in server.received[1].headers if key == "cookie"]


# Proxies


async def test_loopback_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stays on this machine is sent to no proxy, whatever the environment says."""
    async with ScriptedServer([NOT_FOUND]) as proxy, ScriptedServer([records()]) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with DiallerClient(server.settings()) as client:
            await client.list_campaigns()

    assert (len(server.received), len(proxy.received)) == (1, 0)


async def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a company has a proxy, requests go through it, with our token and nobody else's."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine dialler.invalid login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with ScriptedServer([records()]) as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:word@127.0.0.1:{proxy.port}")
        async with DiallerClient(settings("http://dialler.invalid/rest", allow_http=True)) as client:
            await client.list_campaigns()

    (request,) = proxy.received
    assert request.target == "http://dialler.invalid/rest/7/dialler/campaigns"
    assert request.header("host") == "dialler.invalid"
    assert request.header("authorization") == f"Bearer {TOKEN}"
    assert request.header("proxy-authorization") == "Basic dXNlcjp3b3Jk"


async def test_no_proxy_of_the_environment_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """``no_proxy`` names hosts that are asked directly."""
    async with ScriptedServer([records()]) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "dialler.invalid")
        async with DiallerClient(settings("http://dialler.invalid/rest", allow_http=True, retries=0)) as client:
            with pytest.raises(NotDone):
                await client.list_campaigns()

    assert proxy.received == []


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (respond(407), (Refused, "proxy_refused")),
        (respond(403), (Refused, "proxy_refused")),
        (respond(502), (NotDone, "unreachable")),
        (then_close(), (NotDone, "unreachable")),
        (b"\0no HTTP\r\n\r\n", (NotDone, "unreachable")),
        (b"HTTP/1.1 200 OK\r\n\r\nno TLS", (NotDone, "unreachable")),
    ],
    ids=["407", "403", "502", "closed", "no HTTP", "no TLS"],
)
async def test_proxy_that_opens_no_tunnel(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | Step, verdict: tuple[type[RequestError], str]
) -> None:
    """Whatever a proxy does instead, nothing can have got through: what is sent has its own encryption."""
    async with ScriptedServer([answer]) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        async with DiallerClient(settings("https://dialler.invalid/rest")) as client:
            with pytest.raises(RequestError) as caught:
                await client.import_contact(b"{}", overwrite=True)

    assert [request.method for request in proxy.received] == ["CONNECT"]
    assert (type(caught.value), caught.value.code) == verdict


async def test_ca_file_that_is_none(tmp_path: Path, certificate: Certificate) -> None:
    """A wrong ``ca_file`` is said before anything is sent."""
    (tmp_path / "empty.pem").write_text("no certificate")
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        with pytest.raises(ConfigError, match=r"dialler\.ca_file: .*\.pem cannot be used"):
            DiallerClient(settings("https://dialler.invalid", ca_file=path))


async def test_any_httpx_transport_will_do() -> None:
    """The client talks httpx: a transport of another make serves as well."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["content-length"] == str(len(request.read()))
        return httpx.Response(200, json={"records": [{"ID": 1}], "count": 1, "status": 200})

    async with DiallerClient(settings("http://127.0.0.1"), transport=httpx.MockTransport(answer)) as client:
        assert (await client.import_contact(b'{"Name": "M"}', overwrite=True)).id == "1"


# Answers


async def test_contact_as_it_is() -> None:
    """A record is kept whole, unknown fields included; ID and UserData are text."""
    record = {"ID": 4711, "UserData": "K1", "Amount": 12.5, "new": {"a": [1, None]}, "dtNextTry": None}
    async with ScriptedServer([records(record)]) as server, DiallerClient(server.settings()) as client:
        contact = await client.get_contact(4711)

    assert contact
    assert (contact.id, contact.user_data, contact.values) == ("4711", "K1", record)


@pytest.mark.parametrize("answer", [OK, respond(200, {"status": 200, "records": []}), records(None)])
async def test_import_that_tells_no_contact_is_done_all_the_same(answer: bytes) -> None:
    """Status 200 says that the contact is there; only its ID is not known then."""
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        contact = await client.import_contact(b"{}", overwrite=True)

    assert (contact.id, contact.user_data, contact.values) == ("", "", {})


async def test_find_takes_the_key_exactly() -> None:
    """What a server finds beside the key (other case, blanks, all contacts) is not that contact."""
    found = [{"ID": n, "UserData": u} for n, u in enumerate(["k1", "K1", "K1 ", None, 1, "K1"])]
    async with ScriptedServer([records(*found)]) as server, DiallerClient(server.settings()) as client:
        assert [contact.id for contact in await client.find_contacts("K1")] == ["1", "5"]


NOTHING: dict[str, object] = {"get_contact": None, "find_contacts": [], "get_campaign": None}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("answer", [NOT_FOUND, records(), respond(200, {"records": None, "count": 0, "status": 200})])
async def test_what_is_not_there_is_an_answer(name: str, answer: bytes) -> None:
    """404 with a JSON body and an empty list both say: there is none."""
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        assert await READS[name][0](client) == NOTHING[name]

    assert len(server.received) == 1


@pytest.mark.parametrize("name", sorted(ALL.keys() - CHANGES_BY_ID.keys() - NOTHING.keys()))
async def test_not_found_is_refused_elsewhere(name: str) -> None:
    """A history of nobody, a campaign that is not there: the caller is told."""
    async with ScriptedServer([NOT_FOUND]) as server, DiallerClient(server.settings()) as client:
        with pytest.raises(Refused) as caught:
            await ALL[name][0](client)

    assert (caught.value.code, caught.value.http_status) == ("not_found", 404)
    assert len(server.received) == 1


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("answer", [NO_ENDPOINT, respond(405), respond(404, b"<html>")], ids=["404", "405", "html"])
async def test_function_that_the_server_does_not_have(name: str, answer: bytes) -> None:
    """An older server is not mistaken for one that does not know the contact."""
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        with pytest.raises(Refused) as caught:
            await ALL[name][0](client)

    assert caught.value.code == "endpoint_missing"
    assert ALL[name][1].split("?")[0].replace(" /", " /rest/v1.0/7/") in str(caught.value)
    assert len(server.received) == 1


UNTOLD = {
    "no records": {"status": 200},
    "records are null": {"records": None, "status": 200},
    "records are an object": {"records": {"ID": 1}, "count": 1, "status": 200},
    "a record is null": {"records": [None], "count": 1, "status": 200},
    "a record is a list": {"records": [{"ID": 1}, []], "count": 2, "status": 200},
    "fewer than counted": {"records": [{"ID": 1}], "count": 2, "status": 200},
    "more than counted": {"records": [{"ID": 1}], "count": 0, "status": 200},
}


@pytest.mark.parametrize("name", LISTS | READS)
@pytest.mark.parametrize("answer", UNTOLD.values(), ids=UNTOLD)
async def test_answer_that_does_not_tell_is_not_taken_for_none(name: str, answer: object) -> None:
    """That there is no such contact may be what a row is sent again for: it must be said, not missing."""
    async with ScriptedServer([respond(200, answer)]) as server, DiallerClient(server.settings(retries=0)) as client:
        with pytest.raises(MaybeDone) as caught:
            await ALL[name][0](client)

    assert caught.value.code == "unreadable_answer"


# Repeats

PASSING: dict[str, bytes | Step] = {
    "lost": LOST,
    "down": DOWN,
    "error": respond(500),
    "gateway": respond(502),
    "unreadable": respond(200, b'{"status"'),
    "untold": respond(200, {"status": 200}),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
async def test_reading_is_repeated(name: str, failure: bytes | Step) -> None:
    """What changes nothing is asked again, in whatever way it failed."""
    async with (
        ScriptedServer([failure, answered(name)]) as server,
        restless(server) as client,
    ):
        assert await READS[name][0](client)

    assert len(server.received) == 2
    assert server.received[0].target == server.received[1].target
    assert server.received[0].body == server.received[1].body


@pytest.mark.parametrize("name", READS)
async def test_reading_is_repeated_no_more_than_it_may(name: str) -> None:
    """After ``retries`` repeats the caller gets the last failure."""
    async with ScriptedServer([DOWN]) as server, restless(server, retries=2) as client:
        with pytest.raises(NotDone) as caught:
            await READS[name][0](client)

    assert caught.value.code == "unavailable"
    assert (len(server.received), client.requests, client.gate.in_flight) == (3, 3, 0)


@pytest.mark.parametrize("name", LISTS | SENT_ONCE)
@pytest.mark.parametrize("failure", [LOST, DOWN, respond(500), respond(502), respond(200, b'{"status"')])
async def test_what_may_do_harm_twice_is_sent_once(name: str, failure: bytes | Step) -> None:
    """Of an import, of a change by a key that several contacts may carry, and of half a list only the caller knows."""
    async with (
        ScriptedServer([failure, OK]) as server,
        restless(server, retries=5) as client,
    ):
        with pytest.raises((NotDone, MaybeDone)):
            await ALL[name][0](client)

    assert len(server.received) == 1


@pytest.mark.parametrize("name", CHANGES_BY_ID)
async def test_change_by_id_tells_whether_there_was_a_contact(name: str) -> None:
    """Done is True, 404 is False, and neither is sent twice."""
    for answer, outcome in ((OK, True), (NOT_FOUND, False)):
        async with ScriptedServer([answer]) as server, restless(server) as client:
            assert await ALL[name][0](client) is outcome

        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("failure", "deleted"), [(LOST, True), (respond(500), True), (respond(504), True), (DOWN, False)]
)
async def test_contact_that_is_gone_after_a_lost_delete_was_deleted(failure: bytes | Step, deleted: bool) -> None:
    """A 404 is the trace of a try that may have been done, and of nothing where it certainly was not."""
    async with (
        ScriptedServer([failure, NOT_FOUND]) as server,
        restless(server) as client,
    ):
        assert await client.delete_by_id(4711) is deleted

    assert len(server.received) == 2


@pytest.mark.parametrize("name", ["lock_by_id", "unlock_by_id"])
async def test_contact_that_is_gone_after_a_lost_lock_is_not_locked(name: str) -> None:
    """Locking removes nobody: a 404 afterwards means that there is no such contact."""
    async with ScriptedServer([LOST, NOT_FOUND]) as server, restless(server) as client:
        assert await ALL[name][0](client) is False

    assert len(server.received) == 2


@pytest.mark.parametrize("name", CHANGES_BY_ID)
async def test_change_by_id_is_repeated(name: str) -> None:
    """The same contact is deleted or locked no more than once, however often it is asked for."""
    async with (
        ScriptedServer([LOST, DOWN, OK]) as server,
        restless(server, retries=2) as client,
    ):
        assert await ALL[name][0](client) is True

    assert len(server.received) == 3


# The gate


async def test_no_more_requests_at_once_than_the_setting_allows() -> None:
    """All of a hundred rows are sent, over as many connections as may be in flight."""
    async with (
        ScriptedServer([dripping(DONE, 0)]) as server,
        DiallerClient(server.settings(concurrency=4)) as client,
    ):
        await asyncio.gather(*(client.import_contact(b"%d" % n, overwrite=True) for n in range(100)))

    assert sorted(int(request.body) for request in server.received) == list(range(100))
    assert len(server.writers) == 4


async def test_nothing_is_sent_after_a_stop() -> None:
    """A stopped gate lets nothing more through, repeats included."""
    async with ScriptedServer([DOWN]) as server, DiallerClient(server.settings(retries=100)) as client:
        reading = asyncio.create_task(client.list_campaigns())
        asyncio.get_running_loop().call_later(0.05, client.gate.stop, Interrupted("stop"))
        with pytest.raises(Interrupted):
            await reading
        with pytest.raises(Interrupted):
            await client.import_contact(b"{}", overwrite=True)

    assert len(server.received) == client.requests


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("answer", [NOT_FOUND, respond(400), respond(503), LOST, records({"ID": 1})])
async def test_every_request_leaves_the_gate(name: str, answer: bytes | Step) -> None:
    """However a request ends, its place is free again."""
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings(retries=0)) as client:
        with suppress(Refused, NotDone, MaybeDone):
            await ALL[name][0](client)

        assert client.gate.in_flight == 0
        assert client.requests == 1


async def test_request_that_is_cancelled_leaves_the_gate() -> None:
    """Else there would be one place fewer for ever."""
    came = asyncio.Event()

    async def silent(_: asyncio.StreamWriter) -> None:
        came.set()
        await asyncio.Event().wait()

    async with ScriptedServer([silent]) as server, DiallerClient(server.settings()) as client:
        asking = asyncio.create_task(client.get_contact(1))
        await came.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        assert client.gate.in_flight == 0


async def test_refusal_of_a_list_is_read_over_any_transport() -> None:
    """The answer need not be there whole when its head is."""

    def refuse(request: httpx.Request) -> httpx.Response:
        body = httpx.ByteStream(b'{"status": 401, "error": "Wrong token"}')
        return httpx.Response(401, stream=body, request=request)

    transport = httpx.MockTransport(refuse)
    async with DiallerClient(settings("http://127.0.0.1:1/rest/v1.0"), transport=transport) as client:
        with pytest.raises(Refused, match="Wrong token"):
            await listed(client)


async def test_time_that_a_list_takes_says_nothing_of_the_dialler() -> None:
    async with ScriptedServer([records({"ID": 1})]) as server, DiallerClient(server.settings()) as client:
        await listed(client)

        assert client.latencies.facts() == {}


SOMEBODY_ELSE = records({"ID": 13, "UserData": "K 2"})


@pytest.mark.parametrize("name", [*CHANGES_BY_ID, "delete_by_user_data", "lock_by_user_data", "unlock_by_user_data"])
async def test_answer_that_names_another_contact_does_not_show_a_change(name: str) -> None:
    """It may be that to another request."""
    async with ScriptedServer([SOMEBODY_ELSE]) as server, restless(server, retries=0) as client:
        with pytest.raises(MaybeDone, match="names another contact"):
            await ALL[name][0](client)


@pytest.mark.parametrize("name", ["get_contact", "find_contacts", "get_campaign", "batch_contacts"])
async def test_answer_that_holds_only_another_contact_is_no_answer(name: str) -> None:
    """Above all not that there is none. It is asked for again, over another connection."""
    async with ScriptedServer([SOMEBODY_ELSE, answered(name)]) as server, restless(server) as client:
        assert await READS[name][0](client)

    assert [request.connection for request in server.received] == [1, 2]


async def test_calls_of_another_contact_are_no_answer() -> None:
    others = records({"CallID": 1, "DiallerContactsID": 12})
    async with ScriptedServer([others, records({"CallID": 2})]) as server, restless(server) as client:
        assert await client.history_by_id(4711) == [{"CallID": 2}]


async def test_records_of_other_contacts_are_left_out() -> None:
    async with ScriptedServer([records({"ID": 12}, {"ID": 4711})]) as server, restless(server) as client:
        found = await client.get_contact(4711)

    assert found is not None
    assert found.id == "4711"


async def test_import_that_is_answered_with_another_contact_may_have_been_done() -> None:
    async with ScriptedServer([SOMEBODY_ELSE]) as server, restless(server) as client:
        with pytest.raises(MaybeDone, match="names another contact"):
            await client.import_contact(b"{}", overwrite=True, user_data="K 1")


@pytest.mark.parametrize("proof", [True, False])
async def test_not_found_is_proof_only_of_a_function_that_has_found_something(proof: bool) -> None:
    """It may speak of the path; once the function has answered, it speaks of the contact."""
    found = records({"ID": 4711, "UserData": "K 1"})
    async with ScriptedServer([NOT_FOUND, found, NOT_FOUND]) as server, restless(server) as client:
        if proof:
            with pytest.raises(Refused):
                await client.find_contacts("K 1", proof=True)
        else:
            assert await client.find_contacts("K 1") == []
        assert await client.find_contacts("K 1", proof=proof)
        assert await client.find_contacts("K 1", proof=proof) == []


async def test_list_in_an_unknown_coding_is_no_list() -> None:
    answer = respond(200, b"x" * 20, content_encoding="gzip, gzip")
    async with ScriptedServer([answer]) as server, restless(server) as client:
        with pytest.raises(MaybeDone, match="cannot be decoded"):
            await listed(client)
