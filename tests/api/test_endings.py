"""Every way a connection can end, and what it must be judged as: what was sent is never taken for not sent."""

from __future__ import annotations

import asyncio
import errno
import gzip
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from unittest.mock import ANY

import aiohttp
import httpx
import pytest
from aiohttp import client_exceptions
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from dialler_sync.api import DiallerClient
from dialler_sync.api.network_errors import FOREIGN, translate
from dialler_sync.api.retry import judge_failure
from dialler_sync.api.transport import AiohttpTransport
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import MaybeDone, NotDone, RequestError

from ..helpers.scripted import (
    DONE,
    Certificate,
    ScriptedServer,
    Step,
    dripping,
    half_close,
    records,
    respond,
    settings,
    then_close,
    then_reset,
    then_silence,
)

pytestmark = pytest.mark.anyio

BODY = b'{"Name": "M"}'
HEAD, _, CONTENT = DONE.partition(b"\r\n\r\n")


async def failure(settings: DiallerSettings) -> RequestError:
    async with DiallerClient(settings) as client:
        with pytest.raises(RequestError) as caught:
            await client.import_contact(BODY, overwrite=True)
    return caught.value


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + end


def with_length(change: int, content: bytes = CONTENT) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content) + change, content)


AFTER_THE_REQUEST: dict[str, tuple[bytes | Step, str]] = {
    "closed without an answer": (then_close(), "connection_lost"),
    "reset without an answer": (then_reset(), "connection_lost"),
    "closed in the status line": (then_close(b"HTTP/1.1 20"), "connection_lost"),
    "reset in the status line": (then_reset(b"HTTP/1.1 20"), "connection_lost"),
    "closed in the headers": (then_close(HEAD[:-5]), "connection_lost"),
    "closed after the headers": (then_close(HEAD + b"\r\n\r\n"), "connection_lost"),
    "closed in the body": (then_close(DONE[:-5]), "connection_lost"),
    "reset in the body": (then_reset(DONE[:-5]), "connection_lost"),
    "content-length too long": (then_close(with_length(5)), "connection_lost"),
    "content-length too short": (with_length(-5), "unreadable_answer"),
    "closed in a chunk": (then_close(chunked(CONTENT, end=b"5\r\nab")), "connection_lost"),
    "closed before the last chunk": (then_close(chunked(CONTENT, end=b"")), "connection_lost"),
    "nonsense for a chunk": (chunked(end=b"zz\r\nnonsense\r\n"), "unreadable_answer"),
    "nonsense for a later chunk": (dripping(chunked(CONTENT, end=b"zz\r\nnonsense\r\n"), 0), ANY),
    "cut off, and no length given": (then_close(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT[:-5]), "unreadable_answer"),
    "no answer in time": (then_silence(), "timeout"),
    "headers and no body in time": (then_silence(HEAD + b"\r\n\r\n"), "timeout"),
    "half a body in time": (then_silence(DONE[:-5]), "timeout"),
    "a slow drip": (dripping(DONE), "timeout"),
    "only 100 Continue": (then_silence(b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout"),
    "no HTTP": (then_close(b"SSH-2.0-OpenSSH_9.6\r\n"), "unreadable_answer"),
    "no HTTP, kept open": (then_silence(b"220 mail ESMTP\r\n\r\n"), "unreadable_answer"),
    "a status line of ICY": (then_close(b"ICY 200 OK\r\n\r\n" + CONTENT), "unreadable_answer"),
    "zeros": (then_close(bytes(100)), "unreadable_answer"),
    "a header that is no header": (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "unreadable_answer"),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "unreadable_answer"),
    "a huge header": (respond(200, {"status": 200}, x="a" * 300_000), "unreadable_answer"),
    "ten thousand headers": (
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 10_000 + b"Content-Length: 0\r\n\r\n",
        "unreadable_answer",
    ),
    "not gzip, though it says so": (respond(200, CONTENT, content_encoding="gzip"), "unreadable_answer"),
    "gzip cut off": (respond(200, gzip.compress(CONTENT, mtime=0)[:-12], content_encoding="gzip"), "unreadable_answer"),
    "not brotli, though it says so": (respond(200, CONTENT, content_encoding="br"), "unreadable_answer"),
    "an encoding that nobody asked for": (respond(200, b"\x0b\x02\x80", content_encoding="x"), "unreadable_answer"),
    "an answer without an end": (then_silence(chunked(*[b" " * 2**20] * 17, end=b"")), "unreadable_answer"),
    "gigabytes, packed": (respond(200, gzip.compress(bytes(2**25)), content_encoding="gzip"), "unreadable_answer"),
    "switching protocols": (then_close(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), "unreadable_answer"),
}


@pytest.mark.parametrize("name", AFTER_THE_REQUEST)
async def test_request_that_was_sent_may_have_been_done(name: str) -> None:
    """However the connection ends after the request was read: it may have been done, and was sent once."""
    step, code = AFTER_THE_REQUEST[name]
    async with ScriptedServer([step]) as server:
        error = await failure(server.settings(timeout=0.3 if code == "timeout" else 30))

    assert (type(error), error.code) == (MaybeDone, code)
    assert [request.body for request in server.received] == [BODY]


@pytest.mark.parametrize("greeting", [then_close(), then_reset(), then_close(b"HTTP/1.1 200 OK\r\n\r\n")])
async def test_request_that_nobody_seems_to_have_read_may_have_been_done(greeting: Step) -> None:
    """A server that drops a connection at once tells nothing of how far the request got."""
    async with ScriptedServer(greeting=greeting) as server:
        error = await failure(server.settings())

    assert type(error) is MaybeDone


@asynccontextmanager
async def nobody_listens() -> AsyncIterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/rest"


@asynccontextmanager
async def nobody_accepts() -> AsyncIterator[str]:
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting.setblocking(False)
        waiting.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}/rest"


