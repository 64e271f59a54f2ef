"""The pandera schema of contacts: what each field must hold, by the table of fields and the rules of ``columns:``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd
import pandera.pandas as pa

from ..config import ColumnRule
from ..config.days import day_of
from ..fields import FIELDS, PHONE_FIELDS, Field, Kind
from ..model import Fault, Value
from ..text.spreadsheet import CUT
from .columns import CAMPAIGN
from .patience import each

ANY_PHONE = "PhoneNumber"
"""Schema column for the first phone number of a row, in any field."""

_TYPES: dict[Kind, type | tuple[type, ...]] = {
    **dict.fromkeys(Kind, str),
    Kind.INTEGER: int,
    Kind.AMOUNT: (int, float),
    Kind.BOOLEAN: bool,
}
MANDATORY = {"Name": "name_missing", CAMPAIGN.name: "campaign_missing", ANY_PHONE: "phone_missing"}
"""Mandatory field → error code if it is empty."""

DAMAGED_SIGNS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]")


def contact_schema(
    names: Iterable[str],
    release: tuple[int, ...],
    rules: Mapping[str, ColumnRule] | None = None,
    today: date = date.max,
) -> pa.DataFrameSchema:
    """Build the pandera schema of contacts with these fields, for a dialler of this release, with the checks of the
    ``rules``, whose days are relative to ``today``."""
    rules = rules or {}
    columns = {name: _column(FIELDS[name], release, rules.get(name), today) for name in names}
    # Numbers of one cell may be spread over phone fields that are not mapped.
    others = {name: _column(FIELDS[name], release, required=False) for name in PHONE_FIELDS if name not in columns}
    return pa.DataFrameSchema({**columns, **others, ANY_PHONE: pa.Column(nullable=False)})


def limit_of(field: Field, release: tuple[int, ...], rule: ColumnRule | None) -> int | None:
    """Return the most characters allowed: the dialler's limit, or the rule's if that is lower."""
    limits = [limit for limit in (field.limit(release), rule and rule.max_length) if limit]
    return min(limits, default=None)


def _column(
    field: Field,
    release: tuple[int, ...],
    rule: ColumnRule | None = None,
    today: date = date.max,
    *,
    required: bool = True,
) -> pa.Column:
    type_, limit = _TYPES[field.kind], limit_of(field, release, rule)
    types = {*type_} if isinstance(type_, tuple) else {type_}
    checks = [_check("value", lambda value: isinstance(value, type_), lambda values: set(map(type, values)) <= types)]
    if limit is not None:
        checks.append(
            _check(
                "too_long",
                lambda value: not isinstance(value, str) or len(value) <= limit,
                lambda values: set(map(type, values)) <= {str} and max(map(len, values), default=0) <= limit,
            )
        )
    if field.kind is Kind.TEXT:
        checks.append(
            _check(
                "damaged_text",
                lambda value: not isinstance(value, str) or _is_whole(value),
                lambda values: set(map(type, values)) <= {str} and _is_whole("".join(values)),
            )
        )
    if rule is not None:
        checks += _own_checks(field.name, rule, today)
    needed = field.name in MANDATORY or (rule is not None and rule.required)
    return pa.Column(checks=checks, nullable=not needed, required=required)


def _own_checks(name: str, rule: ColumnRule, today: date) -> Iterator[pa.Check]:
    """Return the checks that a rule names. Values of the wrong type have failed already, and pass here."""
    if rule.pattern is not None:
        matches, key = re.compile(rule.pattern).fullmatch, f"columns.{name}.pattern"
        yield _check(
            "pattern_mismatch",
            lambda value: not isinstance(value, str) or each(matches, [value], key)[0] is not None,
            lambda values: set(map(type, values)) <= {str} and all(each(matches, values, key)),
        )
    if rule.one_of is not None:
        yield _check_of((str,), "not_listed", frozenset(rule.one_of).__contains__)
    if rule.min is not None or rule.max is not None:
        least, most = (-_INFINITE if rule.min is None else rule.min), (_INFINITE if rule.max is None else rule.max)
        yield _check_of((int, float), "out_of_range", lambda number: least <= number <= most)
    if rule.after is not None:
        first = day_of(rule.after, today).isoformat()
        yield _check_of((str,), "too_early", lambda day: day[:_DATE] > first)
    if rule.before is not None:
        end = day_of(rule.before, today).isoformat()
        yield _check_of((str,), "too_late", lambda day: day[:_DATE] < end)


_INFINITE = float("inf")
_DATE = len("2026-01-31")


def _check_of(types: tuple[type, ...], name: str, holds: Callable[[Any], bool]) -> pa.Check:
    """Return a check of the values that have one of these types."""
    return _check(
        name,
        lambda value: not isinstance(value, types) or holds(value),
        lambda values: set(map(type, values)) <= {*types} and all(map(holds, values)),
    )


def _check(name: str, good: Callable[[Value | Fault], bool], all_good: Callable[[list[Any]], bool]) -> pa.Check:
    """Return a check of each value; ``all_good`` is its fast form for a whole column."""

    def run(values: pd.Series) -> pd.Series | bool:
        if all_good([value for value in values.tolist() if value is not None]):
            return True
        verdicts = [value is None or good(value) for value in values.tolist()]
        # A single True for the whole column spares pandera the search for failures.
        return all(verdicts) or pd.Series(verdicts, index=values.index)

    return pa.Check(run, name=name, ignore_na=False)


def _is_whole(text: str) -> bool:
    # Fast path: nearly every text passes isprintable(), several times faster than the search.
    return CUT not in text and ((text.isprintable() and "\ufffd" not in text) or not DAMAGED_SIGNS.search(text))
