"""Number formats that do not show a number in plain digits: ``00000``, ``"+"0``, ``0000-000``.

This module knows formats made of digit places and literal text, and percentages, which show a hundred times the number
(``0.0%``). With decimals, thousands, fractions, exponents, currencies and dates, the number itself is meant, and a date
is given as ISO. Neither calamine nor openpyxl shows a number by its format. Source: ECMA-376 part 1, 18.8.31.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeVar

from ...model import CellNote
from ...text.phrase import figure, phrase
from .numbers import Value, cell_text, number_text
from .package import save_anew

BUILT_IN_CODES = {
    9: "0%",
    10: "0.00%",
    20: "h:mm",
    21: "h:mm:ss",
    45: "mm:ss",
    46: "[h]:mm:ss",
    **dict.fromkeys((*range(14, 20), 22, *range(27, 37), 47, *range(50, 59)), "yyyy-mm-dd"),
}
"""Built-in formats by number, which workbooks do not spell out: only those that show another value."""

_LONGEST_CODE = 1_000
"""Excel writes at most 255 characters; the time that a crafted code takes grows with the square of its length."""

_MOST_CODES = 500_000
"""Characters in all formats of a workbook; Excel knows some 250 formats of one's own."""

_Key = TypeVar("_Key")
_SECTION = re.compile(r'((?:"[^"]*+"|\\.(?!\Z)|[^;])*+)(?:;|\Z)', re.DOTALL)
_TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)" | \\(?P<escaped>.)
    | \[(?P<test><=|>=|<>|<|>|=)(?P<limit>-?\d+(?:\.\d+)?)\]
    | \[(?:\$-[^\]]*|[a-z]{3,}\s?\d*)\]     # locale and colour are not shown; [$€-407] would be, [h] is a duration
    | _. | \*.                              # a blank as wide as that character, and filling up with it: not shown
    | (?P<general>general)
    | (?P<place>[0#?])
    | (?P<percent>%)
    | (?P<point>\.)
    | (?<=[0#?]),(?=[0#?])                  # between thousands: not shown, as programs for other languages show another
    | (?P<literal>[-+():!^&'~{}<>=\ ])      # these need no quotes
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_TESTS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_EXACT = Context(prec=1_000)
_TRIALS = (0, -1, 491_711_234_567, *(10**places for places in range(12)))
"""A format that shows all of these in plain digits shows every number so."""


@dataclass(frozen=True, slots=True)
class _Section:
    """One part between semicolons. ``parts``: (kind, text); the kinds are place, general and literal."""

    parts: tuple[tuple[str, str], ...]
    test: str = ""
    limit: float = 0

    def show(self, number: float) -> str:
        """Show the absolute value of a number; the last place takes the last digit."""
        size = number_text(abs(number))
        kinds = [kind for kind, _ in self.parts]
        if "percent" in kinds:
            return self._show_percentage(Decimal(size).scaleb(2 * kinds.count("percent")), kinds)
        digits = f"{Decimal(size).to_integral_value(ROUND_HALF_UP):f}".lstrip("0")
        shown = []
        places = sum(kind == "place" for kind, _ in self.parts)
        for kind, text in reversed(self.parts):
            if kind == "place":
                places -= 1
                rest, taken = (digits[:-1], digits[-1:]) if places else ("", digits)
                shown.append(taken or text.strip("#"))
                digits = rest
            else:
                shown.append(size if kind == "general" else text)
        return "".join(reversed(shown))

    def _show_percentage(self, size: Decimal, kinds: list[str]) -> str:
        """Show 7.5 as ``7.5%`` for ``0.0%``: rounded to the decimal places; ``#`` shows no trailing zero."""
        places = [place for place, kind in enumerate(kinds) if kind == "place"]
        point = kinds.index("point") if "point" in kinds else len(kinds)
        behind = [self.parts[place][1] for place in places if place > point]
        whole, _, decimals = f"{size.quantize(Decimal(1).scaleb(-len(behind)), ROUND_HALF_UP, _EXACT):f}".partition(".")
        while decimals.endswith("0") and behind[len(decimals) - 1] != "0":
            decimals = decimals[:-1]
        text = f"{whole}.{decimals}" if decimals else whole
        first = places[0] if places else -1
        return "".join(
            text if place == first else "%" if kind == "percent" else part if kind == "literal" else ""
            for place, (kind, part) in enumerate(self.parts)
        )


@dataclass(frozen=True, slots=True)
class DigitFormat:
    """A number format of digit places and literals: its sections, in the order in which they are tried."""

    sections: tuple[_Section, ...]

    def read(self, value: Value) -> tuple[str, CellNote | None]:
        """Return the shown text, and a note with the number if the text differs from it."""
        text, note = cell_text(value)
        if isinstance(value, str | bool) or not isinstance(value, float | int) or not math.isfinite(value):
            return text, note
        shown = self.show(value)
        return (shown, CellNote(code=note.code if note else None, number=text)) if shown != text else (text, note)

    def show(self, number: float) -> str:
        """Show 123 as ``00123`` for ``00000``."""
        tested = any(section.test for section in self.sections)
        if tested or len(self.sections) == 1:
            sign = "-" if number < 0 else ""
            fitting = [s for s in self.sections if not s.test or _TESTS[s.test](number, s.limit)]
            # Excel fills the cell with # if no section fits; the number says more.
            return sign + fitting[0].show(number) if fitting else number_text(number)
        which = 1 if number < 0 else 2 if number == 0 else 0
        return self.sections[which if which < len(self.sections) else 0].show(number)


def usable_code(code: str) -> str:
    """Return the code of a number format, that of a plain number in place of one that is too long."""
    return code if len(code) <= _LONGEST_CODE else "General"


def digit_formats(codes: Mapping[_Key, str]) -> dict[_Key, DigitFormat]:
    """Parse the number formats of a workbook; leave out those for which :func:`digit_format` gives None.

    Raises:
        InputError: they are more than any program writes.
    """
    _check_length(sum(map(len, codes.values())))
    shown = DigitFormats()
    return {number: known for number, code in codes.items() if (known := shown.get(code))}


class DigitFormats:
    """The number formats of a workbook, each parsed once."""

    def __init__(self) -> None:
        self._known: dict[str, DigitFormat | None] = {}
        self._length = 0

    def get(self, code: str) -> DigitFormat | None:
        """Return what :func:`digit_format` gives; one that is too long shows the plain number.

        Raises:
            InputError: with those before, it is more than any program writes.
        """
        if code not in self._known:
            self._length += len(code)
            _check_length(self._length)
            self._known[code] = digit_format(usable_code(code))
        return self._known[code]


def _check_length(length: int) -> None:
    if length > _MOST_CODES:
        raise save_anew(phrase("is damaged: its number formats have more than {most} signs.", most=figure(_MOST_CODES)))


def digit_format(code: str) -> DigitFormat | None:
    """Parse a number format; None if it shows the plain number, or is of another kind."""
    codes = [match[1] for match in _SECTION.finditer(f"{code};")][:-1][:3]  # the last is what follows it: nothing
    if len(codes) > 1 and "@" in codes[-1]:
        del codes[-1]
    sections = [_section(part) for part in codes]
    if any(section is None for section in sections) or not any(s.parts for s in sections if s):
        return None
    known = DigitFormat(tuple(section for section in sections if section))
    return known if any(known.show(trial) != number_text(trial) for trial in _TRIALS) else None


def _section(code: str) -> _Section | None:
    parts: list[tuple[str, str]] = []
    test, limit, at = "", 0.0, 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if not match:
            return None
        at = match.end()
        if match["test"]:
            test, limit = match["test"], float(match["limit"])
        elif match.lastgroup in {"place", "general", "percent", "point"}:
            parts.append((match.lastgroup, match[0]))
        elif match.lastgroup:
            parts.append(("literal", match[match.lastgroup]))
        elif match[0] == ",":
            parts.append(("thousands", ""))
    kinds = {kind for kind, _ in parts}
    # Decimals and thousands do not change the value of a number; a percentage does.
    if "percent" in kinds:
        return _Section(tuple(parts), test, limit) if "place" in kinds else None
    return None if kinds & {"point", "thousands"} or ("place", "?") in parts else _Section(tuple(parts), test, limit)
