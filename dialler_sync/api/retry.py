"""Judges an answer, or its absence: was the request done, and may it be repeated?

The one place that sorts outcomes. Source of the codes: API.md, "Every request".

====================================================  ==================================================
certainly not done, and will not be                   :class:`~dialler_sync.errors.Refused`
certainly not done, and may pass                      :class:`~dialler_sync.errors.NotDone`
sent, and not known whether it was done               :class:`~dialler_sync.errors.MaybeDone`
====================================================  ==================================================
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import tenacity

from ..error_codes import ENDPOINT_MISSING, NOT_FOUND, PROXY_REFUSED, REDIRECTED, UNAUTHORISED, UNREACHABLE, UNREADABLE
from ..errors import MaybeDone, NotDone, Refused, RequestError
from ..text.outward import keep_secret
from ..text.phrase import mark, phrase
from .characters import charset_of
from .json_text import decode
from .network_errors import NOT_SENT, TunnelRefused
from .transport import TooLong
from .wire import id_number
from .words import LONGEST, one_line, status_line, what_came, without_contact

T = TypeVar("T")
Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

LONGEST_WAIT = 30.0
"""Seconds; longest pause between two tries, unless the dialler names one."""

LONGEST_WAIT_FOR_LOAD = 4.0
"""The same, if the dialler refuses for load."""

_DONE = frozenset({200, 201})
_OURS = frozenset({"status", "error", "message"})
_OF_A_FUNCTION = frozenset({"status", "error"})
"""Keys of the dialler's own errors; web frameworks report a missing path with others."""

_NO_SUCH_FUNCTION = frozenset({405, 501})
_OF_A_PROXY = frozenset({407, 511})
_OF_ONE_ROW = frozenset({413, 414})
_MAY_BE_EMPTY = frozenset({400, 409, 422})
_REFUSALS = {400: "bad_request", 401: UNAUTHORISED, 403: UNAUTHORISED, 404: NOT_FOUND, 409: "conflict"}
_TUNNEL_REFUSED = frozenset(range(400, 500)) - {408, 429}
_PASSING = {429: "rate_limited", 503: "unavailable"}
_LOST = re.compile(
    rb"reset before headers(?!\. reset reason: (?:(?:local |remote )?connection failure|connection timeout|overflow))"
    rb"|backend fetch failed|backend (?:read|write) error|(?:first|between) bytes? timeout|guru meditation",
    re.IGNORECASE,
)
"""A proxy (Envoy, Varnish, Fastly) passed the request on, and lost the dialler: 503 there, 502 or 504 with others."""

_LOOKED_AT = 4_096
"""Bytes of an answer in which a proxy says why it refuses."""

_MAYBE = {408: "timeout", 502: "bad_gateway", 504: "gateway_timeout"}

TURNED_AWAY = frozenset(_PASSING.values())
"""Codes of refusals for load."""

NOT_ABOUT_THE_ROW = frozenset({UNREACHABLE, *_PASSING.values(), "bad_gateway", "gateway_timeout"})
"""Codes of faults of the dialler, or of a proxy before it, and never of one row."""


