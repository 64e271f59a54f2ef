"""Tells changes by a spreadsheet program from changes by a person, by the text of a cell before and after.

Such programs convert anything that looks like a number, a date or a truth value: ``01099`` becomes ``1099``,
``+491711234567`` becomes ``4,91711E+11``, ``3/4`` becomes ``03. Apr``, ``(5)`` becomes ``-5``, ``10:30`` becomes
``10:30:00 AM``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from .spreadsheet import CUT, damage

_DIGITS, _SHOWN = 15, 9
"""Significant digits that a spreadsheet program keeps, and the fewest that it shows of a long decimal fraction."""
_LONGEST = 200
"""Characters of a number or a date; a longer text is none, and is not searched for one."""
_GREATEST = Decimal("1.79769313486232E308")

_WHOLE = re.compile(r"\+?[0-9]+")
_EXPONENT = re.compile(r"([+-]?)([0-9]+)(?:[.,]([0-9]+))?[eE]([+-]?[0-9]{1,3})")
_POINT_ZERO = re.compile(r"([0-9]+)[.,]0+")
_NUMBER = re.compile(r"(0*[0-9]{1,3}(?:([.,' \u00a0\u202f’])[0-9]{3})(?:\2[0-9]{3})*|[0-9]*)(?:([.,])([0-9]*))?")
_SIGNED = re.compile(r"([+-]?)\s*+(\(?)\s*+([^()+-]*[^()+\s-])\s*+(\)?)\s*+([+-]?)")
"""A sign before or after, or parentheses."""
_FRACTION = re.compile(r"(-?)(?:([0-9]{1,15})\s++)?([0-9]{1,15})/([0-9]{1,15})")
_ZERO_FIRST = re.compile(r"[+-]?0[0-9]")
_UNIT = re.compile(r"(?:(?<!\s)\s++)?(?:[€$£%¥₹₽₺₴]|\b(?:CHF|DM|EUR|USD|GBP|kr|Kč|zł)\b)\s*+")

_MONTHS = tuple(
    names.split()
    for names in (
        "january januar janvier enero gennaio",
        "february februar février febrero febbraio",
        "march märz mrz mars marzo",
        "april avril abril aprile",
        "may mai mayo maggio",
        "june juni juin junio giugno",
        "july juli juillet julio luglio",
        "august août agosto",
        "september septembre septiembre settembre",
        "october oktober octobre octubre ottobre",
        "november novembre noviembre",
        "december dezember décembre diciembre dicembre",
    )
)
"""Months by number; three letters are enough."""
_THREE_PARTS = re.compile(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})")
_TWO_PARTS = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,4})\.?")
_DAY_MONTH = re.compile(r"([0-9]{1,4})[.\s/-]{0,2}([^\W\d_]{3,9})\.?(?:[\s/-]{0,2}([0-9]{2,4}))?")
_MONTH_DAY = re.compile(r"([^\W\d_]{3,9})\.?[\s/-]{0,2}([0-9]{1,4})(?:,?\s([0-9]{2,4}))?")
_WEEKDAY = re.compile(
    r"(?:mon(?:day|tag)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|mo|di(?:enstag)?|mi(?:ttwoch)?|do(?:nnerstag)?|fr(?:eitag)?|sa(?:mstag)?|sonnabend|so(?:nntag)?"
    r"|lun(?:di)?|mar(?:di)?|mer(?:credi)?|jeu(?:di)?|ven(?:dredi)?|sam(?:edi)?|dim(?:anche)?)\.?,?\s(?=.*[0-9])",
    re.IGNORECASE,
)
_HALF = r"(a\.?\s?m|p\.?\s?m|vorm|nachm|de|du|öö|ös|π\.?\s?μ|μ\.?\s?μ|上午|下午|午前|午後|오전|오후)\.?"
"""Before and after noon, as the languages say it that have clocks of twelve hours."""
_AFTER_NOON = ("p", "nachm", "du", "ös", "μ", "下午", "午後", "오후")
_TIME = re.compile(
    r"(?:(?<![ T])[ T]++|\A)(?:([0-9]{1,4}):([0-9]{0,2})(?::([0-9]{1,2}(?:[.,][0-9]{1,9})?))?"
    rf"|([0-9]{{1,2}})(?=\s?[ap]\.?\s?m))(?:\s?{_HALF})?\Z",
    re.IGNORECASE,
)
"""A time of day or a duration, alone or after a date: ``8:3``, ``100:00``, ``10:30:15,5``, ``10:30 PM``, ``8 am``."""
_FIRST_DAY, _LAST_SERIAL = date(1899, 12, 30), 2_958_465

TRUTH = tuple(
    frozenset(words.split())
    for words in (
        "true wahr vrai vero verdadero verdadeiro waar prawda pravda igaz doğru истина sant sann sand tosi",
        "false falsch faux falso onwaar fałsz nepravda hamis yanlış yanliş ложь falskt usann falsk epätosi",
    )
)
"""Truth values as spreadsheet programs show them in their languages, with case folded: ``YANLIŞ`` is ``yanliş``."""

Day = tuple[int | None, int, int | None]
"""Year, month and day, None if the text does not tell; of a two-digit year only the two digits."""


def is_changed(before: str, after: str, *, mended: bool = False) -> bool:
    """Whether ``after`` is a spreadsheet program's rendering of ``before``.

    ``mended``: a person had a reason to change the cell. A number or a date in another notation may then be the
    correction, so only losses count that no person causes: zeros, signs, digits or letters.
    """
    before, after = before.strip(), after.strip()
    if before == after or not before or not after:
        return False
    if CUT in after:
        return before.startswith(after[: after.rindex(CUT)])
    if _is_shortened(before, after) or _letters_lost(before, after):
        return True
    if damage(after) == "error_cell" != damage(before):
        return True
    if mended or max(len(before), len(after)) > _LONGEST:
        return False
    return (
        _same_number(before, after)
        or _same_moment(before, after)
        or any(before.casefold() in words and after.casefold() in words for words in TRUTH)
    )


def could_be_changed(text: str) -> bool:
    """Whether ``text`` may be a spreadsheet program's rendering of another one; with a leading zero it is not."""
    text = text.strip()
    day, time = _apart(text)
    plain = not text.startswith("+") and not _ZERO_FIRST.match(text) and not _EXPONENT.fullmatch(text)
    return bool(
        shows_change(text)
        or (plain and (_numbers(text) or _FRACTION.fullmatch(text)))
        or any(_days(day))
        or (time is not None and not day)
        or any(text.casefold() in words for words in TRUTH)
    )


