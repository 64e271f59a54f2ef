"""A run's conversation with the dialler: one client behind one gate, which Ctrl-C, SIGTERM and SIGHUP end in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

from ..api.client import DiallerClient
from ..api.pace import Gate
from ..config.dialler import DiallerSettings
from ..errors import OutOfTime
from ..text.forms import day
from ..text.phrase import mark, phrase
from .interrupt import interruptible

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
