"""Which run is meant where none is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.config import fingerprint
from dialler_sync.errors import UsageError
from dialler_sync.jobs.changes import check_undo, undo_run
from dialler_sync.jobs.resume import resume_run, retry_run
from dialler_sync.jobs.which_run import (
    find_import,
    find_resumable,
    find_undoable,
    nothing_to_resume,
    nothing_to_retry,
)
from dialler_sync.journal import UNREPORTED, Journal, Outcome, PlannedRow, RunRecord
from dialler_sync.model import Action, Status
from dialler_sync.target import target_of

from ...helpers.records import RUN, TARGET, facts
from ...helpers.rows import BASIC, settings_of

Find = Callable[[Journal, str], RunRecord | None]

COUNTS = {"succeeded": 1, "rejected": 0, "failed": 0, "unknown": 0, "unprocessed": 0, "skipped": 0, "read": 1}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def ended(**changes: Any) -> RunRecord:
    """A run that began after :data:`RUN`, and has ended."""
    begun = replace(RUN, id="20260102-000000-bbbbbb", started_at="2026-01-02T00:00:00Z", state="finished")
    return replace(begun, **changes)


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


@pytest.mark.parametrize(
    "newest", ["has changed nothing", "was stopped at once", "is undone", "is undone in part", "is not finished"]
)
def test_the_run_to_undo_still_has_something_to_undo(newest: str, journal: Journal) -> None:
    changed = ended(state={"is not finished": "running", "was stopped at once": "stopped"}.get(newest, "finished"))
    earlier = ended(id="20260101-000000-aaaaaa", started_at="2026-01-01T00:00:00Z")
    row = PlannedRow(0, 0, 2, "K")
    for run, status in (
        (earlier, Status.SUCCEEDED),
        (changed, Status.SKIPPED if newest == "has changed nothing" else Status.SUCCEEDED),
    ):
        journal.add_run(run)
        journal.add_rows(run.id, [row])
        if run.state == "finished":
            journal.record(run.id, [Outcome(0, status, Action.CREATE, "7")])
    if newest.startswith("is undone"):
        code = 0 if newest == "is undone" else 4
        undo = {"command": "undo", "parent": changed.id, "summary": facts(changed.id, exit_code=code)}
        journal.add_run(ended(id="20260103-000000-cccccc", started_at="2026-01-03T00:00:00Z", **undo))

    found = find_undoable(journal, TARGET)

    assert found
    nothing = newest in ("has changed nothing", "was stopped at once", "is undone")
    assert found.id == (earlier if nothing else changed).id


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


SETTINGS = settings_of(BASIC)
HERE = target_of(SETTINGS.dialler.identity, campaign_id=538)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "running"}, "is not finished: finish it with 'dialler-sync resume"),
        ({"command": "validate"}, "a validate, which sends nothing"),
        ({"command": "reconcile"}, "a reconcile, which sends nothing"),
        ({"command": "undo", "parent": "20260101-000000-cccccc"}, "give 'dialler-sync undo 20260101-000000-cccccc'"),
    ],
)
def test_what_is_not_retried(changes: dict[str, Any], said: str, journal: Journal) -> None:
    """A run that is at work would be sent twice; no request is made, and no run begins."""
    with pytest.raises(UsageError, match=said):
        retry_run(SETTINGS, ended(**changes), journal)

    assert journal.runs() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "running"}, "is not finished: finish it with 'dialler-sync resume"),
        ({"command": "undo", "parent": "20260101-000000-cccccc"}, "an undo of 20260101-000000-cccccc"),
        ({"target": TARGET.replace("538", "539")}, "the configuration names"),
    ],
)
def test_what_is_not_undone(changes: dict[str, Any], said: str, journal: Journal) -> None:
    with pytest.raises(UsageError, match=said):
        undo_run(SETTINGS, ended(**{"target": HERE, **changes}), journal)

    assert journal.runs() == []
    check_undo(SETTINGS, ended(target=HERE), HERE)


@pytest.mark.parametrize(
    ("changes", "said"), [({}, "has finished; there is nothing to resume"), ({"command": "validate"}, "was a validate")]
)
def test_what_is_not_resumed(changes: dict[str, Any], said: str, journal: Journal) -> None:
    """Also where another process has finished it meanwhile, as the journal knows by then."""
    begun = replace(ended(**changes), config=fingerprint(SETTINGS))
    journal.add_run(begun)

    with pytest.raises(UsageError, match=said):
        resume_run(SETTINGS, replace(begun, state="stopped"), journal)

    assert journal.run(begun.id) == begun
