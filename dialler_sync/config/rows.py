"""``rows:``, which rows go, and what an import may do."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import (
    Field,
    model_validator,
)

from ..text.phrase import phrase
from .filters import Filters, contradictions
from .limits import RowLimit
from .section import Section

Compare = Literal["none", "journal", "dialler"]
"""With what rows are compared, so that unchanged ones are skipped."""


class Mode(StrEnum):
    """What an import may do, by whether the dialler has the contact."""

    UPSERT = "upsert"
    CREATE = "create"
    UPDATE = "update"


class RowSettings(Section):
    """Rules for duplicates, long texts, empty cells and unchanged rows."""

    overwrite_duplicates: bool = Field(True, description="Overwrite the contact that has the same UserData.")
    mode: Mode = Field(
        Mode.UPSERT,
        description="create: only create contacts; update: only overwrite existing ones; upsert: both. create and "
        "update look up each contact first. See docs/rows.md.",
    )
    duplicate_keys: Literal["last", "first", "reject"] = Field(
        "last", description="Which row counts if several rows of a run have the same UserData."
    )
    duplicate_phones: Literal["allow", "warn", "reject", "first", "last"] = Field(
        "allow",
        description="Rows of a run with the same phone number but different keys: allow, warn, reject all of them, "
        "or send only the first or last. See docs/rows.md.",
    )
    duplicate_phones_in_dialler: Literal["allow", "warn", "skip"] = Field(
        "allow",
        description="Rows whose phone number a contact in the dialler has with a different key: allow, warn, or skip "
        "them. Reads the full contact list first.",
    )
    phones_in: Literal["campaign", "account"] = Field(
        "campaign",
        description="Where duplicate_phones_in_dialler looks: in the row's campaign, or in all campaigns of the "
        "account.",
    )
    too_long: Literal["reject", "truncate"] = Field(
        "reject", description="Text that is longer than the field: reject the row, or truncate the text."
    )
    phone_format: Literal["plus", "digits"] = Field("plus", description="plus: +49171…; digits: 49171….")
    empty_cells: Literal["omit", "clear"] = Field(
        "omit", description="omit: leave the field out, so that it keeps its value; clear: send null."
    )
    compare: Compare = Field(
        "none",
        description="Skip unchanged rows. journal: compare with what was last sent; dialler: compare with the dialler.",
    )
    max_errors: RowLimit | None = Field(None, description="Stop (exit 8) if more rows than this fail: 100 or 5%.")
    max_warnings: RowLimit | None = Field(
        None, description="Stop (exit 8), before anything is sent, if more rows than this have warnings: 100 or 5%."
    )
    only: Filters = Field(
        default_factory=dict,
        description="Only rows that meet all of these conditions. Source column: list of values, or condition: Status: "
        "[open, new], Saldo: {min: 50}. See docs/rows.md.",
    )
    skip: Filters = Field(
        default_factory=dict,
        description="Skip rows that meet any of these conditions: {Werbesperre: [ja, x]}.",
    )
    skipped_contacts: Literal["keep", "lock"] = Field(
        "keep",
        description="Existing contacts of rows that only or skip leaves out: keep them (the run reports how many can "
        "still be called), or lock them.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> RowSettings:
        for problem in contradictions(self.only, self.skip):
            raise ValueError(problem)
        if self.skipped_contacts == "lock" and not (self.only or self.skip):
            raise ValueError(phrase("skipped_contacts: lock has no effect without only or skip"))
        if self.phones_in == "account" and self.duplicate_phones_in_dialler == "allow":
            raise ValueError(
                phrase("phones_in: account has no effect without duplicate_phones_in_dialler: warn or skip")
            )
        if self.mode is Mode.UPDATE and not self.overwrite_duplicates:
            raise ValueError(
                phrase(
                    "mode: update and overwrite_duplicates: false contradict each other: without overwriting, the "
                    "dialler creates a new contact for every row"
                )
            )
        return self

    @property
    def overwrites(self) -> bool:
        """Whether an import may overwrite the contact that carries its UserData."""
        return self.overwrite_duplicates and self.mode is not Mode.CREATE

    @property
    def filters(self) -> bool:
        """Whether rows may be left out by what stands in their cells."""
        return bool(self.only or self.skip)
