"""What happened in one line, for mail and chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..text.outward import line


def subject(body: Mapping[str, Any]) -> str:
    """Return what happened in one line: ``dialler-sync: campaign 538 failing: 0 of 10 imported``."""
    counts = body.get("counts") or {}
    done = f": {counts.get('succeeded', 0):,} of {counts.get('read', 0):,} imported" if counts else ""
    return line(f"dialler-sync: campaign {body.get('campaign')} {body.get('event')}{done}", 200)
