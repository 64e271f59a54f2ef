"""Checks of a column's rule that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .days import no_day_between

if TYPE_CHECKING:
    from .columns import ColumnRule


def contradictions(rule: ColumnRule) -> Iterator[str]:
    """Describe the checks of a rule that no value, or no empty cell, could pass."""
    if rule.required and rule.invalid == "empty":
        yield "required: true and invalid: empty contradict each other: an invalid cell would leave the field out"
    if rule.required and rule.default is not None:
        yield "required and default contradict each other: with a default, the field is never empty"
    if rule.lost_zero == "restore" and rule.region is None and rule.region_column is None:
        yield "lost_zero: restore has no effect without region or region_column"
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        yield f"min ({rule.min:g}) is greater than max ({rule.max:g})"
    if no_day_between(rule.after, rule.before):
        yield f"no day is after {rule.after} and before {rule.before}"
    for value in rule.one_of or ():
        if why := _unfit(rule, value):
            yield f"one_of lists '{value}', and {why}"
    if rule.default is not None:
        default = rule.default
        default = {"upper": default.upper(), "lower": default.lower()}.get(rule.case or "", default)
        if rule.one_of and rule.case != "title" and default not in rule.one_of:
            yield f"default is '{rule.default}', and one_of does not list it"
        if rule.case != "title" and (why := _unfit(rule, default)):
            yield f"default is '{rule.default}', and {why}"


def _unfit(rule: ColumnRule, value: str) -> str:
    """Why a value could never pass the other checks."""
    if rule.pattern is not None and not re.fullmatch(rule.pattern, value):
        return f"pattern '{rule.pattern}' does not match it"
    if rule.max_length is not None and len(value) > rule.max_length:
        return f"max_length is {rule.max_length}"
    return ""
