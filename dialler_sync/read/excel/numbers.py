"""Values of spreadsheet cells → the text that a person reads, never a damaged number.

Excel stores numbers as binary floats and shows 15 significant digits; dates are numbers too, told apart only by the
number format. Sources: ECMA-376 part 1, 18.8.30 (numFmt) and 18.18.22 (ST_CellType).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ...model import CellNote

Value = str | float | int | bool | dt.datetime | dt.date | dt.time | dt.timedelta
"""Value of one cell from a reader; an empty cell is ``""``."""

BYTE_ORDER_MARK = "\ufeff"

PRECISION_LOST = CellNote(code="precision_lost")

_FIRST_INEXACT = 1e15
"""The smallest number of 16 digits, of which Excel keeps 15."""


def cell_text(value: Value) -> tuple[str, CellNote | None]:
    """Return the text of a cell, and the note on what the text does not say.

    Numbers are in plain digits, dates and times in ISO to the second, booleans ``TRUE`` and ``FALSE``.
    """
    return _TEXTS[type(value)](value)


def number_text(number: float) -> str:
    """Write a number in plain digits, to Excel's 15: ``491711234567.0`` → ``491711234567``."""
    if abs(number) < _FIRST_INEXACT and number == (whole := int(number)):
        return str(whole)
    text = f"{number:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text


def moment_of(number: float, code: str, *, from_1904: bool) -> Value:
    """Convert a number with a date format to a date, time or duration; other and negative numbers stay numbers."""
    from openpyxl.styles.numbers import is_timedelta_format
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

    epoch = CALENDAR_MAC_1904 if from_1904 else CALENDAR_WINDOWS_1900
    try:
        return from_excel(number, epoch, is_timedelta_format(code)) if number >= 0 else number
    except (ValueError, OverflowError):
        return number


def _string(text: str) -> tuple[str, None]:
    return text.replace(BYTE_ORDER_MARK, ""), None  # as in a CSV file, it is not text


def _number(number: float) -> tuple[str, CellNote | None]:
    text = number_text(number)
    if abs(number) >= _FIRST_INEXACT:
        return text, PRECISION_LOST
    # A number field takes the number, whatever decimal sign the configuration expects in text.
    return text, CellNote(number=text) if "." in text else None


def _moment(moment: dt.datetime) -> tuple[str, None]:
    if moment.microsecond:  # rounded to the second, as in Excel, except at the end of the year 9999
        up = moment.microsecond >= 500_000 and moment.year < dt.MAXYEAR
        moment = moment.replace(microsecond=0) + dt.timedelta(seconds=up)
    return str(moment).removesuffix(" 00:00:00"), None


def _time(time: dt.time) -> tuple[str, None]:
    text, _ = _moment(dt.datetime.combine(dt.date.min, time))
    return text[11:] or "00:00:00", None


def _duration(duration: dt.timedelta) -> tuple[str, None]:
    seconds = round(duration.total_seconds())
    minutes, second = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60:02}:{minutes % 60:02}:{second:02}", None


_TEXTS: dict[type, Callable[[Any], tuple[str, CellNote | None]]] = {
    str: _string,
    float: _number,
    int: _number,
    bool: lambda value: ("TRUE" if value else "FALSE", None),
    dt.datetime: _moment,
    dt.date: lambda date: (str(date), None),
    dt.time: _time,
    dt.timedelta: _duration,
}
