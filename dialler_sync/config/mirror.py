"""``mirror:``, contacts of the campaign that the file no longer has."""

from __future__ import annotations

from enum import StrEnum

from pydantic import (
    Field,
)

from .limits import Limit, RowLimit
from .section import Section


class Missing(StrEnum):
    """Action of ``mirror`` on contacts that the file no longer has."""

    KEEP = "keep"
    LOCK = "lock"
    DELETE = "delete"


class MirrorSettings(Section):
    """Contacts of the campaign that the file no longer has."""

    missing: Missing = Field(Missing.KEEP, description="Keep, lock or delete them.")
    max_missing: RowLimit = Field(
        Limit(percent=5),
        description='Stop the run (exit 8) if more contacts than this are missing: 100, 5%, or "100, 5%" (both limits '
        "apply).",
    )