@asynccontextmanager
async def no_such_host() -> AsyncIterator[str]:
    yield "https://dialler.invalid/rest"


@asynccontextmanager
async def plain_server() -> AsyncIterator[str]:
    async with ScriptedServer(greeting=then_close(respond(400))) as server:
        yield server.url.replace("http:", "https:")


@asynccontextmanager
async def handshake_dropped() -> AsyncIterator[str]:
    async with ScriptedServer(greeting=then_close()) as server:
        yield server.url.replace("http:", "https:")


@asynccontextmanager
async def handshake_reset() -> AsyncIterator[str]:
    async with ScriptedServer(greeting=then_reset()) as server:
        yield server.url.replace("http:", "https:")


@asynccontextmanager
async def handshake_never_ends() -> AsyncIterator[str]:
    async with ScriptedServer(greeting=then_silence()) as server:
        yield server.url.replace("http:", "https:")


Place = Callable[[], AbstractAsyncContextManager[str]]
BEFORE_THE_REQUEST: dict[Place, str] = {
    nobody_listens: "Connection refused",
    nobody_accepts: "no connection within the time limit",
    no_such_host: "dialler.invalid:443",
    plain_server: "127.0.0.1:.*(WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|wrong version)",
    handshake_dropped: "127.0.0.1:",
    handshake_reset: "127.0.0.1:.*reset",
    handshake_never_ends: "no connection within the time limit",
}


@pytest.mark.parametrize("place", BEFORE_THE_REQUEST, ids=lambda place: place.__name__)
async def test_request_without_a_connection_was_certainly_not_done(place: Place) -> None:
    """Where no connection was made the request may be sent again, and the message says what stood in the way."""
    async with place() as url:
        error = await failure(settings(url, timeout=1))

    assert (type(error), error.code) == (NotDone, "unreachable")
    assert re.search(BEFORE_THE_REQUEST[place], str(error)), str(error)


async def test_certificate_that_is_not_trusted(certificate: Certificate) -> None:
    """Nothing is sent to a server whose certificate is not trusted, and the message says so."""
    async with ScriptedServer([DONE], tls=certificate.server) as server:
        error = await failure(server.settings())

    assert (type(error), error.code) == (NotDone, "unreachable")
    assert "certificate of 127.0.0.1" in str(error)
    assert "not trusted" in str(error)
    assert server.received == []


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
async def test_certificate_is_checked_however_the_scheme_is_written(certificate: Certificate, scheme: str) -> None:
    """A scheme in capitals switches no check off."""
    async with ScriptedServer([DONE], tls=certificate.server) as server:
        error = await failure(settings(server.url.replace("https", scheme)))

    assert "not trusted" in str(error)


