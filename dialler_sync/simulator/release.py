"""Abilities of a release of the dialler. Source: API.md, "Functions" and "Contact fields"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError

_RELEASE = re.compile(r"3(?:\.\d{1,4}){1,3}", re.ASCII)

_NEWER = (3, 19)
"""First release with long fields.

The vendor does not say which release introduced batch lookups and the campaign filter: the simulator gives them to the
same releases.
"""


@dataclass(frozen=True, slots=True)
class Release:
    """One release by its numbers, ``(3, 19)``."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Release:
        """Parse ``"3.19"`` or ``"3.19.2"``.

        Raises:
            UsageError: the API has no such release.
        """
        if not _RELEASE.fullmatch(text):
            raise UsageError(
                f"'{text[:40]}' is not a release of the dialler. Write 3.19 (or a newer 3.x), or 3.18 (or an older "
                "3.x) for short fields, lists that ignore the campaign, and no batch lookup."
            )
        return cls(tuple(map(int, text.split("."))))

    @property
    def has_batch(self) -> bool:
        """Whether the release has batch lookups (function 14); without them the endpoint does not exist."""
        return self.numbers >= _NEWER

    @property
    def filters_lists(self) -> bool:
        """Whether lists honour ``diallerCampaignsID``; otherwise they return the whole account."""
        return self.numbers >= _NEWER
