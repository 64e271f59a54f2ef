"""A list of contacts as a stream: whole, or an error."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from dialler_sync.api import DiallerClient
from dialler_sync.api.listing import LONGEST_VALUE
from dialler_sync.errors import DiallerSyncError, MaybeDone, NotDone, Refused

from ..helpers.scripted import ScriptedServer, Step, dripping, records, respond, then_close, then_reset, then_silence

pytestmark = pytest.mark.anyio

CONTACTS = [{"ID": n, "UserData": f"K{n}", "Name": "Müller"} for n in range(1, 6)]
WHOLE = {"filter": None, "limitStart": 0, "limitPageSize": -1, "records": CONTACTS, "count": 5, "status": 200}


async def take(answer: bytes | Step, **changes: object) -> tuple[list[object], DiallerSyncError | None]:
    """The records that came, and what was raised then."""
    taken: list[object] = []
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings(retries=0, **changes)) as client:
        try:
            async for record in client.list_contacts(538):
                taken.append(record)  # noqa: PERF401 - what was taken before an error counts
        except DiallerSyncError as error:
            return taken, error
        return taken, None


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ONE = json.dumps(CONTACTS[0]).encode()
TEXT = json.dumps(WHOLE).encode()


@pytest.mark.parametrize(
    "answer",
    [
        respond(200, WHOLE),
        respond(200, dict(reversed(WHOLE.items()))),
        respond(200, {**WHOLE, "new": {"records": [1], "count": 9, "status": 500}}),
        respond(200, {"deleted": [{"ID": 9}], **WHOLE, "changed": [{"ID": 8}]}),
        respond(200, {key: value for key, value in WHOLE.items() if key != "count"}),
        respond(200, json.dumps(WHOLE, indent=4).encode() + b"\n\n"),
        respond(200, gzip.compress(TEXT, mtime=0), content_encoding="gzip"),
        dripping(respond(200, WHOLE), 0),
        dripping(respond(200, gzip.compress(TEXT, mtime=0), content_encoding="gzip"), 0),
        CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in TEXT) + b"0\r\n\r\n",
        then_close(b"HTTP/1.0 200 OK\r\n\r\n" + TEXT),
    ],
    ids=[
        "plain",
        "reversed",
        "nested",
        "other lists",
        "no count",
        "indented",
        "gzip",
        "drip",
        "gzip drip",
        "chunks",
        "HTTP/1.0",
    ],
)
async def test_whole_list(answer: bytes | Step) -> None:
    """A list that came whole is given whole, in order, however it came."""
    assert await take(answer) == (CONTACTS, None)


async def test_records_of_other_campaigns_are_left_out() -> None:
    """An older dialler ignores the question for a campaign and answers with the whole account."""
    mine = [{"ID": 1, "DiallerCampaignsID": 538}, {"ID": 4, "DiallerCampaignsID": "538"}]
    others = [{"ID": 2, "DiallerCampaignsID": 540}, {"ID": 3, "DiallerCampaignsID": 5380}]

    assert await take(records(mine[0], *others, mine[1])) == (mine, None)


async def test_empty_list() -> None:
    """No contacts is an answer."""
    assert await take(records()) == ([], None)


async def test_records_as_they_are() -> None:
    """Nested and unknown fields, large integers and amounts come as the server has them."""
    record = {
        "ID": 2**53 + 1,
        "big": 2**63 - 1,
        "bigger": 10**25,
        "negative": -(2**63),
        "Amount": 1234567.89,
        "small": 0.1,
        "tiny": 1e-300,
        "DiallerContactsHistory": [{"records": [1, 2], "item": {}}, []],
        "records": [{"ID": 99}],
        "count": 7,
        "status": 500,
        "empty": "",
        "null": None,
        "true": True,
        "Name": 'Ä€𝄞 " \\ / \u0000 \u2028',
    }

    taken, error = await take(records(record))
    assert error is None
    assert taken == [record]
    assert {name: type(value) for name, value in taken[0].items()} == {n: type(v) for n, v in record.items()}  # type: ignore[attr-defined]


@pytest.mark.parametrize("odd", ["}", "},{", '"}],"count":1,"status":200}', {"a": [{}]}, {}, 10**25, [10**25], 0.5])
async def test_many_records_as_they_are(odd: object) -> None:
    """However many come at once, and wherever what came ends: also behind a brace that closes no record."""
    contacts = [{"ID": n, "Name": "x" * (n % 7)} | ({"odd": odd} if n % 3 else {}) for n in range(5_000)]

    taken, error = await take(respond(200, {"records": contacts, "count": 5_000, "status": 200}))
    assert error is None
    assert taken == contacts
    assert {type(record.get("odd")) for record in taken} == {type(odd), type(None)}  # type: ignore[attr-defined]


UNTRUE: dict[str, tuple[object, str]] = {
    "no status": ({**WHOLE, "status": None}, "status"),
    "status is text": ({**WHOLE, "status": "OK"}, "status"),
    "status missing": ({key: value for key, value in WHOLE.items() if key != "status"}, "status"),
    "error inside": ({**WHOLE, "status": 500}, "status"),
    "fewer than counted": ({**WHOLE, "count": 6}, "says count 6, but has 5"),
    "more than counted": ({**WHOLE, "count": 4}, "says count 4, but has 5"),
    "counted, and none there": ({"records": [], "count": 3, "status": 200}, "says count 3, but has 0"),
    "no records, no count": ({"status": 200}, "says no count, but has 0"),
    "records are null": ({"records": None, "status": 200}, "says no count, but has 0"),
    "records are an object": (
        {"records": {"a": 1}, "count": 1, "status": 200},
        "the records in the list of contacts are not a list",
    ),
    "a record is null": ({"records": [None], "count": 1, "status": 200}, "not a contact"),
    "a record is a number": ({"records": [7], "count": 1, "status": 200}, "not a contact"),
    "a record is a list": ({"records": [[{}]], "count": 1, "status": 200}, "not a contact"),
    "a list": ([WHOLE], "broke off or is not JSON"),
    "text": ("x", "broke off or is not JSON"),
    "an empty object": ({}, "broke off or is not JSON"),
    "a key that is no text": (b'{"records":[],"count":0,200:{},"status":200}', "broke off or is not JSON"),
    "two commas": (b'{"records":[%b,,{}],"count":2,"status":200}' % ONE, "broke off or is not JSON"),
    "a comma at the end": (b'{"records":[%b,],"count":1,"status":200}' % ONE, "broke off or is not JSON"),
    "no comma": (b'{"records":[%b{}],"count":2,"status":200}' % ONE, "broke off or is not JSON"),
    "no colon": (b'{"records"[],"count":0,"status":200}', "broke off or is not JSON"),
    "a semicolon": (b'{"records":[%b;{"ID":2}],"count":2,"status":200}' % ONE, "broke off or is not JSON"),
    "a semicolon between keys": (TEXT.replace(b', "count"', b'; "count"'), "broke off or is not JSON"),
    "two lists": (b'{"records":[%b],"records":[%b],"count":2,"status":200}' % (ONE, ONE), "broke off or is not JSON"),
    "a second list": (b'{"records":[%b],"records":[{}],"count":1,"status":200}' % ONE, "broke off or is not JSON"),
    "blanks without an end": (TEXT + b" " * (LONGEST_VALUE + 2**20), "broke off or is not JSON"),
    "much beside the records": (
        b'{"a":"%b","b":"%b",%b' % (b"x" * (LONGEST_VALUE - 99), b"x" * 200, TEXT[1:]),
        "broke off or is not JSON",
    ),
    "no end to its depth": (b'{"records":[' + b"[" * 200_000, "broke off or is not JSON"),
    "HTML": (b"<html></html>", "broke off or is not JSON"),
    "nothing": (b"", "broke off or is not JSON"),
    "two answers": (TEXT + TEXT, "the list of contacts continues after its end"),
    "cut off in a record": (TEXT[:150], "broke off or is not JSON"),
    "cut off at the end": (TEXT[:-1], "broke off or is not JSON"),
    "half a character at the end": (TEXT + b"\xc3", "broke off or is not JSON"),
    "not UTF-8": (TEXT.replace(b"ller", b"\xff"), "broke off or is not JSON"),
    "NaN": (TEXT.replace(b"200}", b"NaN}"), "status"),
    "a key with two values": (TEXT[:-1] + b',"status":500}', "broke off or is not JSON"),
}


@pytest.mark.parametrize("name", UNTRUE)
async def test_list_that_is_not_whole_is_an_error(name: str) -> None:
    """What a mirror would delete by must be the whole list: no half of it passes for one."""
    body, message = UNTRUE[name]

    taken, error = await take(respond(200, body))
    assert isinstance(error, MaybeDone)
    assert error.code == "unreadable_answer"
    assert message in str(error)
    assert taken == CONTACTS[: len(taken)]


BROKEN: dict[str, tuple[Step | bytes, str]] = {
    "closed": (then_close(respond(200, WHOLE)[:-60]), "connection_lost"),
    "reset": (then_reset(respond(200, WHOLE)[:-60]), "connection_lost"),
    "silent": (then_silence(respond(200, WHOLE)[:-60]), "timeout"),
    "silent from the start": (then_silence(respond(200, WHOLE)[:40]), "timeout"),
    "silent before the answer": (then_silence(), "timeout"),
    "chunk missing": (then_close(CHUNKED + b"%x\r\n%b\r\n" % (len(TEXT), TEXT)), "connection_lost"),
    "not gzip": (respond(200, TEXT, content_encoding="gzip"), "unreadable_answer"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_list_that_breaks_off_is_an_error(name: str) -> None:
    """However the connection ends, the end is not taken for the end of the list."""
    answer, code = BROKEN[name]

    taken, error = await take(answer, timeout=0.2)
    assert isinstance(error, MaybeDone)
    assert error.code == code
    assert taken == CONTACTS[: len(taken)]


async def test_records_before_the_break_are_given() -> None:
    """What came whole is given before the error is raised."""
    taken, error = await take(then_close(respond(200, WHOLE)[:-60]))

    assert (len(taken), type(error)) == (4, MaybeDone)


async def test_nonsense_in_a_later_chunk_does_not_hang() -> None:
    """aiohttp forgets its time limit when its parser fails in the middle of a body; we do not wait for ever."""

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED + b"c\r\n" + TEXT[:12] + b"\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"zz\r\nnonsense\r\n")
        await asyncio.Event().wait()

    _, error = await take(step, timeout=0.2)
    assert isinstance(error, MaybeDone)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (respond(404, {"status": 404, "error": "Dialler campaign not found"}), Refused, "not_found"),
        (respond(404), Refused, "endpoint_missing"),
        (respond(401, {"status": 401}), Refused, "unauthorised"),
        (respond(302, b"x"), Refused, "redirected"),
        (respond(204), MaybeDone, "unreadable_answer"),
        (respond(503, b"<html>"), NotDone, "unavailable"),
        (respond(500, gzip.compress(b"{}", mtime=0), content_encoding="gzip"), MaybeDone, "server_error"),
        (then_close(respond(500, b"x" * 10)[:-1]), MaybeDone, "connection_lost"),
    ],
)
async def test_refused_list(answer: bytes | Step, kind: type[Exception], code: str) -> None:
    """An answer that is no list is judged as any other."""
    taken, error = await take(answer)

    assert (taken, type(error), error.code) == ([], kind, code)  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_list_is_the_same_however_it_is_cut(size: int) -> None:
    """A cut in a number, an escape or a character of several bytes changes nothing."""
    record = {"a": -12.5e-3, "b": 100, "c": [True, None, {}], "ä€𝄞": '\\" é 𝄞', "d": "\u2028"}
    body = json.dumps({"count": 2, "records": [record, record], "status": 200}, ensure_ascii=size % 2 == 0).encode()
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    answer = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"

    assert await take(dripping(answer, 0)) == ([record, record], None)


@pytest.mark.parametrize("head", ["200 OK", "500 Broken"])
async def test_value_without_an_end_is_not_kept_for_ever(head: str) -> None:
    """A list in which nothing can be read does not fill the memory; nor does the answer that refuses it."""
    sent = 0

    async def step(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b'HTTP/1.0 200 OK\r\n\r\n{"records":[{"a":"')
        while not writer.is_closing():
            writer.write(b"x" * 2**20)
            await writer.drain()
            sent += 1

    taken, error = await take(step)
    assert (taken, type(error)) == ([], MaybeDone)
    assert sent < 3 * LONGEST_VALUE / 2**20


async def test_slow_list_is_not_cut_off() -> None:
    """``timeout`` is the longest silence, not the time of the whole list: a large one may take minutes."""
    answer = respond(200, WHOLE)

    async def step(writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(answer), 40):
            writer.write(answer[start : start + 40])
            await asyncio.sleep(0.04)

    assert await take(step, timeout=0.25) == (CONTACTS, None)


def many(count: int) -> AsyncIterator[bytes]:
    """A list of ``count`` records in pieces of about 64 kB."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"records":['
        for start in range(0, count, 100):
            batch = [{"ID": n, "Comment": "x" * 600} for n in range(start, start + 100)]
            yield (b"," if start else b"") + json.dumps(batch).encode()[1:-1]
        yield b'],"count":%d,"status":200}' % count

    return pieces()


