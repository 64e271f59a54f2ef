"""A run's conversation with the dialler: one client behind one gate, which Ctrl-C, SIGTERM and SIGHUP end in order."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

from ..api.client import DiallerClient
from ..api.pace import Gate
from ..config.dialler import DiallerSettings
from ..errors import Interrupted, OutOfTime
from ..text.forms import day
from ..text.phrase import figure, mark, phrase

_LOOK_AT_THE_CLOCK = 20.0
"""Seconds between two looks at the clock."""

PATIENCE_AT_START = 30.0
"""Seconds of retries for a dialler that has never answered, unless ``give_up_after`` is set: a wrong address should
not take all night to report."""


@asynccontextmanager
async def session(dialler: DiallerSettings, *, changes: bool = False) -> AsyncIterator[DiallerClient]:
    """The client of one run, in the task that carries it out. ``changes``: it changes contacts, for which there may be
    a time."""
    async with DiallerClient(dialler, gate=run_gate(dialler)) as client:
        with interruptible(client.gate, asyncio.current_task()), _ending(client.gate, dialler if changes else None):
            yield client


@contextmanager
def _ending(gate: Gate, dialler: DiallerSettings | None) -> Iterator[None]:
    """Stop a gate when the time for changes is over; requests in flight are finished.

    The clock is looked at again and again, as it may be set, and the machine may sleep.
    """
    end = dialler.end_from(datetime.now().astimezone()) if dialler else None
    if end is None:
        yield
        return
    loop, (at, why) = asyncio.get_running_loop(), end
    timer: asyncio.Handle | None = None

    def look() -> None:
        nonlocal timer
        left = (at - datetime.now().astimezone()).total_seconds()
        if left > 0:
            timer = loop.call_later(min(left, _LOOK_AT_THE_CLOCK), look)
        elif gate.stopped is None:
            time = day(at, mark("%H:%M"))
            if timer is not None:
                gate.stop(OutOfTime(phrase("the time {at} is reached ({why})", at=time, why=why)))
            else:
                gate.stop(OutOfTime(phrase("it is {at}, outside {hours}", at=time, hours=why)))

    look()
    try:
        yield
    finally:
        if timer:
            timer.cancel()


def run_gate(dialler: DiallerSettings) -> Gate:
    """Return the gate of one run."""
    return Gate(
        dialler.concurrency,
        rate=dialler.rate,
        give_up_after=dialler.give_up_after,
        patience_at_start=patience_at_start(dialler),
    )


def patience_at_start(dialler: DiallerSettings) -> float:
    """Seconds that a dialler which has never answered is tried."""
    if "give_up_after" in dialler.model_fields_set:
        return dialler.give_up_after
    return min(dialler.give_up_after, PATIENCE_AT_START)


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
        most = figure(FINISH_IN_FLIGHT)
        _log.warning(phrase("interrupted: waiting for the requests in flight (at most {most} s)", most=most))
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
