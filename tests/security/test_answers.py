"""A dialler, or what stands before it, whose answers have no end, grow when they are unpacked, or nest."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from collections.abc import Callable
from itertools import count
from pathlib import Path

import brotli
import httpx
import pytest

from dialler_sync.api import words
from dialler_sync.api.json_text import decode

from ..conftest import Configure, Run
from .limited import Answer, answering, configuration, run_limited

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LIST = b'{"status":200,"records":['
RECORD = LIST + b'{"ID":1,"UserData":"K1","Note":'
ENCODINGS = ("gzip", "deflate", "br", "gzip, gzip")


def bomb(encoding: str) -> bytes:
    """A list that takes little until it is unpacked."""
    blanks = b" " * (100 << 20)
    match encoding:
        case "gzip":
            return gzip.compress(LIST) + 15 * gzip.compress(blanks, 1)
        case "deflate":
            return zlib.compress(LIST + 3 * blanks, 1)
        case "br":
            return brotli.compress(RECORD + b'"' + 3 * blanks, quality=1)
        case _:
            return gzip.compress(bomb("gzip"), 1)


def whole(body: bytes, encoding: str = "identity") -> Answer:
    head = HEAD + f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return lambda connection: connection.sendall(head + body)


def endless(start: bytes, piece: bytes) -> Answer:
    """Send ``start``, and then ``piece`` for as long as somebody takes it; ``%d`` in it is another number each time."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        for number in count():
            connection.sendall(piece % number if b"%d" in piece else piece)

    return answer


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def dripping(start: bytes, piece: bytes) -> Answer:
    """The same, so slowly that there is always something within the time limit."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        connection.settimeout(0.1)
        while True:
            connection.sendall(piece)
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    return answer


ENDLESS = {
    "text": endless(CHUNKED + chunk(LIST + b'{"a":"'), chunk(b"a" * (1 << 20))),
    "blanks": endless(CHUNKED + chunk(b"{"), chunk(b" " * (1 << 20))),
    "keys": endless(HEAD + b"\r\n{", b'"k%d":"' + b"x" * (1 << 20) + b'",'),
    "header": endless(HEAD, b"X-A: " + b"a" * 1000 + b"\r\n"),
    "one header": endless(HEAD + b"X-A: ", b"a" * 1000),
    "interim answers": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a chunk's extension": endless(CHUNKED + b"1;", b"a" * 100_000),
    "a drip of blanks": dripping(CHUNKED + chunk(LIST), chunk(b" ")),
    "a drip of headers": dripping(HEAD, b"X-A: a\r\n"),
    "a drip of interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a drip of trailers": dripping(CHUNKED + chunk(b"{}") + b"0\r\n", b"X-A: a\r\n"),
}


@pytest.mark.parametrize("command", [("campaigns", "list"), ("contacts", "list", "-o", "jsonl")], ids=" ".join)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_answer_that_grows_when_it_is_unpacked(tmp_path: Path, encoding: str, command: tuple[str, ...]) -> None:
    """It is unpacked in pieces, and no further than it may be."""
    with answering(whole(bomb(encoding), encoding)) as url:
        done = run_limited("-c", configuration(tmp_path / "c.yaml", url, timeout=20), *command)

    assert done.returncode == 5, done.stderr
    assert "the dialler's answer is not usable" in done.stderr


LISTED, READ_WHOLE = ("contacts", "list", "-o", "jsonl"), ("campaigns", "list")


@pytest.mark.parametrize(
    ("what", "command"),
    [*((what, LISTED) for what in ENDLESS), ("keys", READ_WHOLE), ("a drip of headers", READ_WHOLE)],
    ids=str,
)
def test_an_answer_without_an_end(tmp_path: Path, what: str, command: tuple[str, ...]) -> None:
    with answering(ENDLESS[what]) as url:
        done = run_limited("-c", configuration(tmp_path / "c.yaml", url, timeout=1), *command, seconds=25)

    assert done.returncode == 5, done.stderr
    assert "the dialler" in done.stderr


@pytest.mark.parametrize("depth", [300, 900, 1_015, 100_000])
@pytest.mark.parametrize(
    "command",
    [
        ("-vv", "campaigns", "list"),
        ("campaigns", "list"),
        ("contacts", "list", "-o", "json"),
        ("contacts", "get", "--user-data", "K1", "-o", "json"),
    ],
    ids=" ".join,
)
def test_an_answer_that_nests(depth: int, command: tuple[str, ...], run: Run, configure: Configure) -> None:
    """It is no answer, or is shown as it is; nothing ends with a traceback. Between 1,000 and 1,024 levels, one of
    two readers gives up."""
    token = b"Tk+9/aB3xQ==zZ7~pL.k_2wV"
    body = RECORD + b"[" * depth + b'"' + token + b'"' + b"]" * depth + b',"Of":{"ID":2}}],"count":1}'
    with answering(whole(body)) as url:
        configure(base_url=url, token=token.decode(), retries=0, give_up_after=1)
        done = run(*command)

    assert done.code in ({4, 5} if depth > 1_024 else {0, 4, 5}), done.err
    assert token.decode() not in done.out + done.err


@pytest.mark.parametrize("field", ["Tag", "error"])
@pytest.mark.parametrize(
    "command", [("import", "contacts.csv"), ("contacts", "list"), ("contacts", "get", "--user-data", "K2"), ("doctor",)]
)
def test_more_levels_than_python_has_room_for(
    field: str, command: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Callable[..., Path]
) -> None:
    """orjson reads 1,024, and the text of a value of 1,000 has no room in Python."""
    contacts_csv(1)
    deep = "[" * 1_005 + "]" * 1_005
    told = {"Tag": f'{{"records":[{{"Tag":{deep},"ID":1,"UserData":"K2"}}],"count":1,"status":200}}'}
    body = told.get(field, f'{{"error":{deep},"records":[],"count":0,"status":200}}')
    with answering(whole(body.encode())) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run(*command)

    assert done.code, done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("records", ["{}", '"[]"', "0", '[],"records":[{"ID":1,"UserData":"K1"}]'])
def test_a_list_that_is_none_is_no_empty_list(records: str, run: Run, configure: Configure) -> None:
    """A mirror and a reconciliation go by what is not in it."""
    count = 1 if "K1" in records else 0
    with answering(whole(f'{{"records":{records},"count":{count},"status":200}}'.encode())) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run("contacts", "list")

    assert done.code == 5, done.err


def test_one_contact_of_many_small_values_takes_no_time(tmp_path: Path) -> None:
    """It is not read anew with each piece of the network."""
    body = RECORD + b"[" + b"[]," * 4_000_000 + b'[]]}],"count":1}'
    with answering(whole(body)) as url:
        done = run_limited(
            "-c",
            configuration(tmp_path / "c.yaml", url, timeout=20),
            "contacts",
            "list",
            seconds=25,
            memory=2_000 << 20,
        )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: a" + b" " * 30_000 + b"b\r\nContent-Length: 3\r\n",
        b"Content-Encoding: a" + b" \t" * 15_000 + b"b\r\nContent-Length: 3\r\n",
        b"Content-Length:" + b" " * 30_000 + b"3\rx\r\nA: b\r\n",
        b'Content-Type: a/b; "' + b";" * 100_000 + b"\r\nContent-Length: 3\r\n",
        b"Content-Type: a/b" + b"; charset " * 20_000 + b"\r\nContent-Length: 3\r\n",
    ],
    ids=["blanks in an encoding", "tabs in an encoding", "blanks in a length", "a parameter", "parameters"],
)
def test_a_header_takes_no_quadratic_time(head: bytes, run: Run, configure: Configure) -> None:
    """While it is read, no time limit counts: one header of 250 kB held a request for half an hour."""
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\xff{}"
    with answering(lambda connection: connection.sendall(answer)) as url:
        configure(base_url=url, retries=0, give_up_after=1, timeout=1)
        begun = time.process_time()
        done = run("campaigns", "list")
        took = time.process_time() - begun

    assert done.code == 5, done.err
    assert took < 3


@pytest.mark.parametrize(
    "charset", ["nonsense", "hex", "a' b", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7"]
)
@pytest.mark.parametrize("command", [LISTED, READ_WHOLE], ids=" ".join)
def test_a_charset_that_is_none(charset: str, command: tuple[str, ...], run: Run, configure: Configure) -> None:
    """It ended with a traceback, or made half a character that no file can hold."""
    record = b'{"ID":1,"UserData":"M\xfcller","Name":"\\ud800 +2AA-"}'
    body = b'{"status":200,"count":1,"records":[' + record + b"]}"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset={charset}\r\n".encode()
    answer = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with answering(lambda connection: connection.sendall(answer)) as url:
        configure(base_url=url, retries=0, give_up_after=1)
        done = run(*command)

    assert done.code == 5, done.out + done.err
    assert "the dialler's answer is not usable" in done.err


@pytest.mark.parametrize(
    "page", ["<!--", "<script >", "<style>x", "<p ", "<", "x", "1(", "&", "<!-- --><script></script>"], ids=str
)
def test_a_page_takes_no_quadratic_time(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refusal of a row may be one."""
    length = 200_000
    monkeypatch.setattr(words, "_LOOKED_AT", length)
    monkeypatch.setattr(words, "one_line", lambda text: text)
    body = ("<p>" + page * (length // len(page))).encode()
    request = httpx.Request("POST", "http://127.0.0.1/1/x", content=b'{"Name": "Miller"}')
    reply = httpx.Response(500, headers={"Content-Type": "text/html"}, content=body, request=request)

    begun = time.process_time()
    assert words.what_came(reply).startswith("HTTP 500")
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    "text",
    [
        '"records": [], "records": [{"ID": 1, "UserData": "K1"}]',
        '"records": [{"ID": 1, "UserData": "K2", "User\\u0044ata": "K1"}]',
        '"records": [{"ID": 1, "DiallerCampaignsID": 541, "DiallerCampaignsID": 538}]',
        '"error": "not imported", "error": null, "records": []',
        '"stat\\u0075s": 500, "records": []',
    ],
)
def test_a_key_with_two_values_makes_no_answer(text: str) -> None:
    assert decode(f'{{"status": 200, {text}}}'.encode()) is None
