"""Facts on a list of calls for the summary of its workbook."""

from __future__ import annotations

from datetime import datetime

from ..report.calls_output import Facts
from ..text.stamp import stamp
from .findings import Findings


def summary_facts(found: Findings, now: datetime) -> Facts:
    """Count the lines by result and by day, and say the rest in words."""
    by_result: dict[str, int] = {}
    by_day: dict[str, int] = {}
    for line in found.lines:
        result = str(line.get("ResultCode") or "(none)")
        by_result[result] = by_result.get(result, 0) + 1
        if day := str(line.get("CallStart") or line.get("LastCall") or "")[:10]:
            by_day[day] = by_day.get(day, 0) + 1
    told = [
        ("Lines", f"{found.new + found.updated:,}"),
        ("of them changed since reported", f"{found.updated:,}"),
        ("Calls still going on", f"{len(found.going_on) or found.still_open:,}"),
        ("Contacts", f"{found.contacts:,}, {found.asked:,} of them queried"),
        ("Read at (UTC)", stamp(now)),
        *(("Note", remark) for remark in (*found.notes_of_course(), *found.remarks())),
    ]
    return Facts(told, dict(sorted(by_result.items(), key=lambda item: -item[1])), dict(sorted(by_day.items())[-12:]))
