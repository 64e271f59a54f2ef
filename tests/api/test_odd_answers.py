"""Answers that curl, Java and browsers read, and what is said of those that nobody can."""

from __future__ import annotations

import gzip
import json
import zlib
from urllib.parse import quote

import brotli
import pytest

from dialler_sync.api import DiallerClient
from dialler_sync.api.protocol import LONGEST_FIELD, LONGEST_HEAD, in_order
from dialler_sync.api.transport import LONGEST_ANSWER, LONGEST_OF_ONE
from dialler_sync.errors import MaybeDone, NotDone, Refused, RequestError

from ..helpers.scripted import ScriptedServer, Step, records, respond, then_close, then_silence

pytestmark = pytest.mark.anyio

CONTACT = {"ID": 4711, "UserData": "K1", "Name": "Müller"}
TEXT = json.dumps({"records": [CONTACT], "count": 1, "status": 200}, ensure_ascii=False)
PLAIN = TEXT.encode()
LENGTH = len(PLAIN)
BODY = json.dumps({"Name": "Mustermann", "PhoneNumber1": "+4917112345678", "Email": "erika@example.com"}).encode()


def raw(*fields: str, body: bytes = PLAIN) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *fields, "", ""]).encode("latin-1") + body


def chunked(body: bytes, trailer: bytes = b"") -> bytes:
    return b"%X;extension=1\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailer)


def packed(body: bytes, encoding: str) -> bytes:
    return respond(200, body, content_encoding=encoding)


def said(charset: str, encoded: bytes) -> bytes:
    return respond(200, encoded, content_type=f"application/json{charset}")


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


