"""Tells others how a night went: one webhook call when the state changes, a row-count alarm, Prometheus metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ..config.settings import NotifySettings, Settings
from ..errors import JournalError
from ..exit_codes import ExitCode
from ..journal import Journal
from ..report.files import new_file
from ..run.summary import Summary

_log = logging.getLogger(__name__)

EARLIER_RUNS = 10
"""How many earlier imports of the campaign the row count is compared with."""

_WEBHOOK_SECONDS = 10.0
_WELL = frozenset({ExitCode.OK, ExitCode.ROWS_FAILED})
"""A few rejected rows are an ordinary night; that a run could not do its work is not."""


@dataclass(frozen=True, slots=True)
class Night:
    """How a run went, beside the runs before it. ``event`` is ``failing``, ``recovered`` or ``""``."""

    alarm: str
    event: str


def judge_night(summary: Summary, earlier: Sequence[Mapping[str, Any]], settings: NotifySettings) -> Night:
    """Compare a run with the summaries of earlier ones of its campaign, the newest first."""
    alarm = _row_count_alarm(summary, earlier, settings)
    failing = summary.exit_code not in _WELL or bool(alarm)
    before = next((bool(other.get("alarm")) or other["exit_code"] not in _WELL for other in earlier), False)
    event = "" if failing == before else "failing" if failing else "recovered"
    return Night(alarm, event)


def _row_count_alarm(summary: Summary, earlier: Sequence[Mapping[str, Any]], settings: NotifySettings) -> str:
    whole = (other for other in earlier if other["exit_code"] in _WELL and not _is_part(other["files"]))
    counts = [other["counts"]["read"] for other in whole][:EARLIER_RUNS]
    if settings.row_count is None or not counts or _is_part(summary.files):
        return ""
    usual, read = median(counts), summary.counts["read"]
    if settings.row_count.allows(abs(read - usual), usual):
        return ""
    return (
        f"{read} rows were read; the last {len(counts)} imports had {usual:g} (notify.row_count: {settings.row_count})"
    )


def _is_part(files: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of the files was a mended one, which has only a few rows of a list."""
    return any(file.get("layout", {}).get("mended") for file in files)


def after_run(summary: Summary, journal: Journal, settings: NotifySettings | None, metrics_file: Path | None) -> None:
    """Tell whoever is to be told; that nobody can be reached is a warning, and changes nothing else."""
    if metrics_file:
        write_metrics(summary, metrics_file)
    if settings is None or summary.dry_run:
        return
    target = journal.run(summary.run_id).target
    earlier = [
        run.summary
        for run in journal.runs(limit=200)
        if run.target == target and run.command == summary.command and run.summary and run.id != summary.run_id
    ]
    night = judge_night(summary, [other for other in earlier if not other.get("dry_run")], settings)
    if night.alarm:
        _log.warning("%s", night.alarm)
        journal.update_run(
            summary.run_id, summary={**(journal.run(summary.run_id).summary or {}), "alarm": night.alarm}
        )
    if night.event and settings.webhook:
        _call(settings.webhook, summary, night)


def _call(url: str, summary: Summary, night: Night) -> None:
    body = {
        "event": night.event,
        "run_id": summary.run_id,
        "campaign": summary.campaign,
        "exit_code": summary.exit_code,
        "stopped_because": summary.stopped_because,
        "alarm": night.alarm or None,
        "counts": dict(summary.counts),
    }
    _post(url, body)


def list_is_missing(alarm: str, settings: Settings) -> None:
    """Tell the webhook that no list came."""
    if settings.notify and settings.notify.webhook:
        body = {"event": "missing", "run_id": None, "campaign": settings.campaign.common, "exit_code": ExitCode.INPUT}
        _post(settings.notify.webhook, {**body, "stopped_because": None, "alarm": alarm, "counts": {}})


def _post(url: str, body: Mapping[str, Any]) -> None:
    import httpx

    try:
        httpx.post(url, json=body, timeout=_WEBHOOK_SECONDS).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The address may hold a secret of its own, so it is not named.
        _log.warning("notify.webhook could not be called: %s", type(error).__name__)


def write_metrics(summary: Summary, path: Path) -> None:
    """Write a text file for Prometheus' node exporter (its textfile collector); it holds no personal data.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    campaign = str(summary.campaign).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    own = f'campaign="{campaign}",command="{summary.command}"'
    lines: list[str] = []

    def metric(name: str, what: str, values: Mapping[str, float]) -> None:
        lines.extend([f"# HELP dialler_sync_{name} {what}", f"# TYPE dialler_sync_{name} gauge"])
        lines.extend(f"dialler_sync_{name}{{{own}{labels}}} {value:g}" for labels, value in values.items())

    metric("rows", "Rows of the last run by status.", {f',status="{s}"': n for s, n in summary.counts.items()})
    metric("actions", "Rows of the last run by action.", {f',action="{a}"': n for a, n in summary.actions.items()})
    metric("requests", "Requests of the last run.", {"": summary.requests})
    metric("retries", "Repeated requests of the last run.", {"": summary.retries})
    metric("duration_seconds", "How long the last run took.", {"": summary.duration_s})
    metric("exit_code", "Exit code of the last run.", {"": summary.exit_code})
    metric("finished_timestamp_seconds", "When the last run ended.", {"": _unix(summary.finished_at)})
    try:
        with new_file(path) as file:
            file.write("\n".join(lines) + "\n")
        path.chmod(0o644)
    except (JournalError, OSError) as error:
        cause = error.__cause__ if isinstance(error, JournalError) else error
        reason = cause.strerror if isinstance(cause, OSError) else error
        _log.warning("--metrics-file %s cannot be written: %s", path, reason)


def _unix(stamp: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(stamp).timestamp()
