"""Messages of failed checks."""

from __future__ import annotations

from ..config import ColumnRule
from ..error_codes import fault
from ..fields import FIELDS, Field
from ..model import Fault, Value
from ..text.nearest import nearest
from ..text.spreadsheet import CUT
from .schema import DAMAGED_SIGNS, MANDATORY, limit_of

_MOST_LISTED = 20
"""Most values in a message."""

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
            "The text was truncated: it is longer than a spreadsheet cell can be.",
            "Copy the full text from the file named at its end into a CSV file, or shorten it.",
        )
    damage = DAMAGED_SIGNS.search(text)
    sign = f"U+{ord(damage[0]):04X}, character {damage.start() + 1} of the text" if damage else check
    return fault("damaged_text", f"The text is broken or contains a control character ({sign}).")


def _too_long(field: Field, text: str, rule: ColumnRule | None, release: tuple[int, ...]) -> Fault:
    limit, most = limit_of(field, release, rule), field.limit(release)
    who = f"{field.name} takes" if limit == most else f"max_length of {field.name} allows"
    cut = "Shorten the text, or set rows.too_long: truncate." if field.may_be_cut else None
    return fault("too_long", f"{who} {limit} characters; the text has {len(text)}.", cut)


def _own(check: str, text: str, rule: ColumnRule) -> Fault:
    """Return the fault of a check of the configuration."""
    if check == "pattern_mismatch":
        return fault(check, f"'{text}' does not match the pattern '{rule.pattern}'.")
    if check == "not_listed":
        allowed = rule.one_of or ()
        more = f" and {len(allowed) - _MOST_LISTED} more" if len(allowed) > _MOST_LISTED else ""
        listed = ", ".join(allowed[:_MOST_LISTED]) + more
        return fault(check, f"'{text}' is not allowed here{nearest(text, allowed) or '.'}", f"Write one of: {listed}.")
    if check == "out_of_range":
        number = float(text)
        low = rule.min is not None and number < rule.min
        return fault(check, f"{text} is less than {rule.min:g}." if low else f"{text} is greater than {rule.max:g}.")
    day = f"after {rule.after}" if check == "too_early" else f"before {rule.before}"
    return fault(check, f"{text} is not {day}.")