READABLE: dict[str, bytes | Step] = {
    "a header of 64 kB": raw("X: " + "a" * 65_536, f"Content-Length: {LENGTH}"),
    "300 headers": raw(*(f"X-{n}: a" for n in range(300)), f"Content-Length: {LENGTH}"),
    "a line of 20 kB": then_close(b"HTTP/1.1 200 " + b"O" * 20_000 + b"\r\n\r\n" + PLAIN),
    "the same length twice": raw(f"Content-Length: {LENGTH}", f"content-length: {LENGTH}"),
    "a list of the same length": raw(f"CONTENT-LENGTH: {LENGTH}, {LENGTH}"),
    "a length beside chunks": raw("Content-Length: 3", "Transfer-Encoding: chunked", body=chunked(PLAIN)),
    "chunks with trailers": raw("transfer-encoding: Chunked", body=chunked(PLAIN, b"X-Sum: 1\r\n")),
    "chunked said twice": raw("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=chunked(PLAIN)),
    "encoding identity": raw("Transfer-Encoding: identity", f"Content-Length: {LENGTH}"),
    "a blank before a colon": raw(f"Content-Length : {LENGTH}", "Server : x"),
    "lines that end in LF": raw(f"Content-Length: {LENGTH}", body=b"").replace(b"\r", b"") + PLAIN,
    "a status line in small letters": raw(f"Content-Length: {LENGTH}").replace(b"HTTP/1.1", b"http/1.1"),
    "a status line of HTTP/2": raw(f"Content-Length: {LENGTH}").replace(b"HTTP/1.1", b"HTTP/2"),
    "a status line of HTTP/2.0": raw(f"Content-Length: {LENGTH}").replace(b"HTTP/1.1 200 OK", b"HTTP/2.0 200 "),
    "an interim answer of HTTP/2": b"http/2 103 \r\n\r\n" + raw(f"Content-Length: {LENGTH}"),
    "blanks in the status line": raw(f"Content-Length: {LENGTH}").replace(b"HTTP/1.1 200", b"HTTP/1.1  200"),
    "no reason": raw(f"Content-Length: {LENGTH}").replace(b" OK", b""),
    "several interim answers": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: a\r\n\r\n"
    + raw(f"Content-Length: {LENGTH}", f"Content-Length: {LENGTH}"),
    "HTTP/1.0, no length": then_close(b"HTTP/1.0 200 OK\r\n\r\n" + PLAIN),
    "closed at the end": then_close(raw("Connection: Close")),
    "x-gzip": packed(gzip.compress(PLAIN), "X-GZip"),
    "gzip in two members": packed(gzip.compress(PLAIN[:20]) + gzip.compress(PLAIN[20:]), "gzip"),
    "gzip, chunked": raw("Content-Encoding: gzip", "Transfer-Encoding: chunked", body=chunked(gzip.compress(PLAIN))),
    "deflate": packed(zlib.compress(PLAIN), "deflate"),
    "deflate without its header": packed(raw_deflate(PLAIN), "deflate"),
    "br": packed(brotli.compress(PLAIN), "br"),
    "identity": packed(PLAIN, "identity"),
    "ISO-8859-1": said(";charset=ISO-8859-1", TEXT.encode("latin-1")),
    "windows-1252, in quotes": said('; Charset="windows-1252"', TEXT.encode("cp1252")),
    "UTF-8 that is called ISO-8859-1": said(";charset=ISO-8859-1", PLAIN),
    "UTF-8 that is called something": said(";charset=utf-8mb4", PLAIN),
    "UTF-8 that is called base64": said(";charset=base64", PLAIN),
    "UTF-8 with a mark": said("", b"\xef\xbb\xbf" + PLAIN),
    "UTF-16 with a mark": said(";charset=utf-16", TEXT.encode("utf-16")),
    "UTF-16 without a mark": said("", TEXT.encode("utf-16-le")),
    "UTF-16, big end first": said("", TEXT.encode("utf-16-be")),
    "status as text": respond(200, {"records": [CONTACT], "count": "1", "status": "200"}),
    "a number that is none": said("", PLAIN.replace(b'"ID"', b'"Amount": NaN, "ID"')),
    "a key twice, with one value": said("", PLAIN.replace(b'"status"', b'"status": 200, "status"')),
}


@pytest.mark.parametrize("name", READABLE)
async def test_contact_is_read_however_it_is_written(name: str) -> None:
    """As the answer to an import, as a lookup and in a list; and the connection is good for the next one."""
    async with ScriptedServer([READABLE[name]]) as server, DiallerClient(server.settings()) as client:
        imported = await client.import_contact(BODY, overwrite=True)
        (found,) = await client.find_contacts("K1")
        listed = [record async for record in client.list_contacts()]

    assert (imported.id, imported.values["Name"]) == (found.id, found.values["Name"]) == ("4711", "Müller")
    assert [(record["ID"], record["Name"]) for record in listed] == [(4711, "Müller")]


async def test_text_that_was_cut_within_a_character_is_done_but_tells_no_key() -> None:
    """``status: 200`` says that it is done; a lookup by a key whose characters are not known is not believed."""
    answer = said("", PLAIN.replace("ü".encode(), b"\xc3"))
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings(retries=0)) as client:
        assert (await client.import_contact(BODY, overwrite=True)).id == "4711"
        with pytest.raises(MaybeDone):
            await client.find_contacts("K1")


@pytest.mark.parametrize(
    ("head", "ordered"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n\r\n", None),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Encoding: gzip, identity\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nA: b\r\n\r\n",
        ),
    ],
)
async def test_head_is_changed_only_where_its_meaning_is_certain(head: bytes, ordered: bytes | None) -> None:
    """Lengths that differ stay, and are refused."""
    assert in_order(head) == (ordered or head)


