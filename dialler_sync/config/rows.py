"""``rows:``, which rows go, and what an import may do."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import (
    Field,
    model_validator,
)

from .filters import Filters, contradictions
from .limits import RowLimit
from .section import Section


class Mode(StrEnum):
    """What an import may do, by whether the dialler has the contact."""

    UPSERT = "upsert"
    CREATE = "create"
    UPDATE = "update"


class RowSettings(Section):
    """Rules for duplicates, long texts, empty cells and unchanged rows."""

    overwrite_duplicates: bool = Field(True, description="Overwrite the contact that carries the same UserData.")
    mode: Mode = Field(
        Mode.UPSERT,
        description="create: a contact that the dialler has is left alone; update: one that it does not have is not "
        "made; upsert: both are done. create and update look first. See docs/rows.md.",
    )
    duplicate_keys: Literal["last", "first", "reject"] = Field(
        "last", description="Which row counts where rows of one run carry the same UserData."
    )
    duplicate_phones: Literal["allow", "warn", "reject", "first", "last"] = Field(
        "allow",
        description="Rows of one run that share a phone number under different keys: warn of them, reject all of them, "
        "or let the first or last one go. See docs/rows.md.",
    )
    duplicate_phones_in_dialler: Literal["allow", "warn", "skip"] = Field(
        "allow",
        description="Rows with a phone number that a contact of the dialler has under another key: warn of them, or "
        "skip them. Reads the whole list of contacts first.",
    )
    phones_in: Literal["campaign", "account"] = Field(
        "campaign",
        description="Whose numbers duplicate_phones_in_dialler looks at: those of the row's campaign, or of all "
        "campaigns of the account.",
    )
    too_long: Literal["reject", "truncate"] = Field("reject", description="Text longer than the field.")
    phone_format: Literal["plus", "digits"] = Field("plus", description="plus: +49171…; digits: 49171….")
    empty_cells: Literal["omit", "clear"] = Field(
        "omit", description="omit: leave the field out, it keeps its value; clear: send null."
    )
    compare: Literal["none", "journal", "dialler"] = Field("none", description="Leave out rows that have not changed.")
    max_errors: RowLimit | None = Field(None, description="Stop (exit 8) when more rows fail than this: 100 or 5%.")
    max_warnings: RowLimit | None = Field(
        None, description="Stop (exit 8), before anything is sent, when more rows have warnings than this: 100 or 5%."
    )
    only: Filters = Field(
        default_factory=dict,
        description="Source column: what its cell must hold, a list of values or a condition. Rows that do not hold "
        "all of it are left out: {Status: [open, new], Saldo: {min: 50}}. See docs/rows.md.",
    )
    skip: Filters = Field(
        default_factory=dict,
        description="Source column: the same; rows that hold any of it are left out: {Werbesperre: [ja, x]}.",
    )
    skipped_contacts: Literal["keep", "lock"] = Field(
        "keep",
        description="Contacts that the dialler has of rows that only or skip leaves out: keep them as they are, and "
        "say how many can still be called; or lock them.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> RowSettings:
        for problem in contradictions(self.only, self.skip):
            raise ValueError(problem)
        if self.skipped_contacts == "lock" and not (self.only or self.skip):
            raise ValueError("skipped_contacts: lock has no effect without only or skip")
        if self.phones_in == "account" and self.duplicate_phones_in_dialler == "allow":
            raise ValueError("phones_in: account has no effect without duplicate_phones_in_dialler: warn or skip")
        if self.mode is Mode.UPDATE and not self.overwrite_duplicates:
            raise ValueError(
                "mode: update and overwrite_duplicates: false contradict each other: without overwriting, the dialler "
                "makes a new contact of every row"
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
