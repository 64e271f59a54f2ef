"""``calls:``, the form of the lists of calls."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .inbox import age
from .section import Section

_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, TypeError, ValueError):
        raise ValueError(f"'{name}' is no text encoding; usual ones are utf-8, utf-16, cp1252, cp1250") from None
    return name


def _delimiter(given: str) -> str:
    sign = _DELIMITERS.get(given, given)
    if len(sign) != 1 or sign in '\r\n"' or sign.isalnum():
        raise ValueError(f"'{given}' is not one sign between cells, such as , or ; or tab")
    return sign


def _age(text: str) -> str:
    age(text)
    return text


class CallsSettings(Section):
    """The form of the lists of calls, and how long calls of open contacts are looked at again."""

    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Exactly these columns, in this order: name in the file: fact or field of the call's record, such "
        "as {Ergebnis: ResultText, Nummer: Number}. None: all of them. See docs/calls.md.",
    )
    delimiter: Annotated[str, BeforeValidator(str), AfterValidator(_delimiter)] = Field(
        ",", description='The sign between the cells of a CSV: ",", ";" or tab.'
    )
    decimal: Literal[".", ","] = Field(".", description="The decimal sign of a CSV.")
    encoding: Annotated[str, AfterValidator(_encoding)] = Field(
        "utf-8", description="The encoding of a CSV: utf-8 (with its mark, so that Excel knows it), cp1252, utf-16 …"
    )
    look_back: Annotated[str, AfterValidator(_age)] = Field(
        "7d",
        description="How long calls of contacts that are not done are looked at again, so that a result that changes "
        "afterwards is given again: 7d, 12h or 2w.",
    )

    @model_validator(mode="after")
    def _different_signs(self) -> CallsSettings:
        if self.delimiter == self.decimal:
            raise ValueError("delimiter and decimal cannot be the same sign")
        return self
