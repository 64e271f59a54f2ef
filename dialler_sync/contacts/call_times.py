"""Times in a call's record, in the forms in which servers write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..text.stamp import stamp

_NOTHING = re.compile(r"[0\W]*|null|none|nil|nan|n/?a|never|false", re.IGNORECASE)
"""``0000-00-00 00:00:00`` is how MySQL writes that there is no time."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_DOTNET = re.compile(r"/Date\((-?\d{1,20})(?:[+-]\d{4})?\)/", re.ASCII)
_MAIL = re.compile(r"(?ai)(?:[a-z]{3}, )?\d\d? [a-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|[+-]\d{4})")
_UTC = re.compile(r" ?(?:UTC|GMT)$")
_SLASHES = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})(?!\d)", re.ASCII)

_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")

_UNITS = ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""A count below so much is of units of which a second has so many: seconds, milli-, micro-, nanoseconds."""

_EARLIEST, _LATEST = 1990, 2200
"""Years of which a number is taken for a time."""


def read_time(value: object) -> str | None:
    """A time as text that sorts; "" where there is none, None where something is there that cannot be read.

    A time in ISO form stays as the dialler writes it. Counted seconds are UTC. The first day of some calendar, and the
    last, stand for no time. Day and month are not guessed.
    """
    if value is None or value is False or value in ([], {}):
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _counted(value)
    if isinstance(value, list):
        return _listed(value)
    return _written(value.strip()) if isinstance(value, str) else None


def _counted(number: float) -> str | None:
    if number != number or number <= 0:  # before 1970 there were no calls, and -1 says so
        return "" if number <= 0 else None
    if isinstance(number, int) and number < 1e20 and len(str(number)) in _COMPACT:
        found = _parsed(str(number), _COMPACT[len(str(number))])
        if found:
            return found
    unit = next((unit for below, unit in _UNITS if 1e8 < number < below), None)
    if unit is None:
        return None
    with suppress(ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(number / unit, UTC)
        told = stamp(moment, between=" ")
        return told if _EARLIEST <= moment.year <= _LATEST else None
    return None


def _written(text: str) -> str | None:
    if _NOTHING.fullmatch(text):
        return ""
    if len(text) > 60:
        return None
    if _NUMBER.fullmatch(text):
        return _counted(float(text) if "." in text else int(text))
    if dotnet := _DOTNET.fullmatch(text):
        return _counted(int(dotnet[1]))
    for moment in _readings(text):
        if moment.year <= 1970 or moment.year == 9999:  # the zero of some clock, or its end
            return ""
        return text if _ISO.fullmatch(text) else stamp(moment, "auto", between=" ")
    return None


def _readings(text: str) -> Iterator[datetime]:
    """What the text says, in each form in which it can be read."""
    with suppress(ValueError):
        yield datetime.fromisoformat(_UTC.sub("+00:00", text))
    plain = text.replace("/", "-") if re.match(r"\d{4}/", text) else text
    if slashes := _SLASHES.match(text):
        first, second = int(slashes[1]), int(slashes[2])
        if (first > 12) != (second > 12):
            day, month = (first, second) if first > 12 else (second, first)
            plain = f"{day}.{month}.{slashes[3]}{text[slashes.end() :]}"
    for form in _FORMS:
        with suppress(ValueError):
            yield datetime.strptime(plain, form)  # noqa: DTZ007 - the dialler's own time zone
    if _MAIL.fullmatch(text):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            yield parsedate_to_datetime(text)


def _parsed(text: str, form: str) -> str:
    with suppress(ValueError):
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - the dialler's own time zone
        if _EARLIEST <= moment.year <= _LATEST:
            return str(moment.date()) if form == _COMPACT[8] else str(moment)
    return ""


def _listed(parts: list[object]) -> str | None:
    """``[2026, 1, 2, 10, 0, 9]``, as Java writes a time."""
    numbers = [part for part in parts[:6] if type(part) is int and abs(part) < 10_000]
    with suppress(ValueError, TypeError):
        if len(numbers) == min(len(parts), 6) >= 3 and len(parts) <= 7 and _EARLIEST <= numbers[0] <= _LATEST:
            return str(datetime(*numbers))  # type: ignore[arg-type]  # noqa: DTZ001 - the dialler's own time zone
    return None


def seconds_between(connect: str, end: str) -> float | None:
    """From one time to another; None where one is missing, only one has a zone, or they are in the wrong order."""
    with suppress(ValueError, TypeError):
        first, last = (datetime.fromisoformat(_UTC.sub("+00:00", text)) for text in (connect, end))
        seconds = (last - first).total_seconds()
        return seconds if seconds >= 0 and math.isfinite(seconds) else None
    return None
