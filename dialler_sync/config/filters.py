"""``rows: {only:, skip:}``: which rows go, by what stands in a source column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ..text.phrase import phrase
from .days import Day, no_day_between
from .section import Section
from .texts import Formats, Pattern, fold, or_short

_RANGES = ("min", "max", "before", "after")


def _texts(given: object) -> object:
    """Turn one text into a list of one, and YAML's empty value in a list into the empty cell."""
    if isinstance(given, str):
        given = [given]
    return ["" if each is None else each for each in given] if isinstance(given, list) else given


class Condition(Section):
    """What a cell must hold. A list is short for ``{values: list}``. Of several keys, all must hold."""

    values: Annotated[tuple[str, ...], BeforeValidator(_texts), Field(min_length=1)] | None = Field(
        None, description="One of these texts. Case and white space are ignored; '' is an empty cell."
    )
    pattern: Pattern | None = Field(
        None, description="Regular expression, found anywhere in the cell, in upper or lower case."
    )
    min: float | None = Field(None, allow_inf_nan=False, description="Minimum.")
    max: float | None = Field(None, allow_inf_nan=False, description="Maximum.")
    empty: bool | None = Field(None, description="true: the cell is empty; false: it is not.")
    before: Day | None = Field(None, description="Date before this day: 2026-01-31, today, today-30d.")
    after: Day | None = Field(None, description="Date after this day.")
    decimal: Literal[".", ","] | None = Field(None, description="Numbers: decimal sign, as for Amount.")
    thousands: Literal[".", ",", " ", "'"] | None = Field(None, description="Numbers: thousands sign, as for Amount.")
    formats: Formats | None = Field(None, description='Dates: formats accepted besides ISO: ["%d.%m.%Y"].')

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        items = {"type": ["string", "number", "boolean", "null"]}
        text = {"type": "string", "description": "This text."}
        return or_short(core, handler, text, {"type": "array", "items": items, "description": "One of these."})

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return given if isinstance(given, Mapping) else {"values": given}

    @model_validator(mode="after")
    def _consistent(self) -> Condition:
        ranges = [name for name in _RANGES if getattr(self, name) is not None]
        conditions = [*ranges, *(name for name in ("values", "pattern") if getattr(self, name) is not None)]
        if not conditions and self.empty is None:
            raise ValueError(phrase("is empty: list the values, or set pattern, min, max, empty, before or after"))
        if self.empty and conditions:
            raise ValueError(
                phrase(
                    "empty: true and {condition} contradict each other: no cell can match both", condition=conditions[0]
                )
            )
        numeric, dated = {"min", "max"} & {*ranges}, {"before", "after"} & {*ranges}
        if numeric and dated:
            raise ValueError(
                phrase(
                    "{number} is for numbers and {date} for dates: no cell can be both",
                    number=min(numeric),
                    date=min(dated),
                )
            )
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(phrase("min ({min:g}) is greater than max ({max:g})", min=self.min, max=self.max))
        if no_day_between(self.after, self.before):
            raise ValueError(
                phrase("no day is after {after} and before {before}", after=self.after, before=self.before)
            )
        if (self.decimal or self.thousands) and not numeric:
            raise ValueError(phrase("decimal and thousands have no effect without min or max"))
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise ValueError(phrase("decimal and thousands are both '{thousands}'", thousands=self.thousands))
        if self.formats and not dated:
            raise ValueError(phrase("formats has no effect without before or after"))
        return self

    @property
    def listed(self) -> dict[str, str]:
        """The values as they are compared, each with how it is written."""
        return {fold(value): value for value in self.values or ()}


Filters = Annotated[
    dict[Annotated[str, Field(min_length=1)], Condition],
    BeforeValidator(lambda given: {} if given is None else given),
]
"""Source column → what its cell must hold."""


def contradictions(only: Mapping[str, Condition], skip: Mapping[str, Condition]) -> Iterator[str]:
    """Where ``only`` demands what ``skip`` leaves out."""
    for column, condition in only.items():
        other = skip.get(column)
        if other is None:
            continue
        for value in condition.listed.keys() & other.listed.keys():
            yield phrase(
                "only and skip both list '{value}' for {column}: keep it in one of them",
                value=condition.listed[value],
                column=column,
            )
        if condition == other or _covers(other, condition):
            yield phrase(
                "skip leaves out everything that only accepts in {column}; no row would be left: remove one of them",
                column=column,
            )


def _covers(outer: Condition, inner: Condition) -> bool:
    """Whether all that one condition takes within its range is taken by another, too."""
    if outer.values or outer.pattern or (outer.empty is None and all(getattr(outer, name) is None for name in _RANGES)):
        return False
    if outer.empty is not None and inner.empty != outer.empty:
        return False
    least = outer.min is None or (inner.min is not None and inner.min >= outer.min)
    most = outer.max is None or (inner.max is not None and inner.max <= outer.max)
    first = outer.after is None or outer.after == inner.after
    last = outer.before is None or outer.before == inner.before
    return least and most and first and last


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a filter."""
    return re.compile(pattern, re.IGNORECASE)
