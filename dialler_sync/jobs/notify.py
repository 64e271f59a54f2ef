"""Notifications of nightly runs: one webhook call when the state changes, a row-count alarm, Prometheus metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..config.settings import NotifySettings, Settings
from ..errors import JournalError
from ..exit_codes import ExitCode
from ..files.whole import new_file, why
from ..journal import Journal
from ..run.reports import Summary
from ..text.outward import line, outward
from .subject import subject

_log = logging.getLogger(__name__)

EARLIER_RUNS = 10
"""How many earlier imports of the campaign the row count is compared with."""

_WEBHOOK_SECONDS = 10.0
_WELL = frozenset({ExitCode.OK, ExitCode.ROWS_FAILED})
"""A few rejected rows are an ordinary night; that a run could not do its work is not."""


@dataclass(frozen=True, slots=True)
class Night:
    """State of a run compared with earlier runs. ``event`` is ``failing``, ``recovered`` or ``""``."""

    alarm: str
    event: str
    failing: bool = False

    def told(self, on: str) -> str:
        """Return the event to tell of, as ``notify.on`` says; ``""`` for none."""
        if self.event or on == "change":
            return self.event
        return "failing" if self.failing else "finished" if on == "always" else ""


def judge_night(
    summary: Summary, earlier: Sequence[Mapping[str, Any]], settings: NotifySettings, last_event: str = ""
) -> Night:
    """Compare a run with the summaries of earlier ones of its campaign, the newest first.

    ``last_event`` is the last event sent, if any: a run that failed, and was then resumed, has recovered.
    """
    alarm = _row_count_alarm(summary, earlier, settings)
    failing = summary.exit_code not in _WELL or bool(alarm) or _alarm_stands(summary, earlier)
    before = next((bool(other.get("alarm")) or other["exit_code"] not in _WELL for other in earlier), False)
    before = last_event == "failing" if last_event else before
    event = "" if failing == before else "failing" if failing else "recovered"
    return Night(alarm, event, failing)


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


def _alarm_stands(summary: Summary, earlier: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the newest full list raised an alarm; a partial list proves nothing about it."""
    newest = next((other for other in earlier if not _is_part(other["files"])), {})
    return _is_part(summary.files) and bool(newest.get("alarm"))


