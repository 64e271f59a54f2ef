"""The campaign that a configuration on the whole account gives a row, and that an earlier run has given one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..config.campaign import CampaignSettings, is_id
from ..mapping.cells import is_blank
from ..mapping.routes import Router
from ..model import Fault


class RowCampaigns:
    """``campaign:`` of one configuration, by ``column``, ``routes`` or ``split``."""

    def __init__(self, settings: CampaignSettings) -> None:
        self.column = settings.column
        self.shared = frozenset(settings.split or ())
        self._router = Router(settings) if settings.routes else None
        self._known: dict[str, str] = {}

    @classmethod
    def of_run(cls, config: Mapping[str, str]) -> RowCampaigns | None:
        """Read it from the fingerprint of a run's configuration; None if that has none, or it cannot be read."""
        try:
            part = {name[9:]: json.loads(text) for name, text in config.items() if name.startswith("campaign.")}
            split = {name[6:]: f"{share}%" for name, share in part.items() if name.startswith("split.")}
            needed = ("column", "routes", "otherwise") if part.get("routes") else ("column",)
            given = {name: part[name] for name in needed if name in part}
            return cls(CampaignSettings.model_validate({**given, "split": split or None}))
        except (ValueError, TypeError, RecursionError):
            return None

    def shares_with(self, earlier: RowCampaigns) -> bool:
        """Whether neither splits its rows, or both do and each campaign of the earlier one is still there."""
        return bool(self.shared) == bool(earlier.shared) and earlier.shared <= self.shared

    def of_cell(self, cell: str) -> str:
        """Return the campaign that a cell of ``column`` leads to; ``""`` if it leads to none."""
        text = "" if is_blank(cell) else cell.strip()
        if text not in self._known:
            found = self._router.by_cell([text])[0] if self._router else text
            name = "" if isinstance(found, Fault) else str(found)
            self._known[text] = str(int(name)) if is_id(name) else name
        return self._known[text]
