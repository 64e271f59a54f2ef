"""What every run did, before and after it did it."""

from __future__ import annotations

from .records import PENDING, Image, JournalRow, NoRow, Origin, Outcome, PlannedRow, RowState, RunRecord
from .store import Journal

__all__ = [
    "PENDING",
    "Image",
    "Journal",
    "JournalRow",
    "NoRow",
    "Origin",
    "Outcome",
    "PlannedRow",
    "RowState",
    "RunRecord",
]
