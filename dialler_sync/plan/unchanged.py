"""Rows that were last sent as they are now, by what the journal knows: left out while the files are read."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from ..journal import SENT_SO, Journal, PlannedRow
from ..model import Action, Status
from .suppress import SuppressionLists

_SKIPPED, _UNCHANGED = str(Status.SKIPPED), str(Action.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Settles such rows of one campaign, before they are written down. Suppressed ones stay: it is to be said so."""

    journal: Journal
    target: str
    suppressed: SuppressionLists

    def __call__(self, rows: list[PlannedRow], bodies: list[bytes]) -> None:
        """Put settled ones into their places. ``bodies`` is what is sent for each."""
        sent = self.journal.sent(self.target, [row.user_data for row in rows if row.payload])
        held = bool(self.suppressed)
        for place, row in enumerate(rows):
            known = sent.get(row.user_data)
            if known is None or known.payload != row.payload:
                continue
            if not (held and self.suppressed.reason(orjson.loads(bodies[place]))):
                why = SENT_SO + known.sent_at
                rows[place] = PlannedRow(*row[:5], _SKIPPED, _UNCHANGED, known.contact_id, error=why)
