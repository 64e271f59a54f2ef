"""Timestamps of the journal, the reports and the log: ISO 8601, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime | None = None, precision: str = "seconds", *, between: str = "T") -> str:
    """Format a moment (None: now): ``2026-11-29T03:00:00Z``. ``precision`` as in :meth:`datetime.isoformat`."""
    return (moment or datetime.now(UTC)).isoformat(between, precision).replace("+00:00", "Z")
