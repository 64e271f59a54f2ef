"""Times of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from dialler_sync.config.hours import Hours, following, read_time


@pytest.fixture(autouse=True)
def _berlin(in_zone: Callable[[str], None]) -> None:
    in_zone("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("20:00-06:00", "2026-11-28T23:00", "2026-11-29T06:00"),
        ("20:00-06:00", "2026-11-29T05:59", "2026-11-29T06:00"),
        ("20:00-06:00", "2026-11-29T20:00", "2026-11-30T06:00"),
        ("20:00-06:00", "2026-11-29T06:00", "2026-11-29T06:00"),
        ("20:00-06:00", "2026-11-29T12:00", "2026-11-29T12:00"),
        ("8:00 - 20:00", "2026-11-29T12:00", "2026-11-29T20:00"),
        ("08:00-20:00", "2026-11-29T07:00", "2026-11-29T07:00"),
        ("20:00-06:00", "2026-10-24T23:00", "2026-10-25T06:00"),  # a night of an hour more
        ("20:00-06:00", "2026-03-28T23:00", "2026-03-29T06:00"),  # a night of an hour less
        ("22:00-22:30", "2026-10-24T22:10", "2026-10-24T22:30"),  # short hours, a day before clocks are set
        ("22:00-22:30", "2026-10-24T22:40", "2026-10-24T22:40"),
        ("00:30-01:15", "2026-10-25T00:45", "2026-10-25T01:15"),
        ("22:00-22:30", "2026-03-28T22:10", "2026-03-28T22:30"),
        ("22:00-02:45", "2026-10-25T02:30+02:00", "2026-10-25T02:45+02:00"),  # the hour that is there twice
        ("22:00-02:45", "2026-10-25T02:50+02:00", "2026-10-25T02:50+02:00"),
        ("22:00-02:45", "2026-10-25T02:30+01:00", "2026-10-25T02:45+01:00"),
        ("02:30-06:00", "2026-10-25T02:10+01:00", "2026-10-25T02:10+01:00"),
        ("02:30-06:00", "2026-10-25T02:40+02:00", "2026-10-25T06:00+01:00"),
        ("22:00-02:30", "2026-03-29T01:50", "2026-03-29T03:00+02:00"),  # the hour that is not there
        ("22:00-02:30", "2026-03-29T03:10+02:00", "2026-03-29T03:10+02:00"),
        ("02:30-06:00", "2026-03-29T03:10+02:00", "2026-03-29T06:00+02:00"),
    ],
)
def test_when_the_hours_end(hours: str, now: str, end: str) -> None:
    """Where they have not begun, at once."""
    assert Hours.read(hours).end_from(at(now)) == at(end)


@pytest.mark.parametrize(
    ("time", "now", "found"),
    [
        ("07:00", "2026-11-29T06:59", "2026-11-29T07:00"),
        ("07:00", "2026-11-29T07:00", "2026-11-30T07:00"),
        ("02:45", "2026-10-25T02:50+02:00", "2026-10-25T02:45+01:00"),
        ("02:45", "2026-10-25T02:30+01:00", "2026-10-25T02:45+01:00"),
        ("02:45", "2026-10-25T02:45+01:00", "2026-10-26T02:45+01:00"),
        ("02:30", "2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00"),
    ],
)
def test_the_next_such_time(time: str, now: str, found: str) -> None:
    assert following(read_time(time), at(now)) == at(found)


@pytest.mark.parametrize("text", ["", "7", "24:00", "20:00-", "20:00-20:00", "20:00-6", "20.00-06.00", "-"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time of day|needs two different times"):
        Hours.read(text)
