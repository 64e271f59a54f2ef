"""Charts of a run over time: rows sent, latency of requests, and the runs before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from ..model import DID_NOT_SUCCEED, RowResult, Status
from ..text.forms import day, duration, milliseconds, moment, percent, rows
from ..text.phrase import counted, figure, mark, phrase
from .charts import Box, stacked_columns

_FEWEST_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class CourseChart:
    """Rows over time, one column per ``step``; the highest column has ``highest`` rows.

    ``labels`` stand under the first, the middle and the last column; ``spoken`` is the text alternative. A run that is
    too short for a chart has no boxes. ``bad``: some of the rows did not succeed.
    """

    step: str
    highest: int
    bad: bool
    spoken: str
    labels: Sequence[str] = ()
    boxes: Sequence[Box] = ()


def course_chart(course: Course) -> CourseChart:
    """Draw rows over time."""
    step, bad = duration(course.step), any(course.bad)
    columns = list(zip(course.good, course.bad, strict=True))
    sums = list(map(sum, columns))
    highest = max(sums)
    if len(columns) < _FEWEST_COLUMNS:
        took = duration(len(columns) * course.step)
        return CourseChart(
            step,
            highest,
            bad,
            counted(
                sum(sums), "{count} row were sent within {time}.", "{count} rows were sent within {time}.", time=took
            ),
        )
    times = [datetime.fromtimestamp(course.start + n * course.step, UTC).astimezone() for n in range(len(columns))]
    labels = _labels(times)
    tips = [_tip(label, *counts) for label, counts in zip(labels, columns, strict=True)]
    boxes = stacked_columns([[(Status.SUCCEEDED, good), (Status.FAILED, not_good)] for good, not_good in columns], tips)
    peak = labels[sums.index(highest)]
    spoken = phrase(
        "From {first} to {last}; at most {rows} in {step}, at {peak}",
        first=labels[0],
        last=labels[-1],
        rows=rows(highest),
        step=step,
        peak=peak,
    )
    return CourseChart(step, highest, bad, spoken, _under(labels), boxes)


def _tip(label: str, good: int, bad: int) -> str:
    if not bad:
        return f"{label}: {rows(good)}"
    return phrase("{time}: {rows}, of which {bad} did not succeed", time=label, rows=rows(good + bad), bad=figure(bad))


@dataclass(frozen=True, slots=True)
class LatencyChart:
    """Latency over time, one column per ``step``: the median, and above it the 95th percentile, at most ``highest``."""

    step: str
    highest: str
    spoken: str
    labels: Sequence[str]
    boxes: Sequence[Box]


def latency_chart(over_time: Sequence[Mapping[str, Any]]) -> LatencyChart | None:
    """Draw ``over_time`` of a summary's latency; return None for a run too short for a chart."""
    began = [datetime.fromisoformat(entry["at"]) for entry in over_time]
    width = over_time[0]["seconds"]
    places = [round((time - began[0]).total_seconds() / width) for time in began]
    if places[-1] + 1 < _FEWEST_COLUMNS:
        return None
    labels = _labels([(began[0] + n * timedelta(seconds=width)).astimezone() for n in range(places[-1] + 1)])
    columns: list[list[tuple[str, float]]] = [[] for _ in labels]
    tips = [phrase("{time}: no request ended", time=label) for label in labels]
    for place, entry in zip(places, over_time, strict=True):
        half, most = entry["p50_ms"], entry["p95_ms"]
        columns[place] = [("plain", half), ("earlier", most - half)]
        tips[place] = phrase(
            "{time}: half within {half}, 95 % within {most}, the slowest {slowest}",
            time=labels[place],
            half=milliseconds(half),
            most=milliseconds(most),
            slowest=milliseconds(entry["max_ms"]),
        )
    slowest = max(range(len(over_time)), key=lambda n: over_time[n]["p95_ms"])
    highest = milliseconds(over_time[slowest]["p95_ms"])
    spoken = phrase(
        "From {first} to {last}; slowest at {peak}, 95 % within {highest}",
        first=labels[0],
        last=labels[-1],
        peak=labels[places[slowest]],
        highest=highest,
    )
    return LatencyChart(duration(width), highest, spoken, _under(labels), stacked_columns(columns, tips))


