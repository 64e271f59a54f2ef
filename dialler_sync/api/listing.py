"""A list of contacts as a stream: it comes whole from the dialler, without paging, and may be gigabytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import ijson

from ..errors import MaybeDone
from .retry import judge, judge_failure


async def record_stream(
    transport: httpx.AsyncBaseTransport, request: httpx.Request
) -> AsyncIterator[Mapping[str, Any]]:
    """Give the ``records`` of the answer one by one, in memory of one piece of the network.

    Raises:
        Refused, NotDone, MaybeDone: also after records were given, where the list did not come whole.
    """
    try:
        reply = await transport.handle_async_request(request)
        if reply.status_code != 200:
            await reply.aread()
            judge(reply)
        try:
            async for record in _records(reply):
                yield record
        finally:
            await reply.aclose()
    except httpx.TransportError as error:
        raise judge_failure(error) from error
    except (ijson.JSONError, httpx.DecodingError) as error:
        raise _broken("broke off or is not JSON") from error


async def _records(reply: httpx.Response) -> AsyncIterator[Mapping[str, Any]]:
    found, counts, states = ijson.sendable_list(), ijson.sendable_list(), ijson.sendable_list()
    # Three parsers in C over the same bytes are faster than one that hands every event to Python.
    parsers = [
        ijson.items_coro(found, "records.item", use_float=True),
        ijson.items_coro(counts, "count"),
        ijson.items_coro(states, "status"),
    ]
    given = 0
    async for piece in reply.aiter_bytes():
        for parser in parsers:
            parser.send(piece)
        for record in found:
            if not isinstance(record, dict):
                raise _broken(f"holds {type(record).__name__} where a contact should be")
            given += 1
            yield record
        found.clear()
    for parser in parsers:
        parser.close()
    if states != [200]:
        raise _broken("does not say that it is complete (status: 200)")
    if counts and counts != [given]:
        raise _broken(f"says count {counts[0]}, and holds {given} contacts")


def _broken(what: str) -> MaybeDone:
    return MaybeDone("unreadable_answer", f"the list of contacts {what}", http_status=200, running=False)
