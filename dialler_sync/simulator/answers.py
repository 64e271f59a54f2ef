"""Build responses as the dialler, and the proxies in front of it, write them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

import orjson
from starlette.responses import HTMLResponse, Response, StreamingResponse

_JSON = "application/json"
_RECORDS_IN_A_CHUNK = 100


NOT_AUTHORISED = "The token or the ClientsID is not valid"


class Refusal(Exception):
    """The dialler refuses a request: ``status`` and the ``error`` of its JSON body.

    Without an ``error`` the body is empty, as for an endpoint that does not exist.
    """

    def __init__(self, status: int, error: str | None = None) -> None:
        super().__init__(status, error)
        self.status = status
        self.error = error


def success(records: Sequence[Mapping[str, Any]] | None = None) -> Response:
    """Return 200; with ``records`` if the function answers with records."""
    document: dict[str, Any] = {} if records is None else {"records": records, "count": len(records)}
    return Response(orjson.dumps(document | {"status": 200}), media_type=_JSON)


def streamed(records: Iterable[Mapping[str, Any]], before: Mapping[str, Any], after: Mapping[str, Any]) -> Response:
    """Return 200 with ``records`` between the keys ``before`` and ``after``, streamed in flat memory."""

    async def body() -> AsyncIterator[bytes]:
        yield orjson.dumps({**before, "records": []})[:-2]
        count, source = 0, iter(records)
        while chunk := [orjson.dumps(record) for record in islice(source, _RECORDS_IN_A_CHUNK)]:
            yield (b"," if count else b"") + b",".join(chunk)
            count += len(chunk)
            await asyncio.sleep(0)  # yield, so that a list of a million does not block other requests
        yield b"]," + orjson.dumps({"count": count, **after, "status": 200})[1:]

    return StreamingResponse(body(), media_type=_JSON)


def refusal(refused: Refusal) -> Response:
    """Return the dialler's own error."""
    if refused.error is None:
        return Response(status_code=refused.status)
    body = orjson.dumps({"status": refused.status, "error": refused.error})
    return Response(body, refused.status, media_type=_JSON)


def proxy_page(status: int, headers: Mapping[str, str]) -> Response:
    """Return an error page as a proxy in front of the dialler writes it."""
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
    return HTMLResponse(page, status, headers)


async def body_of(response: Response) -> bytes:
    """Return the whole body, also of a streamed response."""
    if isinstance(response, StreamingResponse):
        return b"".join([bytes(chunk) async for chunk in response.body_iterator])  # type: ignore[arg-type]
    return bytes(response.body)
