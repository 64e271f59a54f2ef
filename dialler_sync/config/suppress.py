"""``suppress:``, do-not-call lists."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from ..text.phrase import phrase
from .sources import NamedFile, Naming
from .texts import Formats


class SuppressSettings(Naming):
    """A do-not-call file: contacts in it are never imported."""

    file: NamedFile = Field(description="CSV or Excel file, or its address.")
    column: str = Field(description="Column with the numbers, keys or addresses.")
    by: Literal["phone", "user_data", "email"] = Field("phone", description="What the column contains.")
    region: str | None = Field(None, description="Country of phone numbers without a country code.")
    expires: str | None = Field(
        None,
        min_length=1,
        description="Column with the last day on which an entry counts; an entry without a day never expires.",
    )
    formats: Formats | None = Field(None, description='Date formats of expires, besides ISO: ["%d.%m.%Y"].')
    action: Literal["contact", "number"] = Field(
        "contact",
        description="contact: leave out the whole contact; number: leave out only the number (send null for its "
        "field), and the contact if no number is left. See docs/rows.md.",
    )
    may_be_empty: bool = Field(
        False, description="Accept a list without entries; by default that is an error (exit 3)."
    )
    lock: bool = Field(
        False, description="Lock every contact of the campaign that is on the list, even if it is not in the file."
    )

    @model_validator(mode="after")
    def _consistent(self) -> SuppressSettings:
        if self.action == "number" and self.lock:
            raise ValueError(
                phrase(
                    "action: number and lock: true contradict each other: number keeps contacts that have another "
                    "number; lock locks them. For two lists, use two entries under suppress:"
                )
            )
        if self.action == "number" and self.by != "phone":
            raise ValueError(
                phrase("action: number and by: {by} contradict each other: such a list has no numbers", by=self.by)
            )
        if self.formats and not self.expires:
            raise ValueError(phrase("formats has no effect without expires"))
        return self


SuppressLists = Annotated[
    tuple[SuppressSettings, ...],
    BeforeValidator(lambda given: [given] if isinstance(given, dict) else () if given is None else given),
]
