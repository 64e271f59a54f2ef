"""Describe an answer on one harmless line, without the token or a contact.

Messages go to terminals, logs, ``summary.json`` and webhooks, which more people read than the reports.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import orjson

from ..text.outward import dialler_says
from ..text.phrase import phrase

LONGEST = 500
"""Longest message, in characters."""

_SHORTEST_SECRET = 4
"""Fewest characters of a token or value to look for in messages; a shorter one would be found in any word."""

_FIRST = 100
"""Characters of a page that are shown, and examined."""
_LOOKED_AT = 20_000

_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_PERSONAL = re.compile(r"(?<!\S)\S*@\S*|\+?\d[\d ()/.-]{5,}\d")
"""Neither looks twice for an end that is not there: that took a second of a page."""
_NOT_PERSONAL = frozenset({"DiallerCampaignsID", "DiallerCampaignsName"})


def one_line(text: str) -> str:
    """Remove line breaks, control characters and secrets."""
    return dialler_says("".join(c for c in " ".join(text[:_LOOKED_AT].split()) if c.isprintable()), _LOOKED_AT)


def without_contact(text: str, request: httpx.Request) -> str:
    """Return the part of an answer that may be shown outside the row's report, without values of the request."""
    for value in sorted(_values(request), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "***", text, flags=re.IGNORECASE)
    return text


def status_line(reply: httpx.Response) -> str:
    """Format as ``HTTP 400 Bad Request``."""
    return f"HTTP {reply.status_code} {one_line(reply.reason_phrase)}".strip()


def what_came(reply: httpx.Response) -> str:
    """Describe an answer that is not the dialler's by status, content type and first words: ``HTTP 400 Bad Request
    (text/html: "400 Bad Request nginx")``."""
    status = status_line(reply)
    if not reply.content:
        return phrase("{status} (nothing in it)", status=status)
    kind = one_line(reply.headers.get("content-type", "")).partition(";")[0][:60].strip() or phrase("no content type")
    words = _first_words(reply, kind.lower())
    return f"{status} ({kind}: {words})" if words else f"{status} ({kind})"


def _first_words(reply: httpx.Response, kind: str) -> str:
    """Return the first words of a page, or of a refusal in plain text. Anything else may be a contact, and is
    described."""
    text = reply.content[:_LOOKED_AT].decode(errors="replace").strip("\ufeff \t\r\n")
    if text[:1] in {"{", "["}:
        return phrase("no complete JSON object with status")
    page = text.startswith("<") and kind.endswith("html")
    if not page and (reply.status_code < 400 or not kind.startswith("text/")):
        return ""
    plain = one_line(html.unescape(_UNSEEN.sub(" ", text)))
    if _repeats(plain, reply.request):
        return phrase("it repeats the request")
    shown = _PERSONAL.sub("***", plain)
    return f'"{shown[:_FIRST]}…"' if len(shown) > _FIRST else f'"{shown}"' if shown else ""


def _repeats(text: str, request: httpx.Request) -> bool:
    """Whether a page repeats a value of the contact: then none of it is shown, as the value may be written in many
    ways."""
    words = text.casefold()
    digits = re.sub(r"\D", "", text)
    for value in _values(request):
        number = re.sub(r"\D", "", value)
        if value.casefold() in words or (len(number) > _DIGITS and number in digits):
            return True
    return False


_DIGITS = 5


def _values(request: httpx.Request) -> Iterator[str]:
    """Yield the texts of the contact in the request."""
    for key, value in parse_qsl(request.url.query.decode("ascii", "replace"), keep_blank_values=False):
        if key.casefold() == "userdata" and len(value) >= _SHORTEST_SECRET:
            yield value
            yield unquote(value)
    try:
        body: Any = orjson.loads(request.content)
    except (orjson.JSONDecodeError, httpx.RequestNotRead):
        return
    for key, value in body.items() if isinstance(body, dict) else ():
        if isinstance(value, str) and len(value) >= _SHORTEST_SECRET and key not in _NOT_PERSONAL:
            yield value
