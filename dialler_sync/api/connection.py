"""A connection to the dialler: each request sent once through the gate, timed, counted and logged; or repeated."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import httpx

from ..config.dialler import DiallerSettings
from ..config.proxy import find_proxy
from ..endpoints import ENDPOINTS, Endpoint, endpoint
from ..error_codes import UNREADABLE
from ..errors import Misdirected, RequestError
from ..text.phrase import phrase
from . import traffic
from .latency import Latencies
from .pace import Gate
from .retry import Clock, is_too_long, judge_failure, repeating, unreadable
from .tls import tls_context
from .token import read_token
from .transport import AiohttpTransport

T = TypeVar("T")


class Connection:
    """A connection to one dialler and ClientsID; an asynchronous context manager.

    ``requests`` counts what was sent, ``latencies`` how long each took; all of it passes ``gate``.
    ``transport`` and ``clock`` are there for other networks and times.

    Raises:
        ConfigError: the token, the certificates or the proxy cannot be used.
    """

    def __init__(
        self,
        settings: DiallerSettings,
        *,
        gate: Gate | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.settings = settings
        self.gate = gate or Gate(
            settings.concurrency, rate=settings.rate, give_up_after=settings.give_up_after, clock=clock
        )
        self.requests = 0
        self.latencies = Latencies(clock)
        self._clock = clock
        self._endpoints = {name: endpoint(name, settings.endpoints.get(name)) for name in ENDPOINTS}
        root = httpx.URL(settings.root)
        self._transport = transport or AiohttpTransport(
            verify=tls_context(settings) if root.scheme == "https" else True,
            to_proxy=tls_context(settings, shown=False) if root.scheme == "https" else None,
            connections=settings.concurrency + 4,
            timeout=settings.timeout,
            proxy=find_proxy(settings.base_url),
        )
        self._headers = [
            (b"Host", root.netloc),
            (b"Authorization", f"Bearer {read_token(settings)}".encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip, deflate"),
            (b"Content-Type", b"application/json"),
            (b"User-Agent", b"dialler-sync"),
        ]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._transport.aclose()

    def endpoint(self, name: str) -> Endpoint:
        """Return the method and path that this client uses for a function."""
        return self._endpoints[name]

    async def _send(
        self, request: httpx.Request, judged: Callable[[httpx.Response], T], *, as_probe: bool = False
    ) -> T:
        """Send once, when the gate lets it, and report the result to the gate."""
        gate = self.gate
        if not gate.try_enter():
            await gate.enter(as_probe=as_probe)
        started = self._clock()
        try:
            answer = judged(await self._exchange(request))
        except RequestError as error:
            self._leave(error, started, request)
            _let_go(error)
            raise
        except BaseException:
            gate.abandon()
            raise
        self._leave(None, started, request)
        return answer

    def _leave(self, error: RequestError | None, started: float, request: httpx.Request) -> None:
        ended = self._clock()
        if "streamed" not in request.extensions:  # the duration of a list does not show how fast the dialler is
            self.latencies.add(ended, ended - started)
        self.gate.leave(None if error and is_too_long(error) else error, ended - started)  # too long is an answer, too

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if traffic.is_wanted():
            return await self._exchange_aloud(self.requests, request)
        return await self._exchange_once(request)

    async def _exchange_aloud(self, number: int, request: httpx.Request) -> httpx.Response:
        """Send once, and log the exchange."""
        traffic.log_request(number, request)
        started = self._clock()
        try:
            reply = await self._exchange_once(request)
        except RequestError as error:
            traffic.log_failure(number, error, self._clock() - started)
            raise
        traffic.log_answer(number, reply, self._clock() - started)
        return reply

    async def _exchange_once(self, request: httpx.Request) -> httpx.Response:
        try:
            reply = await self._transport.handle_async_request(request)
            if reply.status_code != 200 or "streamed" not in request.extensions:
                await reply.aread()
        except httpx.TransportError as error:
            raise judge_failure(error, request) from error
        except httpx.DecodingError as error:
            raise unreadable(phrase("the answer cannot be decoded ({error})", error=error)) from error
        return reply

    def _url(self, name: str, **values: str | int) -> httpx.URL:
        return httpx.URL(self.settings.root + self._endpoints[name].target(**values))

    def _request(self, method: str, url: httpx.URL, body: bytes = b"", **extensions: object) -> httpx.Request:
        # Request(content=body) does the same and takes four times as long.
        length = [(b"Content-Length", str(len(body)).encode())] if body or method != "GET" else []
        return httpx.Request(
            method, url, headers=self._headers + length, stream=httpx.ByteStream(body), extensions=extensions
        )

    async def repeating(self, once: Callable[[], Awaitable[T]], *, long: bool = False) -> T:
        """Call ``once`` until it is done or refused, as often as the settings allow. Only for harmless repeats.

        ``long``: one call may take minutes, so that a ``Retry-After`` has ``give_up_after`` from the dialler's latest
        answer, not from here.

        Raises:
            RequestError: the last failure.
        """
        started, gate = self._clock(), self.gate

        def left() -> float:
            return gate.left(max(started, gate.last_success) if long else started)

        return await repeating(once, retries=self.settings.retries, sleep=gate.rest, left=left)

    def _misdirected(self) -> Misdirected:
        """Make the error for an answer that names another contact than the request: it may belong to another request,
        and so may all later answers on its connection."""
        if isinstance(self._transport, AiohttpTransport):
            self._transport.distrust()
        return Misdirected(UNREADABLE, phrase("the answer names another contact than the request"), http_status=200)


def _let_go(error: BaseException | None) -> None:
    """Let go of the answer: rows that wait keep their errors, and a traceback keeps what the functions in it had."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
