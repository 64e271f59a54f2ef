"""How a run went: its rows over time, as a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from ..model import Status
from .charts import Box, stacked_columns
from .tally import Course
from .words import duration, rows

_FEWEST_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class CourseChart:
    """Rows over time, in columns of ``step`` each, of which the highest has ``highest`` rows.

    ``labels`` stand under the first, the middle and the last column; ``spoken`` says what there is to see. A run
    that was over at once has no boxes. ``bad``: rows are among them that did not succeed.
    """

    step: str
    highest: int
    bad: bool
    spoken: str
    labels: Sequence[str] = ()
    boxes: Sequence[Box] = ()


def course_chart(course: Course, zone: tzinfo | None) -> CourseChart:
    """Draw rows over time, with times as they were in ``zone``."""
    step, bad = duration(course.step), any(course.bad)
    columns = list(zip(course.good, course.bad, strict=True))
    sums = list(map(sum, columns))
    highest = max(sums)
    if len(columns) < _FEWEST_COLUMNS:
        took = duration(len(columns) * course.step)
        return CourseChart(step, highest, bad, f"{rows(sum(sums))} were sent within {took}.")
    times = [datetime.fromtimestamp(course.start + n * course.step, UTC).astimezone(zone) for n in range(len(columns))]
    form = "%H:%M:%S" if times[-1] - times[0] < timedelta(days=1) else "%d %b, %H:%M"
    labels = [time.strftime(form) for time in times]
    tips = [
        f"{label}: {rows(good + not_good)}" + (f", of which {not_good:,} did not succeed" if not_good else "")
        for label, (good, not_good) in zip(labels, columns, strict=True)
    ]
    boxes = stacked_columns([[(Status.SUCCEEDED, good), (Status.FAILED, not_good)] for good, not_good in columns], tips)
    peak = labels[sums.index(highest)]
    spoken = f"From {labels[0]} to {labels[-1]}; at most {rows(highest)} in {step}, at {peak}"
    return CourseChart(step, highest, bad, spoken, (labels[0], labels[len(labels) // 2], labels[-1]), boxes)
