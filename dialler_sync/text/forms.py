"""Shares, times and lists for people, in the language that is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from .phrase import counted, figure, mark, phrase

_MOMENT = mark("%d %b %Y, %H:%M %Z")
_SPANS = (
    (86_400, 3_600, mark("{n} d"), mark("{n} d {rest} h")),
    (3_600, 60, mark("{n} h"), mark("{n} h {rest} min")),
    (60, 1, mark("{n} min"), mark("{n} min {rest} s")),
)
"""Seconds of a unit and of the next smaller one, and the form of a time without and with a rest."""


def rows(count: int) -> str:
    """``1 row``, ``2,000 rows``."""
    return counted(count, "{count} row", "{count} rows")


def percent(part: float, whole: float) -> str:
    """Return a percentage for people: never 0 % for more than nothing, never 100 % for less than all."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return phrase("< {share} %", share=figure(0.1, 1))
    if 99.9 < share < 100:
        return phrase("> {share} %", share=figure(99.9, 1))
    return phrase("{share} %", share=_short(share))


def duration(seconds: float) -> str:
    """``0.4 s``, ``5 min 12 s``, ``2 h 5 min``."""
    if seconds < 10:
        return phrase("{n} s", n=_short(seconds))
    whole = round(seconds)
    for size, small, alone, with_rest in _SPANS:
        if whole >= size:
            rest = whole % size // small
            return phrase(with_rest, n=whole // size, rest=rest) if rest else phrase(alone, n=whole // size)
    return phrase("{n} s", n=whole)


def milliseconds(time: float) -> str:
    """``0.4 ms``, ``12 ms``, ``2.1 s``: two significant digits."""
    if time >= 1_000:
        return duration(time / 1_000)
    return phrase("{n} ms", n=figure(time, 1 if time < 10 else 0))


def moment(text: str, form: str = _MOMENT) -> str:
    """Return a time of a summary (ISO 8601) in the zone of this machine; ``""`` stays."""
    return day(datetime.fromisoformat(text).astimezone(), form) if text else ""


def day(when: date, form: str) -> str:
    """Return a day or a time in one of the forms of :meth:`~datetime.datetime.strftime`, as the language writes it."""
    return when.strftime(phrase(form))


def listed(texts: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    *first, last = texts
    return phrase("{first} and {last}", first=", ".join(first), last=last) if first else last


def either(texts: Sequence[str]) -> str:
    """``A``, ``A or B``, ``A, B or C``."""
    *first, last = texts
    return phrase("{first} or {last}", first=", ".join(first), last=last) if first else last


def first_few(texts: Sequence[str], most: int) -> str:
    """``A, B and 3 more``: the first ``most`` of the texts, and how many there are besides."""
    shown, more = ", ".join(texts[:most]), len(texts) - most
    return phrase("{texts} and {count} more", texts=shown, count=figure(more)) if more > 0 else shown


def _short(value: float) -> str:
    """Return a number with one digit after the decimal point, unless that is a zero."""
    return figure(value, 1 if round(value, 1) % 1 else 0)