FIELD = b"X: " + b"a" * (LONGEST_FIELD - 100) + b"\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "field", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"a", "not HTTP .its headers are longer than 1 MB"),
        (b"HTTP/1.1 200 OK\r\n", FIELD, "not HTTP .its headers are longer than 1 MB"),
        (CHUNKED + b"0\r\n", FIELD, "broke off"),
        (CHUNKED + b"1\r\n{\r\n0\r\n", FIELD, "broke off"),
    ],
)
async def test_header_without_an_end_is_not_kept_for_ever(start: bytes, field: bytes, said: str) -> None:
    """More headers than any client takes end the connection, before the body or behind it, however many they are."""
    answer = then_silence(start + field * (8 * LONGEST_HEAD // len(field)))
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        with pytest.raises(MaybeDone, match=said):
            await client.import_contact(BODY, overwrite=True)


# What is said

PAGE = b"""<html><head><title>400 Bad Request</title><style>b {}</style></head>
<body><center><h1>The plain HTTP request was sent to HTTPS port</h1></center><hr>nginx</body></html>"""
DUMP = "<html><body>Cannot import %s</body></html>"

SAID: dict[str, tuple[bytes | Step, type[RequestError], str]] = {
    "page": (
        respond(400, PAGE, content_type="text/html; charset=utf-8"),
        Refused,
        'HTTP 400 Bad Request (text/html: "400 Bad Request The plain HTTP request was sent to HTTPS port nginx")',
    ),
    "plain text": (respond(503, b"no healthy\nupstream", content_type="text/plain"), NotDone, '"no healthy upstream"'),
    "login page": (respond(200, b"<p>Log in</p>", content_type="text/html"), MaybeDone, 'text/html: "Log in"'),
    "nothing": (respond(200), MaybeDone, "HTTP 200 OK (nothing in it)"),
    "cut off": (respond(200, PLAIN[:-1], content_type="a/json"), MaybeDone, "a/json: no complete JSON object"),
    "text": (respond(200, b"Mustermann", content_type="text/plain"), MaybeDone, "HTTP 200 OK (text/plain)"),
    "page with a contact": (
        respond(400, (DUMP % "MUSTERMANN").encode(), content_type="text/html"),
        Refused,
        "text/html: it repeats the request",
    ),
    "page with a number": (
        respond(502, (DUMP % "0049 30 / 87654321").encode(), content_type="text/html"),
        MaybeDone,
        '"Cannot import ***"',
    ),
    "page with an address": (
        respond(403, (DUMP % "max@example.com").encode(), content_type="text/html"),
        Refused,
        '"Cannot import ***"',
    ),
    "error of the dialler": (
        respond(500, {"status": 500, "error": "no place for Mustermann"}),
        MaybeDone,
        "no place for ***",
    ),
    "wrong length": (then_close(raw("Content-Length: 20", body=BODY)), MaybeDone, "answer"),
    "bad length": (then_close(raw("Content-Length: Mustermann")), MaybeDone, "Invalid character in Content-Length"),
    "no HTTP": (then_close(BODY + b"\r\n\r\n"), MaybeDone, "not HTTP (Bad status line"),
    "no chunk": (then_close(raw("Transfer-Encoding: chunked", body=BODY)), MaybeDone, "answer"),
    "no such header": (then_close(raw("Mustermann +4917112345678")), MaybeDone, "not HTTP (Invalid header token)"),
    "redirect": (
        respond(302, location="/login?userData=Mustermann&t=" + quote("+4917112345678")),
        Refused,
        "HTTP 302 Found to /login?userData=***&t=***",
    ),
}


@pytest.mark.parametrize("name", SAID)
async def test_message_says_what_came_and_never_a_contact(name: str) -> None:
    """Status, content type and first words; terminals, summaries and webhooks show them to many."""
    answer, kind, message = SAID[name]
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        with pytest.raises(RequestError) as caught:
            await client.import_contact(BODY, overwrite=True)

    assert type(caught.value) is kind
    assert message in str(caught.value)
    for secret in ("mustermann", "12345678", "@example"):
        assert secret not in str(caught.value).casefold()


async def test_what_the_dialler_says_of_a_row_may_name_its_values() -> None:
    """It goes to the row's report, which shows them."""
    answer = respond(400, {"status": 400, "error": "PhoneNumber1 +4917112345678 is not E.164"})
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        with pytest.raises(Refused, match=r"\+4917112345678"):
            await client.import_contact(BODY, overwrite=True)


FOREIGN: dict[str, tuple[bytes, bool]] = {
    "nginx's 400": (respond(400, PAGE), True),
    "407": (respond(407), True),
    "403 of a firewall": (respond(403, PAGE), True),
    "415": (respond(415), True),
    "400 of the dialler": (respond(400, {"status": 400, "error": "Name is missing"}), False),
    "400 with its message": (respond(400, {"message": "Name is missing"}), False),
    "an empty 400": (respond(400), False),
    "too large a row": (respond(413, PAGE), False),
    "200 with a 400 inside": (respond(200, {"status": 400, "error": "no"}), False),
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_refusal_by_what_stands_before_the_dialler_is_told_apart(name: str) -> None:
    """It is about every row, where the dialler's own is about one."""
    answer, foreign = FOREIGN[name]
    async with ScriptedServer([answer]) as server, DiallerClient(server.settings()) as client:
        with pytest.raises(Refused) as caught:
            await client.import_contact(BODY, overwrite=True)

    assert caught.value.foreign is foreign


async def test_later_answers_on_a_connection_are_put_in_order_too() -> None:
    """And an answer in two parts, cut within its head."""

    async def in_two(writer: object) -> None:
        whole = READABLE["the same length twice"]
        assert isinstance(whole, bytes)
        writer.write(whole[:20])  # type: ignore[attr-defined]
        await writer.drain()  # type: ignore[attr-defined]
        writer.write(whole[20:])  # type: ignore[attr-defined]

    async with (
        ScriptedServer([records(CONTACT), in_two, records(CONTACT)]) as server,
        DiallerClient(server.settings()) as client,
    ):
        for _ in range(3):
            assert (await client.import_contact(BODY, overwrite=True)).id == "4711"

    assert [request.connection for request in server.received] == [1, 1, 1]


async def test_a_batch_look_up_that_tells_only_some_is_repeated_for_the_rest() -> None:
    """A page, or a limit: a contact that it leaves out is there all the same."""
    a, b, c = ({"ID": number, "UserData": key} for number, key in enumerate("abc", 1))
    async with (
        ScriptedServer([records(a), records(c, b), records()]) as server,
        DiallerClient(server.settings()) as client,
    ):
        found = await client.batch_contacts(user_data=["a", "b", "d"], ids=["3"])

    asked = [(each["UserDataList"], each["IDList"]) for each in (json.loads(one.body) for one in server.received)]
    assert [record["ID"] for record in found] == [1, 3, 2]
    assert asked == [(["a", "b", "d"], [3]), (["b", "d"], [3]), (["d"], [])]


async def test_batch_look_up_that_is_too_long_is_asked_for_in_halves() -> None:
    """Long histories need more answers; each contact comes once, and one that is too long by itself is an error."""
    long = respond(200, b" " * (LONGEST_ANSWER + 1))
    a, b = {"ID": 1, "UserData": "a"}, {"ID": 2, "UserData": "b"}
    steps = [long, records(a), long, records(b, a), records(), records()]
    async with ScriptedServer(steps) as server, DiallerClient(server.settings(retries=3)) as client:
        found = await client.batch_contacts(user_data=["a", "b", "c"])
        server.steps[6:] = [long]
        with pytest.raises(MaybeDone, match="longer than 16 MB"):
            await client.batch_contacts(user_data=["d"])

    assert [record["ID"] for record in found] == [1, 2]
    asked = [json.loads(request.body)["UserDataList"] for request in server.received]
    assert asked == [["a", "b", "c"], ["a"], ["b", "c"], ["b"], ["c"], ["c"], ["d"]]


async def test_an_answer_about_one_contact_is_shorter_than_any_other() -> None:
    """Many are in flight at once."""
    long = respond(200, b" " * (LONGEST_OF_ONE + 1))
    async with ScriptedServer([long, long]) as server, DiallerClient(server.settings(retries=0)) as client:
        with pytest.raises(MaybeDone, match="longer than 2 MB"):
            await client.import_contact(BODY, overwrite=True)
        with pytest.raises(MaybeDone, match="longer than 2 MB"):
            await client.lock_by_id(1)


async def test_of_campaigns_that_answers_tell_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer may name another one, in up to 2 MB."""
    monkeypatch.setattr("dialler_sync.api.client._MOST", 3)
    told = [{"ID": n, "DiallerCampaignsID": n, "DiallerCampaignsName": f"C{n}"} for n in range(1, 6)]
    told[0]["DiallerCampaignsName"] = "x" * 1_000_000
    told[1]["DiallerCampaignsID"] = "9" * 1_000_000
    async with ScriptedServer([records(each) for each in told]) as server, DiallerClient(server.settings()) as client:
        for _ in told:
            await client.import_contact(BODY, overwrite=True)

        assert client.campaign_names == {"3": "C3", "4": "C4", "5": "C5"}
        await client.import_contact(BODY, overwrite=True)
        assert len(client.campaign_names) == 3
