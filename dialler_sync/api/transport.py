"""httpx over aiohttp: sends one request once.

aiohttp carries several times the requests per second of httpx's own connection pool (README, Performance).
The package ``httpx-aiohttp`` would lose whether the request had left when it failed: it reports a connection
that the server dropped after the request as ``ConnectTimeout``, and a row is sent twice.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import httpx
from multidict import CIMultiDict
from yarl import URL

from ..text.phrase import phrase
from .network_errors import FOREIGN, translate
from .protocol import LONGEST_FIELD, MOST_FIELDS, TolerantHandler

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection


LONGEST_ANSWER, LONGEST_OF_ONE = 2**24, 2**21
"""Largest answer in bytes, unpacked: any, and one to the change of a contact, as many are in flight."""

SLOWEST = 2**7
"""Least bytes of a streamed answer within the time limit: a byte now and then must not hold a run."""


class TooLong(httpx.RemoteProtocolError):
    """The answer exceeds the size limit."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating GET, PUT and DELETE by itself after a dropped connection.

    A DELETE by UserData that is repeated deletes a second contact; only we decide about repeats.
    """
    try:
        return await send(request)
    except FOREIGN as error:
        raise translate(error) from error


class _Connector(aiohttp.TCPConnector):
    """A pool that reuses no connection with unexpected data: it would pass for the next answer.

    ``trusted_from``: connections made before this time of the event loop are not reused. ``to_proxy``: the context for
    TLS with a proxy, which has no client certificate to show.
    """

    def __init__(self, *, to_proxy: ssl.SSLContext | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._to_proxy = to_proxy
        self._factory = cast("partial[ResponseHandler]", partial(TolerantHandler, loop=self._loop))
        self.trusted_from = 0.0

    def _get_ssl_context(self, req: aiohttp.ClientRequest) -> ssl.SSLContext | None:
        if self._to_proxy and not req.proxy:  # the request for a tunnel, which itself goes by none
            return self._to_proxy if req.is_ssl() else None
        return super()._get_ssl_context(req)

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        try:
            connection = await super().connect(*args, **kwargs)
            for _ in range(self.limit):
                if self._is_sound(connection.protocol):
                    break
                connection.close()
                connection = await super().connect(*args, **kwargs)
        except TimeoutError:
            raise  # aiohttp tells with it that the time to connect was too short
        except FOREIGN as error:
            raise translate(error, connected=False) from error
        return connection

    def _is_sound(self, protocol: ResponseHandler | None) -> bool:
        if protocol is None or protocol.should_close:
            return False
        if not isinstance(protocol, TolerantHandler) or not protocol.used:
            return True
        return protocol.made_at >= self.trusted_from and not protocol.has_unread()


class _Body(httpx.AsyncByteStream):
    """Streamed body of an answer.

    ``patience``: the longest wait for a chunk, and for the minimum of data, in seconds. The time spent processing a
    chunk does not count.
    """

    def __init__(self, response: aiohttp.ClientResponse, patience: float) -> None:
        self._response = response
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        waited, came = 0.0, 0
        try:
            while True:
                started = clock()
                # aiohttp's own time limit ends with the first error of its parser, and then nothing would.
                async with asyncio.timeout(self._patience):
                    piece = await self._response.content.readany()
                if not piece:
                    return
                waited, came = waited + clock() - started, came + len(piece)
                if waited > self._patience:
                    if came < SLOWEST:
                        raise httpx.ReadTimeout(phrase("the answer arrives too slowly"))
                    waited, came = 0.0, 0
                yield piece
        except FOREIGN as error:
            raise translate(error) from error

    async def aclose(self) -> None:
        self._response.close()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends each request exactly once over a pool of ``connections``, through ``proxy`` if there is one, with which TLS
    uses the context ``to_proxy``.

    ``timeout`` is in seconds, for a whole request. With ``extensions={"streamed": True}`` an answer of 200
    comes as it is read; ``timeout`` is then the longest silence, and the time for its head. ``{"longest": n}``
    limits the bytes of an answer.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | bool,
        connections: int,
        timeout: float,
        proxy: str | None = None,
        to_proxy: ssl.SSLContext | None = None,
    ) -> None:
        self._verify = verify
        self._connections = connections
        self._proxy = proxy
        self._to_proxy = to_proxy if proxy else None
        self._timeout = timeout
        # Time to connect ends first: that the request was not sent is then known.
        connect = min(10.0, timeout / 2)
        self._whole = aiohttp.ClientTimeout(total=timeout, connect=connect)
        self._streamed = aiohttp.ClientTimeout(total=None, connect=connect, sock_read=timeout)
        self._head = connect + timeout
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        # Not trust_env: aiohttp would ask for the proxy anew for each request, in a thread, and take
        # credentials for the host from ~/.netrc.
        return aiohttp.ClientSession(
            connector=_Connector(limit=self._connections, ssl=self._verify, to_proxy=self._to_proxy),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxy,
            max_line_size=LONGEST_FIELD,
            max_field_size=LONGEST_FIELD,
            max_headers=MOST_FIELDS,
            middlewares=(_once,),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``. Errors in ``NOT_SENT`` were raised before it left."""
        session = self._session = self._session or self._open()
        streamed = "streamed" in request.extensions
        headers = CIMultiDict([(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw])
        try:
            # aiohttp has no time limit for a head: one that never ends, or endless interim answers.
            async with asyncio.timeout(self._head if streamed else None):
                response = await session.request(
                    request.method,
                    _url(str(request.url)),
                    headers=headers,
                    data=await request.aread() or None,
                    allow_redirects=False,
                    timeout=self._streamed if streamed else self._whole,
                )
                whole = None
                if not streamed or response.status != 200:
                    whole = await _read(response, request.extensions.get("longest", LONGEST_ANSWER))
        except FOREIGN as error:
            raise translate(error) from error
        fields = response.raw_headers
        encoding = response.headers.get("Content-Encoding", "")
        if encoding in _DECODED:
            fields = tuple(field for field in fields if field[0].lower() != b"content-encoding")
        elif whole is None and encoding:
            response.close()
            raise httpx.DecodingError(
                phrase("its content encoding is unknown or nested")
            )  # httpx has no limit for those
        stream = _Body(response, self._timeout) if whole is None else httpx.ByteStream(whole)
        reply = httpx.Response(response.status, headers=fields, stream=stream, request=request)
        if whole is not None:
            # Same as aread() on the stream, which takes a sixth of the time of a whole request.
            reply._content = whole
        return reply

    def distrust(self) -> None:
        """Stop reusing the open connections: on one of them, answers and requests are out of step."""
        if self._session is not None and isinstance(self._session.connector, _Connector):
            self._session.connector.trusted_from = asyncio.get_running_loop().time()

    async def aclose(self) -> None:
        """Close the pool, for good: what is still to be asked when one question has failed opens no other."""
        if self._session is not None:
            await self._session.close()


_DECODED = frozenset({"gzip", "deflate", "br", "zstd"})
"""Encodings that aiohttp has decoded, or failed to; httpx must not try again."""


async def _read(response: aiohttp.ClientResponse, longest: int) -> bytes:
    """Read the whole body, up to ``longest`` bytes. aiohttp decompresses it in chunks."""
    pieces, length = [], 0
    try:
        while length <= longest and (piece := await response.content.readany()):
            pieces.append(piece)
            length += len(piece)
    except BaseException:
        response.close()
        raise
    if length > longest:
        response.close()
        raise TooLong(phrase("the answer is longer than {most} MB", most=longest // 2**20))
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


@lru_cache(maxsize=16)
def _url(text: str) -> URL:
    """Make aiohttp's URL, cached: parsing is slow, and a hundred thousand rows share the URL."""
    return URL(text, encoded=True)
