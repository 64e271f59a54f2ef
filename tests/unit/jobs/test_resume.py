"""Which run is meant where none is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.jobs.resume import find_import, find_resumable, find_undoable, nothing_to_resume, nothing_to_retry
from dialler_sync.journal import UNREPORTED, Journal, RunRecord

from ...helpers.records import RUN, TARGET

Find = Callable[[Journal, str], RunRecord | None]

COUNTS = {"succeeded": 1, "rejected": 0, "failed": 0, "unknown": 0, "unprocessed": 0, "skipped": 0, "read": 1}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def ended(**changes: Any) -> RunRecord:
    """A run that began after :data:`RUN`, and has ended."""
    return replace(RUN, id="20260102-000000-bbbbbb", started_at="2026-01-02T00:00:00Z", state="finished", **changes)


@pytest.mark.parametrize(
    "other",
    [
        {"target": TARGET.replace("538", "539")},
        {"options": {"dry_run": True}},
        {"command": "reconcile"},
        {"command": "undo"},
    ],
    ids=lambda changes: str(*changes.values()),
)
@pytest.mark.parametrize("find", [find_import, find_undoable], ids=["retry", "undo"])
def test_only_a_run_that_has_changed_contacts_is_retried_or_undone(
    find: Find, other: dict[str, Any], journal: Journal
) -> None:
    journal.add_run(RUN)
    journal.add_run(ended(**other))

    found = find(journal, TARGET)

    assert found
    assert found.id == RUN.id


def test_only_a_run_that_is_not_over_is_resumed(journal: Journal) -> None:
    """One whose reports could not be written is not."""
    journal.add_run(RUN)
    journal.add_run(ended())

    found = find_resumable(journal, TARGET)

    assert found
    assert found.id == RUN.id
    assert not nothing_to_resume(ended(summary={UNREPORTED: True}))


@pytest.mark.parametrize(
    ("changes", "nothing"),
    [
        ({}, False),
        ({"summary": {"counts": COUNTS}}, True),
        ({"summary": {"counts": COUNTS}, "command": "undo"}, False),
        ({"summary": {"counts": {**COUNTS, "failed": 1}}}, False),
        ({"summary": {"counts": COUNTS, "mirror": {"failed": 1}}}, False),
        ({"options": {"dry_run": True}}, True),
    ],
)
def test_what_a_retry_has_to_do(changes: dict[str, Any], nothing: bool) -> None:
    """Of an undo and of a run without a summary nobody knows before it is read."""
    assert bool(nothing_to_retry(ended(**changes))) is nothing
