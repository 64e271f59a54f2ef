"""Lists at addresses and in archives, made to do harm."""

from __future__ import annotations

import os
import socket
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread

import pytest
from botocore.parsers import BaseXMLResponseParser
from s3fs import S3FileSystem

from dialler_sync.config import SourceSettings
from dialler_sync.config.sources import StoreSettings
from dialler_sync.errors import InputError, UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch import remote, s3
from dialler_sync.fetch.copies import BLOCK, Copy
from dialler_sync.fetch.folder import RemoteFolder
from dialler_sync.fetch.local import fetch
from dialler_sync.fetch.remote import download, expand
from dialler_sync.files.url import Url, path_of
from dialler_sync.read.excel.html import open_html
from dialler_sync.run.marked import _targets
from dialler_sync.text.outward import line

from ..conftest import Configure, Run
from ..helpers.http_server import QuietServer
from ..helpers.stores import SSHD, sftp_server
from .limited import answering

LIST = b"Key,Name,Phone\nK1,A,0171 3920012\n"
WHEN = "Mon, 30 Nov 2026 10:00:00 GMT"
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def server() -> Iterator[tuple[str, list[Answer]]]:
    """A web server that answers as the one thing in its list says; its address."""
    answers: list[Answer] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answers[0](self)

        do_HEAD = do_PUT = do_GET  # noqa: N815 - as the library wants it

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library has it
            pass

    web = QuietServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    thread = Thread(target=web.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{web.server_address[1]}", answers
    web.shutdown()
    thread.join()
    web.server_close()


def head(request: BaseHTTPRequestHandler, code: int, **headers: object) -> None:
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), str(value))
    request.end_headers()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Event:
    """It is set when the first block of a list has been taken: what follows is lost where the connection breaks."""
    event, take = Event(), remote._block

    def block(file: object, left: int | None) -> bytes:
        found = take(file, left)
        event.set()
        return found

    monkeypatch.setattr(remote, "_block", block)
    return event


@pytest.mark.parametrize("breaks", [False, True])
def test_what_has_no_end_is_not_kept_in_memory(server: tuple[str, list[Answer]], taken: Event, breaks: bool) -> None:
    """Nor what unpacks to more: the server has told of two megabytes. A part of it is asked for after a break."""
    address, answers = server
    sent, told, part = 0, 2 * BLOCK, r"sends more than it was asked for" if breaks else "changed 3 times"

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        begin = int(request.headers.get("Range", "=0-").partition("=")[2].partition("-")[0])
        if request.command == "HEAD":
            return head(request, 200, Content_Length=told)
        if breaks and not begin:
            head(request, 200, Content_Length=told)
            request.wfile.write(bytes(BLOCK + 1))
            taken.wait(20)
            request.close_connection = True
            return None
        rest = {"Content_Range": f"bytes {begin}-{told - 1}/{told}"} if begin else {}
        head(request, 206 if begin else 200, Content_Length=10**12, Content_Encoding="deflate", **rest)
        while sent < 1 << 27:
            sent += request.connection.send(bytes(BLOCK))
        return None

    answers.append(endless)

    with pytest.raises(InputError, match=part):
        download(Url(f"{address}/list.csv"), {}, 100, pause=0)
    assert sent < 1 << 27


