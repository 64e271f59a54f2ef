"""What an answer, or none, means: was it done, and may it be sent again?

The one place that sorts outcomes. Source of the codes: API.md, "Every request".

====================================================  ==================================================
certainly not done, and will not be                   :class:`~dialler_sync.errors.Refused`
certainly not done, and may pass                      :class:`~dialler_sync.errors.NotDone`
sent, and not known whether it was done               :class:`~dialler_sync.errors.MaybeDone`
====================================================  ==================================================
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import tenacity

from ..errors import MaybeDone, NotDone, Refused, RequestError
from .transport import NOT_SENT
from .wire import decode

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

LONGEST_WAIT = 30.0
"""Seconds: the longest pause between two tries where the dialler names none."""

LONGEST_RETRY_AFTER = 300.0
"""Seconds: what a ``Retry-After`` is cut down to; a proxy may ask for hours."""

_REFUSALS = {400: "bad_request", 401: "unauthorised", 403: "unauthorised", 409: "conflict"}
_PASSING = {429: "rate_limited", 503: "unavailable"}
_MAYBE = {500: "server_error", 502: "bad_gateway", 504: "gateway_timeout", 408: "timeout"}

UNREACHABLE = "unreachable"
NOT_ABOUT_THE_ROW = frozenset({UNREACHABLE, *_PASSING.values(), "bad_gateway", "gateway_timeout"})
"""Codes that speak of the dialler, or of what stands before it, and never of one row."""


def judge(reply: httpx.Response) -> dict[str, Any]:
    """The answer of a request that was done.

    Raises:
        Refused, NotDone, MaybeDone: it was not, or nobody knows.
    """
    answer = decode(reply.content)
    status = reply.status_code
    if status == 200 and answer is not None:
        status = _status_inside(answer)
        if status == 200:
            return answer
    message = _message(reply, answer)
    if status == 404:
        raise _not_found(reply, answer, message)
    if status in _PASSING:
        raise NotDone(_PASSING[status], message, http_status=status, retry_after=_retry_after(reply))
    if status in _MAYBE or status >= 500:
        # After a 500 the dialler itself has finished; behind a gateway's 502 or 504 it may still be at work.
        raise MaybeDone(
            _MAYBE.get(status, "server_error"),
            message,
            http_status=status,
            retry_after=_retry_after(reply),
            running=status != 500,
        )
    if status < 300:
        raise MaybeDone("unreadable_answer", message, http_status=status, running=False)
    if status < 400:
        raise Refused("redirected", f"{message} to {reply.headers.get('location', '?')}", http_status=status)
    raise Refused(_REFUSALS.get(status, "refused"), message, http_status=status)


def judge_failure(error: httpx.TransportError) -> NotDone | MaybeDone:
    """What it means that no answer came."""
    if isinstance(error, NOT_SENT):
        return NotDone(UNREACHABLE, f"the dialler cannot be reached: {error}")
    if isinstance(error, httpx.TimeoutException):
        return MaybeDone("timeout", "no answer within the time limit")
    return MaybeDone("connection_lost", f"the connection was lost after the request was sent ({error})")


async def repeating(
    once: Callable[[], Awaitable[T]], *, retries: int, sleep: Sleep, first: RequestError | None = None
) -> T:
    """Call ``once`` until it is done or refused, at most ``retries`` times more. Only for harmless repeats.

    ``first`` is the failure of a call that was already made.

    Raises:
        RequestError: the last failure.
    """
    attempts = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type((NotDone, MaybeDone)),
        wait=_wait,
        stop=tenacity.stop_after_attempt(retries + 1),
        sleep=sleep,
        reraise=True,
    )
    pending = first

    async def attempt() -> T:
        nonlocal pending
        if pending is not None:
            error, pending = pending, None
            raise error
        return await once()

    return await attempts(attempt)


_jitter = tenacity.wait_random_exponential(multiplier=0.25, max=LONGEST_WAIT)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return pause(state.attempt_number, error if isinstance(error, RequestError) else None)


def pause(attempt: int, error: RequestError | None) -> float:
    """Seconds to wait after failure number ``attempt``: what the dialler asks for, else full jitter."""
    asked = getattr(error, "retry_after", None)
    if asked is not None:
        return float(asked)
    state = tenacity.RetryCallState(None, None, (), {})  # type: ignore[arg-type]
    state.attempt_number = attempt
    return _jitter(state)


def _status_inside(answer: dict[str, Any]) -> int:
    """The ``status`` of a body; a body without one is not an answer of this API."""
    status = answer.get("status")
    return status if isinstance(status, int) and 100 <= status <= 599 else 299


def _not_found(reply: httpx.Response, answer: dict[str, Any] | None, message: str) -> Refused:
    if answer is None:
        target = f"{reply.request.method} {reply.request.url.path}"
        return Refused(
            "endpoint_missing",
            f"this dialler has no '{target}' (404 without a JSON body)",
            http_status=404,
            body_empty=True,
        )
    return Refused("not_found", message, http_status=404)


def _message(reply: httpx.Response, answer: dict[str, Any] | None) -> str:
    """What the dialler says of it; of an HTML page only the status, as nobody reads the rest."""
    said = (answer or {}).get("error") or (answer or {}).get("message")
    if said:
        return str(said)[:500]
    if answer is None and reply.status_code == 200:
        return "the answer is not complete JSON"
    return f"HTTP {reply.status_code} {reply.reason_phrase}".strip()


def _retry_after(reply: httpx.Response) -> float | None:
    """``Retry-After`` in seconds (a number, or an HTTP date), within ``LONGEST_RETRY_AFTER``."""
    text = reply.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if seconds == seconds else None
