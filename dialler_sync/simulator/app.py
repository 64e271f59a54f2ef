"""The ASGI application: maps HTTP requests to functions of the API."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .answers import NOT_AUTHORISED, Refusal, refusal
from .dialling import Dialling
from .faults import FaultDice
from .functions import Call, Functions
from .routes import ROUTES
from .settings import Settings
from .store import Store
from .strikes import strike

BASE_PATH = "/rest/v1.0"

_LONGEST_BODY = 1 << 24
"""Bytes; a contact has a few thousand."""

_ID = re.compile(r"/(\d{1,18})(?=/|$)", re.ASCII)


@dataclass(slots=True)
class LoggedRequest:
    """One request and its outcome.

    ``function`` is None for an endpoint that does not exist. ``started`` and ``finished`` are monotonic times in
    seconds. ``status`` is None while the request is processed, and if the connection ended without an answer. ``fault``
    names the fault that struck.
    """

    method: str
    path: str
    query: Mapping[str, str]
    started: float
    function: str | None = None
    body: Any = None
    user_data: str | None = None
    status: int | None = None
    fault: str | None = None
    finished: float | None = None


class Application:
    """The dialler as an ASGI application.

    ``token`` and ``dice`` may be replaced while it runs: a new token invalidates the old one at once, a new
    ``FaultDice`` changes the faults. ``crashes`` holds errors of the simulator itself. ``dialling`` is None for a
    dialler that does not dial.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.token = settings.token
        self.dice = FaultDice(settings.faults)
        self.requests: list[LoggedRequest] = []
        self.crashes: list[Exception] = []
        self.dialling = Dialling(store, settings.dial, settings.seed, settings.dial_hours) if settings.dial else None
        self._settings = settings
        self._random = Random(settings.seed)  # noqa: S311 - repeatable on purpose
        self._functions = Functions(store, settings, self._random).by_name
        self._account = str(store.clients_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.monotonic()
        try:
            raw = await _read(receive)
        except Refusal as refused:
            response = refusal(refused)
            response.headers["Connection"] = "close"
            await response(scope, receive, send)
            return
        if raw is None:
            return
        query = dict(parse_qsl(scope["query_string"].decode(errors="replace"), keep_blank_values=True))
        request = LoggedRequest(scope["method"], scope["path"], query, started)
        if self._settings.log_requests:
            self.requests.append(request)
        try:
            response = await self._answer(request, dict(scope["headers"]), raw)
            request.status = response.status_code or None
            request.finished = time.monotonic()
            await response(scope, receive, send)
        except Exception as error:
            self.crashes.append(error)
            raise

    def dial(self) -> None:
        """Do everything that the dialler had due by now."""
        if self.dialling:
            self.dialling.advance()

    async def _answer(self, request: LoggedRequest, headers: Mapping[bytes, bytes], raw: bytes) -> Response:
        if self._settings.latency.high:
            await asyncio.sleep(self._settings.latency.draw(self._random))
        try:
            function, call = self._understand(request, headers, raw)
        except Refusal as refused:
            return refusal(refused)
        fault = self.dice.choose(function, request.user_data)
        if fault is None:
            return await self._perform(function, call)
        request.fault = fault.name
        return await strike(fault, partial(self._perform, function, call), self._random)

    async def _perform(self, function: str, call: Call) -> Response:
        self.dial()
        try:
            return await self._functions[function](call)
        except Refusal as refused:
            return refusal(refused)

    def _understand(self, request: LoggedRequest, headers: Mapping[bytes, bytes], raw: bytes) -> tuple[str, Call]:
        """Route the request to its function, and complete its log entry.

        Raises:
            Refusal: the path, the token or the body is wrong.
        """
        if not request.path.startswith(f"{BASE_PATH}/"):
            raise Refusal(404)
        account, slash, path = request.path.removeprefix(f"{BASE_PATH}/").partition("/")
        if account != self._account or headers.get(b"authorization") != f"Bearer {self.token}".encode():
            raise Refusal(401, NOT_AUTHORISED)
        function, record_id = _route(self._documented(request.method, slash + path), slash + path)
        if function not in self._functions:
            raise Refusal(404)
        request.function = function
        if raw:
            request.body = _json(headers, raw)
        carrier, key = (request.body, "UserData") if isinstance(request.body, dict) else (request.query, "userData")
        user_data = carrier.get(key)
        request.user_data = user_data if isinstance(user_data, str) else None
        return function, Call(record_id, request.query, request.body)

    def _documented(self, method: str, path: str) -> str:
        """Return the method as ROUTES knows it: this dialler may lock and unlock by a method other than PUT."""
        if not path.endswith(("/lock", "/unlock")):
            return method
        return "PUT" if method == self._settings.lock_method else "none"


def _route(method: str, path: str) -> tuple[str | None, int | None]:
    """Return function and ID of a request, None for each that it lacks."""
    function = ROUTES.get((method, path))
    found = None if function else _ID.search(path)
    if not found:
        return function, None
    return ROUTES.get((method, f"{path[: found.start()]}/{{ID}}{path[found.end() :]}")), int(found[1])


def _json(headers: Mapping[bytes, bytes], raw: bytes) -> Any:
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        raise Refusal(400, "The Content-Type of the body must be application/json")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"The body is not JSON: {error}") from None


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, None if the client disconnects before its end.

    Raises:
        Refusal: it is too long. It is read before the token is known, of anybody.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        if len(body) > _LONGEST_BODY:
            raise Refusal(413, "The body is too long")
        if not message["more_body"]:
            return bytes(body)
