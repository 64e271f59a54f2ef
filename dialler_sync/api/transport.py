"""httpx over aiohttp: sends one request once.

aiohttp carries several times the requests per second of httpx's own connection pool (README, Performance).
The transport is ours, and not the ``httpx-aiohttp`` package, for what that loses: whether the request had
left when it failed. ``httpx-aiohttp`` reports a connection that the server dropped after the request as
``ConnectTimeout``; who believes it sends the row twice.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx
from yarl import URL

NOT_SENT: tuple[type[httpx.TransportError], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""What this transport raises where the request has certainly not left. Every other error: it may have."""


@contextmanager
def _translated(request: httpx.Request) -> Iterator[None]:
    """aiohttp's errors as httpx's; the order of the clauses matters, as aiohttp's classes overlap."""
    try:
        yield
    except aiohttp.ClientProxyConnectionError as error:
        raise httpx.ProxyError(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:  # refused, DNS, TLS handshake, certificate
        raise httpx.ConnectError(str(error), request=request) from error
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time", request=request) from error
    except TimeoutError as error:  # aiohttp's ServerTimeoutError is one too
        raise httpx.ReadTimeout("no answer in time", request=request) from error
    except aiohttp.InvalidURL as error:
        raise httpx.UnsupportedProtocol(str(error), request=request) from error
    except aiohttp.ClientHttpProxyError as error:
        raise httpx.ProxyError(str(error), request=request) from error
    except aiohttp.ClientPayloadError as error:
        raise httpx.ReadError("the answer broke off", request=request) from error
    except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
        message = str(error) or type(error).__name__
        raise httpx.RemoteProtocolError(message, request=request) from error


class _Body(httpx.AsyncByteStream):
    """The body of an answer that is read as it comes."""

    def __init__(self, request: httpx.Request, response: aiohttp.ClientResponse) -> None:
        self._request = request
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated(self._request):
            async for piece in self._response.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        self._response.close()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends each request exactly once over a pool of ``connections``.

    ``connect_timeout`` and ``timeout`` are in seconds; ``timeout`` is for a whole request, but for
    streamed ones (``extensions={"streamed": True}``), where it is the longest silence.
    """

    def __init__(self, *, verify: ssl.SSLContext | bool, connections: int, timeout: float, trust_env: bool) -> None:
        self._verify = verify
        self._connections = connections
        self._trust_env = trust_env
        connect = min(10.0, timeout)
        self._whole = aiohttp.ClientTimeout(total=connect + timeout, connect=connect, sock_read=timeout)
        self._streamed = aiohttp.ClientTimeout(total=None, connect=connect, sock_read=timeout)
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._verify, keepalive_timeout=15),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=self._trust_env,
            auto_decompress=False,
        )
        # aiohttp repeats a PUT or DELETE by itself when a kept-alive connection drops. A DELETE by UserData
        # that is repeated deletes a second contact; only we decide about repeats.
        session._retry_connection = False
        return session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``. Errors that are in ``NOT_SENT`` were raised before it left."""
        session = self._session = self._session or self._open()
        streamed = "streamed" in request.extensions
        with _translated(request):
            response = await session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers,
                data=request.content or None,
                allow_redirects=False,
                timeout=self._streamed if streamed else self._whole,
            )
            if streamed:
                return httpx.Response(
                    response.status,
                    headers=response.raw_headers,
                    stream=_Body(request, response),
                    request=request,
                )
            async with response:
                body = await response.read()
        # httpx decodes what it is told is encoded, so a compressed answer stays one step.
        return httpx.Response(response.status, headers=response.raw_headers, content=body, request=request)

    async def aclose(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None
