"""Apply faults on the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .answers import NOT_AUTHORISED, Refusal, body_of, proxy_page, refusal
from .faults import Fault, Strike

TRANSPORT = "transport"
"""Key in the ASGI scope's ``state`` under which the server's protocol puts the connection's transport."""

_ERRORS = {
    400: "The dialler refuses this contact",
    401: NOT_AUTHORISED,
    409: "A precondition is not met",
    500: "Internal error",
}

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class HangUp(Response):
    """No response: the connection ends, by FIN or by RST."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__(status_code=0)
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """End the connection, and wait until it has ended."""
        transport: asyncio.Transport = scope["state"][TRANSPORT]
        if self._reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
        await _disconnected(receive)


class Halved(Response):
    """A response that stops half way: for ``pause`` seconds, or with None until the connection closes.

    The client sees a ``Content-Length`` that is too long, or misses the last chunk.
    """

    def __init__(self, whole: Response, body: bytes, pause: float | None) -> None:
        super().__init__(body, whole.status_code)
        self.raw_headers = whole.raw_headers
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the first half; after the pause, the second."""
        body, middle = bytes(self.body), len(self.body) // 2
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[:middle], "more_body": True})
        if self._pause is None:
            scope["state"][TRANSPORT].close()
            await _disconnected(receive)
        else:
            await asyncio.sleep(self._pause)
            await send({"type": "http.response.body", "body": body[middle:]})


class Closing(Response):
    """The whole response, after which the connection closes without notice."""

    def __init__(self, whole: Response) -> None:
        super().__init__(status_code=whole.status_code)
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer and close."""
        await self._whole(scope, receive, send)
        scope["state"][TRANSPORT].close()


async def strike(fault: Fault, perform: Callable[[], Awaitable[Response]], random: Random) -> Response:
    """Return the response under a fault; ``perform`` executes the request, and is called before, after, or never."""
    kind = fault.kind
    late = kind.strike is Strike.LATE
    if late and not kind.after:
        await asyncio.sleep(fault.seconds.draw(random))
    answer = await perform() if late or kind.after else Response()
    match kind.strike:
        case Strike.REFUSAL:
            return refusal(Refusal(kind.status, _ERRORS[kind.status]))
        case Strike.HTML:
            return proxy_page(kind.status, _retry_after(fault, random))
        case Strike.DROP | Strike.RESET:
            return HangUp(reset=kind.strike is Strike.RESET)
        case Strike.CUT_JSON:
            whole = await body_of(answer)
            return Response(whole[: len(whole) // 2], answer.status_code, media_type=answer.media_type)
        case Strike.CUT_BODY:
            return Halved(answer, await body_of(answer), pause=None)
        case Strike.STALL:
            return Halved(answer, await body_of(answer), pause=fault.seconds.draw(random))
        case Strike.CLOSE:
            return Closing(answer)
        case Strike.LATE:
            if kind.after:
                await asyncio.sleep(fault.seconds.draw(random))
            return answer


def _retry_after(fault: Fault, random: Random) -> dict[str, str]:
    if fault.retry_after is None:
        return {}
    seconds = fault.retry_after.draw(random)
    if fault.retry_date:
        return {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)}
    return {"Retry-After": f"{seconds:g}"}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