def judge(reply: httpx.Response, *, now: Clock = time.time, exact: bool = False) -> dict[str, Any]:
    """Return the answer to a request that was done. ``now`` (seconds since 1970) is for a ``Retry-After`` that is a
    date.

    ``exact``: the caller needs the content, so each of its characters must be known.

    Raises:
        Refused, NotDone, MaybeDone: it was not, or nobody knows.
    """
    answer = decode(reply.content)
    if answer is None and reply.content:  # detecting the character set takes time
        answer = decode(reply.content, charset_of(reply.headers.get("content-type", "")), exact=exact)
    status = reply.status_code
    if status in _DONE and answer is not None:
        inside = _status_inside(answer)
        if inside in _DONE and not answer.get("error"):
            return answer
        # A refusal may come as 200 with the true status inside; without one it is no answer of this API.
        if inside is not None and 400 <= inside < 600:
            status = inside
    _keep_token(reply.request)
    message = _message(reply, answer, status)
    if status == 404 and answer and (answer.get("records") or _status_inside(answer) in _DONE):
        raise unreadable(phrase("the answer contradicts itself: 'not found', and yet a success or a record"), status)
    if status in _DONE and answer and _status_inside(answer) in _DONE:
        said = phrase("the answer contradicts itself: a success, and yet an error ({message})", message=message)
        raise unreadable(said, status)
    if status < 300:
        raise unreadable(
            phrase("the answer is not a complete answer of the dialler's API ({message})", message=message), status
        )
    if status < 400:
        place = reply.headers.get("location", "")
        where = _QUERY_VALUE.sub("=***", without_contact(one_line(place), reply.request))[:LONGEST]
        said = phrase("{status} to {where}", status=status_line(reply), where=where) if where else status_line(reply)
        raise Refused(REDIRECTED, said, http_status=status)
    if status in _OF_A_PROXY:
        raise Refused(PROXY_REFUSED, message, http_status=status, foreign=True)
    if status in _NO_SUCH_FUNCTION or (status == 404 and not _OF_A_FUNCTION & (answer or {}).keys()):
        target = f"{reply.request.method} {reply.request.url.path}"
        if status == 404:
            message = phrase("404 without the JSON body of its API: {message}", message=message)
        # That a function is a PUT is an assumption; the vendor's other functions change things by GET and PATCH.
        is_put = reply.request.method == "PUT"
        other = _NO_PATH if _BARE.match(reply.request.url.path) else _NO_SUCH
        said = phrase(_NO_SUCH_PUT if is_put else other, function=target, message=message)
        raise Refused(ENDPOINT_MISSING, said, http_status=status)
    if status in _PASSING and not _LOST.search(reply.content[:_LOOKED_AT]):
        raise NotDone(_PASSING[status], message, http_status=status, retry_after=_retry_after(reply, now))
    if status in _MAYBE or status >= 500:
        # After a 500 the dialler itself has finished; behind a gateway's 502 or 504 it may still be at work.
        raise MaybeDone(
            (_MAYBE | _PASSING).get(status, "server_error"),
            message,
            http_status=status,
            retry_after=_retry_after(reply, now),
            running=status != 500,
        )
    raise Refused(_REFUSALS.get(status, "refused"), message, http_status=status, foreign=_foreign(reply, answer))


_NO_SUCH = mark("this dialler has no '{function}' ({message})")
_NO_PATH = mark(
    "this dialler has no '{function}' ({message}); dialler.base_url has no path: does it need one, such as /rest/v1.0?"
)
_BARE = re.compile(r"/\d+/")
"""The path of a function where nothing stands before the ClientsID."""
_NO_SUCH_PUT = mark("this dialler has no '{function}' ({message}); next try GET, then PATCH")
_QUERY_VALUE = re.compile(r"=[^&#]*")


def _foreign(reply: httpx.Response, answer: dict[str, Any] | None) -> bool:
    """Whether a refusal comes from a proxy, a firewall or a web server before the dialler."""
    if _OURS & (answer or {}).keys() or reply.status_code in _OF_ONE_ROW:
        return False
    return bool(reply.content.strip()) or reply.status_code not in _MAY_BE_EMPTY


def judge_failure(error: httpx.TransportError, request: httpx.Request) -> Refused | NotDone | MaybeDone:
    """Classify a request without an answer."""
    _keep_token(request)
    said = without_contact(one_line(str(error)), request)
    if isinstance(error, TunnelRefused) and error.status in _TUNNEL_REFUSED:
        why = phrase(
            "the proxy refuses to connect to {host}: HTTP {status} {said}",
            host=request.url.host,
            status=error.status,
            said=one_line(said),
        )
        return Refused(PROXY_REFUSED, why, http_status=error.status, foreign=True)
    if isinstance(error, NOT_SENT):
        return NotDone(UNREACHABLE, phrase("the dialler cannot be reached: {said}", said=said))
    if isinstance(error, httpx.TimeoutException):
        return MaybeDone("timeout", phrase("no answer within the time limit"))
    if isinstance(error, TooLong):
        return unreadable(said)
    if isinstance(error, httpx.RemoteProtocolError):
        return MaybeDone(UNREADABLE, phrase("the answer is not HTTP ({said})", said=" ".join(said.split())))
    return MaybeDone(
        "connection_lost", phrase("the connection was lost after the request was sent ({said})", said=said)
    )


