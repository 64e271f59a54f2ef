"""Metrics of a run for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ..errors import JournalError
from ..files.whole import new_file, why
from ..run.reports import Summary
from ..text.outward import line
from ..text.phrase import phrase

_log = logging.getLogger(__name__)


def write_metrics(summary: Summary, path: Path) -> None:
    """Write a text file for Prometheus' node exporter (its textfile collector); it holds no personal data.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    own = f'campaign="{_label(summary.campaign)}",command="{_label(summary.command)}"'
    lines: list[str] = []

    def metric(name: str, what: str, values: Mapping[str, float]) -> None:
        lines.extend([f"# HELP dialler_sync_{name} {what}", f"# TYPE dialler_sync_{name} gauge"])
        lines.extend(f"dialler_sync_{name}{{{own}{labels}}} {value!r}" for labels, value in values.items())

    metric("rows", phrase("Rows of the last run by status."), {f',status="{s}"': n for s, n in summary.counts.items()})
    metric(
        "actions", phrase("Rows of the last run by action."), {f',action="{a}"': n for a, n in summary.actions.items()}
    )
    metric("requests", phrase("Requests of the last run."), {"": summary.requests})
    metric("retries", phrase("Repeated requests of the last run."), {"": summary.retries})
    metric("duration_seconds", phrase("How long the last run took."), {"": summary.duration_s})
    metric("exit_code", phrase("Exit code of the last run."), {"": int(summary.exit_code)})
    ended = datetime.fromisoformat(summary.finished_at).timestamp()
    metric(
        "finished_timestamp_seconds",
        phrase("When the last run ended."),
        {"": int(ended) if ended.is_integer() else ended},
    )
    try:
        with new_file(path, mode=0o644) as file:
            file.write("\n".join(lines) + "\n")
    except JournalError as error:
        _log.error(phrase("--metrics-file {path} cannot be written: {why}", path=path, why=why(error)))


def _label(value: object) -> str:
    """Format a label's value for Prometheus."""
    return line(value).replace("\\", "\\\\").replace('"', '\\"')
