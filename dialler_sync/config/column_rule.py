"""Rules that make one dialler field from the columns of a source row, and check it.

A rule takes its text from one source (``column``, ``first_of``, ``template``, ``join`` or ``value``), then applies
``trim``, ``split``, ``replace``, ``values``, ``lookup``, ``default`` and ``case``, in that order; the kind of the field
decides how the result is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ..text.forms import listed
from ..text.nearest import nearest
from ..text.phrase import phrase
from .days import Day, no_day_between
from .section import Section
from .steps import Join, Lookup, Part, Replacement, template_parts
from .texts import Formats, Names, Pattern, fold, or_short

_SOURCES = ("column", "first_of", "template", "join", "value")
_STEPS = ("trim", "split", "replace", "values", "unlisted", "lookup", "default", "case")


class ColumnRule(Section):
    """One entry of ``columns:``. A plain text is short for ``{column: text}``."""

    column: str | None = Field(None, min_length=1, description="Source column.")
    first_of: Names | None = Field(
        None, description="Source columns; the first non-empty one is used: [Mobile, Phone]."
    )
    template: str | None = Field(
        None,
        description='Text with columns in braces: "{Notes} / {City}"; write a literal brace twice. Empty if all its '
        "columns are empty.",
    )
    join: Join | None = Field(None, description="Join several columns; empty ones are left out.")
    value: str | None = Field(None, description="The same text for every row.")

    split: Part | None = Field(
        None, description='Split the text at a separator and take one part: {separator: ";", part: 1}.'
    )
    trim: bool = Field(False, description="Remove white space at both ends; false sends the text exactly as it is.")
    replace: tuple[Replacement, ...] | None = Field(
        None,
        min_length=1,
        description='Replace parts of the text, one after the other: [{pattern: "^CRM-", with: ""}].',
    )
    values: dict[str, str] | None = Field(
        None,
        description="Replace whole values: {Herr: Mr., Frau: Mrs., '#N/A': ''}. Case and white space are ignored.",
    )
    unlisted: Literal["keep", "reject", "empty"] = Field(
        "keep",
        description="Text that values: does not list, or that lookup: does not find: keep it, reject the row, or "
        "empty it. If unset, lookup uses default:, or rejects the row.",
    )
    lookup: Lookup | None = Field(
        None,
        description="Look the text up in a file: {file: plz.csv, key: PLZ, value: Region}. Case and white space of "
        "the key are ignored; a duplicate key is an error.",
    )
    default: str | None = Field(None, min_length=1, description="Value to use for an empty text.")
    case: Literal["upper", "lower", "title"] | None = Field(None, description="Change the case: upper, lower or title.")

    region: str | None = Field(
        None, description="Phones: country of numbers without a country code, as two letters (DE)."
    )
    region_column: str | None = Field(
        None,
        min_length=1,
        description="Phones: source column with the country (DE, Germany, Deutschland). If the cell is empty, region "
        "is used.",
    )
    several: Literal["spread", "reject"] | None = Field(
        None,
        description="Phones: several numbers in one cell. spread (default): put the others into free phone fields; "
        "reject (default for FaxNumber): reject the row.",
    )
    extension: Literal["drop", "reject"] = Field(
        "drop",
        description="Phones: drop an extension (ext. 5), which cannot be dialled, or reject the row. A direct dial-in "
        "(12345-67, Durchwahl 67) is part of the number and always kept.",
    )
    type: Literal["any", "mobile", "landline"] = Field(
        "any",
        description="Phones: mobile or landline rejects numbers of another type. Where the type cannot be told "
        "(USA), the row is sent with a warning.",
    )
    lost_zero: Literal["reject", "restore"] = Field(
        "reject",
        description="Phones: a number that has lost its leading zero. reject: reject the row; restore: put the zero "
        "back, with a warning, if that makes a valid number of the region.",
    )
    decimal: Literal[".", ","] | None = Field(
        None,
        description='Amount: decimal sign; default ".". A number that can be read in two ways (1.234) is rejected; one '
        "with a single reading (1.234,56) is accepted.",
    )
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        None,
        description="Amount: thousands sign. If unset, one is accepted only where the number has a single reading: "
        "1.234,56, 1'234, 1.234.567.",
    )
    currency: str | None = Field(
        None, min_length=1, description="Amount: text allowed before or after the number, such as € or EUR."
    )
    formats: Formats | None = Field(
        None,
        description='Dates: formats accepted besides ISO (2025-01-31 14:30:00): ["%d.%m.%Y", "%d.%m.%Y %H:%M"].',
    )

    required: bool = Field(False, description="Check: the field must not be empty.")
    pattern: Pattern | None = Field(None, description="Check: regular expression that the whole value must match.")
    max_length: int | None = Field(
        None, ge=1, description="Check: maximum number of characters, if the dialler allows more."
    )
    one_of: Names | None = Field(None, description="Check: the value must be exactly one of these.")
    min: float | None = Field(None, allow_inf_nan=False, description="Check: minimum of a number.")
    max: float | None = Field(None, allow_inf_nan=False, description="Check: maximum of a number.")
    before: Day | None = Field(
        None, description="Check: the date must be before this day: 2026-01-31, today, today-30d, today+7d."
    )
    after: Day | None = Field(None, description="Check: the date must be after this day.")
    invalid: Literal["reject", "empty"] = Field(
        "reject",
        description="Invalid cell: reject the row, or leave the field empty, with a warning.",
    )
    overwrite: Literal["always", "if_empty", "never"] = Field(
        "always",
        description="When to overwrite this field of an existing contact: always, only if it is empty there, or "
        "never. New contacts always get the row's value.",
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return or_short(core, handler, {"type": "string", "description": "Source column."})

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given

    @field_validator("values", mode="before")
    @classmethod
    def _empty_values(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        by_folded: dict[str, str] = {}
        for key in given:
            if (other := by_folded.setdefault(fold(str(key)), key)) != key:
                raise ValueError(
                    phrase(
                        "'{other}' and '{key}' differ only in case or white space: keep one of them",
                        other=other,
                        key=key,
                    )
                )
        return {key: "" if value is None else value for key, value in given.items()}

    @field_validator("template")
    @classmethod
    def _readable_template(cls, template: str | None) -> str | None:
        if template is not None and not any(column for _, column in template_parts(template)):
            raise ValueError(phrase("the template has no column in braces; for a fixed text use value:"))
        return template

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str | None) -> str | None:
        if region is None:
            return None
        from phonenumbers import SUPPORTED_REGIONS

        if region.upper() not in SUPPORTED_REGIONS:
            raise ValueError(
                phrase("'{region}' is not a two-letter country code such as DE", region=region)
                + nearest(region, SUPPORTED_REGIONS)
            )
        return region.upper()

    @model_validator(mode="after")
    def _consistent(self) -> ColumnRule:
        sources = [name for name in _SOURCES if getattr(self, name) is not None]
        if not sources:
            raise ValueError(phrase("has no source: set one of {sources}", sources=", ".join(_SOURCES)))
        if len(sources) > 1:
            raise ValueError(phrase("{sources} cannot be combined: keep one of them", sources=listed(sources)))
        steps = [name for name in _STEPS if name in self.model_fields_set]
        if self.value is not None and steps:
            raise ValueError(phrase("{step} has no effect on a fixed value: remove one of them", step=steps[0]))
        if "unlisted" in self.model_fields_set and self.values is None and self.lookup is None:
            raise ValueError(phrase("unlisted has no effect without values or lookup"))
        for problem in _contradictions(self):
            raise ValueError(problem)
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise ValueError(phrase("decimal and thousands are both '{thousands}'", thousands=self.thousands))
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """Source columns of the text, in order, each once; none for a constant."""
        if self.template is not None:
            return tuple(dict.fromkeys(column for _, column in template_parts(self.template) if column))
        if self.join is not None:
            return tuple(dict.fromkeys(self.join.columns))
        if self.first_of is not None:
            return self.first_of
        return () if self.column is None else (self.column,)


def _contradictions(rule: ColumnRule) -> Iterator[str]:
    """Describe the checks of a rule that no value, or no empty cell, could pass."""
    if rule.required and rule.invalid == "empty":
        yield phrase(
            "required: true and invalid: empty contradict each other: an invalid cell would leave the field out"
        )
    if rule.required and rule.default is not None:
        yield phrase("required and default contradict each other: with a default, the field is never empty")
    if rule.lost_zero == "restore" and rule.region is None and rule.region_column is None:
        yield phrase("lost_zero: restore has no effect without region or region_column")
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        yield phrase("min ({min:g}) is greater than max ({max:g})", min=rule.min, max=rule.max)
    if no_day_between(rule.after, rule.before):
        yield phrase("no day is after {after} and before {before}", after=rule.after, before=rule.before)
    for value in rule.one_of or ():
        if why := _unfit(rule, value):
            yield phrase("one_of lists '{value}', and {why}", value=value, why=why)
    if rule.default is not None:
        default = rule.default
        default = {"upper": default.upper(), "lower": default.lower()}.get(rule.case or "", default)
        if rule.one_of and rule.case != "title" and default not in rule.one_of:
            yield phrase("default is '{default}', and one_of does not list it", default=rule.default)
        if rule.case != "title" and (why := _unfit(rule, default)):
            yield phrase("default is '{default}', and {why}", default=rule.default, why=why)


def _unfit(rule: ColumnRule, value: str) -> str:
    """Return the reason why a value can never pass the other checks; ``""`` if it can."""
    if rule.pattern is not None and not re.fullmatch(rule.pattern, value):
        return phrase("pattern '{pattern}' does not match it", pattern=rule.pattern)
    if rule.max_length is not None and len(value) > rule.max_length:
        return phrase("max_length is {max_length}", max_length=rule.max_length)
    return ""
