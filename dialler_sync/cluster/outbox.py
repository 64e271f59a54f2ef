"""What a sender has to tell, above all what the coordinator is to write down for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from ..errors import JournalError
from ..journal import Outcome, RowState
from .messages import Batch


class Outbox:
    """Stands for the journal: what is recorded goes to the coordinator, and is recorded when it says so."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._batches: list[Batch] = []
        self._unwritten: dict[int, asyncio.Future[None]] = {}
        self._count = 0
        self._closed: str | None = None

    def record(
        self, _run_id: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int | None]] = (), /
    ) -> None:
        """Wait, in a thread beside the event loop, until the coordinator has written this down.

        Raises:
            JournalError: it cannot.
        """
        asyncio.run_coroutine_threadsafe(self._put(outcomes, states), self._loop).result()

    async def _put(self, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int | None]]) -> None:
        if self._closed is not None:
            raise JournalError(self._closed)
        self._count += 1
        self._batches.append(Batch(self._count, outcomes, states))
        written = self._unwritten[self._count] = self._loop.create_future()
        self.announce()
        await written

    @property
    def empty(self) -> bool:
        """Whether all is written."""
        return not self._unwritten

    def announce(self) -> None:
        """There is something to tell."""
        self._news.set()

    async def news(self, seconds: float) -> None:
        """Wait for something to tell, but no longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    def take(self) -> list[Batch]:
        """What the coordinator has not been told yet."""
        taken, self._batches = self._batches, []
        return taken

    def written(self, number: int) -> None:
        """Batches up to this one are in the journal."""
        for known in [known for known in self._unwritten if known <= number]:
            self._unwritten.pop(known).set_result(None)

    def close(self, why: str) -> None:
        """Nothing more can be written."""
        self._closed = why
        for future in self._unwritten.values():
            future.set_exception(JournalError(why))
        self._unwritten.clear()
