"""What every run did, before and after it did it."""

from __future__ import annotations

from .last_sent import SENT_SO
from .records import PENDING, Image, JournalRow, NoRow, Outcome, PlannedRow, RowState, RunRecord
from .store import Journal

__all__ = [
    "PENDING",
    "SENT_SO",
    "Image",
    "Journal",
    "JournalRow",
    "NoRow",
    "Outcome",
    "PlannedRow",
    "RowState",
    "RunRecord",
]
