"""Rules that make one dialler field from the columns of a source row.

A rule takes its text from one source (``column``, ``first_of``, ``template``, ``join`` or ``value``), then applies
``split``, ``trim``, ``case`` and ``values``, in that order; the kind of the field decides how the result is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from ..fields import FIELDS, PHONE_FIELDS, Kind
from ..text.nearest import nearest

_SOURCES = ("column", "first_of", "template", "join", "value")
_STEPS = ("split", "trim", "case", "values", "unlisted")
_ONLY_FOR: dict[str, tuple[frozenset[Kind], str]] = {
    **dict.fromkeys(("region", "region_column", "several", "extension"), (frozenset({Kind.PHONE}), "phone numbers")),
    **dict.fromkeys(("decimal", "thousands", "currency"), (frozenset({Kind.AMOUNT}), "Amount")),
    "formats": (frozenset({Kind.DATETIME}), "dates"),
    "case": (frozenset({Kind.TEXT, Kind.EMAIL}), "text"),
}
_TEMPLATE = re.compile(r"(?P<double>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<stray>[{}])")
SHOWS_NOTHING = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
"""White space and invisible signs: soft hyphens, marks of width and direction."""

_SAMPLE_DATE = datetime(2031, 12, 28)  # noqa: DTZ001 (dates in spreadsheets have no zone)


class Part(BaseModel):
    """One piece of a text that is cut at a separator."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    separator: str = Field(min_length=1, description="Text between the parts.")
    part: int = Field(ge=1, description="Which part to take, counted from 1; a part that is not there is empty.")


