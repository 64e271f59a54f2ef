"""``calls:``, the form of the lists of calls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ..text.phrase import phrase
from .inbox import Age
from .section import Section
from .texts import known_encoding

_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def _delimiter(given: str) -> str:
    sign = _DELIMITERS.get(given, given)
    if len(sign) != 1 or sign in '\r\n"' or sign.isalnum():
        raise ValueError(phrase("'{given}' is not a delimiter such as , or ; or tab", given=given))
    return sign


def _by_name(given: object) -> object:
    """A list names each column as its fact."""
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return given
    if twice := next((name for name in given if given.count(name) > 1), None):
        raise ValueError(phrase("'{name}' is listed twice", name=twice))
    return {name: name for name in given}


class CallsSettings(Section):
    """The form of the lists of calls, and how long calls of open contacts are looked at again."""

    columns: Annotated[dict[str, str], BeforeValidator(_by_name, json_schema_input_type=dict[str, str] | list[str])] = (
        Field(
            default_factory=dict,
            description="Write exactly these columns, in this order. Column name: fact, or field of the call record: "
            "{Ergebnis: ResultText, Nummer: Number}; or a list of facts: [UserData, ResultText]. Default: all columns. "
            "See docs/calls.md.",
        )
    )
    delimiter: Annotated[str, BeforeValidator(str), AfterValidator(_delimiter)] = Field(
        ",", description='Delimiter of the CSV: ",", ";" or tab.'
    )
    decimal: Literal[".", ","] = Field(".", description="Decimal sign in the CSV.")
    encoding: Annotated[str, AfterValidator(known_encoding)] = Field(
        "utf-8", description="Encoding of the CSV: utf-8 (with a BOM, so that Excel recognises it), cp1252, utf-16 …"
    )
    look_back: Age = Field(
        "7d",
        description="How long to check the calls of open contacts again, so that a result that changes later is "
        "reported again: 7d, 12h or 2w.",
    )

    @model_validator(mode="after")
    def _different_signs(self) -> CallsSettings:
        if self.delimiter == self.decimal:
            raise ValueError(phrase("delimiter and decimal must be different signs"))
        return self
