"""Runs that change single contacts: what one that was interrupted does again, and what it must not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.journal import Journal, Outcome, PlannedRow, RowState
from dialler_sync.model import Action, SpooledRow, Status
from dialler_sync.observer import Silent
from dialler_sync.run.changes import BulkRun, Job, Planned
from dialler_sync.run.saved_cells import ContactCells

from ...helpers.records import RUN
from ...helpers.rows import BASIC, settings_of

PENDING, SENDING, UNKNOWN, DONE = range(4)


@dataclass
class Changes:
    """Notes what is planned and changed."""

    planned: int = 0
    changed: list[int] = field(default_factory=list)

    async def plan(self, _client: DiallerClient) -> AsyncIterator[Planned]:
        self.planned += 1
        yield [PlannedRow(seq, 0, seq + 1, f"K{seq}", contact_id=str(seq)) for seq in range(4)], ()

    async def change(self, row: SpooledRow) -> Outcome:
        self.changed.append(row.seq)
        return Outcome(row.seq, Status.SUCCEEDED, Action.LOCK, row.contact_id)


Work = Callable[..., tuple[Changes, dict[int, tuple[Status, str]]]]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    """Go on with a run that was killed: gives what it did, and the outcome and the fault of each row."""
    with Journal.open(tmp_path / "journal.db") as journal:

        def work(*, rows: int | None = 4, repeatable: bool = True, **options: Any) -> Any:
            changes = Changes()
            files = [{**RUN.files[0], "layout": {}, "rows": 4}]
            run = replace(RUN, command="lock", out=str(tmp_path), rows=rows, options=options, files=files)
            journal.add_run(run)
            if rows:
                journal.add_rows(run.id, [PlannedRow(seq, 0, seq + 1, f"K{seq}") for seq in range(rows)])
                journal.record(run.id, [Outcome(UNKNOWN, Status.UNKNOWN), Outcome(DONE, Status.SUCCEEDED)])
                journal.record(run.id, (), [(SENDING, RowState.SENDING, None)])
            job = Job(changes.plan, lambda _: "lock", lambda *_: changes, repeatable)
            BulkRun(settings_of(BASIC), journal, Silent(), run, job, ContactCells(journal, run)).carry_out()
            found = {row.result.seq: (row.result.status, row.result.error_code) for row in journal.rows(run)}
            return changes, found

        yield work


def test_what_may_have_been_done_is_done_again_where_that_is_harmless(work: Work) -> None:
    """By what was planned: the list may name others by now."""
    changes, found = work()

    assert changes == Changes(0, [PENDING, SENDING, UNKNOWN])
    assert found == dict.fromkeys(range(4), (Status.SUCCEEDED, ""))


def test_what_may_have_been_done_is_told_where_it_could_meet_another_contact(work: Work) -> None:
    changes, found = work(repeatable=False)

    assert changes.changed == [PENDING]
    assert found == {
        PENDING: (Status.SUCCEEDED, ""),
        SENDING: (Status.UNKNOWN, "maybe_done"),
        UNKNOWN: (Status.UNKNOWN, ""),
        DONE: (Status.SUCCEEDED, ""),
    }


@pytest.mark.parametrize(("dry_run", "changed"), [(True, []), (False, [0, 1, 2, 3])])
def test_a_run_that_was_not_planned_is_planned_and_a_rehearsal_changes_nobody(
    work: Work, dry_run: bool, changed: list[int]
) -> None:
    changes, found = work(rows=None, dry_run=dry_run)

    assert changes == Changes(1, changed)
    assert found == dict.fromkeys(range(4), (Status.SKIPPED if dry_run else Status.SUCCEEDED, ""))
