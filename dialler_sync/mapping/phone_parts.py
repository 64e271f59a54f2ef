"""Which digits of a phone cell belong to one number: joined with others, they are the number of a stranger.

:func:`parts` cuts a cell where one number surely ends. Within a part, :func:`behind` finds what follows a number that
is whole already.

- ``;``, ``,``, ``|``, ``&``, ``:::`` (Google), a line end, a second ``+``, ``oder`` and similar words separate numbers.
  So does ``/`` behind a whole number: ``0171 1234567/089 12345`` are two, and so are ``089 1234567/68``, of which the
  second is too short. Behind an area code, as in ``0171/1234567``, it only groups digits. A label between digits
  separates, too, so ``0171 1234567 privat 2`` is refused: nothing but signs may stand within a number.
- Other signs only group digits (``089 12 34 56``). Nobody groups behind five digits in a row, nor one digit alone (but
  behind groups of two or three, ``089 12 34 56 7``): there a whole number ends.
- Only a dial-in (Germany, Austria, Luxembourg; no mobile number) may follow: one group, a single digit of it behind a
  dash. Behind ten digits of a German number, two more are another number. ``-0`` is a switchboard everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice, takewhile

import phonenumbers

from .numbering_plans import Plan, e164, quick_e164

COMPLETE = 6
"""Fewest digits (without prefix and country code) of a whole number; area codes have at most five."""

_LONGEST = 16
"""A + and the digits of the longest number."""

MOST = 20
"""Most numbers of a cell."""

EXPLICIT = "–"
"""Stands before a dial-in that is called so (``DW 12``); each dash of a cell is ``-`` by then."""

WORD = re.compile(r"[^\W\d_]+\.?")
BRACKET = re.compile(r"[()\[\]]")
AROUND = f" \t:.()[]-{EXPLICIT}"

_BETWEEN = re.compile(
    r"[;,|&\n\r]|:::|(?<![^\W\d])(?:oder|od|und|u|bzw|or|and|ou|et)(?![^\W\d])\.?|(?<=\s)[oye](?=\s)|(?:\s|(?<=[0-9]))(?=\(?\+)",
    re.IGNORECASE,
)
_PERHAPS_BETWEEN = re.compile(r"/|\s-\s*(?=\(?[0+](?:[^0-9]{0,3}[0-9]){5})")
_GAP = re.compile(r"(?<=[0-9])[^0-9]++(?=[0-9])")
_NO_DIGITS = re.compile("[^0-9+]+")
_NO_GROUP = re.compile(r"[0-9]{5}\Z")
_ALIKE = re.compile(r"(?:[^0-9][0-9]{2}){3}\Z|(?:[^0-9][0-9]{3}){2}\Z")
_FEW_ALIKE = re.compile(r"(?:[^0-9][0-9]{2}){2}\Z|(?:[^0-9][0-9]{3}){2}\Z")
"""Groups of two or three, behind which one digit may be left; fewer of them where no single digit is dialled in."""
"""Groups of two digits, or of three."""

_ONE_DIGIT = re.compile(r"[0-9](?![0-9])")
PREFIXED = re.compile(r"0[1-9](?:[0-9]|[^0-9]+[0-9]{3})")
"""Digits that begin with a prefix; pairs, as in France, do not."""

_PREFIX_WITHIN = re.compile(f"[0-9][^0-9]+{PREFIXED.pattern}")
_GERMAN_LANDLINE = re.compile(r"\+49(?:[2-6]|[789][1-9])")
"""Numbers that never go on with a 0 behind their prefix: mobile, free and Italian ones may."""

_SIX_DIGITS = re.compile(r"(?:[^0-9]*+[0-9]){6}")
_MAY_GO_ON = re.compile(
    r"[^0-9][0-9](?![0-9])"  # one digit
    r"|(?<=[0-9]{5})[^0-9]+[0-9]"
    r"|-[0-9]{2}[^0-9]*\Z|-[0-9]+[^0-9]+[0-9]"  # a second line, a second dial-in
    r"|\.\."
)
_DIAL_IN = re.compile(r"[0-9]*-[0-9]{1,5}\Z")
_LONG = len("+49") + 11
_DIAL_INS = re.compile(r"\+49(?!1[5-7])|\+43(?!6(?:[5789]|6[013-9]))|\+352(?!6)")
"""Countries whose numbers have dial-ins, but for mobile ones."""

_TEN_GERMAN_DIGITS = re.compile(r"\+49[0-9]{10}")


def between(text: str) -> list[str]:
    """Cut at the signs and words that separate numbers."""
    return _BETWEEN.split(text)


def parts(text: str, is_label: Callable[[str], bool]) -> Iterator[str]:
    """Cut behind the labels that stand between digits, and at a slash or dash behind a number that may be whole."""
    start = 0
    for gap in _GAP.finditer(text):
        for word in WORD.finditer(text, *gap.span()):
            if is_label(word[0]):
                yield from _numbers(text[start : word.end()])
                start = word.end()
    yield from _numbers(text[start:])


def beginnings(text: str) -> list[str]:
    """Return what stands before each gap between the digits of a text, as long as it may be one number."""
    begun = (text[: gap.start()] for gap in _GAP.finditer(text))
    return list(takewhile(lambda part: len(compacted(part)) <= _LONGEST, begun))


def _numbers(part: str) -> Iterator[str]:
    start = 0
    for sign in islice(_PERHAPS_BETWEEN.finditer(part), MOST):
        if _national_digits(part[start : sign.start()]) >= COMPLETE:
            yield part[start : sign.start()]
            start = sign.end()
    yield part[start:]


def compacted(text: str) -> str:
    """Return the digits of a text, and each +."""
    return _NO_DIGITS.sub("", text)


def _national_digits(text: str) -> int:
    """Count the digits of a number without country code and leading zero."""
    signs = compacted(text)
    digits = signs.replace("+", "")
    if signs.startswith(("+", "00")):
        digits = digits.removeprefix("00")
        for length in (1, 2, 3):
            if int(digits[:length] or 0) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
                digits = digits[length:]
                break
    return len(digits.removeprefix("0"))


def may_go_on(cell: str, number: str) -> bool:
    """Whether :func:`behind` may find something in a cell that is read as this number; cheap."""
    if _PREFIX_WITHIN.search(cell):
        return True
    six = _SIX_DIGITS.match(cell)
    if six is None or not (len(number) > _LONG or _MAY_GO_ON.search(cell, six.end())):
        return False
    only_dial_in = _DIAL_IN.match(cell, six.end()) and len(number) < _LONG
    return not (only_dial_in and _DIAL_INS.match(number))


def behind(number: str, region: str | None, plan: Plan | None, *, quick: bool) -> str:
    """Return the digits behind a whole number, or behind another's prefix, that are not of it; ``""`` if there are
    none.

    ``quick``: without the library, as :func:`quick_e164` reads the digits as one number.
    """
    dash_before = False
    for gap in _GAP.finditer(number):
        left, right, dash = number[: gap.start()], number[gap.end() :], "-" in gap[0]
        if whole := _whole(left, region, plan, quick=quick):
            alone = _NO_GROUP.search(left) is not None
            ends = alone or (dash and not dash_before) or EXPLICIT in gap[0]
            alike = (_ALIKE if _DIAL_INS.match(whole) else _FEW_ALIKE).search(left) is not None
            if not _goes_on(gap[0], right, whole, plan, ends=ends, alone=alone, alike=alike):
                return number[gap.start() :].strip(AROUND)
            if ends:
                return ""
        elif PREFIXED.match(right) and _is_prefix(left) and _whole(right, region, plan, quick=quick):
            joined = _whole(number, region, plan, quick=quick)
            if joined and _GERMAN_LANDLINE.match(joined):
                return right.strip(AROUND)
        dash_before = dash_before or dash
    return ""


def _is_prefix(left: str) -> bool:
    """Whether the digits before a whole number are another's prefix, and not only the code of a country."""
    signs = compacted(left)
    return len(signs.lstrip("+0")) > 3 if signs.startswith(("+", "00")) else len(signs) > 1 and signs[0] == "0"