def shows_change(text: str) -> bool:
    """Whether ``text`` is almost certainly a spreadsheet program's rendering: ``4,9E+10``, ``12.0``, ``1-Mar``."""
    text = text.strip()
    named = _DAY_MONTH.fullmatch(text)
    return bool(
        damage(text)
        or _POINT_ZERO.fullmatch(text)
        or (named and re.fullmatch(r"[0-9]{1,2}[.\s-]+\D.*", text) and any(_days(text)))
    )


def _is_shortened(before: str, after: str) -> bool:
    """Whether a whole number has lost zeros, its sign or digits."""
    if _WHOLE.fullmatch(before):
        value = Decimal(before)
    elif (found := _EXPONENT.fullmatch(before)) and not found[3] and "+" not in before:
        value = _value(found)  # an article code such as 12E5
    else:
        return False
    if after.isascii() and after.isdigit():
        return (not after.startswith("0") or after == "0") and _is_rounded(value, Decimal(after))
    if found := _POINT_ZERO.fullmatch(after):
        return Decimal(found[1]) == value
    if found := _EXPONENT.fullmatch(after):
        last_digit = Decimal(1).scaleb(int(found[4]) - len(found[3] or ""))
        return abs(value - _value(found)) <= last_digit / 2
    return False


def _value(found: re.Match[str]) -> Decimal:
    sign, whole, part, exponent = found.groups()
    return Decimal(f"{sign}{whole}.{part or 0}E{exponent}")