async def test_certificate_of_ca_file_is_trusted(certificate: Certificate) -> None:
    """``ca_file`` makes an own certificate trusted."""
    async with (
        ScriptedServer([DONE], tls=certificate.server) as server,
        DiallerClient(server.settings(ca_file=certificate.path)) as client,
    ):
        assert (await client.import_contact(BODY, overwrite=True)).id == "4711"


WHOLE: dict[str, bytes | Step] = {
    "at once": DONE,
    "chunked": chunked(CONTENT[:10], CONTENT[10:]),
    "dripping": dripping(DONE, 0),
    "HTTP/1.0": then_close(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT),
    "closed at the end": then_close(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + CONTENT),
    "reset at the end": then_reset(DONE),
    "100 Continue before": b"HTTP/1.1 100 Continue\r\n\r\n" + DONE,
    "103 Early Hints before": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + DONE,
    "gzip": respond(200, gzip.compress(CONTENT, mtime=0), content_encoding="gzip"),
    "cookies": respond(200, CONTENT, set_cookie="session=1"),
    "reason that is not ASCII": DONE.replace(b"Whatever", "schön".encode("latin-1")),
    "header that is not ASCII": respond(200, CONTENT, x="schön"),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_whole_answer_is_taken_however_it_comes(name: str) -> None:
    """Framing, compression and closing are no business of the row's."""
    async with ScriptedServer([WHOLE[name]]) as server, DiallerClient(server.settings()) as client:
        contact = await client.import_contact(BODY, overwrite=True)

    assert (contact.id, contact.user_data, contact.values["Name"]) == ("4711", "K1", "Müller")


async def send(transport: AiohttpTransport, server: ScriptedServer, method: str) -> httpx.Response:
    body = b"" if method in ("GET", "DELETE") else BODY
    return await transport.handle_async_request(httpx.Request(method, server.url, content=body))


METHODS = ["POST", "PUT", "DELETE", "GET"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("drop", [then_close(), then_reset()], ids=["closed", "reset"])
async def test_dropped_kept_alive_connection_repeats_nothing(method: str, drop: Step) -> None:
    """A request on a kept-alive connection that the server drops is not sent a second time behind our back."""
    async with ScriptedServer([DONE, drop, DONE]) as server:
        transport = AiohttpTransport(verify=True, connections=4, timeout=5)
        await send(transport, server, method)
        with pytest.raises(httpx.TransportError) as caught:
            await send(transport, server, method)
        await transport.aclose()

    assert type(judge_failure(caught.value, SENT)) is MaybeDone
    assert [request.connection for request in server.received] == [1, 1]


@pytest.mark.parametrize("method", METHODS)
async def test_stale_connection_repeats_nothing(method: str) -> None:
    """A kept-alive connection that the server closes as the next request comes: that may have been done."""
    async with ScriptedServer([DONE, then_close()]) as server:
        transport = AiohttpTransport(verify=True, connections=4, timeout=5)
        await send(transport, server, method)
        with pytest.raises(httpx.TransportError) as caught:
            await send(transport, server, method)
        await transport.aclose()

    assert type(judge_failure(caught.value, SENT)) is MaybeDone
    assert [request.connection for request in server.received] == [1, 1]


@pytest.mark.parametrize("method", METHODS)
async def test_connection_that_has_just_been_closed_is_replaced(method: str) -> None:
    """Also where the event loop has not read the end yet: nothing is sent on it that would be in doubt."""
    async with ScriptedServer([DONE]) as server:
        transport = AiohttpTransport(verify=True, connections=4, timeout=5)
        await send(transport, server, method)
        server.writers[0].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await send(transport, server, method)
        await transport.aclose()

    assert [request.connection for request in server.received] == [1, 2]


async def test_closed_connection_that_was_noticed_is_replaced() -> None:
    """A server that closes idle connections costs nothing where that is known before the request."""
    async with ScriptedServer([half_close(DONE)]) as server, DiallerClient(server.settings()) as client:
        for _ in range(3):
            await client.import_contact(BODY, overwrite=True)
            await server.ended.acquire()

    assert [request.connection for request in server.received] == [1, 2, 3]


async def test_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    """A second answer on a kept-alive connection belongs to no request: all later ones would be off by one."""
    async with (
        ScriptedServer([records({"ID": 1}), records({"ID": 2})]) as server,
        DiallerClient(server.settings()) as client,
    ):
        assert (await client.import_contact(BODY, overwrite=True)).id == "1"
        server.writers[0].write(records({"ID": 99}))
        for _ in range(5):  # it has arrived already; let the event loop take it
            await asyncio.sleep(0)
        assert (await client.import_contact(BODY, overwrite=True)).id == "2"

    assert [request.connection for request in server.received] == [1, 2]


async def test_late_answer_is_not_taken_for_the_next() -> None:
    """What times out takes its connection with it."""
    async with ScriptedServer([then_silence(), DONE]) as server, DiallerClient(server.settings(timeout=0.1)) as client:
        with pytest.raises(MaybeDone):
            await client.import_contact(BODY, overwrite=True)
        await client.import_contact(BODY, overwrite=True)

    assert [request.connection for request in server.received] == [1, 2]


async def test_cancelled_request_takes_its_connection_with_it() -> None:
    """An interrupted run leaves no answer behind for the next request, and no place taken."""
    arrived = asyncio.Event()

    async def hanging(_: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.Event().wait()

    async with ScriptedServer([hanging, DONE]) as server, DiallerClient(server.settings()) as client:
        task = asyncio.create_task(client.import_contact(BODY, overwrite=True))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.gate.in_flight == 0
        await client.import_contact(BODY, overwrite=True)

    assert [request.connection for request in server.received] == [1, 2]


# aiohttp's errors


def every(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*map(every, kind.__subclasses__()))


KEY = ConnectionKey("h", 1, False, True, None, None, None)
REQUEST = aiohttp.RequestInfo(URL("http://h"), "POST", CIMultiDictProxy(CIMultiDict()), URL("http://h"))
ARGUMENTS: dict[type[Exception], tuple[object, ...]] = {
    aiohttp.ClientConnectorCertificateError: (KEY, ssl.SSLCertVerificationError(1, "self-signed")),
    client_exceptions.UnixClientConnectorError: ("/path", KEY, OSError(errno.ENOENT, "")),
    aiohttp.ClientConnectorError: (KEY, OSError(errno.ECONNREFUSED, "")),
    aiohttp.ServerFingerprintMismatch: (b"1", b"2", "h", 1),
    aiohttp.ClientResponseError: (REQUEST, ()),
    aiohttp.InvalidURL: ("http://h",),
    Exception: (),
}
CERTAINLY_NOT_SENT = {
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorDNSError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientSSLError,
    aiohttp.ClientProxyConnectionError,
    aiohttp.ClientHttpProxyError,
    client_exceptions.UnixClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.InvalidUrlClientError,
    aiohttp.NonHttpUrlClientError,
}
SENT = httpx.Request("GET", "https://dialler.example.com/")
OF_THE_SYSTEM = {OSError, ConnectionResetError, BrokenPipeError, TimeoutError, ssl.SSLError}


@pytest.mark.parametrize(
    "kind", sorted(every(aiohttp.ClientError) | OF_THE_SYSTEM, key=str), ids=lambda kind: kind.__name__
)
def test_every_error_of_aiohttp_is_translated(kind: type[Exception]) -> None:
    """Each is known, and what is not known to be raised before the request left counts as sent."""
    arguments = next(arguments for base, arguments in ARGUMENTS.items() if issubclass(kind, base))

    judged = judge_failure(translate(kind(*arguments)), SENT)

    assert type(judged) is (NotDone if kind in CERTAINLY_NOT_SENT else MaybeDone)


def test_every_error_of_aiohttp_is_caught() -> None:
    """What aiohttp documents for its client is what the transport catches; only websockets have more."""
    documented = {getattr(client_exceptions, name) for name in client_exceptions.__all__}

    assert {kind for kind in documented if not issubclass(kind, FOREIGN)} == {aiohttp.WSMessageTypeError}
