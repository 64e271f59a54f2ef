"""Queue a sender's results for the coordinator, which writes them to the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from ..errors import JournalError
from ..journal import Outcome, RowState
from .messages import Batch


class Outbox:
    """Stands in for the journal: records go to the coordinator, and count as written once it confirms them."""

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
        """Block, in a thread beside the event loop, until the coordinator has written the records.

        Raises:
            JournalError: they cannot be written.
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
        """Whether everything is written."""
        return not self._unwritten

    def announce(self) -> None:
        """Wake the sender: there is something to report."""
        self._news.set()

    async def news(self, seconds: float) -> None:
        """Wait for something to report, at most this many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    def take(self) -> list[Batch]:
        """Return the batches not yet reported."""
        taken, self._batches = self._batches, []
        return taken

    def written(self, number: int) -> None:
        """Confirm the batches up to ``number`` as written."""
        for known in [known for known in self._unwritten if known <= number]:
            self._unwritten.pop(known).set_result(None)

    def close(self, why: str) -> None:
        """Fail all unwritten and all further records."""
        self._closed = why
        for future in self._unwritten.values():
            future.set_exception(JournalError(why))
        self._unwritten.clear()
