"""The dialler's clock: real time, faster time, or time that passes only when it is told to."""

from __future__ import annotations

import math
import time

from ..errors import UsageError

_FASTEST = 100_000.0
"""Highest speed; beyond it a call would end as it begins."""


class Clock:
    """Seconds since 1970, from ``start`` (None: now), passing ``speed`` times as fast as real time; 0 stands still."""

    def __init__(self, start: float | None = None, speed: float = 1.0) -> None:
        if not (math.isfinite(speed) and 0 <= speed <= _FASTEST):
            raise UsageError(f"The simulator's clock runs 0 to {_FASTEST:,.0f} times as fast as time, not {speed:g}.")
        self._begun = time.time()
        self._start = self._begun if start is None else start
        self._speed = speed

    def __call__(self) -> float:
        """Return the time."""
        return self._start + (time.time() - self._begun) * self._speed

    def skip(self, seconds: float) -> None:
        """Put the clock forward."""
        self._start += seconds


def written(moment: float) -> str:
    """Return a time as the dialler writes it: local, ``YYYY-MM-DD HH:MM:SS``."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def read(text: object) -> float:
    """Return the moment of a time as the dialler writes it; for anything else, the beginning of time."""
    if not text:
        return 0.0
    try:
        return time.mktime(time.strptime(str(text), "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return 0.0
