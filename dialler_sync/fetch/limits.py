"""Limits of what a server may do without an end: send next to nothing, or list more than any folder has."""

from __future__ import annotations

import time

from ..errors import InputError

SLOWEST = 1_000
"""Bytes a second below which a transfer counts as broken, on average over ``sources: timeout``."""

MOST_NAMES = 100_000
"""Files of a folder: each takes memory, and no folder of lists has as many."""


class TooSlowError(TimeoutError):
    """A server sends, but next to nothing."""


class Pace:
    """How fast a transfer goes on. ``window``: seconds over which it may be slow; ``add`` what has come."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._since, self._bytes = time.monotonic(), 0

    def add(self, number: int) -> None:
        """Count what has come since the last call.

        Raises:
            TooSlowError: too little has come for too long.
        """
        self._bytes += number
        passed = time.monotonic() - self._since
        if passed < self._window:
            return
        if self._bytes < SLOWEST * passed:
            raise TooSlowError(
                f"the server sends fewer than {SLOWEST:,} bytes a second. Try again later, or raise sources: timeout."
            )
        self._since, self._bytes = time.monotonic(), 0


class Count:
    """How much lies in a folder: ``add`` one after the other, before it is kept in memory."""

    def __init__(self, folder: str) -> None:
        self._folder = folder.rstrip("/")
        self._names = 0

    def add(self) -> None:
        """Count one more.

        Raises:
            InputError: too much lies there.
        """
        self._names += 1
        if self._names > MOST_NAMES:
            raise InputError(f"{self._folder}: has more than {MOST_NAMES:,} files: take some of them away.")
