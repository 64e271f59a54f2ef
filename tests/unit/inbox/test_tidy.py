"""Which old files of an inbox are deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dialler_sync.inbox.tidy import delete_old
from dialler_sync.journal import Journal

from ...helpers.records import RUN


def test_only_files_of_the_inbox_that_no_run_needs_are_deleted(tmp_path: Path) -> None:
    """Those whose run ended long ago, in its own two folders; one that a run may still read stays."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    ends = {
        "done/old": "2026-01-01T00:00:00Z",
        "failed/old": "2026-01-01T00:00:00Z",
        "done/young": "2026-02-25T00:00:00Z",
        "done/at-work": None,
        "done/needed": "2026-01-01T00:00:00Z",
        "elsewhere/old": "2026-01-01T00:00:00Z",
        "here": "2026-01-01T00:00:00Z",
    }
    others = {
        "done/unknown",
        "failed/unread-20260101-031500-old.xlsx",
        "failed/unread-20260227-031500-young.xlsx",
        "failed/unread-20269901-031500-odd",
        "elsewhere/unread-20260101-031500-old.xlsx",
    }
    for name in (*ends, *others):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with Journal.open(tmp_path / "journal.db") as journal:
        for number, (name, end) in enumerate(ends.items()):
            files = [{"path": str(tmp_path / name), "name": name, "sheet": None, "sha256": ""}]
            state = "finished" if end else "running"
            journal.add_run(replace(RUN, id=f"run-{number}", files=files, finished_at=end, state=state))
        needed = [{"path": str(tmp_path / "done/needed"), "name": "needed", "sheet": None, "sha256": ""}]
        journal.add_run(replace(RUN, id="run-stopped", files=needed, finished_at=ends["done/old"], state="stopped"))

        delete_old(tmp_path, timedelta(days=30), journal, now)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    gone = {"done/old", "failed/old", "failed/unread-20260101-031500-old.xlsx"}
    assert (ends.keys() | others) - left == gone
