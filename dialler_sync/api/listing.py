"""Stream a list of contacts: the dialler sends it whole, without paging, and it may be gigabytes."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from itertools import chain
from typing import Any

import httpx
import orjson

from ..text.phrase import counted, phrase
from .characters import Characters, charset_of
from .json_text import ESCAPED_HALF, finite, is_too_deep, no_number, weight, whole_characters
from .retry import judge_failure, unreadable
from .wire import campaign_of

_log = logging.getLogger(__name__)

LONGEST_VALUE = 2**24
"""Characters; a longer value that has not ended is not a contact."""


LONGEST_RECORD, MOST_LONG = 2**20, 3
"""Characters of a contact, and contacts that may be longer: hundreds of them are held at once."""

USUAL_WEIGHT = 4
"""Bytes of memory for a character of a contact; one that takes more counts as longer."""


async def record_stream(begin: Callable[[], Awaitable[httpx.Response]]) -> AsyncGenerator[Mapping[str, Any], None]:
    """Yield the ``records`` of an answer one by one, in memory of one network chunk.

    ``begin`` sends the request and returns the answer, whose body is still to come.

    Raises:
        MaybeDone: also after records were given, where the list did not come whole.
    """
    reply = await begin()
    try:
        charset = charset_of(reply.headers.get("content-type", ""))
        async with aclosing(_records(_Text(reply.aiter_bytes(), charset))) as records:
            async for record in records:
                yield record
    except httpx.TransportError as error:
        raise judge_failure(error, reply.request) from error
    except (ValueError, RecursionError, httpx.DecodingError) as error:
        raise unreadable(phrase("the list of contacts broke off or is not JSON")) from error
    finally:
        await reply.aclose()


async def of_campaign(
    stream: AsyncGenerator[Mapping[str, Any], None],
    campaign_id: int,
    aside: Callable[[Mapping[str, Any]], object],
) -> AsyncGenerator[Mapping[str, Any], None]:
    """Yield the records of this campaign, and those without a campaign; ``aside`` gets the others."""
    others = 0
    async with aclosing(stream) as records_:
        async for record in records_:
            if campaign_of(record) in {str(campaign_id), ""}:
                yield record
            else:
                others += 1
                aside(record)
    if others:
        _log.info(
            counted(
                others,
                "This dialler ignores the filter on campaign {campaign}: {count} contact of another campaign is left "
                "out",
                "This dialler ignores the filter on campaign {campaign}: {count} contacts of other campaigns are left "
                "out",
                campaign=campaign_id,
            ),
        )


async def _records(text: _Text) -> AsyncGenerator[Mapping[str, Any], None]:
    given, large, listed = 0, 0, False
    others: dict[str, Any] = {}
    mark = await text.skip("{")
    while mark != "}":
        key = await text.value()
        if not isinstance(key, str):
            raise ValueError(phrase("a key is not text"))  # noqa: TRY004 - of the JSON
        await text.skip(":")
        if key == "records" and not listed and await text.mark() == "[":
            listed = True
            mark = await text.skip("[")
            if await text.mark() == "]":
                mark = await text.skip("]")
            while mark != "]":
                before = text.taken
                for record in text.whole_objects() or [await text.value()]:
                    large += text.taken - before > LONGEST_RECORD
                    if large > MOST_LONG:
                        raise unreadable(phrase("the list of contacts has many that are longer than a contact can be"))
                    if not isinstance(record, dict):
                        raise unreadable(phrase("the list of contacts has an entry that is not a contact"))
                    given += 1
                    yield record
                mark = await text.skip(",]")
            text.taken = 0
        else:
            value = await text.value()
            if text.taken > LONGEST_VALUE:
                raise ValueError(phrase("what stands beside the records has no end"))
            if others.setdefault(key, value) != value or (key == "records" and listed):
                raise ValueError(phrase("a key has two values"))
            if key == "records" and value is not None:
                raise unreadable(phrase("the records in the list of contacts are not a list"))
        mark = await text.skip(",}")
    if await text.mark():
        raise unreadable(phrase("the list of contacts continues after its end"))
    if str(others.get("status")) != "200":
        raise unreadable(phrase("the list of contacts does not say that it is complete (status: 200)"))
    if others.get("error"):
        raise unreadable(phrase("the list of contacts is marked as complete, and yet reports an error"))
    count = others.get("count")
    if str(count) != str(given) and not (count is None and given):
        if count is None:
            raise unreadable(phrase("the list of contacts says no count, but has {given} contacts", given=given))
        raise unreadable(
            phrase("the list of contacts says count {count}, but has {given} contacts", count=count, given=given)
        )


class _Text:
    """Incremental JSON reader, several times faster than an event parser.

    All methods raise ValueError where the text is not JSON, or ends too soon.
    """

    def __init__(self, pieces: AsyncIterator[bytes], charset: str | None) -> None:
        self._pieces = pieces
        self._characters = Characters(charset)
        self._text = ""
        self._at = 0
        self._whole = False
        self._tried = 0
        self.taken = 0
        """Characters of the values that were read one by one."""

    async def mark(self) -> str:
        """Return the next character that is not blank; empty at the end."""
        blanks = 0
        while True:
            start, self._at = self._at, _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or self._whole:
                return self._text[self._at : self._at + 1]
            blanks += self._at - start
            if blanks > LONGEST_VALUE:
                raise ValueError(phrase("blanks have no end"))
            await self._more()

    async def skip(self, marks: str) -> str:
        """Skip to behind the next character, which must be one of ``marks``."""
        found = await self.mark()
        if not found or found not in marks:
            raise ValueError(phrase("'{found}' in place of one of '{marks}'", found=found, marks=marks))
        self._at += 1
        return found

    def whole_objects(self) -> list[dict[str, Any]]:
        """Return the next complete objects of a list; none if they must be read one by one."""
        end = self._text.rfind("}", self._at, self._at + _AT_ONCE) + 1
        if not end or self._at < self._tried:  # each part is tried once, else nested objects take quadratic time
            return []
        self._tried = end
        text = self._text[self._at : end]
        try:
            found: list[dict[str, Any]] = orjson.loads(f"[{text}]")
        except orjson.JSONDecodeError:  # where the last one is not whole, or holds what JSON does not allow
            return []
        if set(map(type, found)) != {dict} or _may_be_misread(found, text):
            return []
        self._at = end
        return found

    async def value(self) -> Any:
        """Read the value that begins here."""
        await self.mark()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if self._whole:
                    raise
            else:
                if is_too_deep(value):
                    raise ValueError(phrase("a value has hundreds of levels"))
                if end < len(self._text) or self._whole:  # else it may be a number that goes on
                    halves = ESCAPED_HALF.search(self._text, self._at, end)
                    self.taken += _length(self._text[self._at : end])
                    self._at = end
                    return whole_characters(value) if halves else value
            wanted = max(2 * (len(self._text) - self._at), 1)
            while len(self._text) - self._at < wanted and not self._whole:  # else quadratic time
                await self._more()

    async def _more(self) -> None:
        if len(self._text) - self._at > LONGEST_VALUE:
            raise ValueError(phrase("a value has no end"))
        piece = await anext(self._pieces, None)
        self._whole = piece is None
        self._text = self._text[self._at :] + self._characters.decode(piece or b"", final=self._whole)
        self._at = self._tried = 0


_AT_ONCE = 2**16
"""Characters read at once."""


def _length(text: str) -> int:
    """Return the characters of a value; of a long one that is made of many small ones, as many as weigh the same."""
    if len(text) <= _AT_ONCE:
        return len(text)
    return max(len(text), weight(text.encode("utf-8", "surrogatepass")) // USUAL_WEIGHT)


def _may_be_misread(objects: list[dict[str, Any]], text: str) -> bool:
    """Whether orjson may have read an integer of the text as a float, as it does beyond 64 bits; or too many levels."""
    kinds = set(map(type, chain.from_iterable(map(dict.values, objects))))
    return not kinds <= _SIMPLE and (_LONG in text.encode().translate(_ALIKE) or is_too_deep(objects))


_SIMPLE = frozenset({str, int, bool, type(None)})
_LONG = b"0" * 19
_ALIKE = bytes(ord("0") if sign in b"0123456789" else sign for sign in range(256))


_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_constant=no_number, parse_float=finite)
