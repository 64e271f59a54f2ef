"""``suppress:``, do-not-call lists."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from .sources import NamedFile, Naming
from .texts import Formats


class SuppressSettings(Naming):
    """A do-not-call file: contacts in it are never imported."""

    file: NamedFile = Field(description="CSV or Excel file, or the address of one.")
    column: str = Field(description="Column that holds what is looked for.")
    by: Literal["phone", "user_data", "email"] = Field("phone", description="What the column holds.")
    region: str | None = Field(None, description="Region of phone numbers without a country code.")
    expires: str | None = Field(
        None,
        min_length=1,
        description="Column with the last day on which an entry counts; one without a day counts for good.",
    )
    formats: Formats | None = Field(
        None, description='Days of expires: how they are written, besides ISO: ["%d.%m.%Y"].'
    )
    action: Literal["contact", "number"] = Field(
        "contact",
        description="contact: leave the contact out; number: leave out only the number (null is sent for its field), "
        "and the contact where no number is left. See docs/rows.md.",
    )
    may_be_empty: bool = Field(False, description="Accept the list also when it has no entries; else that is exit 3.")
    lock: bool = Field(
        False, description="Lock every contact of the campaign that is in the list, also where no file has it."
    )

    @model_validator(mode="after")
    def _consistent(self) -> SuppressSettings:
        if self.action == "number" and self.lock:
            raise ValueError(
                "action: number and lock: true contradict each other: number keeps contacts that have another number, "
                "and lock locks them. Use two entries of suppress: for two lists"
            )
        if self.action == "number" and self.by != "phone":
            raise ValueError(f"action: number and by: {self.by} contradict each other: such a list names no number")
        if self.formats and not self.expires:
            raise ValueError("formats has no effect without expires")
        return self


SuppressLists = Annotated[
    tuple[SuppressSettings, ...],
    BeforeValidator(lambda given: [given] if isinstance(given, dict) else () if given is None else given),
]
