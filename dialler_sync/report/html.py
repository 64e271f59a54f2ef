"""``report.html``: what became of a run, for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from statistics import median
from typing import Any

from ..exit_codes import MEANINGS, ExitCode
from ..fields import FIELDS, Kind
from ..model import RowResult, Status
from . import charts, words
from .groups import FINE, SEPARATOR, Groups
from .masking import mask_key, mask_phone_cell, mask_phones
from .page import write_page
from .records import Column, Records
from .tally import MANY_TRIES, Course, Tally

_COLUMNS = (
    Column("Row", "number"),
    Column("UserData", "text"),
    Column("Outcome", "chip", shared=True),
    Column("Reason", "codes", shared=True),
    Column("What is wrong", "text"),
    Column("What to do", "more", shared=True),
    Column("Field", "more", shared=True),
    Column("HTTP status", "more", shared=True),
    Column("Tries", "more", shared=True),
    Column("Last try", "more"),
    Column("Contact ID", "more"),
    Column("File", "more", shared=True),
)

_EARLIER_RUNS = 30

_PHONE_FIELDS = frozenset(name for name, field in FIELDS.items() if field.kind is Kind.PHONE)


class HtmlReport:
    """Collects the rows of a run, each once, in source order; then writes the page.

    ``columns`` are the column names of each source. With ``mask``, phone numbers are hidden: in the cells of
    ``phone_columns`` every number, elsewhere what looks like one. Rows that the run did not come to are counted,
    and not listed. Times are shown as they were in ``zone``; None is the time zone of this machine.
    """

    def __init__(
        self,
        columns: Sequence[Sequence[str]],
        *,
        mask: bool = False,
        phone_columns: Collection[str] = (),
        zone: tzinfo | None = None,
    ) -> None:
        self._mask = mask
        self._phones = [frozenset(i for i, name in enumerate(names) if name in phone_columns) for names in columns]
        self._zone = zone
        self._groups = Groups()
        self._tally = Tally()
        self._records = Records(_COLUMNS, columns)

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Take up one row with its original cells; ``source`` is its place in ``columns``."""
        self._tally.add(result)
        if result.status in FINE or result.status is Status.UNPROCESSED:
            return
        if self._mask:
            result, cells = _masked(result, cells, self._phones[source])
        self._groups.add(result)
        if self._records.has_room():
            self._records.add(_values(result), source, cells)

    def write(self, path: Path, summary: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> None:
        """Write the page; it links to the report files that stand beside it by then.

        ``summary`` is that of ``summary.json``, and may also hold ``latency_ms`` (name → milliseconds) and
        ``changed_fields`` (field → contacts); ``history`` are those of earlier runs, the newest first.

        Raises:
            JournalError: the file cannot be written.
        """
        counts = {str(status): summary["counts"][status] for status in Status}
        stopped = summary["stopped_because"]
        next_step, command = words.next_step(summary) if stopped else ("", "")
        course = self._tally.course()
        context = {
            "summary": summary,
            "verdict": words.verdict(summary),
            "tone": _tone(summary),
            "nothing_sent": words.nothing_sent(summary),
            "stopped": mask_phones(stopped) if stopped and self._mask else stopped,
            "next_step": next_step,
            "command": command,
            "counts": counts,
            "meanings": words.status_meanings(summary),
            "outcome_bar": charts.stacked_bar(counts),
            "actions": {name: count for name, count in summary["actions"].items() if count},
            "action_meanings": words.ACTION_MEANINGS,
            "exit_meaning": MEANINGS[ExitCode(summary["exit_code"])],
            "groups": list(self._groups),
            "records": self._records,
            "course": _course(course, self._zone) if course else None,
            "tries": charts.bars(
                (_tries(tries), rows, f"{rows:,}") for tries, rows in self._tally.tries()
            ),
            "latency": charts.bars(
                (_LATENCIES.get(name, name), value, f"{value:,.0f} ms")
                for name, value in (summary.get("latency_ms") or {}).items()
            ),
            "changed_fields": charts.bars(
                (name, count, f"{count:,}")
                for name, count in sorted((summary.get("changed_fields") or {}).items(), key=lambda item: -item[1])
                if count
            ),
            "runs": [summary, *history[:_EARLIER_RUNS]],
            "multiples": _multiples([summary, *history[:_EARLIER_RUNS]], self._zone),
        }
        write_page(path, "report.html.j2", context, self._zone)


_LATENCIES = {
    "p50": "half of all requests within",
    "p90": "90 % within",
    "p95": "95 % within",
    "p99": "99 % within",
    "max": "the slowest",
}
