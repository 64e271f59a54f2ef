"""Which runs are forgotten, and that none is while another works on its campaign."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import UsageError
from dialler_sync.jobs.history import delete_old_reports, prunable, prunable_runs, prune, rewrite_reports
from dialler_sync.journal import Journal, RunRecord

from ...helpers.records import RUN

BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
OLD, YOUNG = "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"


@dataclass
class Runs:
    """A journal of these runs; ``busy``: a target on which another run works; ``at_work``: a run that is at work.
    ``done``: what was done, in order."""

    there: list[RunRecord]
    busy: str = ""
    at_work: str = ""
    done: list[str] = field(default_factory=list)

    def runs(self) -> list[RunRecord]:
        return self.there

    def run(self, name: str) -> RunRecord:
        return next(run for run in self.there if run.id == name)

    def is_at_work(self, run_id: str) -> bool:
        return run_id == self.at_work

    @contextmanager
    def campaign_lock(self, target: str) -> Iterator[None]:
        if target == self.busy:
            raise UsageError("another run works on it")
        self.done.append(f"lock {target}")
        yield
        self.done.append(f"unlock {target}")

    def fold_runs(self, target: str) -> None:
        self.done.append(f"take in {target}")

    def delete_run(self, run_id: str) -> None:
        self.done.append(f"delete {run_id}")


def run(name: str, started_at: str = OLD, state: str = "finished", parent: str | None = None) -> RunRecord:
    return replace(RUN, id=name, started_at=started_at, state=state, parent=parent, target=f"dialler#{name[-1]}")


RUNS = [
    run("old-1"),
    run("young-1", YOUNG),
    run("stopped-1", state="stopped"),
    run("running-1", state="running"),
    run("parent-of-stopped", state="finished"),
    run("stopped-2", state="stopped", parent="parent-of-stopped"),
    run("parent-of-young", state="finished"),
    run("young-2", YOUNG, state="stopped", parent="parent-of-young"),
    run("parent-of-finished"),
    run("young-3", YOUNG, parent="parent-of-finished"),
]


@pytest.mark.parametrize(
    ("unfinished", "names"),
    [
        (False, ["old-1", "parent-of-finished"]),
        (True, ["old-1", "stopped-1", "running-1", "parent-of-stopped", "stopped-2", "parent-of-finished"]),
    ],
)
def test_what_can_still_be_gone_on_with_is_kept(unfinished: bool, names: list[str]) -> None:
    """And the run that it goes back to."""
    found = prunable(cast("Journal", Runs(RUNS)), BEFORE, unfinished=unfinished)

    assert [run.id for run in found] == names


def test_a_run_at_work_is_kept() -> None:
    """A validate holds no campaign, and would find its rows gone."""
    journal = cast("Journal", Runs(RUNS, at_work="running-1"))

    assert "running-1" not in [run.id for run in prunable(journal, BEFORE, unfinished=True)]
    with pytest.raises(UsageError, match="running-1 is at work"):
        prunable_runs(journal, ["running-1"])


def test_runs_are_pruned_by_name() -> None:
    """However old, finished or not; but not without the unfinished ones that build on them."""
    journal = cast("Journal", Runs(RUNS))

    assert [run.id for run in prunable_runs(journal, ["young-1", "stopped-1"])] == ["young-1", "stopped-1"]
    with pytest.raises(UsageError, match="stopped-2 is not finished, and needs run parent-of-stopped"):
        prunable_runs(journal, ["parent-of-stopped"])
    assert len(prunable_runs(journal, ["parent-of-stopped", "stopped-2"])) == 2


def test_an_undo_is_kept_as_long_as_what_it_has_undone() -> None:
    """Which would count as sent again."""
    runs = [run("stopped", state="stopped"), run("old"), *(replace(run(f"undo-{n}"), command="undo") for n in range(2))]
    runs[2:] = [replace(undo, parent=undone.id) for undo, undone in zip(runs[2:], runs[:2], strict=True)]
    journal = cast("Journal", Runs(runs))

    assert [each.id for each in prunable(journal, BEFORE)] == ["old", "undo-1"]
    assert len(prunable(journal, BEFORE, unfinished=True)) == 4
    with pytest.raises(UsageError, match="undo-1 has undone run old"):
        prunable_runs(journal, ["undo-1"])
    assert len(prunable_runs(journal, ["undo-1", "old"])) == 2


def test_what_was_sent_is_taken_in_before_a_run_is_forgotten() -> None:
    """Under the lock of its campaign, and each campaign by itself."""
    journal = Runs([])

    prune(cast("Journal", journal), [run("a-1"), run("b-2"), run("c-1")])

    assert journal.done == [
        *("lock dialler#1", "take in dialler#1", "delete a-1", "delete c-1", "unlock dialler#1"),
        *("lock dialler#2", "take in dialler#2", "delete b-2", "unlock dialler#2"),
    ]


def test_nothing_is_forgotten_of_a_campaign_on_which_a_run_works() -> None:
    journal = Runs([], busy="dialler#1")

    with pytest.raises(UsageError, match="another run"):
        prune(cast("Journal", journal), [run("a-1")])
    assert journal.done == []


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({}, False),
        ({"finished_at": "2026-01-31T12:00:00Z"}, True),
        ({"state": "stopped"}, True),
        ({"state": "running"}, True),
        ({"finished_at": None}, True),
    ],
    ids=["old", "young", "stopped", "at work", "without an end"],
)
def test_only_old_reports_of_finished_runs_are_deleted(changes: dict[str, Any], there: bool, tmp_path: Path) -> None:
    """A run that stopped has rows to mend in them."""
    folder = tmp_path / RUN.id
    folder.mkdir()
    (folder / "results.csv").touch()
    kept = replace(RUN, **{"out": str(folder), "state": "finished", "finished_at": "2026-01-31T11:59:59Z", **changes})

    delete_old_reports(cast("Journal", Runs([kept])), tmp_path, timedelta(hours=12), BEFORE)

    assert folder.exists() is there


def test_the_reports_of_a_reconciliation_are_not_written_anew(tmp_path: Path) -> None:
    """The journal has not what the dialler had then."""
    compared = replace(RUN, command="reconcile", out=str(tmp_path))

    with pytest.raises(UsageError, match="reconcile them again"):
        rewrite_reports(cast("Journal", Runs([compared])), compared, SourceSettings())

    assert list(tmp_path.iterdir()) == []
