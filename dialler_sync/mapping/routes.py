"""Chooses the campaign of a row among several: by patterns of a column, or by shares."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal

from ..config.campaign import CampaignSettings
from ..config.filters import compiled
from ..error_codes import NOT_ROUTED, fault
from ..model import Fault, Value
from ..text.phrase import phrase
from .patience import each, impatient

_POINTS = 2**64
_PERCENT = 100


class Router:
    """Gives each row its campaign (ID or name, as text), or the fault that it has none."""

    def __init__(self, settings: CampaignSettings) -> None:
        self._routes = [(compiled(route.pattern), route.to) for route in settings.routes or ()]
        self._otherwise = settings.otherwise
        self._column = settings.column
        # In the order of their names, so that the order in the configuration does not count.
        split = settings.split or {}
        self._names = sorted(split)
        self._ends = _ends([split[name] for name in self._names])

    def by_cell(self, cells: Sequence[object]) -> list[Value | Fault]:
        """Return the campaign of each row, by its cell; each distinct text is matched once."""
        texts = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
        different = dict.fromkeys(texts)
        with impatient():
            found = dict(zip(different, each(self._routed, different, "campaign.routes"), strict=True))
        return [cell if isinstance(cell, Fault) else found[text] for text, cell in zip(texts, cells, strict=True)]

    def _routed(self, text: str) -> str | Fault:
        for pattern, to in self._routes:
            if pattern.search(text):
                return to
        if self._otherwise != "reject":
            return self._otherwise
        return fault(NOT_ROUTED, phrase("No route under campaign: matches the cell."))

    def by_key(self, keys: Sequence[Value | Fault]) -> list[Value | Fault]:
        """Return the campaign of each row, by its UserData. One with a faulty UserData gets any, as it is rejected."""
        missing = fault(
            NOT_ROUTED,
            phrase("The row has no UserData, which campaign.split needs."),
            phrase("Fill in the key: it decides which campaign the row goes to."),
        )
        return [
            missing if key is None or key == "" else self._share_of(key) if isinstance(key, str) else self._names[0]
            for key in keys
        ]

    def _share_of(self, key: str) -> str:
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return self._names[bisect_right(self._ends, int.from_bytes(digest))]


def _ends(shares: Sequence[Decimal]) -> list[int]:
    """Where each share ends, of all points; the last ends behind them."""
    ends: list[int] = []
    total = Decimal(0)
    for share in shares:
        total += share
        ends.append(int(total * _POINTS / _PERCENT))
    return ends
