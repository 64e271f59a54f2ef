"""Facts on a list of calls for the summary of its workbook."""

from __future__ import annotations

from datetime import datetime

from ..report.calls_output import Facts
from ..text.phrase import figure, phrase
from ..text.stamp import stamp
from .findings import Findings


def summary_facts(found: Findings, now: datetime) -> Facts:
    """Count the lines by result and by day, and say the rest in words."""
    by_result: dict[str, int] = {}
    by_day: dict[str, int] = {}
    for line in found.lines:
        result = str(line.get("ResultCode") or phrase("(none)"))
        by_result[result] = by_result.get(result, 0) + 1
        if day := str(line.get("CallStart") or line.get("LastCall") or "")[:10]:
            by_day[day] = by_day.get(day, 0) + 1
    contacts, queried = figure(found.contacts), figure(found.asked)
    told = [
        (phrase("Lines"), figure(found.new + found.updated)),
        (phrase("of them changed since reported"), figure(found.updated)),
        (phrase("Calls still going on"), figure(len(found.going_on) or found.still_open)),
        (phrase("Contacts"), phrase("{contacts}, {queried} of them queried", contacts=contacts, queried=queried)),
        (phrase("Read at (UTC)"), stamp(now)),
        *((phrase("Note"), remark) for remark in (*found.notes_of_course(), *found.remarks())),
    ]
    return Facts(told, dict(sorted(by_result.items(), key=lambda item: -item[1])), dict(sorted(by_day.items())[-12:]))
