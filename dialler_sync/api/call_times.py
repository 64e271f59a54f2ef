"""Parse times in a call's record, in the forms that servers write."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..text.stamp import stamp

NOTHING = re.compile(r"[0\W]*|null|none|nil|nan|n/?a|never|false", re.IGNORECASE)
"""Spellings of "no time"; MySQL writes ``0000-00-00 00:00:00``."""

LAST_CALL = re.compile(r"dt(?:PhoneNumber\d)?LastTry")
EACH_CALL = re.compile(rf"n(?:Tries|Calls)(?:PhoneNumber\d)?|{LAST_CALL.pattern}")
"""Names of the fields of a contact that each of its calls changes."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_DOTNET = re.compile(r"/Date\((-?\d{1,20})(?:[+-]\d{4})?\)/", re.ASCII)
_MAIL = re.compile(r"(?ai)(?:[a-z]{3}, )?\d\d? [a-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|[+-]\d{4})")
_UTC = re.compile(r" ?(?:UTC|GMT)$")
_SLASHES = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})(?!\d)", re.ASCII)

_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")

_UNITS = ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""(limit, units per second): numbers below the limit are seconds, milli-, micro-, nanoseconds."""

_EARLIEST, _LATEST = 1990, 2200
"""Years for which a number counts as a time."""


def read_time(value: object) -> str | None:
    """Return a time as text that sorts; ``""`` for no time, None for an unreadable value.

    ISO times stay as the dialler writes them. Numeric timestamps are UTC. The first and the last day of common
    calendars mean no time. An ambiguous order of day and month makes the value unreadable.
    """
    if value is None or value is False or value in ([], {}):
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _counted(value)
    if isinstance(value, list):
        return _listed(value)
    return _written(value.strip()) if isinstance(value, str) else None


def _counted(number: float) -> str | None:
    if number != number or number <= 0:  # no calls before 1970; -1 means no time
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
        text = stamp(moment, between=" ")
        return text if _EARLIEST <= moment.year <= _LATEST else None
    return None


def _written(text: str) -> str | None:
    if NOTHING.fullmatch(text):
        return ""
    if len(text) > 60:
        return None
    if _NUMBER.fullmatch(text):
        return _counted(float(text) if "." in text else int(text))
    if dotnet := _DOTNET.fullmatch(text):
        return _counted(int(dotnet[1]))
    for moment in _readings(text):
        if moment.year <= 1970 or moment.year == 9999:  # the zero or the end of some clock
            return ""
        return text if _ISO.fullmatch(text) else stamp(moment, "auto", between=" ")
    return None


def _readings(text: str) -> Iterator[datetime]:
    """Yield the time in each form that the text matches."""
    with suppress(ValueError):
        yield datetime.fromisoformat(_UTC.sub("+00:00", text))
    plain = text.replace("/", "-") if re.match(r"\d{4}/", text) else text
    if slashes := _SLASHES.match(text):
        first, second = int(slashes[1]), int(slashes[2])
        if (first > 12) != (second > 12) or first == second:
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
    """Parse ``[2026, 1, 2, 10, 0, 9]``, as Java serialises a time."""
    numbers = [part for part in parts[:6] if type(part) is int and abs(part) < 10_000]
    with suppress(ValueError, TypeError):
        if len(numbers) == min(len(parts), 6) >= 3 and len(parts) <= 7 and _EARLIEST <= numbers[0] <= _LATEST:
            return str(datetime(*numbers))  # type: ignore[arg-type]  # noqa: DTZ001 - the dialler's own time zone
    return None


def moment(text: str) -> datetime | None:
    """Return the moment of a text of :func:`read_time`, local if it has no zone; None if it is not a time.

    A day without a time counts as its end.
    """
    with suppress(ValueError, OverflowError, OSError):
        found = datetime.fromisoformat(_UTC.sub("+00:00", text))
        if len(text) == len("2026-01-31"):
            found = found.replace(hour=23, minute=59, second=59)
        return found.astimezone(UTC)
    return None


def seconds_between(connect: str, end: str) -> float | None:
    """Return the seconds from connect to end; None if one is missing, only one has a zone, or the order is wrong."""
    with suppress(ValueError, TypeError):
        first, last = (datetime.fromisoformat(_UTC.sub("+00:00", text)) for text in (connect, end))
        seconds = (last - first).total_seconds()
        return seconds if seconds >= 0 and math.isfinite(seconds) else None
    return None
