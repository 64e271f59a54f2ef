"""Contacts × what the dialler has → what an import does with each row. Pure: decides, and sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..api.wire import StoredContact, differences
from ..fields import FIELDS
from ..model import Action, Value

AMBIGUOUS = "ambiguous_user_data"
"""Error code of a row whose UserData several contacts of the dialler carry."""


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What decides: ``overwrite`` and ``compare`` as in ``rows:``, the others as in ``protect:``."""

    overwrite: bool = True
    compare: bool = False
    follow_up: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens with one row; None: ambiguous. ``changes`` is field → (what it is, what it becomes)."""

    action: Action | None
    contact_id: str = ""
    changes: Mapping[str, tuple[Any, Value]] = field(default_factory=dict)
    reason: str = ""


def decide(fields: Mapping[str, Value], found: Sequence[StoredContact], rules: PlanRules) -> Decision:
    """What happens with a row, given all contacts of the dialler that carry its UserData."""
    if not rules.overwrite or not fields.get("UserData") or not found:
        return Decision(Action.CREATE)
    if len(found) > 1:
        ids = ", ".join(contact.id for contact in found)
        return Decision(None, reason=f"several contacts of the dialler carry this UserData ({ids})")
    (contact,) = found
    reason = protection(contact.values, rules)
    if reason:
        return Decision(Action.PROTECTED, contact.id, reason=reason)
    changes = {name: (theirs, ours) for name, (ours, theirs) in differences(fields, contact.values).items()}
    if rules.compare and not changes:
        return Decision(Action.UNCHANGED, contact.id)
    return Decision(Action.OVERWRITE, contact.id, changes)


def protection(record: Mapping[str, Any], rules: PlanRules) -> str:
    """Why a contact must not be overwritten, ``""`` where it may."""
    if rules.follow_up:
        for name in ("FollowUpDateTime", "FollowUpUsersUID", "ReservedUsersUID"):
            if record.get(name):
                return f"the contact has {name} {record[name]}"
    if rules.locked and is_locked(record):
        return "the contact is locked"
    return ""


def is_locked(record: Mapping[str, Any]) -> bool:
    """Whether a record says that the contact is locked.

    API.md does not tell the name of that field; a flag whose name has "lock" in it is taken for it.
    """
    return any("lock" in name.casefold() and value in (True, 1, "1", "true") for name, value in record.items())


def is_unlocked(record: Mapping[str, Any]) -> bool:
    """Whether a record says that the contact is not locked; it may say neither."""
    return not is_locked(record) and any("lock" in name.casefold() for name in record)


def before_image(record: Mapping[str, Any], fields: Mapping[str, Value]) -> dict[str, Any]:
    """What the fields that an import sets were before, and the campaign; null where they were empty."""
    return {name: record.get(name) for name in ("DiallerCampaignsID", *fields) if name in FIELDS}