def _whole(left: str, region: str | None, plan: Plan | None, *, quick: bool) -> str | None:
    digits = compacted(left)
    found = None if len(digits) < COMPLETE else quick_e164(digits, plan) if quick else e164(digits, region)
    return found if isinstance(found, str) and _national_digits(digits) >= COMPLETE else None


def _goes_on(gap: str, right: str, whole: str, plan: Plan | None, *, ends: bool, alone: bool, alike: bool) -> bool:
    """Whether the digits on the right of a gap are of the whole number on its left.

    ``ends``: by its signs, the number ends there. ``alone``: its digits are not grouped. ``alike``:
    they are, by twos or threes, so that one may be left.
    """
    digits = compacted(right)
    dial_ins = _DIAL_INS.match(whole) is not None
    bracket = BRACKET.search(gap)
    if digits == "0" and (dial_ins or (not bracket and "-" in gap)):  # the switchboard
        return True
    if bracket or ".." in gap or (PREFIXED.match(right) and quick_e164(digits, plan)):
        return False
    if EXPLICIT in gap:
        return dial_ins and not _GAP.search(right)
    if _ONE_DIGIT.match(right):
        return len(digits) == 1 and (dial_ins if "-" in gap else alike)
    if dial_ins:
        return not _TEN_GERMAN_DIGITS.match(whole) and not (ends and _GAP.search(right))
    return not ends or (not alone and len(digits) > 2)
