"""``report.html``: the results of a run, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from ..error_codes import WARNINGS, mend
from ..exit_codes import meaning_of
from ..model import DID_NOT_SUCCEED, RowResult
from ..text.forms import milliseconds, moment
from ..text.phrase import counted, figure, mark, phrase
from . import charts, words
from .course import course_chart, latency_chart
from .faults import SourceColumns
from .groups import Groups
from .left_out import LeftOut, is_left_out
from .masking import Mask, mask_phones
from .page import write_page
from .people import People
from .records import ROWS, Column, Records, spoken
from .tally import MANY_TRIES, Tally
from .trends import panels

_COLUMNS = (
    Column(mark("Row"), "number"),
    Column(mark("Who"), "text"),
    Column("UserData", "text"),
    Column(mark("Outcome"), "chip", shared=True),
    Column(mark("Reason"), "codes", shared=True),
    Column(mark("What is wrong"), "text"),
    Column(mark("What to do"), "more", shared=True),
    Column(mark("Column"), "more", shared=True),
    Column(mark("Field"), "more", shared=True),
    Column(mark("HTTP status"), "more", shared=True),
    Column(mark("Tries"), "more", shared=True),
    Column(mark("Last try"), "more"),
    Column(mark("Contact ID"), "more"),
    Column(mark("File"), "more", shared=True),
)

_EARLIER_RUNS = 30


class HtmlReport:
    """Collect the rows of a run, each once, in source order; then write the page.

    ``columns`` are the column names of each source, ``mapped`` the source columns of each field; ``mask`` hides phone
    numbers. The page can search at most
    ``listed`` rows that did not succeed; ``unprocessed`` rows are only counted. Times are shown in ``zone``; None is
    the time zone of this machine.
    """

    def __init__(
        self,
        columns: Sequence[Sequence[str]],
        mapped: SourceColumns,
        *,
        mask: Mask | None = None,
        zone: tzinfo | None = None,
        listed: int = ROWS,
    ) -> None:
        self._mask = mask
        self._zone = zone
        self._groups = Groups()
        self._people = People(columns, mapped)
        self._tally = Tally()
        self._records = Records(spoken(_COLUMNS), columns, rows=listed)
        self._left_out = LeftOut(columns)

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Add a row with its original cells; ``source`` is its place in ``columns``."""
        self._tally.add(result)
        if is_left_out(result):
            if self._mask:
                result, cells = self._mask.hide(result, source, cells)
            self._left_out.add(result, source, cells)
            return
        if result.status not in DID_NOT_SUCCEED:
            return
        who = self._people.person(source, cells)
        column = self._people.columns(result.error_field, source, cells)
        if self._mask:
            who = mask_phones(who)
            result, cells = self._mask.hide(result, source, cells)
        self._groups.add(result, who, lambda field: self._people.columns(field, source, cells))
        if self._records.has_room():
            self._records.add(_values(result, who, column, self._zone), source, cells)

    def write(self, path: Path, summary: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> None:
        """Write the page, with links to the report files that exist beside it.

        ``summary`` is that of ``summary.json``; ``history`` holds those of earlier runs, the newest first.

        Raises:
            JournalError: the file cannot be written.
        """
        counts = {str(status): summary["counts"][status] for status in words.STATUS_MEANINGS}
        stopped = summary["stopped_because"] or ""
        next_step, command = words.next_step(summary)
        course = self._tally.course()
        latency = summary.get("latency") or {}
        runs = [summary, *history[:_EARLIER_RUNS]]
        context = {
            "summary": summary,
            "title": words.title(summary),
            "campaign": words.campaign_of(summary),
            "verdict": words.verdict(summary),
            "tone": _tone(summary),
            "nothing_sent": words.nothing_sent(summary),
            "forecast": words.forecast(summary) if summary["dry_run"] and not stopped else "",
            "knowledge": words.knowledge(summary, self._zone),
            "mask": self._mask is not None,
            "stopped": mask_phones(stopped) if self._mask else stopped,
            "next_step": next_step,
            "command": command,
            "counts": counts,
            "meanings": words.status_meanings(summary),
            "outcome_bar": charts.stacked_bar(counts),
            "warnings": [(WARNINGS[code], count) for code, count in summary.get("warnings", {}).items()],
            "actions": {name: count for name, count in summary["actions"].items() if count},
            "exit_meaning": meaning_of(summary["exit_code"]),
            "groups": list(self._groups),
            "records": self._records,
            "left_out": list(self._left_out.groups(summary)),
            "course": course_chart(course, self._zone) if course else None,
            "tries": charts.bars((_tries(tries), rows, figure(rows)) for tries, rows in self._tally.tries()),
            "latency": charts.bars(
                (phrase(label), latency[name], milliseconds(latency[name])) for name, label in _LATENCIES.items()
            )
            if latency
            else (),
            "latency_course": latency_chart(latency["over_time"], self._zone) if latency else None,
            "changed_fields": charts.bars(
                (name, count, figure(count))
                for name, count in sorted((summary.get("changed_fields") or {}).items(), key=lambda item: -item[1])
                if count
            ),
            "runs": runs,
            "panels": panels(runs, self._zone) if history else (),
        }
        write_page(path, "report.html.j2", context, self._zone)


_LATENCIES = {
    "p50_ms": mark("half of them within"),
    "p95_ms": mark("95 % within"),
    "max_ms": mark("the slowest"),
}


def _tone(summary: Mapping[str, Any]) -> str:
    """Return the status whose colour the verdict gets."""
    if summary["stopped_because"]:
        return "failed"
    if not summary["counts"]["read"]:
        return "skipped"
    bad = any(summary["counts"][status] for status in DID_NOT_SUCCEED)
    if bad or words.mirror_not_done(summary):
        return "rejected"
    return "skipped" if any(summary["actions"].get(action) for action in words.LEFT_OUT) else "succeeded"


def _values(result: RowResult, who: str, column: str, zone: tzinfo | None) -> list[str | int]:
    """Return the values of ``_COLUMNS`` for a row."""
    faults = result.each_fault()
    return [
        result.row,
        who,
        result.user_data,
        str(result.status),
        result.error_code,
        _sentences([fault.message for fault in faults]) or result.error,
        _sentences([fault.hint or mend(fault.code) for fault in faults]) or result.hint,
        column,
        result.error_field,
        "" if result.http_status is None else str(result.http_status),
        str(result.attempts or ""),
        moment(result.sent_at, zone, mark("%d %b %Y, %H:%M:%S %Z")),
        result.contact_id,
        f"{result.file}, {result.sheet}" if result.sheet else result.file,
    ]


def _sentences(texts: Sequence[str]) -> str:
    """Join the texts of several faults into readable sentences."""
    *first, last = dict.fromkeys(texts or [""])
    return " ".join([*(text if text.endswith(".") else f"{text};" for text in first), last])


def _tries(tries: int) -> str:
    if tries == MANY_TRIES:
        return counted(tries, "{count} try or more", "{count} tries or more")
    return counted(tries, "{count} try", "{count} tries")
