"""``inbox:``, the folder that files come into; ``reports:``, where reports go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from ..files.url import is_address
from ..text.phrase import phrase
from .section import Section
from .sources import NamedFile

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_EXPECT = re.compile(
    rf"(?:(?P<days>daily|weekdays|(?:{'|'.join(_DAYS)})(?:\s*,\s*(?:{'|'.join(_DAYS)}))*)\s+)?"
    r"(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])",
    re.IGNORECASE,
)

PATTERNS = (
    *("*.csv", "*.txt", "*.tsv", "*.xlsx", "*.xlsm", "*.xls", "*.xlsb", "*.ods"),
    *("*.gz", "*.zip", "*.bz2", "*.xz", "*.zst"),
)
"""Names of spreadsheets."""


def age(text: str) -> timedelta:
    """Parse ``30d``, ``12h`` or ``6w``.

    Raises:
        ValueError: the text has another form.
    """
    match = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    if not match:
        raise ValueError(phrase("'{text}' is not an age: write 30d, 12h or 6w", text=text))
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


class Due(NamedTuple):
    """Times at which a list is due: days of the week (Monday is 0), and the local time."""

    days: frozenset[int]
    at: time

    def before(self, now: datetime) -> Iterator[datetime]:
        """Yield the times up to ``now`` at which a list was due, the newest first; all are local."""
        for back in range(22):
            day = now.date() - timedelta(days=back)
            moment = datetime.combine(day, self.at).astimezone()
            if day.weekday() in self.days and moment <= now:
                yield moment


def due(text: str) -> Due:
    """Parse ``weekdays 04:00``.

    Raises:
        ValueError: the text has another form.
    """
    match = _EXPECT.fullmatch(text.strip())
    if not match:
        raise ValueError(
            phrase('\'{text}\' is not a time: write "04:00", "weekdays 04:00" or "mon,thu 04:00", in quotes', text=text)
        )
    names = (match["days"] or "daily").casefold()
    usual = {"daily": range(7), "weekdays": range(5)}
    days = usual.get(names) or [_DAYS.index(name.strip()) for name in names.split(",")]
    return Due(frozenset(days), time(int(match["hour"]), int(match["minute"])))


def _checked(check: Callable[[str], object]) -> AfterValidator:
    def checked(text: str) -> str:
        check(text)
        return text

    return AfterValidator(checked)


Age = Annotated[str, _checked(age)]
"""A time such as ``30d``, as text."""


class InboxSettings(Section):
    """The folder that ``import`` works through when no FILE is named."""

    dir: NamedFile | None = Field(None, description="The folder, local or at an address. --inbox DIR overrides it.")
    quiet_for: float = Field(30, ge=0, description="Seconds that a file must be unchanged before it is imported.")
    patterns: tuple[str, ...] = Field(
        PATTERNS, min_length=1, description="Patterns of file names to import; other files are reported once."
    )
    keep: Age | None = Field(
        None, description="Delete imported files from done/ and failed/, and answers, after this time: 30d, 12h or 6w."
    )
    answers: NamedFile | None = Field(
        None,
        description="Folder for answers, local or at an address: a workbook per file with its outcome and the rows to "
        "fix. The folder or its parent must exist.",
    )
    group: str | None = Field(
        None, min_length=1, description="Group on this machine that may read the answers. Default: only this user."
    )
    expect: Annotated[str, _checked(due)] | None = Field(
        None,
        description='When a list is due, in local time: "04:00" (daily), "weekdays 04:00", "mon,thu 04:00". If none '
        "has come since the due time before the last one, import exits with 3 and notify: sends the event "
        "missing, once.",
    )


def _of_this_machine(given: object) -> object:
    if isinstance(given, str) and is_address(given):
        raise ValueError(
            phrase("is an address: name a folder of this machine; --out URL puts the reports of a run elsewhere")
        )
    return given


class ReportSettings(Section):
    """Where reports are written, and how long they are kept."""

    dir: Annotated[Path, BeforeValidator(_of_this_machine)] | None = Field(
        None, description="Folder in which each run gets its own folder. Default: reports in the working folder."
    )
    keep: Age | None = Field(
        None,
        description="Delete reports in this folder, of finished runs, after this time (30d, 12h or 6w), at the end of "
        "each import.",
    )
