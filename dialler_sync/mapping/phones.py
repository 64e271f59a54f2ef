"""Phone cells as people type them → numbers in E.164, or faults.

:func:`read_phone` parses a cell: invisible signs, labels (``Tel.``, ``privat``), extensions, several numbers.
:func:`quick_phone` is the fast path for one number in a usual form.
:mod:`phone_parts` decides which digits belong to one number.

- A direct dial-in (``12345-67``, ``12345 Durchwahl 67``, ``12345-0 DW 67``) is part of the number. An extension (``ext.
  5``) is not: nobody can dial it from outside.
- Doubtful cells are refused: words, dates, ``4,91701E+11`` and numbers without their leading zero.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Literal

from ..error_codes import fault
from ..model import Fault
from ..text.normal import normalized
from ..text.phrase import mark, phrase
from ..text.spreadsheet import damage
from .countries import region_of
from .numbering_plans import Plan, e164, plan_of_region, quick_e164, type_of
from .phone_parts import (
    AROUND,
    BRACKET,
    COMPLETE,
    EXPLICIT,
    MOST,
    PREFIXED,
    WORD,
    beginnings,
    behind,
    between,
    compacted,
    may_go_on,
    parts,
)

Read = str | tuple[str, ...] | Fault
"""One number, several, or a fault."""


class RestoredNumber(str):
    """A number in E.164 whose leading zero was lost and put back."""

    __slots__ = ()


_LONGEST_CELL = 500
_MOST_DIGITS = 30
"""More than any number has with the digits that are dialled before it; a longer one costs the library much time."""

_LABEL = re.compile(
    r"t[eé]l([eé]fon[eo]?|efonnummer)?|tn|tlf|tfno|fon|phone|mob(il|ile|iltelefon)?|m[oó]vil|cell(ulare)?|handy|natel"
    r"|port(able)?|call(to)?|festnetz|fi[jx][eo]|fisso|rufnummer|n[or]|nummer|number|uff(icio)?|bureau|oficina|casa"
    r"|priv(at|ate)?|home|zuhause|gesch(äft|äftlich)?|dienstl(ich)?|büro|office|work|business|zentrale|[tmpdghwc]",
    re.IGNORECASE,
)
_HINT_FOR_WORDS = mark(
    "Keep only the number. If the word means that there is none, map it to an empty text under values:."
)
_BEHIND_A_NUMBER = mark("'{digits}' follows a whole number.")
_BEHIND_A_PREFIX = mark("'{digits}' has a prefix of its own.")
_WRONG_TYPE = {
    ("mobile", "landline"): mark("The number is a landline number; a mobile number is required."),
    ("mobile", "other"): mark("The number is neither a mobile nor a landline number; a mobile number is required."),
    ("landline", "mobile"): mark("The number is a mobile number; a landline number is required."),
    ("landline", "other"): mark("The number is neither a mobile nor a landline number; a landline number is required."),
}
"""What is said of a number, by the type that is required and the one that it has."""

_FLOAT = re.compile(r"(\+?[0-9]{7,})[.,]0{1,2}|(\+?[0-9(][0-9 ()/-]{6,})\.0")
"""A number that a program took for an amount; the decimal zero is not dialled."""

_DATE = re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_DIAL_IN = re.compile(
    r"(?:\s*-\s*0)?[\s,;:(/-]*(?<![^\W\d])(?:durchwahl|dw|ddi|klappe|kl)(?![^\W\d])[\s.:=-]*([0-9]{1,6})(?![0-9])\)?",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"[\s,;:(/-]*(?:(?<![^\W\d])(?:extension|extn|ext|x|apparat|app|nebenstelle|nst|interno?|int|poste)(?![^\W\d])|#)"
    r"[\s.:=#]*[0-9]{1,6}\)?(?=\s*(?:\Z|[;,|&\n\r/]|[^\W\d]))",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}|[^0-9+()\[\]/. \t-]+"
)
"""What may stand beside a number: a date, words, signs."""

_NEXT = re.compile(r"\s(?=\(?[0+])")
_ZERO_IN_BRACKETS = re.compile(r"(\(?(?:\+|00)\s*[0-9]{1,3}\)?[\s./-]*)\(\s*0\s*\)")
"""``+48 (0) 601…``: a 0 that is dialled inside the country, or (Italy) always, or (Poland) no longer."""

_ANY_CARRIER = re.compile(r"(?<![0-9])0\s?xx\s?(?=\)?\s?[1-9][0-9])", re.IGNORECASE)
"""``0xx11 91234-5678``: in Brazil, two digits of a carrier may be dialled between the 0 and the area code."""

_BRAZIL = re.compile(r"\(?(?:\+|00)\s*55")
_STRANGE = re.compile(rf"[^0-9+()\[\]/. \t{EXPLICIT}-]")

_HOURS = re.compile(r"(?<=[^0-9])[0-9]{1,2}(?:\s?h|m)(?![^\W\d])", re.IGNORECASE)
"""``030 1234567 24h``: a time, and no dial-in with a label."""

_LEFT_OUT = re.compile(r"[0-9][^0-9]*\.\.[^0-9]*\Z")
_QUICK = str.maketrans("", "", " ()-/.")
_QUICK_SLASH = re.compile(r"\(?0[1-9][0-9]{1,4}\)? ?/ ?[0-9 -]+\Z")


@dataclass(frozen=True, slots=True)
class Country:
    """Country of numbers without a country code. ``named``: its name in the source."""

    region: str | None = None
    plan: Plan | None = None
    named: str = ""


@lru_cache(maxsize=1024)
def country(named: str | None, fallback: str | None = None) -> Country:
    """Find the country that a cell or a configuration names; ``fallback`` applies if it names none."""
    region = region_of(named) if named else fallback
    return Country(region, plan_of_region(region) if region else None, named or "")


def read_phones(
    cells: Iterable[str | Fault | None],
    countries: Iterable[Country],
    extension: Literal["drop", "reject"] = "drop",
    lost_zero: Literal["reject", "restore"] = "reject",
) -> list[Read | None]:
    """Read one column of phone cells, with the country of each row; faults and empty cells are kept."""
    return [
        (quick_phone(cell, where.plan) or read_phone(cell, where, extension, lost_zero))
        if isinstance(cell, str)
        else cell
        for cell, where in zip(cells, countries, strict=False)
    ]


def quick_phone(cell: str, home: Plan | None) -> str | None:
    """Read a cell with one valid number in plain form; None if :func:`read_phone` has to decide."""
    if "/" in cell and not _QUICK_SLASH.match(cell):
        return None
    if "." in cell and (".." in cell or _FLOAT.fullmatch(cell.strip())):
        return None
    bracket = max(cell.rfind("("), cell.rfind(")"))
    if bracket >= COMPLETE and sum(map(str.isdigit, cell[:bracket])) >= COMPLETE:
        return None
    compact = cell.translate(_QUICK)
    if " -" in cell or "- " in cell or (len(compact) <= 8 and _DATE.fullmatch(cell.strip())):
        return None
    number = quick_e164(compact, home)
    if number is None or len(compact) == len(cell) or not may_go_on(cell, number):
        return number
    return None if behind(cell, None, home, quick=True) else number


def of_type(
    numbers: list[str | Fault | None], wanted: Literal["any", "mobile", "landline"]
) -> tuple[list[str | Fault | None], list[bool]]:
    """Replace numbers of another type by faults; also return which numbers have an unknown type."""
    types = [type_of(str(number)) if isinstance(number, str) else wanted for number in numbers]
    wrong = {
        found: fault("phone_wrong_type", phrase(said))
        for (needed, found), said in _WRONG_TYPE.items()
        if needed == wanted
    }
    return [wrong.get(found, number) for found, number in zip(types, numbers, strict=True)], [
        not found for found in types
    ]


def read_phone(
    cell: str,
    where: Country,
    extension: Literal["drop", "reject"] = "drop",
    lost_zero: Literal["reject", "restore"] = "reject",
) -> Read:
    """Read a phone cell: one number in E.164, several different ones in order, or a fault.

    Args:
        cell: the text of the cell, not blank.
        where: country of numbers without a country code.
        extension: whether a number is used without its extension, or refused.
        lost_zero: whether a lost leading zero is put back, or the number refused.
    """
    if len(cell) > _LONGEST_CELL:
        return fault("phone_invalid", phrase("A cell of {length} characters is not a phone number.", length=len(cell)))
    text = _plain(cell)
    if code := damage(text):
        return fault(code)
    if _DATE.fullmatch(text):
        return fault(
            "phone_invalid",
            phrase("The cell holds a date."),
            phrase("Check whether the columns of this row have shifted."),
        )
    if match := _FLOAT.fullmatch(text):
        text = match[1] or match[2]
    text = _DIAL_IN.sub(rf" {EXPLICIT}\1 ", text)
    without = _EXTENSION.sub(" ", text)
    if without != text and extension == "reject":
        return fault("phone_extension")
    cells = (_with_carrier_left_out(part, where) for part in between(without))
    pieces = list(islice((number for part in cells for number in parts(part, _is_label)), MOST + 1))
    if len(pieces) > MOST:
        return fault("phone_invalid", phrase("The cell holds more than {most} numbers.", most=MOST))
    read = {piece: number for piece in pieces if (number := _read_one(piece, where, lost_zero)) is not None}
    for piece, number in read.items():
        if isinstance(number, Fault):
            return number if len(read) == 1 else replace(number, message=f"'{piece.strip(AROUND)}': {number.message}")
    numbers = tuple(dict.fromkeys(number for number in read.values() if isinstance(number, str)))
    if not numbers:
        return fault("phone_invalid", phrase("The cell holds no phone number."), phrase(_HINT_FOR_WORDS))
    return numbers[0] if len(numbers) == 1 else numbers


def numbers_within(cell: str, where: Country) -> set[str]:
    """Return every number in E.164 that a cell may hold, also one among words that :func:`read_phone` refuses.

    Only for numbers that must not be called: one too many harms nobody.
    """
    if len(cell) > _LONGEST_CELL:
        return set()
    text = _plain(cell)
    pieces = _BESIDE.split(text)
    smaller = (part for piece in pieces for cut in (_NEXT, BRACKET) for part in cut.split(piece))
    candidates = (cell, compacted(text), *pieces, *smaller, *(begun for piece in pieces for begun in beginnings(piece)))
    found: set[str] = set()
    for part in dict.fromkeys(candidates):
        if len(re.findall("[0-9]", part)) >= COMPLETE or part == cell:
            read = quick_phone(part, where.plan) or read_phone(part, where)
            found |= {read} if isinstance(read, str) else set() if isinstance(read, Fault) else {*read}
    return found


def _plain(cell: str) -> str:
    """Replace look-alikes of digits, spaces, plus and dash by the ASCII sign; drop invisible signs."""
    text = cell if cell.isascii() else "".join(map(_plain_sign, cell))
    text = text.strip()
    if text.startswith('="') and text.endswith('"'):  # how exports protect text from becoming a number
        text = text[2:-1]
    return text.lstrip("'’`´").strip()


def _plain_sign(sign: str) -> str:
    if sign.isascii():
        return sign
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if "\uff01" <= sign <= "\uff5e":
        return normalized("NFKC", sign)
    if category == "Pd" or sign == "\u2212":
        return "-"
    return {"Zs": " ", "Zl": "\n", "Zp": "\n", "Cf": ""}.get(category, sign)


def _with_carrier_left_out(part: str, where: Country) -> str:
    if "xx" in part.casefold() and (where.region == "BR" or _BRAZIL.match(part.lstrip())):
        return _ANY_CARRIER.sub("0", part)
    return part


def _is_label(word: str) -> bool:
    return _LABEL.fullmatch(word.rstrip(".")) is not None


def _read_one(piece: str, where: Country, lost_zero: Literal["reject", "restore"]) -> str | Fault | None:
    """Read a piece that holds at most one number; None if it holds only labels and signs."""
    words = [word for word in WORD.findall(piece) if not _is_label(word)]
    if words and not re.search("[0-9]", piece):
        return fault("phone_invalid", phrase("This is text, not a phone number."), phrase(_HINT_FOR_WORDS))
    if wrong := words or _HOURS.findall(piece):
        return fault("phone_invalid", phrase("'{word}' does not belong in a phone number.", word=wrong[0]))
    number = WORD.sub(" ", piece).strip(f" \t:.-{EXPLICIT}")
    compact = compacted(number)
    if not re.search("[0-9]", compact):
        return None
    if strange := _STRANGE.search(number):
        return fault(
            "phone_invalid",
            phrase("The character {character} does not belong in a phone number.", character=repr(strange[0])),
        )
    if _LEFT_OUT.search(piece):
        return fault("phone_invalid", phrase("Digits are left out: '..' stands behind the number."))
    if "+" in compact[1:]:
        return fault("phone_invalid", phrase("A + inside a phone number cannot be dialled."))
    if len(compact) > _MOST_DIGITS:
        return fault("phone_too_long")
    read = e164(compact, where.region)
    if more := behind(number, where.region, where.plan, quick=quick_e164(compact, where.plan) is not None):
        return fault(
            "phone_too_long" if isinstance(read, Fault) and read.code == "phone_too_long" else "phone_invalid",
            phrase(_BEHIND_A_PREFIX if PREFIXED.match(more) else _BEHIND_A_NUMBER, digits=more),
            phrase("Remove what does not belong to the number. If all of it does, write it without a gap."),
        )
    if isinstance(read, Fault) and (match := _ZERO_IN_BRACKETS.match(number)):
        without = e164(compacted(match[1] + number[match.end() :]), where.region)
        read = read if isinstance(without, Fault) else without
    if lost_zero == "restore" and isinstance(read, Fault) and read.code == "phone_leading_zero_lost":
        restored = e164(f"0{compact}", where.region)
        read = read if isinstance(restored, Fault) else RestoredNumber(restored)
    if isinstance(read, Fault) and read.code == "phone_no_region" and where.named:
        return replace(
            read,
            message=phrase(
                "The number has no country code, and '{country}' is not a known country.", country=where.named
            ),
        )
    return read
