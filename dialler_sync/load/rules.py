"""Rules by which a run sends its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model import SpooledRow

LONGEST_QUIET = 10.0
"""Seconds after which a request with a lost connection counts as no longer running in the dialler."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of this run. ``campaign``: the campaign of all rows, if there is one, so that a 404 is fatal.

    ``campaign_ids``: the known IDs of campaigns by name.
    """

    overwrite: bool
    campaign: str | None
    retries: int
    timeout: float
    campaign_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def quiet(self) -> float:
        """Seconds after which a lost request is taken to have ended."""
        return min(self.timeout, LONGEST_QUIET)

    def repeatable(self, row: SpooledRow) -> bool:
        """Whether sending a row twice does no harm."""
        return self.overwrite and bool(row.user_data)
