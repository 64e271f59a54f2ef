"""Rows over time, and tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dialler_sync.model import RowResult, Status
from dialler_sync.report.course import MANY_TRIES, Tally

from ...helpers.report_samples import rejected, result_of

START = datetime(2026, 11, 23, 2, tzinfo=UTC)


def sent(seconds: float, status: Status = Status.SUCCEEDED, attempts: int = 1) -> RowResult:
    at = START + timedelta(seconds=seconds)
    text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return result_of(2, status, sent_at=text, attempts=attempts)


@pytest.mark.parametrize("length", [1, 59, 60, 61, 3_600, 5_000, 86_400, 40 * 86_400, 400 * 86_400])
def test_every_row_that_was_sent_stands_in_one_of_at_most_sixty_columns(length: int) -> None:
    """However long the run was, and in whatever order its rows were answered."""
    tally = Tally()
    rows = 3_000
    for n in range(rows):
        tally.add(sent((n * 7919 % rows) * length / rows, Status.FAILED if n % 10 == 0 else Status.SUCCEEDED))

    course = tally.course(60)

    assert course is not None
    assert len(course.good) == len(course.bad) <= 60
    assert (sum(course.good), sum(course.bad)) == (2_700, 300)
    assert course.start <= START.timestamp() < course.start + course.step


def test_slots_stay_few_in_a_run_of_many_days() -> None:
    """Memory must not grow with the run."""
    tally = Tally()
    for n in range(20_000):
        tally.add(sent(n * 61))

    assert len(tally._slots) <= 4_096
    assert sum(map(sum, tally._slots.values())) == 20_000


def test_rows_that_were_never_sent_are_not_counted() -> None:
    tally = Tally()
    tally.add(rejected(2))
    tally.add(result_of(3, Status.SKIPPED))

    assert tally.course() is None
    assert tally.tries() == []


def test_many_tries_are_counted_together() -> None:
    tally = Tally()
    for attempts in (1, 1, 2, MANY_TRIES, 40):
        tally.add(sent(0, attempts=attempts))

    assert tally.tries() == [(1, 2), (2, 1), (MANY_TRIES, 2)]
