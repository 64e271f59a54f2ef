"""An event loop with simulated time, so that tests never wait."""

from __future__ import annotations

import asyncio
import selectors


class _NoWait(selectors.DefaultSelector):
    """Advances the loop's time instead of waiting."""

    passed = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        self.passed += max(timeout, 0)
        return super().select(0)


class OwnTime(asyncio.SelectorEventLoop):
    """An event loop whose timers fire without real delay."""

    def __init__(self) -> None:
        self._selector_with_time = _NoWait()
        super().__init__(self._selector_with_time)

    def time(self) -> float:
        return self._selector_with_time.passed


def now() -> float:
    """The running loop's time in seconds."""
    return asyncio.get_running_loop().time()
