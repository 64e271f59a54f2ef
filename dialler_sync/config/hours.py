"""Times of a day, by this machine's clock: until when a run may send, and when a dialler may be changed."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import datetime, time, timedelta
from typing import NamedTuple

from ..text.phrase import phrase

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Hours(NamedTuple):
    """A part of each day, which may go over midnight: ``20:00-06:00``."""

    begin: time
    end: time

    @classmethod
    def read(cls, text: str) -> Hours:
        """Read ``HH:MM-HH:MM``.

        Raises:
            ValueError: it is something else, or the two times are one.
        """
        begin, _, end = text.partition("-")
        hours = cls(read_time(begin.strip()), read_time(end.strip()))
        if hours.begin == hours.end:
            raise ValueError(phrase("'{text}' needs two different times, such as 20:00-06:00", text=text))
        return hours

    def end_from(self, now: datetime) -> datetime:
        """Return the end of the hours; ``now`` if the clock shows a time outside of them. ``now`` is local time with
        its zone."""
        shown, over_midnight = now.time(), self.end < self.begin
        begun, ended = self.begin <= shown, self.end <= shown
        inside = (begun or not ended) if over_midnight else (begun and not ended)
        return following(self.end, now) if inside else now


def read_time(text: str) -> time:
    """Read ``HH:MM``.

    Raises:
        ValueError: it is no time of a day.
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(phrase("'{text}' is not a time of day: write 07:00 or 21:30", text=text))
    return time(int(match[1]), int(match[2]))


def following(at: time, now: datetime) -> datetime:
    """Return the next moment after ``now`` at which the clock shows a time, in local time with its zone."""
    today = datetime.combine(now.date(), at)
    return next(found for days in (0, 1) for found in _moments(today + timedelta(days=days)) if found > now)


def _moments(naive: datetime) -> list[datetime]:
    """Return when the clock shows a time: twice where it is set back; where it is set ahead past it, when it is set."""
    found = sorted({naive.replace(fold=fold).astimezone() for fold in (0, 1)})
    first, last = found[0], found[-1]
    if first.replace(tzinfo=None) == naive:
        return found

    def is_past(minutes: int) -> bool:
        return (first + timedelta(minutes=minutes)).astimezone().replace(tzinfo=None) >= naive

    minutes = bisect_left(range((last - first) // timedelta(minutes=1)), True, key=is_past)
    return [(first + timedelta(minutes=minutes)).astimezone()]
