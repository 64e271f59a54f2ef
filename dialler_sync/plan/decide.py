"""Contacts × what the dialler has → what an import does with each row. Pure: decides, and sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..api.wire import CAMPAIGN_NAME, StoredContact, campaign_of, differences, is_locked
from ..fields import FIELDS
from ..model import Action, Reason, Value


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What decides: ``overwrite`` and ``compare`` as in ``rows:``, the others as in ``protect:``."""

    overwrite: bool = True
    compare: bool = False
    follow_up: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens with one row; None: ambiguous. ``changes`` is field → (what it is, what it becomes).

    ``contact`` is the one that is overwritten; ``moves``: it comes from another campaign.
    """

    action: Action | Reason | None
    contact: StoredContact | None = None
    changes: Mapping[str, tuple[Any, Value]] = field(default_factory=dict)
    reason: str = ""
    moves: bool = False

    @property
    def contact_id(self) -> str:
        """The ID of the contact, ``""`` where there is none."""
        return self.contact.id if self.contact else ""


def decide(
    fields: Mapping[str, Value],
    found: Sequence[StoredContact],
    rules: PlanRules,
    elsewhere: Sequence[StoredContact] = (),
) -> Decision:
    """What happens with a row, given the contacts of its campaign that carry its UserData, and those ``elsewhere``.

    Where only a contact of another campaign carries it, the import moves that one.
    """
    if not rules.overwrite or not fields.get("UserData") or not (found or elsewhere):
        return Decision(Action.CREATE)
    if len(found or elsewhere) > 1:
        which = "several contacts of the dialler" if found else "several contacts of other campaigns"
        ids = ", ".join(contact.id for contact in found or elsewhere)
        return Decision(None, reason=f"{which} carry this UserData ({ids})")
    (contact,) = found or elsewhere
    reason = protection(contact.values, rules)
    if reason:
        return Decision(Reason.PROTECTED, contact, reason=reason)
    changes = {name: (theirs, ours) for name, (ours, theirs) in differences(fields, contact.values).items()}
    if not found:
        return Decision(Action.OVERWRITE, contact, _campaign_change(fields, contact.values) | changes, moves=True)
    if rules.compare and not changes:
        return Decision(Reason.UNCHANGED, contact)
    return Decision(Action.OVERWRITE, contact, changes)


def _campaign_change(fields: Mapping[str, Value], record: Mapping[str, Any]) -> dict[str, tuple[Any, Value]]:
    """The campaign of a contact that is moved: what it is, and what it becomes."""
    name = "DiallerCampaignsID" if fields.get("DiallerCampaignsID") is not None else CAMPAIGN_NAME
    return {name: (record.get(name) or campaign_of(record), fields.get(name))}


def protection(record: Mapping[str, Any], rules: PlanRules) -> str:
    """Why a contact must not be overwritten, ``""`` where it may."""
    if rules.follow_up:
        for name in ("FollowUpDateTime", "FollowUpUsersUID", "ReservedUsersUID"):
            if record.get(name):
                return f"the contact has {name} {record[name]}"
    if rules.locked and is_locked(record):
        return "the contact is locked"
    return ""


def before_image(record: Mapping[str, Any], fields: Mapping[str, Value]) -> dict[str, Any]:
    """What the fields that an import sets were before, and the campaign; null where they were empty."""
    campaign = ("DiallerCampaignsID",) if campaign_of(record) else (CAMPAIGN_NAME,)
    return {name: record.get(name) for name in (*campaign, *fields) if name in FIELDS}
