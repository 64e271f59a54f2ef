"""Mask phone numbers so that they can be recognised but not dialled: ``+49171 3920012`` → ``+49••• •••••12``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from ..config.columns import fold
from ..fields import FIELDS, Kind
from ..model import RowResult
from ..text.normal import normalized

_ESCAPE = r"\\(?:[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
"""An invisible sign, as messages show it."""

_INVISIBLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\U000e0000-\U000e0fff"
)
_BETWEEN = rf"(?:[\s./()\[\]\-‐-―−﹘﹣－（）［］．／{_INVISIBLE}]|{_ESCAPE})*"
"""What a phone number is read without: blanks, brackets, dashes, and signs that nobody sees."""

_ANY_SIGN = rf"(?:{_ESCAPE}|[\W_])*"
_DATE = r"(?:\d{4}-(?:0\d|1[0-2])-[0-3]\d|[0-3]?\d\.[01]?\d\.\d{4})"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_SKIPPED_OR_NUMBER = re.compile(
    # a date, with or without a time, is left alone; and in an escape begins no number
    rf"(?<!\d){_DATE}(?:[ T]{_TIME})?(?!\d)"
    rf"|{_ESCAPE}"
    rf"|(?P<number>(?:[+＋]{_BETWEEN})?\d(?:{_BETWEEN}\d){{4,}})"
)
_NUMBER = re.compile(rf"{_ESCAPE}|(?P<number>\d(?:{_ANY_SIGN}\d){{4,}})")
_WITH_PREFIX = re.compile(r"\D*(?:\+|0{1,2}[1-9])")
_SIGNS = re.compile(rf"{_ESCAPE}|.", re.DOTALL)


def mask_phones(text: str) -> str:
    """Mask texts that look like phone numbers: 7 digits or more with a prefix (``+``, ``0``, ``00``), or 10 without."""
    return _SKIPPED_OR_NUMBER.sub(lambda match: _masked(match, by_looks=True), text)


def mask_phone_cell(text: str) -> str:
    """Mask every 5 digits or more, whatever signs stand between them: for text known to be, or to mention, a phone
    number."""
    return _NUMBER.sub(lambda match: _masked(match, by_looks=False), text)


def mask_cell(text: str) -> str:
    """Mask a cell that holds a phone number and nothing else: every digit of 5 or more, whatever stands between."""
    digits = sum(map(str.isnumeric, text))
    return _dotted(text, digits, str.isnumeric) if digits >= _FEWEST else text


_FEWEST = 5
"""Fewest digits that are masked."""


def mask_phone_message(text: str) -> str:
    """Mask a message about a phone number: every 5 digits or more, and what it quotes of a cell, as the cell."""
    return mask_phone_cell(_QUOTED.sub(_quoted, text))


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_MOST_SHOWN = 5
"""Most digits of a masked number."""


def _quoted(match: re.Match[str]) -> str:
    odd = sum(map(str.isnumeric, mask_phone_cell(match[0]))) > _MOST_SHOWN
    return mask_cell(match[0]) if odd else match[0]


def mask_key(text: str) -> str:
    """Mask a key that is a phone number as a whole; ``00010266`` and ``KD 4711000815`` are not."""
    match = _SKIPPED_OR_NUMBER.fullmatch(text.strip())
    return _masked(match, by_looks=True) if match else text


def _masked(match: re.Match[str], *, by_looks: bool) -> str:
    number = match["number"]
    if number is None:
        return match[0]
    signs = _SIGNS.findall(number)
    digits = sum(map(str.isdigit, signs))
    if by_looks and digits < (7 if _WITH_PREFIX.match(normalized("NFKC", number)) else 10):
        return number
    return _dotted(signs, digits, str.isdigit)


def _dotted(signs: Iterable[str], digits: int, is_digit: Callable[[str], bool]) -> str:
    shown = 3 if digits >= 9 else 1
    masked, seen = [], 0
    for sign in signs:
        seen += is_digit(sign)
        masked.append("•" if is_digit(sign) and shown < seen <= digits - 2 else sign)
    return "".join(masked)


_PHONE_FIELDS = frozenset(name for name, field in FIELDS.items() if field.kind is Kind.PHONE)


def mask_field(name: str, text: str) -> str:
    """Mask the phone numbers in a column of a reconciliation, as strictly as the column's kind requires."""
    if name in ("_contact_id", "_row"):
        return text
    if name == "_user_data":
        return mask_key(text)
    return mask_cell(text) if name in _PHONE_FIELDS else mask_phones(text)


def _mask_of(fields: str) -> Callable[[str], str]:
    """Return how a message about these fields is masked."""
    return mask_phone_message if any(name in fields for name in _PHONE_FIELDS) else mask_phones


class Mask:
    """Mask the phone numbers in rows: every number in ``phone_columns``, elsewhere what looks like one.

    ``columns`` are the column names of each source.
    """

    def __init__(self, columns: Sequence[Sequence[str]], phone_columns: Collection[str] = ()) -> None:
        phones = set(map(fold, phone_columns))
        self._phones = [{i for i, name in enumerate(names) if fold(name) in phones} for names in columns]

    def hide(self, result: RowResult, source: int, cells: Sequence[str]) -> tuple[RowResult, Sequence[str]]:
        """Return the row without phone numbers; ``source`` is its place in ``columns``."""
        phones = self._phones[source]
        mask = _mask_of(result.error_field)
        faults = tuple(
            replace(each, message=_mask_of(each.field)(each.message), hint=_mask_of(each.field)(each.hint))
            for each in result.faults
        )
        result = result._replace(
            user_data=mask_key(result.user_data), error=mask(result.error), hint=mask(result.hint), faults=faults
        )
        return result, [mask_cell(cell) if i in phones else mask_phones(cell) for i, cell in enumerate(cells)]
