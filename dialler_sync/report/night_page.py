"""``night.html``: all campaigns of a night on one page."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..exit_codes import MEANINGS, ExitCode
from ..model import DID_NOT_SUCCEED, Status
from ..text.forms import moment
from ..text.phrase import counted, figure, phrase
from .charts import stacked_columns
from .page import address_of, write_page

_FEW = 2
"""Runs from which on there is a trend."""


@dataclass(frozen=True, slots=True)
class CampaignNight:
    """What a night brought for one configuration. ``runs`` are the summaries of its runs, ``history`` those of tonight
    and earlier, the newest first. ``needs`` says what somebody must see to, if the exit code is not that of an ordinary
    night."""

    name: str
    code: int
    needs: str = ""
    runs: Sequence[Mapping[str, Any]] = ()
    history: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    def count(self, *statuses: str) -> int:
        """Return the number of tonight's rows with one of these statuses, or ``read``."""
        return sum(run["counts"].get(status, 0) for run in self.runs for status in statuses)

    @property
    def left(self) -> int:
        """Return the number of rows that did not succeed, and of those that are still to be sent."""
        return self.count(*DID_NOT_SUCCEED, Status.UNPROCESSED)

    @property
    def alarm(self) -> str:
        """Return the alarms of tonight's runs, ``""`` if there are none."""
        return "; ".join(filter(None, (run.get("alarm", "") for run in self.runs)))

    @property
    def bad(self) -> bool:
        """Whether somebody must see to it."""
        return self.code not in (ExitCode.OK, ExitCode.ROWS_FAILED) or bool(self.alarm)

    @property
    def to_do(self) -> list[str]:
        """Return what needs a hand, in words."""
        said = list(filter(None, (self.needs, self.alarm)))
        left = [(sum(run["counts"].get(status, 0) for status in DID_NOT_SUCCEED), run["out"]) for run in self.runs]
        return said + [
            counted(
                count,
                "{count} row did not succeed: see {file}",
                "{count} rows did not succeed: see {file}",
                file=Path(out) / "failed.xlsx",
            )
            for count, out in left
            if count
        ]

    @property
    def tone(self) -> str:
        """Return the colour of the campaign's row."""
        return "failed" if self.bad else "rejected" if self.code else "succeeded"


def night_verdict(nights: Sequence[CampaignNight]) -> str:
    """Summarise a night in one line."""
    bad = sum(night.bad for night in nights)
    done = counted(
        _read(nights),
        "{done} of {count} row succeeded",
        "{done} of {count} rows succeeded",
        done=figure(sum(night.count(Status.SUCCEEDED) for night in nights)),
    )
    campaigns = counted(len(nights), "{count} campaign", "{count} campaigns")
    if not bad:
        return phrase("{campaigns} done; {rows}", campaigns=campaigns, rows=done)
    return counted(
        bad,
        "{count} of {campaigns} needs a hand; {rows}",
        "{count} of {campaigns} need a hand; {rows}",
        campaigns=campaigns,
        rows=done,
    )


def _read(nights: Sequence[CampaignNight]) -> int:
    return sum(night.count("read") for night in nights)


def write_night_page(path: Path, nights: Sequence[CampaignNight], began: str, code: int) -> None:
    """Write the page.

    Raises:
        JournalError: the file cannot be written.
    """
    bad = any(night.bad for night in nights)
    context = {
        "urgent": sorted(nights, key=lambda night: not night.bad),
        "nights": [(night, _trend(night), _links(night, path.parent)) for night in nights],
        "verdict": night_verdict(nights),
        "tone": "failed" if bad else "rejected" if any(night.to_do for night in nights) else "succeeded",
        "began": began,
        "code": code,
        "meanings": {int(each): phrase(text) for each, text in MEANINGS.items()},
        "read": _read(nights),
    }
    write_page(path, "night.html.j2", context)


def _trend(night: CampaignNight) -> tuple[str, Sequence[Any]] | None:
    """Return the rows read by each of the last runs, the oldest first, as words and boxes."""
    runs = list(reversed(night.history))
    if len(runs) < _FEW:
        return None
    tonight = {run["run_id"] for run in night.runs}
    values = [run["counts"]["read"] for run in runs]
    tones = ["now" if run["run_id"] in tonight else "earlier" for run in runs]
    tips = [f"{moment(run['started_at'])}: {figure(value)}" for run, value in zip(runs, values, strict=True)]
    columns = [[(tone, value)] for tone, value in zip(tones, values, strict=True)]
    return ", ".join(map(figure, values)), stacked_columns(columns, tips)


def _links(night: CampaignNight, folder: Path) -> list[tuple[str, str]]:
    """Return name and address of the report of each run, from the folder of the page."""
    found = []
    for run in night.runs:
        page = Path(run["out"]) / "report.html"
        names = ", ".join(dict.fromkeys(file["name"] for file in run["files"]))
        address = address_of(os.path.relpath(page.absolute(), folder.absolute())) if page.exists() else ""
        found.append((names or run["run_id"], address))
    return found
