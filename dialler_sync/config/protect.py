"""``protect:``, contacts that are not overwritten."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import (
    BeforeValidator,
    Field,
)

from .section import Section

Codes = Annotated[
    tuple[Annotated[str, BeforeValidator(lambda given: str(given) if type(given) is int else given)], ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, (str, int)) else given),
]


class ProtectSettings(Section):
    """Contacts that are not overwritten."""

    follow_up: bool = Field(False, description="Contacts with a follow-up or an appointment, or reserved for an agent.")
    locked: bool = Field(False, description="Contacts that are locked.")
    called: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,3} ?[dh]$",
        description="Contacts called within this many days or hours: 14d, 36h.",
    )
    done: bool = Field(False, description="Contacts that are done (bDone): closed by their last result code.")
    result_codes: Codes = Field(
        (), description="Contacts whose last result code is one of these (ExportKey, text or ID): [SALE, OPTOUT]."
    )

    @property
    def period(self) -> timedelta | None:
        """``called`` as a length of time."""
        if self.called is None:
            return None
        number = int(self.called[:-1])
        return timedelta(days=number) if self.called.endswith("d") else timedelta(hours=number)

    @property
    def of_calls(self) -> bool:
        """Whether calls or their results protect contacts."""
        return bool(self.called or self.done or self.result_codes)
