"""Log each request and its answer for ``-vv``: without the token, and with contacts' data masked."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import orjson

from ..fields import FIELDS, Kind
from ..text.outward import dialler_says, mask
from ..text.phrase import figure

_log = logging.getLogger(__name__)

_LONGEST = 2_000
_LOOKED_AT = 4 * _LONGEST
"""Characters that are masked before the text is cut, as half a secret would not be found."""
_DEEPEST = 50
"""Levels of an answer that are shown; orjson writes no more than 254."""
_FIELD = re.compile(r"\w{1,60}")
_DIGITS = re.compile(r"\+?\d(?:[\s./()-]?\d){6,}")
"""A possible phone number."""
_PLAIN = frozenset({"ID", "UserData", "DiallerCampaignsID", "DiallerCampaignsName", "status", "count", "code"})
"""Fields that identify the contact or campaign."""
_SAID = frozenset({"message", "error", "errors", "Message", "Error"})
"""Fields with the dialler's own words."""


def is_wanted() -> bool:
    """Whether traffic is logged."""
    return _log.isEnabledFor(logging.DEBUG)


def log_request(number: int, request: httpx.Request) -> None:
    """Log a request."""
    body = request.read()
    target = request.url.raw_path.decode("ascii", "replace")
    _say("request %d: %s %s%s", number, request.method, _masked_text(target), f" {_body(body)}" if body else "")


def log_answer(number: int, reply: httpx.Response, seconds: float) -> None:
    """Log an answer; of a streamed list only the beginning."""
    body = _body(reply.content) if reply.is_stream_consumed or hasattr(reply, "_content") else "(a list, as it comes)"
    kind = reply.headers.get("Content-Type", "no content type")
    _say("answer %d: %d in %.3f s, %s, %s", number, reply.status_code, seconds, kind, body)


def log_failure(number: int, error: Exception, seconds: float) -> None:
    """Log a request without an answer, and the reason."""
    _say("no answer %d in %.3f s: %s: %s", number, seconds, type(error).__name__, _masked_text(str(error)))


def _say(form: str, *values: object) -> None:
    _log.debug("%s", dialler_says(form % values, 2 * _LONGEST))


def _body(body: bytes) -> str:
    try:
        text = orjson.dumps(_Masked().value(orjson.loads(body), "")).decode()
    except orjson.JSONDecodeError:
        text = _masked_text(body[:_LOOKED_AT].decode("utf-8", "replace"))
    shown = mask(text[:_LOOKED_AT])
    return shown if len(text) <= _LONGEST else f"{shown[:_LONGEST]}… ({figure(len(body))} bytes)"


class _Masked:
    """JSON with the texts of contacts masked, evaluated lazily: phone numbers keep their ends, other texts their first
    character."""

    def __init__(self) -> None:
        self._left = _LOOKED_AT

    def value(self, value: Any, name: str, depth: int = 0) -> Any:
        if isinstance(value, (dict, list)) and depth == _DEEPEST:
            return "…"
        if isinstance(value, dict):
            return {_name(key): self.value(value[key], key, depth + 1) for key in self._looked_at(value)}
        if isinstance(value, list):
            return [self.value(inner, name, depth + 1) for inner in self._looked_at(value)]
        if isinstance(value, (int, float)) and not isinstance(value, bool) and name not in _PLAIN:
            value = str(value)
        shown = _masked(value[:_LOOKED_AT], name) if isinstance(value, str) else value
        self._left -= len(shown) if isinstance(shown, str) else 1
        return shown

    def _looked_at(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self._left -= len(value) if isinstance(value, str) else 1
            if self._left < 0:
                return
            yield value


def _name(key: str) -> str:
    """Return the name of a field; what is none may be anybody's text."""
    return key if _FIELD.fullmatch(key) else _masked(key, "")


def _masked(text: str, name: str) -> str:
    if name in _PLAIN or name in _SAID or name.endswith("List"):
        return _masked_text(text)
    field = FIELDS.get(name)
    if field is not None and field.kind is Kind.PHONE:
        return _ends(text)
    return f"{text[0]}•••" if text else ""


def _masked_text(text: str) -> str:
    return _DIGITS.sub(lambda match: _ends(match[0]), mask(text))


def _ends(number: str) -> str:
    return f"{number[:3]}•••{number[-2:]}" if len(number) > 6 else "•••"
