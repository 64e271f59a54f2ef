"""Runs that change contacts one by one, and have no spreadsheet to map: undo, lock, unlock, delete."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from .api.client import DiallerClient
from .change import Changer
from .config import Settings
from .errors import Interrupted, StopRun
from .execution import Observer, run_gate
from .interrupt import interruptible
from .journal import Journal, PlannedRow, RowState, RunRecord
from .load import Loader, Rules
from .recorder import Recorder
from .spool import SpooledRow
from .summary import Summary, write_reports


@dataclass(frozen=True, slots=True)
class Target:
    """One contact, or all that carry a UserData, and where it was named: file, row number, original cells.

    ``seq`` is the place in the run; ``kind`` is what the changer is to do (undo: what was done).
    """

    seq: int
    kind: str
    user_data: str = ""
    contact_id: str = ""
    file: int = 0
    row: int = 0
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """The targets as the reports want them."""

    files: Sequence[dict[str, Any]]
    targets: Sequence[Target]
    extra_cells: int = 0

    def source_cells(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """(place in the run, file, original cells) of every target."""
        for target in self.targets:
            yield target.seq, target.file, target.cells


@dataclass(slots=True)
class BulkRun:
    """A run over targets; ``changer`` makes what changes one of them."""

    settings: Settings
    journal: Journal
    observer: Observer
    run: RunRecord
    targets: Sequence[Target]
    changer: Callable[[DiallerClient], Changer]
    requests: int = 0

    def carry_out(self) -> Summary:
        """Change every target that is not settled, and write the reports; what stopped it stands in the summary."""
        started = time.monotonic()
        stopped: StopRun | None = None
        if self.run.rows is None:
            self._begin()
        try:
            asyncio.run(self._carry_out())
        except StopRun as error:
            stopped = error
        except KeyboardInterrupt:
            stopped = Interrupted("interrupted; what was not done is resumable")
        finished = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.run = replace(self.run, state="stopped" if stopped else "finished", finished_at=finished)
        listed = Listed([dict(entry) for entry in self.run.files], self.targets)
        return write_reports(
            self.journal,
            self.run,
            listed,
            stopped,
            duration=time.monotonic() - started,
            requests=self.requests,
            retries=0,
        )

    def _begin(self) -> None:
        self.journal.clear_rows(self.run.id)
        self.journal.add_rows(
            self.run.id,
            [
                PlannedRow(target.seq, target.file, target.row, target.user_data, contact_id=target.contact_id)
                for target in self.targets
            ],
        )
        self.run = replace(self.run, rows=len(self.targets))
        self.journal.update_run(self.run.id, rows=self.run.rows)

    async def _carry_out(self) -> None:
        waiting = {
            entry.result.seq
            for entry in self.journal.rows(self.run)
            if entry.state in (RowState.PENDING, RowState.SENDING)
        }
        gate = run_gate(self.settings.dialler)
        self.observer.stage(self.run.command, len(waiting))
        async with DiallerClient(self.settings.dialler, gate=gate) as client:
            loader = Loader(
                client,
                Recorder(self.journal, self.run.id, gate.stop),
                Rules(True, False, self.settings.dialler.retries, self.settings.dialler.timeout),
                settled=lambda outcome: self.observer.advance(1, outcome.status),
                changer=self.changer(client),
            )
            rows = (
                SpooledRow(target.seq, target.user_data, b"", target.kind, target.contact_id)
                for target in self.targets
                if target.seq in waiting
            )
            try:
                with interruptible(gate, asyncio.current_task()):
                    await loader.load(rows)
            finally:
                self.requests += client.requests
