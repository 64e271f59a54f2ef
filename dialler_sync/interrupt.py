"""Ctrl-C and SIGTERM, while requests are in flight."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .api.pace import Gate
from .errors import Interrupted

_log = logging.getLogger(__name__)

FINISH_IN_FLIGHT = 10.0
"""Seconds that requests in flight are given."""


@contextmanager
def interruptible(gate: Gate, work: asyncio.Task[Any] | None) -> Iterator[None]:
    """Ctrl-C and SIGTERM: take no more rows, give those in flight ten seconds, then end; again: end now."""
    loop = asyncio.get_running_loop()

    def cut() -> None:
        if work:
            work.cancel()

    def interrupt() -> None:
        if isinstance(gate.stopped, Interrupted):
            cut()
            return
        _log.warning("interrupted: waiting for the requests in flight (at most %.0f s)", FINISH_IN_FLIGHT)
        gate.stop(Interrupted("interrupted; what was not sent is resumable"))
        loop.call_later(FINISH_IN_FLIGHT, cut)

    signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in signals:
            loop.add_signal_handler(number, interrupt)
    except (NotImplementedError, RuntimeError, ValueError):
        # Windows, or not the main thread: Ctrl-C then ends the run as KeyboardInterrupt.
        signals = ()
    try:
        yield
    except asyncio.CancelledError:
        if gate.stopped is None:
            raise
        raise gate.stopped from None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
