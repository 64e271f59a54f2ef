"""Charts of calls over days and over the hours of a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from typing import TypeVar

from ..text.forms import day, percent
from ..text.phrase import counted, figure, mark, phrase
from .calls_tally import Answer
from .charts import Box, stacked_columns

K = TypeVar("K")

_MOST = 62
"""Most columns of a chart."""

_TONES = {
    Answer.REACHED: "succeeded",
    Answer.MISSED: "unprocessed",
    Answer.GOING_ON: "unprocessed",
    Answer.NOT_TOLD: "unknown",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One column of a chart as a line of its table."""

    label: str
    calls: int
    reached: int
    not_told: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Calls over time: a chart, its table, and the text alternative of the chart."""

    title: str
    column: str
    lines: Sequence[Line]
    boxes: Sequence[Box]
    highest: int
    labels: Sequence[str]
    spoken: str
    not_told: bool


def hour_spread(hours: Mapping[tuple[int, Answer], int]) -> Spread | None:
    """Draw the calls of each hour of the day, from the first to the last in which there were any."""
    if not hours:
        return None
    first, last = min(hour for hour, _ in hours), max(hour for hour, _ in hours)
    return _spread(phrase("Calls by hour"), phrase("Hour"), hours, range(first, last + 1), lambda hour: f"{hour:02}:00")


def day_spread(days: Mapping[tuple[date, Answer], int]) -> Spread | None:
    """Draw the calls of each day; of each week, month or year where the days are too many to be told apart."""
    if not days:
        return None
    first, last = min(day for day, _ in days), max(day for day, _ in days)
    if (last - first).days < _MOST:
        every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return _spread(phrase("Calls by day"), phrase("Day"), days, every, lambda of: day(of, mark("%a %d %b %Y")))
    if (last - first).days < 7 * _MOST:
        weeks = [_monday(first)]
        weeks += takewhile(lambda day: day <= last, (weeks[0] + timedelta(weeks=n) for n in range(1, _MOST + 2)))
        return _spread(
            phrase("Calls by week"),
            phrase("Week of"),
            _merged(days, _monday),
            weeks,
            lambda of: day(of, mark("%d %b %Y")),
        )
    months = _merged(days, lambda day: day.replace(day=1))
    every = sorted({month for month, _ in months})  # those without a call are left out
    if len(every) <= _MOST:
        return _spread(phrase("Calls by month"), phrase("Month"), months, every, lambda of: day(of, mark("%b %Y")))
    years = _merged(days, lambda day: day.replace(month=1, day=1))
    return _spread(
        phrase("Calls by year"), phrase("Year"), years, sorted({year for year, _ in years}), lambda day: f"{day:%Y}"
    )


def _spread(
    title: str,
    column: str,
    counts: Mapping[tuple[K, Answer], int],
    keys: Sequence[K],
    label: Callable[[K], str],
) -> Spread:
    by_key = {key: {answer: counts.get((key, answer), 0) for answer in _TONES} for key in keys}
    lines = [
        Line(label(key), sum(found.values()), found[Answer.REACHED], found[Answer.NOT_TOLD])
        for key, found in by_key.items()
    ]
    tips = [
        counted(
            line.calls,
            "{time}: {count} call, {answered} answered",
            "{time}: {count} calls, {answered} answered",
            time=line.label,
            answered=figure(line.reached),
        )
        for line in lines
    ]
    columns = [[(_TONES[answer], count) for answer, count in found.items()] for found in by_key.values()]
    most = max(lines, key=lambda line: line.calls)
    best = max(lines, key=lambda line: line.reached / max(line.calls - line.not_told, 1))
    spoken = phrase(
        "Most calls: {most}, {calls}. Answered most often: {best}, {share}",
        most=most.label,
        calls=figure(most.calls),
        best=best.label,
        share=percent(best.reached, best.calls - best.not_told),
    )
    names = [line.label for line in lines]
    labels = names if len(names) < 3 else [names[0], names[len(names) // 2], names[-1]]
    told = any(line.not_told for line in lines)
    return Spread(title, column, lines, stacked_columns(columns, tips), most.calls, labels, spoken, told)


def _merged(days: Mapping[tuple[date, Answer], int], into: Callable[[date], date]) -> dict[tuple[date, Answer], int]:
    merged: dict[tuple[date, Answer], int] = {}
    for (each, answer), count in days.items():
        key = into(each), answer
        merged[key] = merged.get(key, 0) + count
    return merged


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
