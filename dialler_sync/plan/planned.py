"""A plan: what happens with every row and contact, before the first is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One line of a plan.

    ``row`` is the row number, 0 for a contact without a row. ``changes``: field → (before, after). ``fields``: all
    fields of a contact that is created, for the first ``IN_FULL`` of them. ``name``: the person, from the file.
    """

    row: int
    action: str
    user_data: str
    contact_id: str = ""
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    reason: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


IN_FULL = 50_000
"""Created contacts that a plan lists with all fields."""


@dataclass(slots=True)
class Planned:
    """All decisions of a run, counted by action.

    ``entries`` leaves out unchanged rows that keep nothing. ``moved``: places of rows whose contacts come from other
    campaigns. ``known``: places of rows with a number that the dialler has under another key.
    """

    counts: Counter[str] = field(default_factory=Counter)
    changed_fields: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    moved: list[int] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    entries: list[PlanEntry] = field(default_factory=list)
