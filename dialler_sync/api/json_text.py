"""Decode an answer's JSON: whole, in one meaning, and not deeper than Python can write. Pure: no network, no clock."""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any

import orjson

from ..text.phrase import phrase
from .characters import Characters


def decode(body: bytes, charset: str | None = None, *, exact: bool = True) -> dict[str, Any] | None:
    """Decode a JSON object; return None for any other body (cut off, HTML, empty, a key with two values,
    hundreds of levels).

    ``charset`` comes from the answer's header. Unless ``exact``, undecodable bytes are replaced: they do not affect the
    outcome.
    """
    try:
        answer = orjson.loads(body)
        if len(body) < _SMALL and (any(body.count(key) > 1 for key in _TELLING) or _ESCAPED_LETTER.search(body)):
            answer = _loads(body.decode())
    except orjson.JSONDecodeError:
        try:
            answer = _loads(_text(body, charset, exact=exact))
        except (ValueError, RecursionError):
            return None
    except (ValueError, RecursionError):  # orjson reads what is nested more deeply than json does
        return None
    return answer if isinstance(answer, dict) and not is_too_deep(answer) else None


def is_too_deep(value: object) -> bool:
    """Whether a value of JSON is nested more deeply than any answer: readers give more levels than Python has room for
    where they are written."""
    inside = [value]
    for _ in range(_DEEPEST):
        nested = (
            each.values() if isinstance(each, dict) else each for each in inside if isinstance(each, (dict, list))
        )
        inside = [each for part in nested for each in part]
        if not inside:
            return False
    return True


_DEEPEST = 500


HEAVIEST = 36
"""Most bytes of memory, as estimated, that a byte of JSON takes."""


def weight(body: bytes) -> int:
    """Estimate the bytes of memory that a JSON text takes when it is decoded: up to thirty times its length. One wide
    letter (an emoji, also as ``\\ud83d``) makes each letter of its text four bytes wide."""
    inside = 64 * (body.count(b"{") + body.count(b"[")) + 24 * body.count(b",") + 25 * body.count(b'"')
    try:
        text = 4 * len(body) if b"\\u" in body else sys.getsizeof(body.decode())
    except UnicodeDecodeError:  # of another charset, which is not known here
        text = 4 * len(body)
    return text + inside


_TELLING = (b'"status"', b'"error"', b'"records"', b'"count"', b'"ID"', b'"UserData"', b'"DiallerCampaignsID"')
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
"""No program writes a Latin letter so, unless to hide it."""

_SMALL = 2**16
"""Largest answer, in bytes, whose keys are examined one by one."""


def _text(body: bytes, charset: str | None, *, exact: bool) -> str:
    try:
        return Characters(charset).decode(body, final=True)
    except UnicodeDecodeError:
        if exact:
            raise
        return body.decode(errors="replace")


def _loads(text: str) -> Any:
    found = json.loads(text, parse_constant=no_number, parse_float=finite, object_pairs_hook=_each_once)
    return whole_characters(found) if ESCAPED_HALF.search(text) else found


ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half a character of JSON, beside its other half or alone."""

_HALF = re.compile("[\ud800-\udfff]")


def whole_characters(value: Any) -> Any:
    """Return a JSON value with ``?`` for each half of a character, which no file can hold."""
    if isinstance(value, str):
        return _HALF.sub("?", value)
    if isinstance(value, list):
        return list(map(whole_characters, value))
    if isinstance(value, dict):
        return dict(zip(map(whole_characters, value), map(whole_characters, value.values()), strict=True))
    return value


def no_number(_: str) -> None:
    """Read ``NaN`` and ``Infinity``, which some servers write for a missing number, as None."""


def finite(text: str) -> float | None:
    """Read a number; one that is too large for a float (``1e400``) as None, as no JSON can hold it again."""
    number = float(text)
    return number if math.isfinite(number) else None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[key] != value for key, value in pairs):
        raise ValueError(phrase("a key has two values"))
    return found
