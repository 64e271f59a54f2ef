"""``calls.html`` beside a list of calls: the same for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..files.whole import spared
from ..report.calls_page import CallsPage
from .facts import summary_facts
from .findings import Findings
from .since import Since

NAME = "calls.html"

Record = Mapping[str, Any]


class Page:
    """The page of one list, and beside it the numbers that the dialler found invalid.

    Not the latter for a receiver of every night, whose program may take each CSV of the folder for calls.
    """

    def __init__(self, since: Since) -> None:
        self._page = CallsPage()
        self._with_numbers = not since.last

    def listed(self, record: Record) -> None:
        """Note the invalid numbers of a contact."""
        if self._with_numbers:
            self._page.add_contact(record)

    def write(self, lines: Iterable[Record], found: Findings, now: datetime, folder: Path) -> None:
        """Write the page; without it the list is whole all the same."""
        for line in lines:
            self._page.add(line)
        with spared(folder / NAME):
            self._page.write(folder / NAME, summary_facts(found, now).told, found.contacts)
