"""A list of contacts as a stream: it comes whole from the dialler, without paging, and may be gigabytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import ijson

from .retry import judge_failure, unreadable


async def record_stream(reply: httpx.Response) -> AsyncIterator[Mapping[str, Any]]:
    """Give the ``records`` of an answer one by one, in memory of one piece of the network.

    Raises:
        MaybeDone: also after records were given, where the list did not come whole.
    """
    try:
        async for record in _records(reply):
            yield record
    except httpx.TransportError as error:
        raise judge_failure(error) from error
    except (ijson.JSONError, httpx.DecodingError) as error:
        raise unreadable("the list of contacts broke off or is not JSON") from error
    finally:
        await reply.aclose()


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
                raise unreadable(f"the list of contacts holds {type(record).__name__} where a contact should be")
            given += 1
            yield record
        found.clear()
    for parser in parsers:
        parser.close()
    if states != [200]:
        raise unreadable("the list of contacts does not say that it is complete (status: 200)")
    if counts != [given] and (counts or not given):
        said = f"says count {counts[0]}" if counts else "says no count"
        raise unreadable(f"the list of contacts {said}, and holds {given} contacts")