def _is_rounded(value: Decimal, after: Decimal) -> bool:
    """Whether two numbers agree in the digits that programs keep: rounded, or cut off."""
    last_digit = Decimal(1).scaleb(max(value.adjusted() + 1 - _DIGITS, 0))
    return after == value or (last_digit > 1 and abs(value - after) < last_digit and not after % last_digit)


def _letters_lost(before: str, after: str) -> bool:
    """Whether question marks replace letters that an encoding lacks."""
    return len(before) == len(after) and all(
        old == new or (new == "?" and ord(old) > 127) for old, new in zip(before, after, strict=True)
    )


def _same_number(before: str, after: str) -> bool:
    """Whether both texts may be the same number, in the digits that the later one has."""
    if _ZERO_FIRST.match(after):
        return False
    numbers = _numbers(before)
    if (found := _fraction(before)) is not None:
        if _FRACTION.fullmatch(after):
            now = _fraction(after) or _fraction(f"0 {after}")
            return now in (found, found.limit_denominator(9), found.limit_denominator(99))
        numbers = {Decimal(found.numerator) / found.denominator}
    rounded = _UNIT.search(before + after) and re.search(r"[.,][0-9]{2}(?![0-9])", after)
    few = bool(rounded or _EXPONENT.fullmatch(after))
    return any(old == new or _is_shown(old, new, few=few) for new in _numbers(after) for old in numbers)


def _is_shown(value: Decimal, shown: Decimal, *, few: bool) -> bool:
    """Whether a number is another one rounded; ``few``: also to fewer digits than programs show of a plain number."""
    whole = value == value.to_integral_value() and abs(value) <= _GREATEST
    if whole or (len(shown.as_tuple().digits) < _SHOWN and not few):
        return False
    last_digit = Decimal(1).scaleb(max(int(shown.as_tuple().exponent), shown.adjusted() + 1 - _DIGITS))
    return abs(min(value, _GREATEST) - shown) <= last_digit / 2


def _fraction(text: str) -> Fraction | None:
    """Read ``1 5/16``; without a whole number before it, it is a date to programs."""
    found = _FRACTION.fullmatch(text)
    if not found or not found[2] or not int(found[4]):
        return None
    value = int(found[2]) + Fraction(int(found[3]), int(found[4]))
    return -value if found[1] else value


def _numbers(text: str) -> set[Decimal]:
    """Return the numbers that a text may be, by the signs of any country."""
    plain = _UNIT.sub("", text)
    scale = Decimal("0.01") if "%" in text else Decimal(1)
    if (found := _EXPONENT.fullmatch(plain)) is not None:
        return {_value(found) * scale}
    signed = _SIGNED.fullmatch(plain)
    if not signed or bool(signed[2]) != bool(signed[4]) or len(signed[1] + signed[2] + signed[5]) > 1:
        return set()
    found = _NUMBER.fullmatch(signed[3])
    if not found or not any(map(str.isdigit, plain)):
        return set()
    whole, group, point, part = found.groups()
    if group and group == point:
        return set()
    sign = "-" if "-" in signed[1] + signed[5] or signed[2] else ""
    digits = re.sub(r"\D", "", whole) or "0"
    readings = {f"{sign}{digits}.{part}" if part else f"{sign}{digits}"}
    if group in (".", ",") and not point and whole.count(group) == 1:  # 1.234
        readings.add(sign + whole.replace(group, "."))
    if not group and point and len(part) == 3 and 0 < len(digits) <= 3:
        readings.add(f"{sign}{digits}{part}")
    return {Decimal(reading) * scale for reading in readings}


