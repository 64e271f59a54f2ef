"""What a release of the dialler can do. Source: API.md, "Functions" and "Contact fields"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError

_RELEASE = re.compile(r"3(?:\.\d{1,4}){1,3}", re.ASCII)

_NEWER = (3, 19)
"""The first release with long fields. The vendor does not say since when batch look-ups and the campaign filter
exist: the simulator gives them to the same releases."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release by its numbers, ``(3, 19)``."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Release:
        """Read ``"3.19"`` or ``"3.19.2"``. Raises UsageError where the API knows no such release."""
        if not _RELEASE.fullmatch(text):
            raise UsageError(
                f"'{text[:40]}' is not a release of the dialler. Write 3.19 (or a newer 3.x), or 3.18 (or an older "
                "3.x) for short fields, lists that ignore the campaign, and no batch look-up."
            )
        return cls(tuple(map(int, text.split("."))))

    @property
    def has_batch(self) -> bool:
        """Whether contacts can be retrieved in batch (function 14); else it is an endpoint that is not there."""
        return self.numbers >= _NEWER

    @property
    def filters_lists(self) -> bool:
        """Whether a list knows ``diallerCampaignsID``; else it is the whole account, whatever is asked for."""
        return self.numbers >= _NEWER
