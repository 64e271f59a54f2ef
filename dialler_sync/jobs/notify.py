"""Notifications of nightly runs: a message when the state changes, a row-count alarm, pings, metrics."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ..config.notify import NotifySettings
from ..config.settings import Settings
from ..errors import DiallerSyncError, JournalError
from ..exit_codes import ExitCode, exit_code, meaning_of
from ..journal import Journal
from ..journal.notices import NewNotice
from ..run.reports import Summary
from ..text.phrase import counted, figure, phrase
from .metrics import write_metrics
from .receivers import ping, receivers, stored_names

_log = logging.getLogger(__name__)

EARLIER_RUNS = 10
"""How many earlier imports of the campaign the row count is compared with."""

WELL = frozenset({ExitCode.OK, ExitCode.ROWS_FAILED})
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
    failing = summary.exit_code not in WELL or bool(alarm) or _alarm_stands(summary, earlier)
    before = next((bool(other.get("alarm")) or other["exit_code"] not in WELL for other in earlier), False)
    before = last_event == "failing" if last_event else before
    event = "" if failing == before else "failing" if failing else "recovered"
    return Night(alarm, event, failing)


def _row_count_alarm(summary: Summary, earlier: Sequence[Mapping[str, Any]], settings: NotifySettings) -> str:
    whole = (other for other in earlier if other["exit_code"] in WELL and not is_part(other["files"]))
    counts = [other["counts"]["read"] for other in whole][:EARLIER_RUNS]
    if settings.row_count is None or not counts or is_part(summary.files):
        return ""
    usual, read = median(counts), summary.counts["read"]
    if settings.row_count.allows(abs(read - usual), usual):
        return ""
    before = counted(
        len(counts),
        "the last import had {usual} (notify.row_count: {limit})",
        "the last {count} imports had {usual} (notify.row_count: {limit})",
        usual=figure(usual, 1 if usual % 1 else 0),
        limit=settings.row_count,
    )
    return "; ".join((counted(read, "{count} row was read", "{count} rows were read"), before))


def _alarm_stands(summary: Summary, earlier: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the newest full list raised an alarm; a partial list proves nothing about it."""
    newest = next((other for other in earlier if not is_part(other["files"])), {})
    return is_part(summary.files) and bool(newest.get("alarm"))


def is_part(files: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of the files was a fixed one, which has only a few rows of a list."""
    return any(file.get("layout", {}).get("mended") for file in files)


def after_run(summary: Summary, journal: Journal, settings: NotifySettings | None, metrics_file: Path | None) -> None:
    """Notify the recipients of an ended run. Neither a failed delivery nor a Ctrl-C, which only ends the wait for the
    webhook, changes the run."""
    with suppress(KeyboardInterrupt):
        tell_of_run(summary, journal, settings, metrics_file)


def tell_of_run(
    summary: Summary,
    journal: Journal,
    settings: NotifySettings | None,
    metrics_file: Path | None,
    *,
    of_night: bool = False,
) -> None:
    """Notify the recipients of a run with work left after it, which a Ctrl-C also ends.

    ``of_night``: where ``notify.digest`` is set, ``night`` tells of all its runs at its end.
    """
    if metrics_file:
        write_metrics(summary, metrics_file)
    if settings is None or summary.dry_run or summary.command != "import":
        return
    try:
        _tell(summary, journal, settings, digest=of_night and settings.digest)
    except JournalError as error:
        _log.warning("notify: %s", error)


def _tell(summary: Summary, journal: Journal, settings: NotifySettings, *, digest: bool) -> None:
    target = journal.run(summary.run_id).target
    earlier = [
        run.summary
        for run in journal.runs(limit=200)
        if run.target == target and run.command == summary.command and run.summary and run.id != summary.run_id
    ]
    ended = [other for other in earlier if not other.get("dry_run")]
    night = judge_night(summary, ended, settings, journal.last_event(*stored_names(target)))
    if night.alarm:
        _log.error("%s", night.alarm)
        journal.update_run(
            summary.run_id, summary={**(journal.run(summary.run_id).summary or {}), "alarm": night.alarm}
        )
    event = "" if digest else night.told(settings.on)
    body = _body(summary, night) | {"event": event}
    found = receivers(settings, journal)
    if event:
        journal.add_notices(NewNotice(receiver.noted_as(target), event, body) for receiver in found)
    for receiver in found:
        receiver.deliver(journal, target)
    if not digest:
        ping_end(settings, summary.exit_code, night.alarm or summary.stopped_because, failing=night.failing)


def ping_end(settings: NotifySettings | None, code: int, why: str | None = None, *, failing: bool = True) -> None:
    """Ping how work ended; a failure with its exit code and reason."""
    said = phrase("exit {code}: {why}", code=int(code), why=why or meaning_of(code))
    ping(settings, "fail" if failing else "", said if failing else "")


@contextmanager
def pinged(settings: NotifySettings | None, *, silent: bool = False) -> Iterator[None]:
    """Ping the start of a run, and its failure where it ends without a summary.

    ``silent``: nothing is to be pinged, as nothing is imported, or another does it.
    """
    settings = None if silent else settings
    ping(settings, "start")
    try:
        yield
    except DiallerSyncError as error:
        ping_end(settings, exit_code(error, {}), str(error))
        raise


def list_is_missing(alarm: str, settings: Settings, journal: Journal, folder: Path) -> None:
    """Record that all must be told of a missing list."""
    if not settings.notify:
        return
    body = _without_run("missing", settings, alarm, ExitCode.INPUT)
    found = receivers(settings.notify, journal)
    journal.add_notices(NewNotice(receiver.noted_as(_of_inbox(folder)), "missing", body) for receiver in found)
    ping_end(settings.notify, ExitCode.INPUT, alarm)


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
        for receiver in receivers(settings.notify, journal):
            receiver.deliver(journal, _of_inbox(folder))


def _of_inbox(folder: Path) -> str:
    return f"inbox {folder}"


def send_test(settings: Settings, journal: Journal) -> list[tuple[str, bool]]:
    """Send a test to each receiver of ``notify:``; return their names, each with whether it took the test."""
    if settings.notify is None:
        return []
    body = _without_run("test", settings, phrase("This is a test: nothing was imported."), ExitCode.OK)
    return [(receiver.name, receiver.send(body)) for receiver in receivers(settings.notify, journal)]


def _body(summary: Summary, night: Night) -> dict[str, Any]:
    return {
        "event": night.event,
        "run_id": summary.run_id,
        "campaign": summary.campaign,
        "campaign_name": summary.campaign_name,
        "finished_at": summary.finished_at,
        "exit_code": summary.exit_code,
        "stopped_because": summary.stopped_because,
        "alarm": night.alarm or None,
        "counts": dict(summary.counts),
        "errors": dict(summary.errors),
    }
