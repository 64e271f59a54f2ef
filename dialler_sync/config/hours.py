"""Times of a day, by this machine's clock: until when a run may send, and when a dialler may be changed."""

from __future__ import annotations

import re
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
        """Return the end of the hours; ``now`` if they have not begun. ``now`` is local time with its zone."""
        begun = _preceding(self.begin, now)
        end = following(self.end, begun)
        return max(now, end)


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
    """Return the next such time after ``now``, in local time with its zone."""
    naive = datetime.combine(now.date(), at)
    found = naive.astimezone()  # a day at a time, as days on which clocks are set have 23 or 25 hours
    return found if found > now else (naive + timedelta(days=1)).astimezone()


def _preceding(at: time, now: datetime) -> datetime:
    """Return the last such time until ``now``, in local time with its zone."""
    naive = datetime.combine(now.date(), at)
    found = naive.astimezone()
    return found if found <= now else (naive - timedelta(days=1)).astimezone()
