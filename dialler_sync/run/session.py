"""A run's conversation with the dialler: one client behind one gate, which Ctrl-C, SIGTERM and SIGHUP end in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..api.client import DiallerClient
from ..api.pace import Gate
from ..config.settings import DiallerSettings
from .interrupt import interruptible

PATIENCE_AT_START = 30.0
"""Seconds that a dialler which has never answered is tried, unless ``give_up_after`` is set: a wrong address
should not look like a long night."""


@asynccontextmanager
async def session(dialler: DiallerSettings) -> AsyncIterator[DiallerClient]:
    """The client of one run, in the task that carries it out."""
    async with DiallerClient(dialler, gate=run_gate(dialler)) as client:
        with interruptible(client.gate, asyncio.current_task()):
            yield client


def run_gate(dialler: DiallerSettings) -> Gate:
    """The gate of one run."""
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
