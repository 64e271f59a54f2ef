"""``source:``, the layout of the spreadsheet."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from ..text.phrase import phrase
from .section import Section
from .sources import Stores
from .texts import known_encoding

_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "none": ""}


class SourceSettings(Section):
    """The layout of the spreadsheet; ``auto`` is detected from the file."""

    sheet: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="Sheet name or number (from 1), or a list of them. Default: the only sheet with data."
    )
    sheets: Literal["all"] | None = Field(
        None, description="all: every visible sheet with data; each must have the mapped columns."
    )
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
    password_command: list[str] | str | None = Field(
        None, description="Command that prints the password of an encrypted archive or workbook."
    )
    max_file_mb: int = Field(4_096, ge=1, description="Maximum file size in MB, unpacked.")
    max_columns: int = Field(2_000, ge=1, description="Maximum number of columns.")
    max_cell_chars: int = Field(1_000_000, ge=1, description="Maximum length of a cell in characters.")

    @property
    def named_sheets(self) -> tuple[str, ...]:
        """The sheets that are named."""
        return (self.sheet,) if isinstance(self.sheet, str) else tuple(self.sheet or ())

    @property
    def takes_several_sheets(self) -> bool:
        """Whether a workbook may be several tables of a run."""
        return self.sheets is not None or isinstance(self.sheet, list)

    _stores: Stores = PrivateAttr(default_factory=dict)

    @property
    def stores(self) -> Stores:
        """``sources:``, the logins to where lists are fetched from."""
        return self._stores

    def logins(self) -> SourceSettings:
        """Return settings for another file, whose layout is found out from itself, with the same logins."""
        return SourceSettings(password_command=self.password_command).with_stores(self._stores)

    def with_stores(self, stores: Stores) -> SourceSettings:
        """Return these settings with the logins."""
        ours = self.model_copy()
        ours._stores = stores
        return ours

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
    def _different_signs(self) -> SourceSettings:
        if self.sheet is not None and self.sheets is not None:
            raise ValueError(phrase("sheet and sheets cannot be combined: name the sheets, or take all of them"))
        if self.delimiter == self.quote != "auto":
            raise ValueError(phrase("delimiter and quote must be different characters"))
        return self
