"""Compare a run with earlier runs: small multiples, one panel per measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from statistics import median
from typing import Any

from ..model import DID_NOT_SUCCEED
from ..text.forms import duration, moment, percent
from ..text.phrase import figure, mark, phrase
from .charts import Box, stacked_columns

Run = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: this run's value, the usual value, and one column per run, the oldest first."""

    label: str
    now: str
    usual: str
    spoken: str
    boxes: Sequence[Box]


def panels(runs: Sequence[Run], zone: tzinfo | None) -> list[Panel]:
    """Return the panels for ``runs`` (summaries, the newest first, at least two), times in ``zone``."""
    return [_panel(label, measure, text, runs, zone) for label, measure, text in _MEASURES]


def _panel(
    label: str, measure: Callable[[Run], float], text: Callable[[float], str], runs: Sequence[Run], zone: tzinfo | None
) -> Panel:
    now, *earlier = values = [measure(run) for run in runs]
    tips = [f"{moment(run['started_at'], zone)}: {text(value)}" for run, value in zip(runs, values, strict=True)]
    tones = ["now"] + ["earlier"] * len(earlier)
    columns = [[(tone, value)] for tone, value in zip(tones, values, strict=True)]
    usual = phrase("usually {value}", value=text(median(earlier)))
    spoken = phrase(
        "this run {now}, {usual}, lowest {lowest}, highest {highest}",
        now=text(now),
        usual=usual,
        lowest=text(min(values)),
        highest=text(max(values)),
    )
    return Panel(phrase(label), text(now), usual, spoken, stacked_columns(columns[::-1], tips[::-1]))


def _not_succeeded(run: Run) -> float:
    read = run["counts"]["read"]
    return sum(run["counts"][status] for status in DID_NOT_SUCCEED) / read if read else 0.0


_MEASURES: tuple[tuple[str, Callable[[Run], float], Callable[[float], str]], ...] = (
    (mark("Rows read"), lambda run: run["counts"]["read"], figure),
    (mark("Did not succeed"), _not_succeeded, lambda share: percent(share, 1)),
    (mark("Duration"), lambda run: run["duration_s"], duration),
    (mark("Rows per second"), lambda run: run["rows_per_s"], figure),
    (mark("Repeated requests"), lambda run: run["retries"], figure),
)
