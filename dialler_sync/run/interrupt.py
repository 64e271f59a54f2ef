"""Ctrl-C, SIGTERM and SIGHUP (the terminal was closed), while requests are in flight."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..api.pace import Gate
from ..errors import Interrupted
from ..text.phrase import figure, phrase

_log = logging.getLogger(__name__)

FINISH_IN_FLIGHT = 10.0
"""Seconds for requests in flight to finish."""

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def interruptible(gate: Gate, work: asyncio.Task[Any] | None) -> Iterator[None]:
    """Handle Ctrl-C, SIGTERM and SIGHUP: take no more rows, give those in flight ten seconds, then end.

    A second signal ends at once.
    """
    loop = asyncio.get_running_loop()
    signals = 0
    cutting = broken_off = False

    def handle(_number: int, _frame: object) -> None:
        nonlocal signals, broken_off
        signals += 1
        if signals > 1 and gate.stopped is None:  # the loop is not even there to hear the first
            broken_off = True
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(interrupt if signals == 1 else cut)

    def interrupt() -> None:
        _log.warning(
            phrase(
                "interrupted: waiting for the requests in flight (at most {most} s)",
                most=figure(FINISH_IN_FLIGHT),
            )
        )
        gate.stop(Interrupted("interrupted"))
        loop.call_later(FINISH_IN_FLIGHT, cut)

    def cut() -> None:
        nonlocal cutting
        if work and not cutting:
            cutting = True
            work.cancel()

    handled: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():  # elsewhere Python cannot handle signals
        handled = {number: signal.signal(number, handle) for number in _ENDING if not _is_ignored(number)}
    try:
        yield
    except asyncio.CancelledError:
        if gate.stopped is None or broken_off:
            raise
        raise gate.stopped from None
    finally:
        for number, before in handled.items():
            signal.signal(number, before)


def _is_ignored(number: signal.Signals) -> bool:
    """Whether the signal is ignored: ``nohup`` has SIGHUP ignored."""
    return number != signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN
