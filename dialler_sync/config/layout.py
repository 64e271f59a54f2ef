"""How a list is laid out."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from ..text.phrase import phrase
from .section import Section
from .texts import known_encoding

_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "none": ""}


class LayoutSettings(Section):
    """The layout of a spreadsheet; ``auto`` is detected from the file."""

    encoding: str = Field(
        "auto", description="auto, or an encoding: utf-8, cp1252, utf-16 … Also for .xls files of Excel 95."
    )
    delimiter: str = Field(
        "auto",
        description='auto, one character, or ", " (comma and space). Names: tab, space, comma, semicolon, pipe; '
        "none: a single column.",
    )
    quote: str = Field("auto", description="auto, none, or one character: \" or '.")
    escape: Literal["auto", "double", "backslash", "none"] = Field(
        "auto", description="How a quote inside quotes is escaped: auto, double (twice), backslash, or none."
    )
    header: Literal["auto", "none"] | list[int] = Field(
        "auto",
        description="auto, none, the row number of the header, or a list of row numbers if it spans several rows.",
    )
    columns: list[str] | None = Field(None, description="Column names, for files without a header.")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        return name if name == "auto" else known_encoding(name)

    @field_validator("delimiter")
    @classmethod
    def _one_delimiter(cls, given: str) -> str:
        sign = _DELIMITER_NAMES.get(given, given)
        if sign not in {"auto", ", ", ""} and (len(sign) != 1 or sign in "\r\n"):
            raise ValueError(
                phrase(
                    "'{given}' must be auto, one character, or a comma and a space (none: a single column)", given=given
                )
            )
        return sign

    @field_validator("quote")
    @classmethod
    def _one_quote(cls, given: str) -> str:
        if given not in {"auto", "none"} and (len(given) != 1 or given in "\r\n"):
            raise ValueError(phrase("'{given}' must be auto, none, or one character", given=given))
        return given

    @field_validator("header", mode="before")
    @classmethod
    def _header_rows(cls, given: object) -> object:
        if isinstance(given, (str, int)) and given not in {"auto", "none"}:
            given = [given]
        if isinstance(given, list) and not (given and all(re.fullmatch("[1-9][0-9]*", str(row)) for row in given)):
            raise ValueError(phrase("must be auto, none, a row number, or a list of row numbers"))
        return given

    @model_validator(mode="after")
    def _different_signs(self) -> Self:
        if self.delimiter == self.quote != "auto":
            raise ValueError(phrase("delimiter and quote must be different characters"))
        return self


class SheetSettings(LayoutSettings):
    """The layout of a list that is one sheet, beside FILE; ``auto`` is detected from it."""

    sheet: str | None = Field(None, description="Sheet name or number (from 1). Default: the only sheet with data.")
