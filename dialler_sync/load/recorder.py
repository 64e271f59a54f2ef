"""Group commit: outcomes and intents reach the journal in few transactions, none of them late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from ..errors import JournalError, JournalLost
from ..journal import Outcome, RowState
from ..text.phrase import phrase

LINGER = 0.2
"""Seconds that outcomes may wait for a common commit. Rows lost in a crash meanwhile are sent again on resume, which
is harmless with a key; rows without one are written to the journal before they are sent."""

FULL = 500
"""Outcomes that are committed without waiting for more."""

BEHIND = 4 * FULL
"""Outcomes that may wait while others are written. A busy event loop leaves the writing thread little of the
interpreter's lock: without a bound, memory would grow, and a crash would lose more."""


class Book(Protocol):
    """Store of outcomes and states: a journal, or its stand-in."""

    def record(
        self, run_id: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int | None]] = (), /
    ) -> None:
        """Store outcomes, and states as (seq, state, watermark); return once they are durable.

        Raises:
            JournalError: it cannot be written.
            JournalLost: it was written, to a file that nobody will find.
        """


class Recorder:
    """Writes to the journal beside the event loop. ``failed`` is called once if writing fails.

    ``unwritten`` are the outcomes that could then not be stored.
    """

    def __init__(self, journal: Book, run_id: str, failed: Callable[[JournalError], None]) -> None:
        self._journal = journal
        self._run_id = run_id
        self._failed = failed
        self.unwritten: list[Outcome] = []
        self._outcomes: list[Outcome] = []
        self._states: list[tuple[int, RowState, int | None]] = []
        self._written: asyncio.Future[None] | None = None
        self._wanted = asyncio.Event()
        self._taken = asyncio.Event()
        self._closing = False
        self._error: BaseException | None = None
        self._task = asyncio.create_task(self._run())

    def put(self, outcome: Outcome) -> None:
        """Queue an outcome."""
        if self._error:
            self.unwritten.append(outcome)
            return
        self._outcomes.append(outcome)
        if len(self._outcomes) >= FULL:
            self._wanted.set()

    async def keep_up(self) -> None:
        """Wait while the journal is behind; called before the next row is sent."""
        while len(self._outcomes) >= BEHIND and not self._task.done():
            self._taken.clear()
            await self._taken.wait()

    async def intend(self, seq: int, watermark: int | None) -> None:
        """Store, before going on, that a row is about to be sent, and its watermark."""
        if self._error:
            raise self._error
        self._states.append((seq, RowState.SENDING, watermark))
        self._written = self._written or asyncio.get_running_loop().create_future()
        self._wanted.set()
        await asyncio.shield(self._written)

    def take_back(self, seq: int) -> None:
        """Queue the note that the row was not sent after all."""
        self._states.append((seq, RowState.PENDING, None))

    async def flush(self) -> None:
        """Store everything queued, and end. Cancelling waits until it is done.

        Raises:
            JournalError: something could not be written, now or earlier.
        """
        self._closing = True
        self._wanted.set()
        cancelled = False
        while not self._task.done():
            try:
                await asyncio.wait({self._task})
            except asyncio.CancelledError:
                cancelled = True
        self._task.result()
        if cancelled:
            raise asyncio.CancelledError

    async def _run(self) -> None:
        waiting: asyncio.Future[None] | None = None
        outcomes: list[Outcome] = []
        try:
            while not self._closing or self._outcomes or self._states:
                if not self._closing:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LINGER):
                            await self._wanted.wait()
                self._wanted.clear()
                outcomes, states, waiting = self._outcomes, self._states, self._written
                self._outcomes, self._states, self._written = [], [], None
                self._taken.set()
                if outcomes or states:
                    try:
                        await asyncio.to_thread(self._journal.record, self._run_id, outcomes, states)
                    except JournalLost as lost:  # still open, so that the reports of this run are complete
                        self._failed(lost)
                if waiting and not waiting.done():
                    waiting.set_result(None)
        except BaseException as error:
            self._error = error
            self.unwritten += [*outcomes, *self._outcomes]
            self._taken.set()
            stop = error if isinstance(error, JournalError) else None
            for future in (waiting, self._written):
                if future and not future.done():
                    future.set_exception(stop or JournalError(str(error)))
                    future.exception()  # retrieved, so that asyncio does not warn if nobody awaits it
            self._failed(stop or JournalError(phrase("the journal is no longer being written")))
            raise
