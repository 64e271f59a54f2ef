"""``calls.html`` beside a list of calls: the same for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..files.whole import spared
from ..pages import KEYS, batched
from ..report.calls_output import Facts
from ..report.calls_page import CallsPage
from ..text.phrase import figure, phrase
from ..text.stamp import stamp
from .findings import Findings
from .since import Since

NAME = "calls.html"

Record = Mapping[str, Any]
ListsOf = Callable[[Sequence[str]], Mapping[str, str]]
"""UserData → the file from which the contact came."""


class Page:
    """The page of one list, and beside it the numbers that the dialler found invalid.

    Not the latter for a receiver of every night, whose program may take each CSV of the folder for calls.
    """

    def __init__(self, since: Since, *, mask: bool = False) -> None:
        self._files: dict[str, str] = {}
        self._page = CallsPage(self._files, mask=mask, with_file=not since.last)

    def listed(self, record: Record) -> None:
        """Note the invalid numbers of a contact."""
        self._page.add_contact(record)

    def write(self, found: Findings, now: datetime, folder: Path, lists_of: ListsOf) -> None:
        """Write the page; the list is whole without it. ``lists_of`` tells from which file contacts came."""
        with spared(folder / NAME):
            for page in batched(found.lines, KEYS):
                self._files.clear()
                self._files |= lists_of(list({str(line.get("UserData") or "") for line in page}))
                for line in page:
                    self._page.add(line)
            self._files.clear()
            for keys in batched(self._page.invalid_keys(), KEYS):
                self._files |= lists_of(keys)
            self._page.write(folder / NAME, summary_facts(found, now).told, found.contacts)


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
