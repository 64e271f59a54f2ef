"""``report.html``: the results of a run, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..error_codes import WARNINGS, mend
from ..exit_codes import meaning_of
from ..model import DID_NOT_SUCCEED, Action, Reason, RowResult, Status
from ..text.forms import milliseconds, moment
from ..text.phrase import counted, figure, mark, phrase
from . import charts, words
from .course import MANY_TRIES, Tally, course_chart, latency_chart, panels
from .faults import SourceColumns
from .groups import Groups
from .masking import Mask, mask_phones
from .page import write_page
from .people import People
from .records import ROWS, Column, Records, spoken

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
    numbers. The page can search at most ``listed`` rows that did not succeed; ``unprocessed`` rows are only counted.
    """

    def __init__(
        self,
        columns: Sequence[Sequence[str]],
        mapped: SourceColumns,
        *,
        mask: Mask | None = None,
        listed: int = ROWS,
    ) -> None:
        self._mask = mask
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
            self._records.add(_values(result, who, column), source, cells)

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
            "knowledge": words.knowledge(summary),
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
            "course": course_chart(course) if course else None,
            "tries": charts.bars((_tries(tries), rows, figure(rows)) for tries, rows in self._tally.tries()),
            "latency": charts.bars(
                (phrase(label), latency[name], milliseconds(latency[name])) for name, label in _LATENCIES.items()
            )
            if latency
            else (),
            "latency_course": latency_chart(latency["over_time"]) if latency else None,
            "changed_fields": charts.bars(
                (name, count, figure(count))
                for name, count in sorted((summary.get("changed_fields") or {}).items(), key=lambda item: -item[1])
                if count
            ),
            "runs": runs,
            "panels": panels(runs) if history else (),
        }
        write_page(path, "report.html.j2", context)


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


def _values(
    result: RowResult,
    who: str,
    column: str,
) -> list[str | int]:
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
        moment(result.sent_at, mark("%d %b %Y, %H:%M:%S %Z")),
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


LISTED = 1_000
"""Rows of one action that a page lists."""

_CELLS, _LONGEST = 8, 60
"""Filled cells shown per row, and characters shown per cell."""


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A row that was left out: its place, the reason, and its cells as ``column: cell``."""

    file: str
    row: int
    user_data: str
    why: str
    cells: str


class LeftOut:
    """Collect rows that were left out; ``columns`` are the column names of each source."""

    def __init__(self, columns: Sequence[Sequence[str]]) -> None:
        self._columns = columns
        self._rows: dict[Action | Reason, list[LeftOutRow]] = {}

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Add a row that was left out."""
        rows = self._rows.setdefault(result.action or Reason.SUPERSEDED, [])
        if len(rows) < LISTED:
            rows.append(LeftOutRow(result.file, result.row, result.user_data, result.error, self._shown(source, cells)))

    def groups(self, summary: Mapping[str, Any]) -> Iterator[tuple[str, int, Sequence[LeftOutRow]]]:
        """Yield (action, number of rows, listed rows), the most frequent action first."""
        for action, rows in sorted(self._rows.items(), key=lambda item: -summary["actions"][item[0]]):
            yield action, summary["actions"][action], rows

    def _shown(self, source: int, cells: Sequence[str]) -> str:
        filled = [pair for pair in zip(self._columns[source], cells, strict=False) if pair[1].strip()]
        return " · ".join(f"{name}: {_cut(cell)}" for name, cell in filled[:_CELLS])


def is_left_out(result: RowResult) -> bool:
    """Whether the row was left out although the dialler does not hold it as the file says."""
    return result.status is Status.SKIPPED and result.action in words.LEFT_OUT


def _cut(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}…"
