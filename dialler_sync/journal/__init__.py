"""What every run did, before and after it did it."""

from __future__ import annotations

from .records import Image, JournalRow, NoRow, Outcome, PlannedRow, RowState, RunRecord
from .store import Journal

__all__ = ["Image", "Journal", "JournalRow", "NoRow", "Outcome", "PlannedRow", "RowState", "RunRecord"]
