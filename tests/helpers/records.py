"""Records of runs for tests."""

from __future__ import annotations

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
