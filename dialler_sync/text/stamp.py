"""A moment as journals, reports and log lines have it."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime | None = None, timespec: str = "seconds") -> str:
    """A moment of UTC, now if none is given: ``2026-11-23T02:00:00Z``."""
    return (moment or datetime.now(UTC)).isoformat(timespec=timespec).replace("+00:00", "Z")