def _is_part(files: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of the files was a fixed one, which has only a few rows of a list."""
    return any(file.get("layout", {}).get("mended") for file in files)


def after_run(summary: Summary, journal: Journal, settings: NotifySettings | None, metrics_file: Path | None) -> None:
    """Notify the recipients of an ended run. Neither a failed delivery nor a Ctrl-C, which only ends the wait for the
    webhook, changes the run."""
    with suppress(KeyboardInterrupt):
        tell_of_run(summary, journal, settings, metrics_file)


def tell_of_run(summary: Summary, journal: Journal, settings: NotifySettings | None, metrics_file: Path | None) -> None:
    """Notify the recipients of a run with work left after it, which a Ctrl-C also ends."""
    if metrics_file:
        write_metrics(summary, metrics_file)
    if settings is None or summary.dry_run or summary.command != "import":
        return
    try:
        _tell(summary, journal, settings)
    except JournalError as error:
        _log.warning("notify: %s", error)


def _tell(summary: Summary, journal: Journal, settings: NotifySettings) -> None:
    target = journal.run(summary.run_id).target
    earlier = [
        run.summary
        for run in journal.runs(limit=200)
        if run.target == target and run.command == summary.command and run.summary and run.id != summary.run_id
    ]
    ended = [other for other in earlier if not other.get("dry_run")]
    night = judge_night(summary, ended, settings, journal.last_event(target) or journal.last_event(_mail(target)))
    if night.alarm:
        _log.error("%s", night.alarm)
        journal.update_run(
            summary.run_id, summary={**(journal.run(summary.run_id).summary or {}), "alarm": night.alarm}
        )
    event = night.told(settings.on)
    body = _body(summary, night) | {"event": event}
    if event and settings.webhook:
        journal.add_notice(target, event, body)
    if event and settings.email:
        journal.add_notice(_mail(target), event, body)
    _deliver(settings, journal, target)
    if settings.ping:
        _ping(settings.ping, failing=night.failing)


def list_is_missing(alarm: str, settings: Settings, journal: Journal, folder: Path) -> None:
    """Record that the webhook must be told of a missing list."""
    if not settings.notify:
        return
    body = _without_run("missing", settings, alarm, ExitCode.INPUT)
    if settings.notify.webhook:
        journal.add_notice(_of_inbox(folder), "missing", body)
    if settings.notify.email:
        journal.add_notice(_mail(_of_inbox(folder)), "missing", body)


def _without_run(event: str, settings: Settings, alarm: str, code: ExitCode) -> dict[str, Any]:
    """Return the body of a message that no run stands for."""
    campaign = settings.campaign
    return {
        "event": event,
        "run_id": None,
        "campaign": campaign.id or str(campaign),
        "finished_at": None,
        "exit_code": code,
        "stopped_because": None,
        "alarm": alarm,
        "counts": {},
    }


def deliver_of_inbox(settings: Settings, journal: Journal, folder: Path) -> None:
    """Deliver the pending notifications of an inbox."""
    if settings.notify:
        _deliver(settings.notify, journal, _of_inbox(folder))


def _of_inbox(folder: Path) -> str:
    return f"inbox {folder}"


def send_test(settings: Settings, journal: Journal) -> list[tuple[str, bool]]:
    """Send a test to each receiver of ``notify:``; return their names, each with whether it took the test."""
    notify = settings.notify
    if notify is None:
        return []
    body = _without_run("test", settings, "This is a test: nothing was imported.", ExitCode.OK)
    found = [("webhook", _call(notify.webhook, body))] if notify.webhook else []
    if notify.email:
        from .mail import send

        found.append(("email", send(body, notify.email, journal)))
    return found


def _mail(target: str) -> str:
    """Return the name under which the notices for mail are stored."""
    return f"mail {target}"


def _deliver(settings: NotifySettings, journal: Journal, target: str) -> None:
    url, email = settings.webhook, settings.email
    if url:
        _deliver_by(lambda body: _call(url, {**body, "text": subject(body)}), journal, target)
    if email:
        from .mail import send

        _deliver_by(lambda body: send(body, email, journal), journal, _mail(target))


def _deliver_by(tell: Callable[[Mapping[str, Any]], bool], journal: Journal, target: str) -> None:
    for notice in journal.undelivered(target):
        if not tell(notice.body):
            break  # the next run delivers this one first
        journal.settle_notice(notice.id)


def _ping(url: str, *, failing: bool) -> None:
    """Call the ping URL; a call that is not made is what its receiver watches for."""
    import httpx

    parts = urlsplit(url)
    path = parts.path.rstrip("/") + "/fail" if failing else parts.path
    try:
        status = asyncio.run(_status_of("GET", urlunsplit(parts._replace(path=path))))
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, OSError, ValueError) as error:  # or a proxy
        _log.error("notify.ping could not be called: %s", type(error).__name__)
    else:
        if not 200 <= status < 300:
            _log.error("notify.ping could not be called: it answered %s", status)


def _body(summary: Summary, night: Night) -> dict[str, Any]:
    return {
        "event": night.event,
        "run_id": summary.run_id,
        "campaign": summary.campaign,
        "finished_at": summary.finished_at,
        "exit_code": summary.exit_code,
        "stopped_because": summary.stopped_because,
        "alarm": night.alarm or None,
        "counts": dict(summary.counts),
        "errors": dict(summary.errors),
    }


def _call(url: str, body: Mapping[str, Any]) -> bool:
    """Call the webhook; return whether it accepted the message."""
    import httpx

    try:
        status = asyncio.run(_status_of("POST", url, body))
        if 200 <= status < 300:
            return True
        reason = f"it answered {status}"
    except TimeoutError:
        reason = f"it has not answered within {_WEBHOOK_SECONDS:g} seconds"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError, OSError) as error:  # or a proxy
        reason = type(error).__name__  # the address may be a secret, so the message does not name it
    except KeyboardInterrupt:
        _log.error("interrupted: notify.webhook was not called. The next run delivers the message.")
        raise
    _log.error("notify.webhook could not be called: %s. The next run delivers the message.", reason)
    return False


async def _status_of(method: str, url: str, body: Mapping[str, Any] | None = None) -> int:
    """Return the HTTP status of an answer. Its body is not read, as it may be endless; redirects are not
    followed.

    Raises:
        TimeoutError, httpx.HTTPError, OSError: there is no answer.
    """
    import httpx

    async with (
        asyncio.timeout(_WEBHOOK_SECONDS),
        httpx.AsyncClient(timeout=2 * _WEBHOOK_SECONDS, follow_redirects=False) as client,
        client.stream(method, url, json=outward(body)) as answer,
    ):
        return answer.status_code


def write_metrics(summary: Summary, path: Path) -> None:
    """Write a text file for Prometheus' node exporter (its textfile collector); it holds no personal data.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    own = f'campaign="{_label(summary.campaign)}",command="{_label(summary.command)}"'
    lines: list[str] = []

    def metric(name: str, what: str, values: Mapping[str, float]) -> None:
        lines.extend([f"# HELP dialler_sync_{name} {what}", f"# TYPE dialler_sync_{name} gauge"])
        lines.extend(f"dialler_sync_{name}{{{own}{labels}}} {value!r}" for labels, value in values.items())

    metric("rows", "Rows of the last run by status.", {f',status="{s}"': n for s, n in summary.counts.items()})
    metric("actions", "Rows of the last run by action.", {f',action="{a}"': n for a, n in summary.actions.items()})
    metric("requests", "Requests of the last run.", {"": summary.requests})
    metric("retries", "Repeated requests of the last run.", {"": summary.retries})
    metric("duration_seconds", "How long the last run took.", {"": summary.duration_s})
    metric("exit_code", "Exit code of the last run.", {"": int(summary.exit_code)})
    ended = datetime.fromisoformat(summary.finished_at).timestamp()
    metric("finished_timestamp_seconds", "When the last run ended.", {"": int(ended) if ended.is_integer() else ended})
    try:
        with new_file(path, mode=0o644) as file:
            file.write("\n".join(lines) + "\n")
    except JournalError as error:
        _log.error("--metrics-file %s cannot be written: %s", path, why(error))


def _label(value: object) -> str:
    """Format a label's value for Prometheus."""
    return line(value).replace("\\", "\\\\").replace('"', '\\"')
