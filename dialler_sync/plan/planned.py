"""A plan: what happens with every row and contact, before the first is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..journal import Image, Journal, Outcome


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One line of a plan.

    ``row`` is the row number, 0 for a contact without a row. ``changes``: field → (before, after). ``fields``: all
    fields of a contact that is created, for the first ``IN_FULL`` of them. ``name``: the person, from the file.
    ``seen``: a hash of what a contact to be deleted holds.
    """

    row: int
    action: str
    user_data: str
    contact_id: str = ""
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    reason: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seen: str = ""


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


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions on a batch of rows, as the journal takes them; ``bodies`` replace those in the spool."""

    outcomes: list[Outcome] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    actions: list[tuple[int, str, str]] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    bodies: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, journal: Journal, run_id: str) -> None:
        """Write all but the bodies to the journal."""
        journal.record(run_id, self.outcomes)
        journal.note_moves(run_id, self.moves)
        if self.warnings:
            journal.note_warnings(run_id, self.warnings)
        journal.plan_actions(run_id, self.actions)
        journal.add_images(run_id, self.images)