@pytest.mark.parametrize("breaks", [False, True])
def test_a_long_list_of_a_server_that_gives_no_parts(
    server: tuple[str, list[Answer]], taken: Event, breaks: bool
) -> None:
    """As of many programs that write a list when it is asked for; one that breaks off there does not go on."""
    address, answers = server
    content, broken = LIST * 70_000, breaks

    def whole(request: BaseHTTPRequestHandler) -> None:
        nonlocal broken
        head(request, 200, Content_Length=len(content))
        if request.command == "GET":
            request.wfile.write(content[: 3 * BLOCK // 2] if broken else content)
            if broken:
                taken.wait(20)
            request.close_connection, broken = broken, False

    answers.append(whole)
    if not breaks:
        assert download(Url(f"{address}/list.csv"), {}, 100).path.read_bytes() == content
        return
    with pytest.raises(InputError, match="another part of the file than it was asked for"):
        download(Url(f"{address}/list.csv"), {}, 100, pause=0)


def test_a_part_is_not_the_whole_that_was_asked_for(server: tuple[str, list[Answer]]) -> None:
    """As of a cache that has lost the rest: nothing says how long the list is, but that it is longer."""
    address, answers = server

    def part(request: BaseHTTPRequestHandler) -> None:
        if request.command == "HEAD":
            return head(request, 200)
        head(request, 206, Content_Length=10, Content_Range=f"bytes 0-9/{len(LIST)}")
        request.wfile.write(LIST[:10])
        return None

    answers.append(part)

    with pytest.raises(InputError, match="another part of the file than it was asked for"):
        download(Url(f"{address}/list.csv"), {}, 100, pause=0)


@pytest.mark.parametrize("told", ["bytes {begin}-{end}/{size}", "Bytes  {begin}-{end}/*", "bytes={begin}-{end}/{size}"])
def test_a_server_that_gives_all_as_a_part_or_tells_of_parts_in_its_own_way(
    told: str, server: tuple[str, list[Answer]], taken: Event
) -> None:
    """As scripts do that answer with 206 whatever is asked for, where that is the whole; and after a break."""
    address, answers = server
    content, broken = LIST * 70_000, True
    size = len(content)

    def parts(request: BaseHTTPRequestHandler) -> None:
        nonlocal broken
        if request.command == "HEAD":
            return head(request, 200, Content_Length=size)
        begin = int(request.headers.get("Range", "=0-").partition("=")[2].partition("-")[0])
        whole = f"bytes 0-{size - 1}/{size}"
        header = told.format(begin=begin, end=size - 1, size=size) if begin else whole
        head(request, 206, Content_Length=size - begin, Content_Range=header)
        request.wfile.write(content[: 3 * BLOCK // 2] if broken else content[begin:])
        if broken:
            taken.wait(20)
        request.close_connection, broken = broken, False
        return None

    answers.append(parts)
    copy = download(Url(f"{address}/list.csv"), {}, 100, pause=0)

    assert copy.path.read_bytes() == content


@pytest.mark.parametrize("told", [None, "bytes 0-9/10", "bytes */10"])
def test_a_part_that_begins_elsewhere_is_not_put_behind_the_others(
    told: str | None, server: tuple[str, list[Answer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object store gives ever the first bytes, whatever part is asked for."""
    address, answers = server
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setattr(S3FileSystem, "retries", 1)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    def first(request: BaseHTTPRequestHandler) -> None:
        if request.command == "HEAD":
            return head(request, 200, Content_Length=len(LIST), ETag='"a"', Last_Modified=WHEN)
        head(request, 206, Content_Length=10, ETag='"a"', **({"Content_Range": told} if told else {}))
        request.wfile.write(LIST[:10])
        return None

    answers.append(first)

    with pytest.raises(InputError, match="another part of the file than it was asked for"):
        download(Url("s3://lists/list.csv"), {"s3://lists": StoreSettings(endpoint_url=address)}, 100, pause=0)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (200, b"", "says that there is an object 'importing/list.csv.claim', and gives none"),
        (412, b"PreconditionFailed", "says that there is an object 'importing/list.csv.claim', and gives none"),
        (507, b"InsufficientStorage", "the server answers with HTTP 507"),
    ],
)
def test_a_store_that_makes_no_object_is_not_another_machine(
    status: int, code: bytes, said: str, server: tuple[str, list[Answer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a list would wait for ever, claimed by nobody; and a disk is not full because a server says 5xx."""
    address, answers = server
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    def lie(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        body = b"<Error><Code>%b</Code></Error>" % code if request.command == "PUT" and code else b""
        head(request, status if request.command == "PUT" else 404, Content_Length=len(body))
        request.wfile.write(body)

    answers.append(lie)
    folder = RemoteFolder(Url("s3://lists/in"), {"s3://lists": StoreSettings(endpoint_url=address)})

    with pytest.raises(InputError, match=said):
        folder.create("importing/list.csv.claim", b"ours")


def test_pages_without_names_have_an_end(server: tuple[str, list[Answer]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an object store is asked for the next one until the process ends."""
    address, answers = server
    monkeypatch.setattr(s3, "_MOST_EMPTY", 3)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    pages = 0

    def page(request: BaseHTTPRequestHandler) -> None:
        nonlocal pages
        pages += 1
        body = b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
        head(request, 200, Content_Length=len(body + b"</ListBucketResult>"))
        request.wfile.write(body + b"</ListBucketResult>")

    answers.append(page)

    with pytest.raises(InputError, match="list of names has no end"):
        expand(Url("s3://lists/in/*.csv"), {"s3://lists": StoreSettings(endpoint_url=address)})
    assert pages == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("status", [200, 403])
def test_an_object_store_declares_no_entities(
    status: int, encoding: str, server: tuple[str, list[Answer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One may stand for many others: 1.6 MB of them took 1.9 GB. Nor is a page of a proxy an empty listing."""
    address, answers = server
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    declared = "<!DOCTYPE r [<!ENTITY c '<Contents><Key>in/list.csv</Key></Contents>'>]>"
    said = f"<?xml version='1.0' encoding='{encoding}'?>{declared}<ListBucketResult>&c;&c;</ListBucketResult>"
    body = said.encode(encoding)
    parsed: list[bytes] = []
    parse = BaseXMLResponseParser._parse_xml_string_to_dom

    def noted(own: BaseXMLResponseParser, text: bytes) -> object:
        parsed.append(text)
        return parse(own, text)

    monkeypatch.setattr(BaseXMLResponseParser, parse.__name__, noted)

    def bomb(request: BaseHTTPRequestHandler) -> None:
        head(request, status, Content_Length=len(body))
        request.wfile.write(body)

    answers.append(bomb)

    with pytest.raises(InputError, match="does not answer as an object store" if status == 200 else "may not be read"):
        expand(Url("s3://lists/in/*.csv"), {"s3://lists": StoreSettings(endpoint_url=address)})
    assert not any(parsed)


@pytest.mark.parametrize("command", ["HEAD", "GET"])
def test_a_server_that_sends_a_byte_now_and_then(server: tuple[str, list[Answer]], command: str) -> None:
    """It is never silent for ``timeout``, and held a night."""
    address, answers = server
    ended = Event()

    def slow(request: BaseHTTPRequestHandler) -> None:
        if request.command != command:
            return head(request, 200, Content_Length=1000)
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n")
        request.wfile.write(b"X-Slow: " if command == "HEAD" else b"\r\n")
        with suppress(OSError):
            while not ended.wait(0.02):
                request.connection.send(b"a")
        request.close_connection = True
        return None

    answers.append(slow)
    stores = {address: StoreSettings(timeout=0.1)}

    with pytest.raises(InputError, match=r"list\.csv: one answer takes the server longer than 1 s"):
        download(Url(f"{address}/list.csv"), stores, 100, pause=0)
    ended.set()


@pytest.mark.parametrize(
    ("scheme", "start", "said"),
    [
        ("sftp", b"SSH-2.0-x\r\n" + struct.pack(">IB", 0x7FFFFFFC, 4) + bytes(3), "a packet that is longer than any"),
        ("smb", b"\xff\xff\xff\xff", "socket was closed"),
    ],
)
def test_a_packet_is_not_as_long_as_it_says(scheme: str, start: bytes, said: str, tmp_path: Path) -> None:
    """It comes before any login and any key: from whoever stands in between."""
    pytest.importorskip({"sftp": "paramiko", "smb": "smbprotocol"}[scheme])
    known = tmp_path / "known_hosts"
    known.touch(mode=0o600)
    sent = 0

    def answer(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(start)
        while sent < 1 << 28:
            sent += connection.send(bytes(1 << 20))

    with answering(answer) as address:
        url = address.replace("http", scheme)
        login = StoreSettings(username="u", password_command=["echo", "p"], known_hosts=known, timeout=5)
        with pytest.raises(InputError, match=said):
            download(Url(f"{url}/share/list.csv"), {url: login}, 100, pause=0)
    assert sent < 1 << 27


@pytest.mark.parametrize("there", ["http://example.com/list.csv", "file:///etc/passwd", "ftp://127.0.0.1/list.csv"])
def test_no_redirect_leaves_what_is_encrypted(server: tuple[str, list[Answer]], there: str) -> None:
    address, answers = server
    answers.append(lambda request: head(request, 302, Location=there, Content_Length=0))

    with pytest.raises(InputError, match=r"leads on to .*, which is not encrypted"):
        download(Url(f"{address}/list.csv"), {}, 100, pause=0)


def test_a_redirect_to_another_name_of_this_machine_does_not_get_the_login(server: tuple[str, list[Answer]]) -> None:
    address, answers = server
    seen = []

    def moved(request: BaseHTTPRequestHandler) -> None:
        seen.append((request.path, request.headers.get("Authorization")))
        if request.path == "/list.csv":
            location = f"{address.replace('127.0.0.1', 'localhost')}/other.csv"
            return head(request, 302, Location=location, Content_Length=0)
        return head(request, 404, Content_Length=0)

    answers.append(moved)
    stores = {address: StoreSettings(username="u", password_command=["echo", "p@ssw0rd-long"])}

    with pytest.raises(InputError, match="leads on to"):
        download(Url(f"{address}/list.csv"), stores, 100, pause=0)
    assert {path for path, _ in seen} == {"/list.csv"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: /list.csv\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "the server redirects in circles.",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "that makes no sense (Bad status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "that makes no sense (Invalid character"),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", "the server answers with HTTP 400."),
    ],
)
def test_an_answer_that_makes_no_sense_has_no_status_of_its_own(
    answer: bytes, said: str, server: tuple[str, list[Answer]]
) -> None:
    """aiohttp says 0 of endless redirects, and 400 of what it cannot read."""
    address, answers = server

    def odd(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(answer)
        request.close_connection = True

    answers.append(odd)

    with pytest.raises(InputError) as refused:
        download(Url(f"{address}/list.csv"), {}, 100, pause=0)
    assert f"/list.csv: {said}" in str(refused.value)


def test_a_login_in_an_address_is_refused_and_masked() -> None:
    """A token as the name of the user is what some forges propose."""
    with pytest.raises(UsageError, match="has a login in it"):
        path_of("https://ghp_TokenOfMine1234@example.com/list.csv")
    assert "TokenOfMine" not in line("refused: ghp_TokenOfMine1234")


def test_the_name_of_a_list_at_an_address_leads_nowhere() -> None:
    """It becomes the name of a marked workbook."""
    url = Url("https://example.com/a/..%2F..%2F..%2Fevil.xlsx")

    assert url.name == ".._.._.._evil.xlsx"
    (target,) = _targets(Path("out"), {url: {}})
    assert target.parent == Path("out")
    (target,) = _targets(Path("out"), {Url("https://example.com/list.zip/in/a.xlsx"): {}})
    assert target == Path("out/a-marked.xlsx")


@pytest.mark.skipif(SSHD is None, reason="OpenSSH's server is not installed")
def test_a_name_on_the_server_names_no_other_file(run: Run, configure: Configure, tmp_path: Path) -> None:
    """Whoever brings lists chooses their names: %2F in one is no way to another folder."""
    with sftp_server(tmp_path) as sftp:
        configure(sources=f"\n  {sftp.login}")
        (tmp_path / "secret.csv").write_bytes(LIST.replace(b"K1", b"SECRET"))
        (sftp.files / "..%2Fsecret.csv").write_bytes(LIST)
        (sftp.files / "a%20b.csv").write_bytes(LIST.replace(b"K1", b"K2"))

        done = run("validate", sftp.url("*.csv"))

    assert done.code == ExitCode.OK, done.err
    assert [row["_user_data"] for row in done.rows()] == ["K1", "K2"]


@pytest.mark.parametrize(("method", "named"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")])
def test_a_zip_bomb_of_another_method_is_not_unpacked(tmp_path: Path, method: int, named: str) -> None:
    """zipfile would unpack whatever it is given at once: 2 KB are 3 GB."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("list.csv", LIST)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", method) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")

    with pytest.raises(InputError, match=f"is packed with {named}, which is not unpacked here"):
        fetch(tmp_path / "a.zip", SourceSettings())
    with pytest.raises(InputError, match="is packed as in no workbook"):
        from dialler_sync.read import open_tables

        open_tables(tmp_path / "a.xlsx", SourceSettings())


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("<table><caption>x</caption><tr><td>a</td></tr></table>" * 3_000, "more than 2,000 tables"),
        (
            "<table><tr>" + "<td colspan=2000 rowspan=1048576>x</td></tr>" + "<tr><td></td></tr>" * 600,
            "too many for the memory",
        ),
    ],
)
def test_a_page_that_costs_more_than_it_holds_is_refused(tmp_path: Path, page: str, message: str) -> None:
    (tmp_path / "a.html").write_text(f"<html><body>{page}", encoding="utf-8")

    with pytest.raises(InputError, match=message):
        open_html(tmp_path / "a.html", SourceSettings(max_file_mb=40))


def test_empty_tables_and_names_that_meet_cost_no_table(tmp_path: Path) -> None:
    """A name that is made to differ may be there already."""
    row = "<tr><td>a</td><td>b</td></tr>"
    named = "".join(f"<table><caption>{name}</caption>{row * 2}</table>" for name in ("x", "x (3)", "x"))
    (tmp_path / "a.html").write_text(f"<html><body>{'<table></table>' * 3_000}{named}", encoding="utf-8")

    book = open_html(tmp_path / "a.html", SourceSettings())

    assert [sheet.name for sheet in book.sheets] == ["x", "x (3)", "x (3) (3)"]


def test_a_full_disk_is_said_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is as it was: it is the copy that has no room."""
    copy = Copy()
    copy.path = Path("/dev/full")
    monkeypatch.setattr("dialler_sync.fetch.copies.new_file", lambda path: os.open(path, os.O_WRONLY))

    with pytest.raises(InputError, match=r"cannot be copied to /: No space left on device. .* TMPDIR"):
        copy.fill([LIST], 1)
