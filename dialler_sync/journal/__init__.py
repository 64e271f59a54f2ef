"""What every run did, before and after it did it."""

from __future__ import annotations

from .store import Image, Journal, JournalRow, Outcome, PlannedRow, RowState, RunRecord

__all__ = ["Image", "Journal", "JournalRow", "Outcome", "PlannedRow", "RowState", "RunRecord"]
