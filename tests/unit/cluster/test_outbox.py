"""A sender's outbox: what is recorded counts as written only when the coordinator says so."""

from __future__ import annotations

import asyncio
import time

import pytest

from dialler_sync.cluster.outbox import Outbox
from dialler_sync.errors import JournalError
from dialler_sync.journal import Outcome
from dialler_sync.model import Status

DONE = [Outcome(0, Status.SUCCEEDED)]


async def recording(outbox: Outbox) -> asyncio.Task[None]:
    """Record in a thread, as a loader's recorder does; goes on when the outbox has it."""
    task = asyncio.create_task(asyncio.to_thread(outbox.record, "", DONE))
    await outbox.news(5)
    return task


def test_what_is_recorded_waits_until_it_is_written() -> None:
    async def go() -> None:
        outbox = Outbox()
        first, second = await recording(outbox), await recording(outbox)
        assert [(batch.number, list(batch.outcomes)) for batch in outbox.take()] == [(1, DONE), (2, DONE)]
        assert outbox.take() == []
        assert not outbox.empty

        outbox.written(1)
        await first
        assert not second.done()
        assert not outbox.empty

        outbox.written(2)
        await second
        assert outbox.empty

    asyncio.run(go())


def test_nothing_is_written_any_more_once_it_is_closed() -> None:
    """Neither what waits nor what comes later."""

    async def go() -> None:
        outbox = Outbox()
        waiting = await recording(outbox)

        outbox.close("the disk is full")

        for task in (waiting, asyncio.create_task(asyncio.to_thread(outbox.record, "", DONE))):
            with pytest.raises(JournalError, match="the disk is full"):
                await task
        assert outbox.empty
        assert len(outbox.take()) == 1

    asyncio.run(go())


def test_news_are_waited_for_no_longer_than_said() -> None:
    async def go() -> None:
        outbox = Outbox()
        outbox.announce()
        await outbox.news(60)
        started = time.monotonic()
        await outbox.news(0.01)
        assert time.monotonic() - started < 30

    asyncio.run(go())
