"""Rules that make one dialler field from the columns of a source row, and check it.

A rule takes its text from one source (``column``, ``first_of``, ``template``, ``join`` or ``value``), then applies
``trim``, ``split``, ``replace``, ``values``, ``lookup``, ``default`` and ``case``, in that order; the kind of the field
decides how the result is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
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
from .checks import contradictions
from .days import Day
from .section import Section
from .steps import Join, Lookup, Part, Replacement, template_parts
from .texts import SHOWS_NOTHING, Formats, Names, Pattern, fold, or_short

__all__ = ["SHOWS_NOTHING", "ColumnRule", "ColumnRules", "field_name", "fold", "template_parts"]

_SOURCES = ("column", "first_of", "template", "join", "value")
_STEPS = ("trim", "split", "replace", "values", "unlisted", "lookup", "default", "case")
_NUMBERS = frozenset({Kind.AMOUNT, Kind.INTEGER})
_TEXTS = frozenset(Kind) - {*_NUMBERS, Kind.DATETIME, Kind.BOOLEAN}
_ONLY_FOR: dict[str, tuple[frozenset[Kind], str]] = {
    **dict.fromkeys(
        ("region", "region_column", "several", "extension", "type", "lost_zero"),
        (frozenset({Kind.PHONE}), "phone numbers"),
    ),
    **dict.fromkeys(("decimal", "thousands", "currency"), (frozenset({Kind.AMOUNT}), "Amount")),
    **dict.fromkeys(("formats", "before", "after"), (frozenset({Kind.DATETIME}), "dates")),
    **dict.fromkeys(("min", "max"), (_NUMBERS, "numbers")),
    **dict.fromkeys(("pattern", "max_length", "one_of"), (_TEXTS, "text")),
    "case": (frozenset({Kind.TEXT, Kind.EMAIL}), "text"),
}


class ColumnRule(Section):
    """One entry of ``columns:``. A plain text is short for ``{column: text}``."""

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
    replace: tuple[Replacement, ...] | None = Field(
        None,
        min_length=1,
        description='Replace parts of the text, one after the other: [{pattern: "^CRM-", with: ""}].',
    )
    values: dict[str, str] | None = Field(
        None,
        description="Replace whole values: {Herr: Mr., Frau: Mrs., '#N/A': ''}. Case and space do not matter.",
    )
    unlisted: Literal["keep", "reject", "empty"] = Field(
        "keep",
        description="What happens to a text that values: does not list: keep it, reject the row, or empty it. Of a "
        "text that lookup: does not have, too; without unlisted, default: counts there, and else the row is rejected.",
    )
    lookup: Lookup | None = Field(
        None,
        description="Look the text up in a file: {file: plz.csv, key: PLZ, value: Region}. Case and space of the key "
        "do not matter; a key that stands there twice is an error.",
    )
    default: str | None = Field(None, min_length=1, description="What an empty text becomes.")
    case: Literal["upper", "lower", "title"] | None = Field(None, description="Change the case: upper, lower or title.")

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
    type: Literal["any", "mobile", "landline"] = Field(
        "any",
        description="Phones: mobile or landline rejects numbers of another type. Where numbers do not tell (USA), the "
        "row goes on with a warning.",
    )
    lost_zero: Literal["reject", "restore"] = Field(
        "reject",
        description="Phones: what happens to a number that has lost its leading zero: reject the row, or put the zero "
        "back, with a warning, where that makes a valid number of the region.",
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
    formats: Formats | None = Field(
        None,
        description='Dates: how they are written, besides ISO (2025-01-31 14:30:00): ["%d.%m.%Y", "%d.%m.%Y %H:%M"].',
    )

    required: bool = Field(False, description="Check: an empty field rejects the row.")
    pattern: Pattern | None = Field(None, description="Check: a regular expression that matches the whole value.")
    max_length: int | None = Field(
        None, ge=1, description="Check: greatest number of characters, where the dialler would take more."
    )
    one_of: Names | None = Field(None, description="Check: the value is one of these, letter by letter.")
    min: float | None = Field(None, allow_inf_nan=False, description="Check: the least number.")
    max: float | None = Field(None, allow_inf_nan=False, description="Check: the greatest number.")
    before: Day | None = Field(
        None, description="Check: the date is earlier than this day: 2026-01-31, today, today-30d, today+7d."
    )
    after: Day | None = Field(None, description="Check: the date is later than this day.")
    invalid: Literal["reject", "empty"] = Field(
        "reject",
        description="What a bad cell does: it rejects the row, or the field is left out, with a warning.",
    )
    overwrite: Literal["always", "if_empty", "never"] = Field(
        "always",
        description="What the field of a contact that the dialler has may become: what the row says, the same only "
        "where it is empty, or nothing else than it is. New contacts always get what the row says.",
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
        if "unlisted" in self.model_fields_set and self.values is None and self.lookup is None:
            raise ValueError("unlisted has no effect without values or lookup")
        for problem in contradictions(self):
            raise ValueError(problem)
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
        for key in ("invalid", "default", "lookup", "overwrite"):
            if why := _refused(name, rule, key):
                faults.append(
                    InitErrorDetails(
                        type=PydanticCustomError("rule", "{why}", {"why": why}), loc=(name, key), input=rule
                    )
                )
    if faults:
        raise ValidationError.from_exception_data("columns", faults)
    return rules


_NOT_KEPT = {"UserData": "names the contact", "ResetContact": "is a command, which the dialler does not store"}


def _refused(name: str, rule: ColumnRule, key: str) -> str:
    """Why a field cannot have a key that others can."""
    if key == "invalid" and rule.invalid == "empty" and name in ("Name", "UserData"):
        what = (
            "the dialler takes no contact without" if name == "Name" else "without it, each import makes a new contact"
        )
        return f"{name} cannot be left out: {what}"
    if key == "overwrite" and rule.overwrite != "always" and name in ("UserData", "ResetContact"):
        return f"there is nothing to keep of {name}, which {_NOT_KEPT[name]}"
    if key == "lookup" and rule.lookup is not None and name == "UserData":
        return "the UserData names the contact, and is not looked up: several keys could become one"
    if key == "default" and rule.default is not None and (name == "UserData" or FIELDS[name].kind is Kind.PHONE):
        return f"the same {name} for several contacts makes one of them all"
    return ""


FieldName = Annotated[str, AfterValidator(field_name)]
ColumnRules = Annotated[dict[FieldName, ColumnRule], AfterValidator(_fitting)]
"""``columns:``: dialler field → rule, where every rule fits its field."""
