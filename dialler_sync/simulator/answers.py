"""Answers as the dialler, and the proxies before it, write them."""

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

    Without an ``error`` the body is empty: so it is for an endpoint that is not there.
    """

    def __init__(self, status: int, error: str | None = None) -> None:
        super().__init__(status, error)
        self.status = status
        self.error = error


def success(records: Sequence[Mapping[str, Any]] | None = None) -> Response:
    """200, with all of ``records`` where the function answers with records."""
    document: dict[str, Any] = {} if records is None else {"records": records, "count": len(records)}
    return Response(orjson.dumps(document | {"status": 200}), media_type=_JSON)


def streamed(records: Iterable[Mapping[str, Any]], before: Mapping[str, Any], after: Mapping[str, Any]) -> Response:
    """200, with ``records`` between the keys ``before`` and ``after``, in flat memory however many they are."""

    async def body() -> AsyncIterator[bytes]:
        yield orjson.dumps({**before, "records": []})[:-2]
        count, source = 0, iter(records)
        while chunk := [orjson.dumps(record) for record in islice(source, _RECORDS_IN_A_CHUNK)]:
            yield (b"," if count else b"") + b",".join(chunk)
            count += len(chunk)
            await asyncio.sleep(0)  # a list of a million must not hold up the other requests
        yield b"]," + orjson.dumps({"count": count, **after, "status": 200})[1:]

    return StreamingResponse(body(), media_type=_JSON)


def refusal(refused: Refusal) -> Response:
    """The dialler's own error."""
    if refused.error is None:
        return Response(status_code=refused.status)
    body = orjson.dumps({"status": refused.status, "error": refused.error})
    return Response(body, refused.status, media_type=_JSON)


def proxy_page(status: int, headers: Mapping[str, str]) -> Response:
    """What a proxy before the dialler answers on its own account."""
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
    return HTMLResponse(page, status, headers)


async def body_of(response: Response) -> bytes:
    """The whole body, also of a streamed answer."""
    if isinstance(response, StreamingResponse):
        return b"".join([bytes(chunk) async for chunk in response.body_iterator])  # type: ignore[arg-type]
    return bytes(response.body)
