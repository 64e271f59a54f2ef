"""Runs that change single contacts and map no spreadsheet: undo, lock, unlock, delete."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ..api.client import DiallerClient
from ..api.fatal import reason
from ..config import Settings
from ..error_codes import MAYBE_DONE, mend
from ..errors import DiallerSyncError, RequestError
from ..journal import Image, Journal, JournalRow, Outcome, PlannedRow, RowState, RunRecord
from ..load.change import Changer
from ..load.loader import Loader
from ..load.recorder import Recorder
from ..load.rules import Rules
from ..model import SpooledRow, Status
from ..observer import Observer
from ..pages import ROWS, batched
from ..text.phrase import phrase
from .kept import delete_settled_copies
from .left_over import rest_after_kill
from .lifecycle import carrying_out, conclude
from .reports import Effort, Summary
from .saved_cells import RunCells
from .sending import Tally
from .session import session

Planned = tuple[Sequence[PlannedRow], Sequence[Image]]


@dataclass(frozen=True, slots=True)
class Job:
    """The work of a run.

    ``plan`` gives every row of it in order, and what is kept for undo; ``kind`` tells what the changer that ``changer``
    makes is asked to do with a row. ``repeatable``: a row that may have been done may be done again.
    """

    plan: Callable[[DiallerClient], AsyncIterator[Planned]]
    kind: Callable[[JournalRow], str]
    changer: Callable[[DiallerClient, Recorder], Changer]
    repeatable: bool = True


@dataclass(slots=True)
class BulkRun:
    """One run, while it is carried out. ``cells``: its rows as they stand in the files, for the reports."""

    settings: Settings
    journal: Journal
    observer: Observer
    run: RunRecord
    job: Job
    cells: RunCells
    effort: Effort = field(default_factory=Effort)
    unwritten: Sequence[Outcome] = ()

    @property
    def planned(self) -> bool:
        """Whether the journal has every contact to be changed."""
        return self.run.rows is not None

    def carry_out(self) -> Summary:
        """Change every contact that is not settled, and write the reports; the summary names what stopped the run.

        Raises:
            UsageError, InputError: nothing was changed, and nothing is left behind.
        """
        with carrying_out(self) as course:
            asyncio.run(self._carry_out())
        self.effort.duration = course.duration
        run = replace(self.run, files=self.cells.files)
        try:
            return conclude(self.journal, run, self.cells, course.stopped, self.effort, self.unwritten)
        finally:
            with suppress(DiallerSyncError):
                delete_settled_copies(self.journal, self.run.id)

    async def _carry_out(self) -> None:
        was_killed = self.planned and self.run.state == "running"
        async with session(self.settings.dialler, changes=not self.run.options.get("dry_run")) as client:
            try:
                if not self.planned:
                    await self._plan(client)
                if self.run.options.get("dry_run"):
                    self._skip()
                else:
                    if was_killed:
                        await rest_after_kill(client, self._rules.quiet)
                    await self._load(client)
            finally:
                self.effort.requests += client.requests
                self.effort.latencies = client.latencies

    @property
    def _rules(self) -> Rules:
        return Rules(True, None, self.settings.dialler.retries, self.settings.dialler.timeout)

    async def _plan(self, client: DiallerClient) -> None:
        """Write the plan to the journal, before any change."""
        self.journal.clear_rows(self.run.id)
        self.observer.stage(phrase("looking up"), None)
        count = 0
        try:
            async for rows, images in self.job.plan(client):
                self.journal.add_rows(self.run.id, rows)
                self.journal.add_images(self.run.id, images)
                self.observer.advance(len(rows))
                count += len(rows)
        except RequestError as error:
            raise reason(error) from error
        self.run = replace(self.run, rows=count)
        self.journal.update_run(self.run.id, rows=count)

    async def _load(self, client: DiallerClient) -> None:
        if not self.job.repeatable:
            self._give_up_sent()
        self.observer.stage(self.run.command, sum(1 for _ in self._left()))
        recorder = Recorder(self.journal, self.run.id, client.gate.stop)
        tally = Tally(client.gate, self.observer)
        loader = Loader(
            client,
            recorder,
            self._rules,
            tally,
            changer=self.job.changer(client, recorder),
            perhaps_sent={row.result.seq for row in self._left() if row.state != RowState.PENDING},
        )
        started = time.monotonic()
        try:
            await loader.load(
                SpooledRow(row.result.seq, row.result.user_data, b"", self.job.kind(row), row.result.contact_id)
                for row in self._left()
            )
        finally:
            self.effort.sent, self.effort.sending = tally.settled, time.monotonic() - started
            self.unwritten = recorder.unwritten

    def _left(self) -> Iterator[JournalRow]:
        """Return the rows that are not settled yet."""
        states = {str(RowState.PENDING)}
        if self.job.repeatable:
            states |= {str(RowState.SENDING), str(Status.UNKNOWN)}
        return (entry for entry in self.journal.rows(self.run) if entry.state in states)

    def _give_up_sent(self) -> None:
        """Settle rows that were in flight when the run was interrupted, and must not be sent twice."""
        why = phrase("the run was interrupted while this was being sent; sending it again could affect another contact")
        sent = [
            Outcome(
                row.result.seq,
                Status.UNKNOWN,
                row.result.action,
                error_code=MAYBE_DONE,
                error=why,
                hint=mend(MAYBE_DONE),
            )
            for row in self.journal.rows(self.run)
            if row.state == RowState.SENDING
        ]
        self.journal.record(self.run.id, sent)

    def _skip(self) -> None:
        """Settle the rest of a dry run with its planned actions."""
        left = (Outcome(r.seq, Status.SKIPPED, r.action, r.contact_id) for r in (row.result for row in self._left()))
        for batch in batched(left, ROWS):
            self.journal.record(self.run.id, batch)
