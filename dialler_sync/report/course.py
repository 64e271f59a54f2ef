"""Charts of a run over time: rows sent, and latency of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from ..model import Status
from ..text.forms import day, duration, milliseconds, rows
from ..text.phrase import counted, figure, mark, phrase
from .charts import Box, stacked_columns
from .tally import Course

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


def course_chart(course: Course, zone: tzinfo | None) -> CourseChart:
    """Draw rows over time; labels show times in ``zone``."""
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
    times = [datetime.fromtimestamp(course.start + n * course.step, UTC).astimezone(zone) for n in range(len(columns))]
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


def latency_chart(over_time: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> LatencyChart | None:
    """Draw ``over_time`` of a summary's latency, times in ``zone``; return None for a run too short for a chart."""
    began = [datetime.fromisoformat(entry["at"]) for entry in over_time]
    width = over_time[0]["seconds"]
    places = [round((time - began[0]).total_seconds() / width) for time in began]
    if places[-1] + 1 < _FEWEST_COLUMNS:
        return None
    labels = _labels([(began[0] + n * timedelta(seconds=width)).astimezone(zone) for n in range(places[-1] + 1)])
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