class Join(BaseModel):
    """Several columns in one text; empty ones are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1, description="Source columns.")
    separator: str = Field(" ", description="Text between them.")


def _listed(given: object) -> object:
    return (given,) if isinstance(given, str) else given


Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed), Field(min_length=1)]


def fold(text: str) -> str:
    """Fold a text for comparing names: without case, Unicode form, white space and invisible signs."""
    return SHOWS_NOTHING.sub("", unicodedata.normalize("NFKC", text).casefold())


def template_parts(template: str) -> tuple[tuple[str, str | None], ...]:
    """Parse ``"a {B} c"`` to ``(("a ", "B"), (" c", None))``: literal text, each with the column that follows it.

    Raises:
        ValueError: a brace that is neither doubled nor part of ``{column}``.
    """
    parts: list[tuple[str, str | None]] = []
    literal, end = "", 0
    for match in _TEMPLATE.finditer(template):
        literal += template[end : match.start()]
        end = match.end()
        if match["stray"]:
            raise ValueError(f"stray '{match['stray']}' in the template; a brace that is meant as text is doubled")
        if match["double"]:
            literal += match["double"][0]
        else:
            parts.append((literal, match["column"]))
            literal = ""
    return (*parts, (literal + template[end:], None))


class ColumnRule(BaseModel):
    """One entry of ``columns:``. A plain text is short for ``{column: text}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = Field(None, min_length=1, description="Source column.")
    first_of: Names | None = Field(
        None, description="Source columns; the first that is not empty in the row counts: [Mobile, Phone]."
    )
    template: str | None = Field(
        None,
        description='Text with columns in braces: "{Notes} / {City}"; a brace that is meant as text is doubled. '
        "Empty where all of its columns are empty.",
    )
    join: Join | None = Field(None, description="Several columns in one text; empty ones are left out.")
    value: str | None = Field(None, description="The same text for every row.")

    split: Part | None = Field(
        None, description='Cut the text at a separator and take one part: {separator: ";", part: 1}.'
    )
    trim: bool = Field(
        False, description="Remove white space at both ends. Without it, text is sent exactly as it stands."
    )
    case: Literal["upper", "lower", "title"] | None = Field(None, description="Change the case: upper, lower or title.")
    values: dict[str, str] | None = Field(
        None,
        description="Replace whole values: {Herr: Mr., Frau: Mrs., '#N/A': ''}. Case and space do not matter.",
    )
    unlisted: Literal["keep", "reject", "empty"] = Field(
        "keep", description="What happens to a text that values: does not list: keep it, reject the row, or empty it."
    )

    region: str | None = Field(
        None, description="Phones: country of numbers without a country code, as two letters such as DE."
    )
    region_column: str | None = Field(
        None,
        min_length=1,
        description="Phones: source column with the country (DE, Germany, Deutschland). "
        "Where it is empty, region counts.",
    )
    several: Literal["spread", "reject"] | None = Field(
        None,
        description="Phones: what happens to several numbers in one cell. spread (default): the others go to the phone "
        "fields that the row leaves free; reject (default for FaxNumber).",
    )
    extension: Literal["drop", "reject"] = Field(
        "drop",
        description="Phones: what happens to an extension (ext. 5), which a dialler cannot dial: drop it, or "
        "reject the row. A direct dial-in (12345-67, Durchwahl 67) is part of the number and always kept.",
    )
    decimal: Literal[".", ","] | None = Field(
        None,
        description='Amount: the decimal sign. Without it "." counts. A number that could also hold a thousands sign '
        "(1.234) is rejected; one with a single reading (1.234,56) is read.",
    )
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        None,
        description="Amount: the sign between thousands. Without it one is read only where the number has a single "
        "reading: 1.234,56, 1'234, 1.234.567.",
    )
    currency: str | None = Field(
        None, min_length=1, description="Amount: text that may stand before or after the number, such as € or EUR."
    )
    formats: Names | None = Field(
        None,
        description='Dates: how they are written, besides ISO (2025-01-31 14:30:00): ["%d.%m.%Y", "%d.%m.%Y %H:%M"].',
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        given = handler(core)
        rule = handler.resolve_ref_schema(given)
        long_form = {**rule}
        rule.clear()
        rule["anyOf"] = [{"type": "string", "description": "Source column."}, long_form]
        return given

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
                raise ValueError(f"'{other}' and '{key}' are the same value but for case and space: keep one of them")
        return {key: "" if value is None else value for key, value in given.items()}

    @field_validator("template")
    @classmethod
    def _readable_template(cls, template: str | None) -> str | None:
        if template is not None and not any(column for _, column in template_parts(template)):
            raise ValueError("the template has no column in braces; a text that is the same for every row is a value")
        return template

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str | None) -> str | None:
        if region is None:
            return None
        from phonenumbers import SUPPORTED_REGIONS

        if region.upper() not in SUPPORTED_REGIONS:
            raise ValueError(
                f"'{region}' is not a country of two letters, such as DE{nearest(region, SUPPORTED_REGIONS)}"
            )
        return region.upper()

    @field_validator("formats")
    @classmethod
    def _whole_dates(cls, formats: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for pattern in formats or ():
            try:
                read = datetime.strptime(_SAMPLE_DATE.strftime(pattern), pattern)  # noqa: DTZ007
            except ValueError:
                read = None
            if read != _SAMPLE_DATE:
                raise ValueError(f"'{pattern}' does not give a day, a month and a year, as %d.%m.%Y does")
        return formats

    @model_validator(mode="after")
    def _consistent(self) -> ColumnRule:
        sources = [name for name in _SOURCES if getattr(self, name) is not None]
        if not sources:
            raise ValueError(f"says nothing about where the text comes from: set one of {', '.join(_SOURCES)}")
        if len(sources) > 1:
            raise ValueError(f"{' and '.join(sources)} are set: keep one of them")
        steps = [name for name in _STEPS if name in self.model_fields_set]
        if self.value is not None and steps:
            raise ValueError(f"{steps[0]} has no effect on a value that is the same for every row: remove one of them")
        if "unlisted" in self.model_fields_set and self.values is None:
            raise ValueError("unlisted has no effect without values")
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise ValueError(f"decimal and thousands are both '{self.thousands}'")
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


def field_name(name: str) -> str:
    """Check a key of ``columns:``.

    Raises:
        ValueError: the dialler has no such field, or it is not mapped here.
    """
    if name in {"DiallerCampaignsID", "DiallerCampaignsName"}:
        raise ValueError("the campaign is set under campaign:, as id, name or column")
    if name not in FIELDS:
        raise ValueError(f"the dialler has no field '{name}'{nearest(name, FIELDS)}")
    return name


def _fitting(rules: dict[str, ColumnRule]) -> dict[str, ColumnRule]:
    """Refuse settings that make no sense for the field of a rule."""
    faults: list[InitErrorDetails] = []
    for name, rule in rules.items():
        faults += [
            InitErrorDetails(
                type=PydanticCustomError("rule", "{only}", {"only": f"is only for {for_what}"}),
                loc=(name, key),
                input=rule,
            )
            for key, (kinds, for_what) in _ONLY_FOR.items()
            if key in rule.model_fields_set and FIELDS[name].kind not in kinds
        ]
        if rule.several == "spread" and name not in PHONE_FIELDS:
            problem = PydanticCustomError("rule", "other numbers can only go from one PhoneNumber field to another")
            faults.append(InitErrorDetails(type=problem, loc=(name, "several"), input=rule))
    if faults:
        raise ValidationError.from_exception_data("columns", faults)
    return rules


FieldName = Annotated[str, AfterValidator(field_name)]
ColumnRules = Annotated[dict[FieldName, ColumnRule], AfterValidator(_fitting)]
"""``columns:``: dialler field → rule, where every rule fits its field."""
