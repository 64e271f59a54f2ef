"""Messages of failed checks."""

from __future__ import annotations

from collections.abc import Sequence

from ..config import ColumnRule
from ..error_codes import fault
from ..fields import FIELDS, Field
from ..model import Fault, Value
from ..text.forms import first_few
from ..text.nearest import near_miss
from ..text.phrase import mark, phrase
from ..text.spreadsheet import CUT
from .schema import DAMAGED_SIGNS, MANDATORY, limit_of

_MOST_LISTED = 20
"""Most values in a message."""

_TOO_LONG = mark("{field} takes {limit} characters; the text has {length}.")
_TOO_LONG_BY_RULE = mark("max_length of {field} allows {limit} characters; the text has {length}.")

_OWN = frozenset({"pattern_mismatch", "not_listed", "out_of_range", "too_early", "too_late"})
"""Checks that a rule of the configuration names."""


def fault_of(name: str, check: str, value: Value, rule: ColumnRule | None, release: tuple[int, ...]) -> Fault:
    """Return the fault of a failed check, for a value that was read."""
    if value is None:
        return fault(MANDATORY.get(name, "required"))
    field, text = FIELDS[name], str(value)
    if check == "too_long":
        return _too_long(field, text, rule, release)
    if check in _OWN and rule is not None:
        return _own(check, text, rule)
    if CUT in text:
        return fault(
            "damaged_text",
            phrase("The text was truncated: it is longer than a spreadsheet cell can be."),
            phrase("Copy the full text from the file named at its end into a CSV file, or shorten it."),
        )
    damage = DAMAGED_SIGNS.search(text)
    sign = check
    if damage:
        code, place = f"U+{ord(damage[0]):04X}", damage.start() + 1
        sign = phrase("{code}, character {place} of the text", code=code, place=place)
    return fault("damaged_text", phrase("The text is broken or contains a control character ({sign}).", sign=sign))


def _too_long(field: Field, text: str, rule: ColumnRule | None, release: tuple[int, ...]) -> Fault:
    limit, most = limit_of(field, release, rule), field.limit(release)
    told = _TOO_LONG if limit == most else _TOO_LONG_BY_RULE
    cut = phrase("Shorten the text, or set rows.too_long: truncate.") if field.may_be_cut else None
    return fault("too_long", phrase(told, field=field.name, limit=limit, length=len(text)), cut)


def _own(check: str, text: str, rule: ColumnRule) -> Fault:
    """Return the fault of a check of the configuration."""
    if check == "pattern_mismatch":
        told = phrase("'{text}' does not match the pattern '{pattern}'.", text=text, pattern=rule.pattern)
        return fault(check, told)
    if check == "not_listed":
        return _not_listed(text, rule.one_of or ())
    if check == "out_of_range":
        number = float(text)
        low = rule.min is not None and number < rule.min
        limit = f"{rule.min if low else rule.max:g}"
        if low:
            return fault(check, phrase("{value} is less than {limit}.", value=text, limit=limit))
        return fault(check, phrase("{value} is greater than {limit}.", value=text, limit=limit))
    if check == "too_early":
        return fault(check, phrase("{value} is not after {day}.", value=text, day=rule.after))
    return fault(check, phrase("{value} is not before {day}.", value=text, day=rule.before))


def _not_listed(text: str, allowed: Sequence[str]) -> Fault:
    told = phrase("'{text}' is not allowed here.", text=text)
    if near := near_miss(text, allowed):
        told = phrase("'{text}' is not allowed here; did you mean '{near}'?", text=text, near=near)
    return fault("not_listed", told, phrase("Write one of: {values}.", values=first_few(allowed, _MOST_LISTED)))
