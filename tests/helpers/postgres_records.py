"""Records of runs in a journal on PostgreSQL."""

from __future__ import annotations

from dialler_sync.journal import RunRecord

TARGET = "https://dialler.example.com/rest/v1.0#=campaign " + "Nächtlich " * 60


def record(name: str, **fields: object) -> RunRecord:
    return RunRecord(
        **{
            "id": name, "command": "import", "target": TARGET, "campaign": "Nächtlich " * 60, "out": "reports",
            "config_path": "c.yaml", "config": {"columns": "…"}, "options": {"max_errors": None},
            "started_at": f"2026-01-01T00:00:0{name[-1]}Z",
            "files": [{"name": each, "path": "", "sha256": ""} for each in ("a.csv", "b.csv")],
            **fields,
        }  # type: ignore[arg-type]
    )  # fmt: skip