def _labels(times: Sequence[datetime]) -> list[str]:
    form = mark("%H:%M:%S") if times[-1] - times[0] < timedelta(days=1) else mark("%d %b, %H:%M")
    return [day(time, form) for time in times]


def _under(labels: Sequence[str]) -> tuple[str, str, str]:
    """Return the labels under the first, the middle and the last column."""
    return labels[0], labels[len(labels) // 2], labels[-1]


Run = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: this run's value, the usual value, and one column per run, the oldest first."""

    label: str
    now: str
    usual: str
    spoken: str
    boxes: Sequence[Box]


def panels(runs: Sequence[Run]) -> list[Panel]:
    """Return the panels for ``runs`` (summaries, the newest first, at least two)."""
    return [_panel(label, measure, text, runs) for label, measure, text in _MEASURES]


def _panel(label: str, measure: Callable[[Run], float], text: Callable[[float], str], runs: Sequence[Run]) -> Panel:
    now, *earlier = values = [measure(run) for run in runs]
    tips = [f"{moment(run['started_at'])}: {text(value)}" for run, value in zip(runs, values, strict=True)]
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


_FINEST = 4_096
"""Most time slots kept; beyond that, slots double in length."""

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
"""Possible widths of a chart's column in seconds; longer ones are whole days."""

MANY_TRIES = 6
"""Number of tries from which rows are counted together."""


@dataclass(frozen=True, slots=True)
class Course:
    """Rows over time: column *n* counts rows sent in ``step`` seconds from ``start + n * step`` (seconds since 1970,
    UTC)."""

    start: int
    step: int
    good: Sequence[int]
    bad: Sequence[int]


class Tally:
    """Count sent rows, by the time of their last try and by their tries."""

    def __init__(self) -> None:
        self._width = 1
        self._slots: dict[int, list[int]] = {}
        self._tries: Counter[int] = Counter()

    def add(self, result: RowResult) -> None:
        """Count the row if it was sent."""
        if not result.sent_at:
            return
        self._tries[min(max(result.attempts, 1), MANY_TRIES)] += 1
        slot = int(datetime.fromisoformat(result.sent_at).timestamp()) // self._width
        counts = self._slots.setdefault(slot, [0, 0])
        counts[result.status is not Status.SUCCEEDED] += 1
        if len(self._slots) > _FINEST:
            self._widen()

    def tries(self) -> list[tuple[int, int]]:
        """Return (tries, rows), the fewest tries first; the last entry may stand for ``MANY_TRIES`` and more."""
        return sorted(self._tries.items())

    def course(self, columns: int = 60) -> Course | None:
        """Return rows over time in at most ``columns`` columns, None if nothing was sent."""
        if not self._slots:
            return None
        first, last = min(self._slots) * self._width, max(self._slots) * self._width
        days = -(-(last - first + 1) // (86_400 * (columns - 1))) * 86_400
        fits = (step for step in _STEPS if step >= self._width and last // step - first // step < columns)
        step = next(fits, days)
        start = first // step
        good, bad = ([0] * (last // step - start + 1) for _ in range(2))
        for slot, (done, not_done) in self._slots.items():
            place = slot * self._width // step - start
            good[place] += done
            bad[place] += not_done
        return Course(start * step, step, good, bad)

    def _widen(self) -> None:
        self._width *= 2
        merged: dict[int, list[int]] = {}
        for slot, counts in self._slots.items():
            into = merged.setdefault(slot // 2, [0, 0])
            into[0] += counts[0]
            into[1] += counts[1]
        self._slots = merged
