"""Contacts × what the dialler has → what an import does with each row. Pure: decides, and sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from ..api.call_times import moment
from ..api.wire import CAMPAIGN_NAME, StoredContact, campaign_of, differences, is_locked
from ..config import Settings
from ..config.rows import Mode
from ..config.texts import fold
from ..error_codes import AMBIGUOUS, LOOKUP_FAILED
from ..fields import FIELDS
from ..model import Action, Reason, Value
from ..text.phrase import counted, phrase
from .called import is_done, last_call, result_names
from .keep import keep


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What decides: ``overwrite``, ``compare`` and ``mode`` as in ``rows:``, the others as in ``protect:``.

    ``since``: the moment from which on a contact must not have been ``called``. ``result_codes`` are folded.
    ``keeps``: field → ``never`` or ``if_empty``, where a contact may keep what it has.
    """

    overwrite: bool = True
    compare: bool = False
    follow_up: bool = False
    locked: bool = False
    called: str = ""
    since: datetime | None = None
    done: bool = False
    result_codes: frozenset[str] = frozenset()
    mode: Mode = Mode.UPSERT
    keeps: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, began: str, *, compare: bool) -> Self:
        """Those of a run that ``began`` then."""
        rows, protect = settings.rows, settings.protect
        return cls(
            overwrite=rows.overwrites,
            compare=compare,
            follow_up=protect.follow_up,
            locked=protect.locked,
            called=protect.called or "",
            since=datetime.fromisoformat(began) - protect.period if protect.period else None,
            done=protect.done,
            result_codes=frozenset(map(fold, protect.result_codes)),
            mode=rows.mode,
            keeps=settings.kept_fields,
        )

    @property
    def of_calls(self) -> bool:
        """Whether what came of calls protects contacts."""
        return bool(self.since or self.done or self.result_codes)


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens with one row; None: it fails with ``code``. ``changes`` is field → (what it is, what it becomes).

    ``sent`` are the fields that are sent, where the contact keeps others of the row; ``left_out`` what it keeps of
    them. ``contact`` is the one that is overwritten; ``moves``: it comes from another campaign.
    """

    action: Action | Reason | None
    contact: StoredContact | None = None
    changes: Mapping[str, tuple[Any, Value]] = field(default_factory=dict)
    reason: str = ""
    moves: bool = False
    code: str = AMBIGUOUS
    sent: Mapping[str, Value] | None = None
    left_out: Mapping[str, Any] = field(default_factory=dict)

    @property
    def contact_id(self) -> str:
        """The ID of the contact, ``""`` where there is none."""
        return self.contact.id if self.contact else ""


def decide(
    fields: Mapping[str, Value],
    found: Sequence[StoredContact],
    rules: PlanRules,
    elsewhere: Sequence[StoredContact] = (),
    *,
    certain: bool = True,
) -> Decision:
    """What happens with a row, given the contacts of its campaign that carry its UserData, and those ``elsewhere``.

    Where only a contact of another campaign carries it, the import moves that one. Not ``certain``: there may be
    contacts of other campaigns that could not be read.
    """
    there = found or elsewhere
    if rules.mode is not Mode.UPSERT and (failed := _not_looked_up(fields, known=bool(there) or certain)):
        return failed
    if rules.mode is Mode.UPDATE and not there:
        return Decision(Reason.ABSENT, reason=phrase("not in the dialler (rows.mode: update)"))
    if rules.mode is Mode.CREATE and there:
        return _left_alone(there, rules)
    if not rules.overwrite or not fields.get("UserData"):
        return Decision(Action.CREATE)
    if not there:
        failed = _not_looked_up(fields, known=certain) if rules.keeps or rules.of_calls else None
        return failed or Decision(Action.CREATE)
    if len(there) > 1:
        ids = ", ".join(contact.id for contact in there)
        if found:
            return Decision(None, reason=phrase("several contacts in the dialler have this UserData ({ids})", ids=ids))
        why = phrase("several contacts of other campaigns have this UserData ({ids})", ids=ids)
        return Decision(None, reason=why)
    (contact,) = there
    reason = protection(contact.values, rules)
    if reason:
        return Decision(Reason.PROTECTED, contact, reason=reason)
    keeping = keep(fields, contact.values, rules.keeps)
    changes = {name: (theirs, ours) for name, (ours, theirs) in differences(keeping.fields, contact.values).items()}
    if rules.compare and found and not changes:
        return Decision(Reason.UNCHANGED, contact, reason=keeping.reason)
    if not found:
        changes = _campaign_change(fields, contact.values) | changes
    sent = None if keeping.fields is fields else keeping.fields
    return Decision(Action.OVERWRITE, contact, changes, keeping.reason, not found, sent=sent, left_out=keeping.left_out)


def _not_looked_up(fields: Mapping[str, Value], *, known: bool) -> Decision | None:
    """The decision on a row of which nobody can tell whether the dialler has its contact."""
    if not fields.get("UserData"):
        why = phrase("the row has no UserData, so its contact cannot be looked up")
    elif not known:
        why = phrase("contacts of other campaigns could not be read; one of them may have this UserData")
    else:
        return None
    return Decision(None, reason=why, code=LOOKUP_FAILED)


def _left_alone(there: Sequence[StoredContact], rules: PlanRules) -> Decision:
    """The decision of ``mode: create`` on a key that the dialler has."""
    contact = there[0]
    if reason := protection(contact.values, rules):
        return Decision(Reason.PROTECTED, contact, reason=reason)
    ids = ", ".join(each.id for each in there)
    if where := campaign_of(contact.values):
        why = counted(
            len(there),
            "contact {ids} has this UserData, in campaign {campaign} (rows.mode: create)",
            "contacts {ids} have this UserData, in campaign {campaign} (rows.mode: create)",
            ids=ids,
            campaign=where,
        )
    else:
        why = counted(
            len(there),
            "contact {ids} has this UserData (rows.mode: create)",
            "contacts {ids} have this UserData (rows.mode: create)",
            ids=ids,
        )
    return Decision(Reason.EXISTS, contact, reason=why)


def _campaign_change(fields: Mapping[str, Value], record: Mapping[str, Any]) -> dict[str, tuple[Any, Value]]:
    """The campaign of a contact that is moved: what it is, and what it becomes."""
    name = "DiallerCampaignsID" if fields.get("DiallerCampaignsID") is not None else CAMPAIGN_NAME
    return {name: (record.get(name) or campaign_of(record), fields.get(name))}


def protection(record: Mapping[str, Any], rules: PlanRules) -> str:
    """Why a contact must not be overwritten, ``""`` where it may."""
    if rules.follow_up:
        for name in ("FollowUpDateTime", "FollowUpUsersUID", "ReservedUsersUID"):
            if record.get(name):
                return phrase("the contact has {field} {value}", field=name, value=record[name])
    if rules.locked and is_locked(record):
        return phrase("the contact is locked")
    return _by_calls(record, rules) if rules.of_calls else ""


def _by_calls(record: Mapping[str, Any], rules: PlanRules) -> str:
    """Why what came of its calls protects a contact, ``""`` where it does not."""
    if rules.since is not None and (last := last_call(record)):
        at = moment(last)
        if at is not None and at >= rules.since:
            return phrase("the contact was called at {time}, less than {span} ago", time=last, span=rules.called)
    if rules.done and is_done(record):
        return phrase("the contact is done")
    for folded, name in result_names(record) if rules.result_codes else ():
        if folded in rules.result_codes:
            return phrase("the contact has the result code {code}", code=name)
    return ""


def before_image(record: Mapping[str, Any], fields: Mapping[str, Value]) -> dict[str, Any]:
    """What the fields that an import sets were before, and the campaign; null where they were empty."""
    campaign = ("DiallerCampaignsID",) if campaign_of(record) else (CAMPAIGN_NAME,)
    return {name: record.get(name) for name in (*campaign, *fields) if name in FIELDS}