async def test_list_that_comes_too_slowly_is_given_up() -> None:
    """A byte now and then would keep it up for ever."""

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        for _ in range(40):
            writer.write(b"1\r\n \r\n")
            await asyncio.sleep(0.05)
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(TEXT), TEXT))

    taken, error = await take(step, timeout=0.2)

    assert isinstance(error, MaybeDone)
    assert (taken, error.code) == ([], "timeout")


async def test_list_that_never_begins_is_given_up() -> None:
    """One interim answer after the other."""

    async def step(writer: asyncio.StreamWriter) -> None:
        for _ in range(40):
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            await asyncio.sleep(0.05)
        writer.close()

    taken, error = await take(step, timeout=0.2)

    assert isinstance(error, MaybeDone)
    assert (taken, error.code) == ([], "timeout")


async def test_list_comes_as_it_is_sent() -> None:
    """The first record is given before the last was sent, in memory that does not grow with the list."""
    count, sent_all = 10_000, asyncio.Event()

    async def step(writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        async for piece in many(count):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        sent_all.set()
        writer.write(b"0\r\n\r\n")

    given = 0
    async with ScriptedServer([step]) as server, DiallerClient(server.settings()) as client:
        tracemalloc.start()
        async for record in client.list_contacts():
            if given == 0:
                assert not sent_all.is_set()
            assert record["ID"] == given
            given += 1
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert given == count
    assert peak < 2_000_000  # of 6 MB


async def test_abandoned_list_frees_everything() -> None:
    """Who has seen enough leaves no connection behind, and the gate is free."""
    half = respond(200, WHOLE)[:-60]
    async with ScriptedServer([half]) as server, DiallerClient(server.settings()) as client:
        listing = client.list_contacts()
        assert await anext(listing) == CONTACTS[0]
        assert client.gate.in_flight == 0
        await listing.aclose()
        await server.ended.acquire()


async def test_other_requests_may_be_sent_while_a_list_is_read() -> None:
    """A mirror locks contacts while it reads the list, also where one request may be in flight."""
    async with (
        ScriptedServer([respond(200, WHOLE), respond(200, {"status": 200})]) as server,
        DiallerClient(server.settings(concurrency=1)) as client,
    ):
        async for record in client.list_contacts():
            await client.lock_by_id(record["ID"])

    assert len(server.received) == 6


async def test_half_a_character_in_a_list_is_a_question_mark() -> None:
    text = TEXT.replace(b'"K3"', rb'"K\ud800"').replace(b'"K4"', rb'"\ud83d\ude00"')

    taken, error = await take(respond(200, text))

    assert error is None
    assert [record["UserData"] for record in taken] == ["K1", "K2", "K?", "\U0001f600", "K5"]  # type: ignore[index]
