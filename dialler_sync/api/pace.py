"""The pace of requests: how many in flight, how many per second, and none while the dialler is down.

Every request of a run passes one :class:`Gate`. It opens with a single request, so that a wrong token or
campaign costs one row; it narrows when the dialler slows or refuses for load and widens again (additive
increase, multiplicative decrease; Chiu and Jain, 1989); after failures in a row it lets through one probe at
a time (circuit breaker; Nygard, "Release It!"), and it stops the run when the dialler stays away.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ..error_codes import UNREACHABLE
from ..errors import DiallerUnavailable, MaybeDone, NotDone, RequestError, StopRun
from ..text.phrase import figure, phrase
from .retry import TURNED_AWAY, Clock, backoff

_log = logging.getLogger(__name__)

FAILURES_TO_OPEN = 10
"""Failures in a row, of any rows; then only probes are sent."""

UNREACHABLE_TO_OPEN = 3
"""The same, if no connection can be made."""

LONGEST_PROBE_PAUSE = 10.0
"""Seconds."""

BUDGET = 100
"""Retries allowed in advance: each failed request costs one, each success pays one back. A dialler that fails more
than it serves uses them up, and gets a pause instead of twice the load."""

SLOW_FACTOR, SLOW_SECONDS = 3.0, 0.5
"""A dialler is slow if it takes this many times as long, and this much longer, than at its quickest."""

SHORTEST_GAP, LONGEST_GAP = 0.001, 0.1
"""Seconds between requests to a dialler that refuses some for load: it may limit the rate, however few are in
flight."""

LATE = 0.005
"""Seconds that a timer may be late; the delayed requests are then caught up."""


class Bout:
    """An outage: failures in a row without any success of a request sent after the first of them.

    ``began`` is the time of the first failure; ``over`` the time of such a success. ``rows`` are the failed rows, added
    by their senders: several rows show that the dialler was unreachable, and no row is at fault.
    """

    def __init__(self, began: float = float("inf"), over: float = float("inf")) -> None:
        self.began, self.over = began, over
        self.rows: set[int] = set()


class Gate:
    """Lets requests through. ``stop`` ends it; then, and when it gives up, :meth:`enter` raises.

    ``rate`` is in requests a second, 0 for no limit. ``give_up_after`` and ``patience_at_start`` are in
    seconds: how long the dialler may be away, and how long if it has never answered. ``clock`` must go with
    the event loop's; ``say`` gets what the user should know. ``turned_away`` counts
    the requests that the dialler refused for load; ``bout`` is what the newest failure belongs to.
    ``last_success``: when the latest of the answered requests was sent. An answer that is read late shows nothing
    about a dialler that went away meanwhile.
    """

    def __init__(
        self,
        concurrency: int,
        *,
        rate: float = 0.0,
        give_up_after: float = 300.0,
        patience_at_start: float | None = None,
        clock: Clock = time.monotonic,
        say: Callable[[str], object] = _log.warning,
    ) -> None:
        self.concurrency = concurrency
        self.in_flight = 0
        self.limit = 1.0
        self.opened = False
        self.stopped: StopRun | None = None
        self.last_success = float("-inf")
        self.turned_away = 0
        self.bout = Bout(over=float("-inf"))
        self._interval = 1.0 / rate if rate else 0.0
        self._next_at = 0.0
        self._gap = 0.0  # between requests, to a dialler that turns them away
        self._give_up_after = give_up_after
        self._patience_at_start = give_up_after if patience_at_start is None else patience_at_start
        self.clock = clock
        self._say = say
        self._over = asyncio.Event()
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._failures = 0
        self._down_since: float | None = None
        self._probe_at: float | None = None  # not None: the breaker is open
        self._probes = 0
        self._budget = BUDGET
        self._quick = float("inf")
        self._usual = 0.0
        self._narrowed_at = float("-inf")
        self._asked = 0.0  # longest Retry-After that was told

    # Entering

    def try_enter(self) -> bool:
        """Enter at once if that is possible and nobody waits; the short way for the many."""
        if self._waiting or not self._free(self.clock()):
            return False
        self._take()
        return True

    @property
    def is_probing(self) -> bool:
        """Whether the breaker is open: one request at a time probes whether the dialler answers again."""
        return self._probe_at is not None

    async def enter(self, *, as_probe: bool = False) -> None:
        """Wait for a place. ``as_probe``: while the breaker is open, before all others.

        Raises:
            StopRun: the run has been stopped.
        """
        if self.try_enter():
            return
        place = asyncio.get_running_loop().create_future()
        if as_probe and self.is_probing:
            self._waiting.appendleft(place)
        else:
            self._waiting.append(place)
        self._wake()
        try:
            taken = await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.result():
                self.abandon()
            raise
        if self.stopped:
            if taken:  # just before
                self.abandon()
            raise self.stopped

    def _free(self, now: float) -> bool:
        if self.stopped or self.in_flight >= int(self.limit):
            return False
        if self._probe_at is not None and (self.in_flight or now < self._probe_at):
            return False
        return not (self._interval or self._gap) or now >= self._next_at

    def _take(self) -> None:
        self.in_flight += 1
        if self._interval or self._gap:
            self._next_at = max(self._next_at, self.clock() - LATE) + max(self._interval, self._gap)

    def _wake(self) -> None:
        """Give free places to waiting requests, and schedule the next check."""
        now = self.clock()  # read once: a place that becomes free between two reads would be given to nobody
        while self._waiting and (self.stopped or self._free(now)):
            place = self._waiting.popleft()
            if not place.done():  # else cancelled meanwhile
                if not self.stopped:
                    self._take()
                place.set_result(not self.stopped)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            later = max(self._probe_at or 0.0, self._next_at) - now
            if later > 0:
                self._timer = asyncio.get_running_loop().call_later(later, self._wake)

    # Leaving

    def leave(self, error: RequestError | None, seconds: float) -> None:
        """Note that a request has ended after ``seconds``; ``error`` is None if it succeeded."""
        self.in_flight -= 1
        if isinstance(error, (NotDone, MaybeDone)):
            self._failed(error, seconds)
        else:
            self._gap = self._gap * 0.8 if self._gap > SHORTEST_GAP else 0.0
            self._answered(seconds, done=error is None)
        if self._waiting:
            self._wake()

    def abandon(self) -> None:
        """Note that a request was cancelled; it shows nothing about the dialler."""
        self.in_flight -= 1
        if self._waiting:
            self._wake()

    def stop(self, reason: StopRun) -> None:
        """Stop the run: no request enters any more. The first reason counts."""
        if self.stopped is None:
            self.stopped = reason
            self._over.set()
            self._wake()

    async def rest(self, seconds: float) -> None:
        """Wait, but no longer than the run goes on.

        Raises:
            StopRun: the run has been stopped.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        if self.stopped:
            raise self.stopped

    def left(self, since: float) -> float:
        """Return the seconds left of a wait that began at ``since``, by the clock of the event loop: no
        ``Retry-After`` is waited for longer."""
        return max(since + self._patience - self.clock(), 0.0)

    @property
    def _patience(self) -> float:
        return self._give_up_after if self.last_success > float("-inf") else self._patience_at_start

    def _answered(self, seconds: float, *, done: bool) -> None:
        """Note an answer of the dialler; a refusal opens the gate no further than to the next request."""
        if self._probe_at is not None:
            if self._probes:
                self._say(phrase("the dialler answers again"))
            self._probe_at, self._budget = None, BUDGET
        if done and not self.opened:
            self.opened, self.limit = True, float(self.concurrency)
        now = self.clock()
        self.last_success = max(self.last_success, now - seconds)
        if now - seconds >= self.bout.began:
            self.bout.over = min(self.bout.over, now)
        self._failures, self._down_since = 0, None
        self._budget = min(self._budget + 1, BUDGET)
        self._quick = min(self._quick * 1.0005, seconds)  # rises slowly, so that it adapts
        self._usual = seconds if not self._usual else 0.9 * self._usual + 0.1 * seconds
        if self._usual > self._quick * SLOW_FACTOR and self._usual > self._quick + SLOW_SECONDS:
            self._narrow(0.7)
        elif self.limit < self.concurrency:
            self.limit = min(self.limit + 1.0 / self.limit, float(self.concurrency))

    def _narrow(self, factor: float, at_least: float = 0.25) -> None:
        """Narrow the gate once per usual answer time: requests in flight do not yet show the effect."""
        now = self.clock()
        if now - self._narrowed_at >= max(self._usual, at_least):
            self._narrowed_at = now
            self.limit = max(self.limit * factor, 1.0)

    def _failed(self, error: NotDone | MaybeDone, seconds: float) -> None:
        now = self.clock()
        self._failures += 1
        if now - seconds >= self.bout.over:  # it was sent when the dialler had answered again
            self.bout = Bout(now)
        if error.code in TURNED_AWAY:
            self.turned_away += 1
            self._gap = min(max(2 * self._gap, SHORTEST_GAP), LONGEST_GAP)  # settles where one of four is turned away
            self._narrow(0.5, seconds)  # a quick refusal may be answered as quickly
        else:
            self._budget -= 1
            self._narrow(0.5)
        if self._down_since is None:
            self._down_since = now
        give_up_at = self._down_since + self._patience
        asked = error.retry_after or 0.0
        if now >= give_up_at:
            self.stop(DiallerUnavailable(_failing(error, now - self._down_since, is_long=asked > self._patience)))
            return
        if asked > max(LONGEST_PROBE_PAUSE, 2 * self._asked):
            self._asked = asked
            waits = phrase("waiting at most {left} s (dialler.give_up_after)", left=figure(give_up_at - now))
            self._say(
                phrase(
                    "the dialler asks to wait {asked} s (Retry-After): {then}",
                    asked=figure(asked),
                    then=waits if asked > give_up_at - now else error,
                )
            )
        if self._probe_at is not None:
            if not self.in_flight:  # else it was sent before the breaker opened, and is no probe
                self._probes += 1
                if self._probes == 1:  # do not log a hiccup that the first probe ends
                    left = figure(give_up_at - now)
                    self._say(phrase("the dialler is down ({error}); trying for {left} s more", error=error, left=left))
            self._pause(error, now, give_up_at)
        elif self._budget <= 0 or self._failures >= (
            UNREACHABLE_TO_OPEN if error.code == UNREACHABLE else FAILURES_TO_OPEN
        ):
            self._probes = 0
            self._pause(error, now, give_up_at)

    def _pause(self, error: NotDone | MaybeDone, now: float, give_up_at: float) -> None:
        """Set the time of the next probe; the last one is at ``give_up_at``."""
        wait = random.uniform(0.5, 1.0) * backoff(self._probes, LONGEST_PROBE_PAUSE)  # noqa: S311 - jitter
        wait = max(wait, error.retry_after or 0.0)
        self._probe_at = min(max(now + wait, self._probe_at or 0.0), give_up_at)


def _failing(error: NotDone | MaybeDone, seconds: float, *, is_long: bool) -> str:
    """Return why the run gives up; ``is_long``: the dialler asks for a longer wait than the run has patience for."""
    lasted = figure(seconds)
    if not is_long:
        return phrase("the dialler has kept failing for {lasted} s: {error}", lasted=lasted, error=error)
    return phrase(
        "the dialler has kept failing for {lasted} s: {error}; it asks to wait {asked} s (Retry-After)",
        lasted=lasted,
        error=error,
        asked=figure(error.retry_after or 0),
    )
