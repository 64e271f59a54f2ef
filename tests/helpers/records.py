"""Records of runs for tests."""

from __future__ import annotations

from typing import Any

from dialler_sync.journal import RunRecord

TARGET = "http://dialler/rest/v1.0/1#538"

RUN = RunRecord(
    id="20260101-000000-aaaaaa",
    command="import",
    target=TARGET,
    campaign="538",
    out="/reports",
    config_path="/dialler-sync.yaml",
    config={"rows.overwrite_duplicates": "true"},
    options={"limit": None},
    started_at="2026-01-01T00:00:00Z",
    files=[{"name": "Kunden ä.csv", "path": "", "sheet": None, "sha256": ""}],
)

COUNTS = dict.fromkeys(("read", "succeeded", "rejected", "failed", "skipped", "unknown", "unprocessed"), 0)


def facts(run: str, **changes: Any) -> dict[str, Any]:
    """What the journal keeps as the summary of a run, of which the only row was imported."""
    return {
        "run_id": run, "command": "import", "started_at": RUN.started_at, "finished_at": RUN.started_at,
        "duration_s": 1.0, "files": [], "campaign": 538, "counts": {**COUNTS, "read": 1, "succeeded": 1}, "actions": {},
        "requests": 1, "retries": 0, "rows_per_s": 1.0, "exit_code": 0, "stopped_because": None, "dry_run": False,
        "parent": None, "version": "1", "out": "/reports", "warnings": {}, "errors": {}, **changes,
    }  # fmt: skip
