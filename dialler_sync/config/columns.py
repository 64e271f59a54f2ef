"""How one dialler field is made from the columns of a source row."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ColumnRule(BaseModel):
    """One entry of ``columns:``. A plain text is short for ``{column: text}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = Field(None, description="Source column.")
    value: str | None = Field(None, description="The same text for every row.")
    template: str | None = Field(None, description='Text with columns in braces: "{Notes} / {City}".')
    region: str | None = Field(None, description="Phones: region of numbers without a country code, such as DE.")
    decimal: str | None = Field(None, description="Numbers: the decimal sign.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given
