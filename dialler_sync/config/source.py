"""``source:``, the layout of the spreadsheet."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    Field,
    PrivateAttr,
    model_validator,
)

from ..text.phrase import phrase
from .layout import LayoutSettings, SheetSettings
from .sources import Stores


class SourceSettings(LayoutSettings):
    """The layout of the spreadsheet; ``auto`` is detected from the file."""

    sheet: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="Sheet name or number (from 1), or a list of them. Default: the only sheet with data."
    )
    sheets: Literal["all"] | None = Field(
        None, description="all: every visible sheet with data; each must have the mapped columns."
    )
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

    @property
    def counts_hidden_sheets(self) -> bool:
        """Whether hidden sheets count like others: nobody is called because a part of a do-not-call list is hidden."""
        return self._section == "suppress.source"

    _stores: Stores = PrivateAttr(default_factory=dict)

    @property
    def stores(self) -> Stores:
        """``sources:``, the logins to where lists are fetched from."""
        return self._stores

    def logins(self) -> SourceSettings:
        """Return settings for another file, whose layout is found out from itself, with the same limits and logins."""
        return self.of(SheetSettings(), "source")

    def of(self, layout: SheetSettings, section: str) -> SourceSettings:
        """Return settings for another file, with the layout of ``section``, and the same limits and logins."""
        ours = self.model_copy(update={**dict(layout), "sheets": None})
        ours._section = section
        return ours

    _section: str = PrivateAttr("source")

    @property
    def section(self) -> str:
        """The section of the configuration that these settings come from, as messages name it."""
        return self._section

    def with_stores(self, stores: Stores) -> SourceSettings:
        """Return these settings with the logins."""
        ours = self.model_copy()
        ours._stores = stores
        return ours

    @model_validator(mode="after")
    def _one_choice_of_sheets(self) -> SourceSettings:
        if self.sheet is not None and self.sheets is not None:
            raise ValueError(phrase("sheet and sheets cannot be combined: name the sheets, or take all of them"))
        return self
