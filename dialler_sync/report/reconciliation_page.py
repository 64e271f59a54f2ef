"""``reconciliation.html``: file against dialler, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..exit_codes import meaning_of
from ..model import ContactClass
from ..text.phrase import figure, mark, phrase
from . import charts
from .masking import mask_key, mask_phones
from .page import write_page
from .reconciliation import DIMENSIONS, MEANINGS, ReportLine, facts, verdict
from .records import Column, Records, spoken
from .words import campaign_of

_COLUMNS = (
    Column("UserData", "text"),
    Column(mark("Class"), "chip", shared=True),
    Column(mark("Row"), "text"),
    Column(mark("Contact ID"), "text"),
    Column(mark("Differences"), "text"),
    Column(mark("In the dialler"), "text"),
    Column(mark("In the file"), "text"),
    Column(mark("File"), "more", shared=True),
)

_TONES: Mapping[str, str] = {"": "skipped", "stopped": "failed", "differs": "rejected", "same": "succeeded"}


class ReconciliationPage:
    """Collect the lines that do not match, each once; then write the page.

    ``told`` names the columns of ``ReportLine.told``. ``mask`` hides phone numbers.
    """

    def __init__(self, told: Sequence[str], *, mask: bool = False) -> None:
        self._mask = mask
        columns = (*spoken(_COLUMNS), *(Column(name.removeprefix("_"), "more", shared=True) for name in told))
        self._records = Records(columns, ())

    def add(self, line: ReportLine) -> None:
        """Add a line, unless it matches."""
        if line.kind is ContactClass.MATCHING or not self._records.has_room():
            return
        if self._mask:
            line = replace(
                line,
                user_data=mask_key(line.user_data),
                differences=mask_phones(line.differences),
                in_dialler=mask_phones(line.in_dialler),
                in_file=mask_phones(line.in_file),
            )
        row = "" if line.row is None else str(line.row)
        sides = line.differences, line.in_dialler, line.in_file
        values = (line.user_data, line.kind, row, line.contact_id, *sides, line.file, *line.told)
        self._records.add(values, 0, ())

    def write(self, path: Path, summary: Mapping[str, Any]) -> None:
        """Write the page. ``summary`` is that of ``summary.json``.

        Raises:
            JournalError: the file cannot be written.
        """
        classes, history = summary["classes"], summary["history"]
        context = {
            "summary": summary,
            "campaign": campaign_of(summary),
            "verdict": verdict(summary),
            "tone": _TONES[_state(summary)],
            "facts": facts(summary),
            "lines": sum(count or 0 for count in classes.values()) if classes else 0,
            "meanings": {kind: phrase(meaning) for kind, meaning in MEANINGS.items()},
            "class_bar": charts.stacked_bar({kind: classes[kind] or 0 for kind in ContactClass}) if classes else (),
            "fields": _bars(summary["changed_fields"]),
            "moves": _bars(summary["moved"]["changes"]) if summary["moved"] else (),
            "calls": [
                (phrase(caption), phrase(label), _bars({name: count["calls"] for name, count in history[by].items()}))
                for by, (_, label, caption) in DIMENSIONS.items()
            ]
            if history
            else [],
            "records": self._records,
            "exit_meaning": meaning_of(summary["exit_code"]),
        }
        write_page(path, "reconciliation.html.j2", context)


def _state(summary: Mapping[str, Any]) -> str:
    if summary["stopped_because"]:
        return "stopped"
    lines = {kind for kind, count in summary["classes"].items() if count}
    return "differs" if lines - {ContactClass.MATCHING} else "same" if lines else ""


_MOST_BARS = 60


def _bars(counts: Mapping[str, int]) -> list[charts.Bar]:
    """Return a bar per count, the last ``_MOST_BARS`` only: days are in order, so these are the newest."""
    return charts.bars((name, count, figure(count)) for name, count in list(counts.items())[-_MOST_BARS:])