def _same_moment(before: str, after: str) -> bool:
    """Whether both texts may be the same date, the same time of day, or both."""
    parts = [found.groups() for text in (before, after) if (found := _TWO_PARTS.fullmatch(text))]
    if len(parts) == 2:  # reversed by a person: no program writes the day of a date without year like this
        return [int(part) for part in parts[0]] == [int(part) for part in parts[1]]
    (day, time), (shown_day, shown_time) = _apart(before), _apart(after)
    if not day or not shown_day:
        return not day and not shown_day and time is not None and shown_time is not None and _meets(time, shown_time)
    if shown_time is not None and not _meets(time or (Decimal(0), True), shown_time):
        return False
    return _meet(set(_days(day)), set(_days(shown_day)) | set(_day_of_serial(after)))


def _meets(time: tuple[Decimal, bool], shown: tuple[Decimal, bool]) -> bool:
    """Whether a time may be shown so: programs leave out seconds, or parts of them."""
    return shown[0] in (time[0], time[0] // 1, round(time[0] + Decimal("0.01"))) or (
        not shown[1] and time[0] // 60 * 60 == shown[0]
    )


def _meet(days: set[Day], others: set[Day]) -> bool:
    return any(all(a is None or b is None or a == b for a, b in zip(x, y, strict=True)) for x in days for y in others)


def _days(text: str) -> Iterator[Day]:
    """Yield the dates that a text may be."""
    if found := _THREE_PARTS.fullmatch(text):
        first, _, second, third = found.groups()
        if len(first) > 2:
            yield from _day(first, second, third)
        elif len(third) != 3:
            yield from _day(third, second, first)
            yield from _day(third, first, second)
            if len(third) <= 2:
                yield from _day(first, second, third)
    elif found := _TWO_PARTS.fullmatch(text):
        first, second = found.groups()
        if len(second) <= 2:
            yield from _day(None, second, first)
            yield from _day(None, first, second)
        yield from _day(second, first, None)
    elif found := _DAY_MONTH.fullmatch(text):
        first, name, third = found.groups()
        if third or len(first) <= 2:
            yield from _day(third, name, first)
        if third and len(first) == 4:
            yield from _day(first, name, third)
        if not third:
            yield from _day(first, name, None)
    elif found := _MONTH_DAY.fullmatch(text):
        name, number, year = found.groups()
        if year or len(number) <= 2:
            yield from _day(year, name, number)
        if not year:
            yield from _day(number, name, None)


def _day(year: str | None, month: str, day: str | None) -> Iterator[Day]:
    number = int(month) if month.isdecimal() else _month(month.casefold())
    if 1 <= number <= 12 and (day is None or (len(day) <= 2 and 1 <= int(day) <= 31)) and (not year or len(year) != 3):
        yield int(year[-2:]) if year else None, number, int(day) if day else None


def _month(name: str) -> int:
    return next((number for number, names in enumerate(_MONTHS, 1) if any(n.startswith(name) for n in names)), 0)


def _apart(text: str) -> tuple[str, tuple[Decimal, bool] | None]:
    """Return the date and the time of a text: in seconds, and whether it has any."""
    text = text.strip()
    if day := _WEEKDAY.match(text):
        text = text[day.end() :]
    found = _TIME.search(text)
    if not found:
        return text, None
    hour, minute, second, only, half = found.groups()
    hours = int(hour or only)
    if half:
        hours = hours % 12 + (12 if half.casefold().startswith(_AFTER_NOON) else 0)
    seconds = Decimal((second or "0").replace(",", "."))
    return text[: found.start()], (hours * 3600 + int(minute or 0) * 60 + seconds, second is not None)


def _day_of_serial(text: str) -> Iterator[Day]:
    """Yield the date that a spreadsheet program stores as this number."""
    if re.fullmatch(r"-?[0-9]{5,7}", text) and -600_000 <= int(text) <= _LAST_SERIAL and abs(int(text)) >= 10_000:
        with suppress(OverflowError):
            day = _FIRST_DAY + timedelta(days=int(text))
            yield day.year % 100, day.month, day.day
