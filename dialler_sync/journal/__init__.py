"""The journal: every run, its rows and their outcomes, written before and after each request."""

from __future__ import annotations

from .records import (
    PENDING,
    READING,
    UNREPORTED,
    Image,
    JournalRow,
    NoRow,
    Origin,
    Outcome,
    PlannedRow,
    RowState,
    RunRecord,
)
from .store import Journal

__all__ = [
    "PENDING",
    "READING",
    "UNREPORTED",
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