def _keep_token(request: httpx.Request) -> None:
    """Register the token of a failed request for masking, whoever has read it."""
    keep_secret(request.headers.get("Authorization", "").removeprefix("Bearer "))


def unreadable(message: str, http_status: int = 200) -> MaybeDone:
    """Make the error for an answer of unknown meaning. A proxy before the dialler may have given it, and the dialler
    may still be at work."""
    return MaybeDone(UNREADABLE, message, http_status=http_status)


def is_too_long(error: BaseException) -> bool:
    """Whether the answer exceeded the size limit; a retry would exceed it again."""
    return isinstance(error.__cause__, TooLong)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, NotDone | MaybeDone) and not is_too_long(error)


async def repeating(once: Callable[[], Awaitable[T]], *, retries: int, sleep: Sleep, left: Callable[[], float]) -> T:
    """Call ``once`` until it is done or refused, with at most ``retries`` retries. Only for harmless repeats.

    ``left``: the seconds for which a ``Retry-After`` may still be waited for.

    Raises:
        RequestError: the last failure.
    """
    attempts = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_may_pass),
        wait=lambda state: _wait(state, left()),
        stop=tenacity.stop_after_attempt(retries + 1),
        sleep=sleep,
        reraise=True,
    )

    async def attempt() -> T:  # tenacity awaits only what it sees to be a coroutine function
        return await once()

    return await attempts(attempt)


def _wait(state: tenacity.RetryCallState, left: float) -> float:
    error = state.outcome and state.outcome.exception()
    return pause(state.attempt_number, error if isinstance(error, RequestError) else None, left)


def pause(attempt: int, error: RequestError | None, left: float) -> float:
    """Seconds to wait after failure number ``attempt``: full jitter, and at least what the dialler asks for, if that
    many are ``left``.

    Refusals for load slow all requests down (:mod:`.pace`), so that a row need not wait long for itself.
    """
    longest = LONGEST_WAIT_FOR_LOAD if error and error.code in TURNED_AWAY else LONGEST_WAIT
    return max(
        random.uniform(0, backoff(attempt - 1, longest)),  # noqa: S311 - jitter, not a secret
        min(getattr(error, "retry_after", None) or 0.0, left),
    )


def backoff(step: int, longest: float) -> float:
    """Return the backoff: a quarter of a second, doubled with each step."""
    return min(0.25 * 2.0 ** min(step, 32), longest)


def _message(reply: httpx.Response, answer: dict[str, Any] | None, status: int) -> str:
    """Return the dialler's message on one line; else a description of the answer.

    Only a message about a row's contact may repeat it: it goes to the row's report, which shows the contact anyway.
    """
    said = (answer or {}).get("error") or (answer or {}).get("message")
    if said:
        shown = one_line(str(said))
        return (shown if status in _ABOUT_THE_ROW else without_contact(shown, reply.request))[:LONGEST]
    if answer is not None and _OURS & answer.keys():
        return status_line(reply)
    return what_came(reply)


_ABOUT_THE_ROW = frozenset({400, 409, 422})


def _status_inside(answer: dict[str, Any]) -> int | None:
    """Return ``status`` of the body, which some servers write as text."""
    inside = answer.get("status")
    if isinstance(inside, str):
        return id_number(inside)
    return inside if isinstance(inside, int) else None


def _retry_after(reply: httpx.Response, now: Clock) -> float | None:
    """Return ``Retry-After`` in seconds (a number, or an HTTP date). The gate limits the wait."""
    text = reply.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
            seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now()
        except (ValueError, OverflowError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
