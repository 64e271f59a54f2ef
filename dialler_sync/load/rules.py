"""How a run sends its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model import SpooledRow

LONGEST_QUIET = 10.0
"""Seconds after which a request whose connection is gone is taken to run no longer in the dialler."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How this run sends. ``campaign``: the one that all rows go to, so that a 404 speaks of all.

    ``campaign_ids``: the IDs of campaigns that rows name, by name, as far as they are known.
    """

    overwrite: bool
    campaign: str | None
    retries: int
    timeout: float
    campaign_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def quiet(self) -> float:
        """Seconds to wait before a request that was lost is taken to run no longer."""
        return min(self.timeout, LONGEST_QUIET)

    def repeatable(self, row: SpooledRow) -> bool:
        """Whether sending a row twice does no harm."""
        return self.overwrite and bool(row.user_data)
