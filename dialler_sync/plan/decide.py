"""Decides one row: its fields × its contacts in the dialler → an action, or a reason for none. Pure."""

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
from ..errors import UsageError
from ..fields import FIELDS
from ..model import Action, Reason, Value
from ..text.phrase import counted, phrase
from .called import is_done, last_call, result_names
from .keep import keep
from .snapshot import plain


@dataclass(frozen=True, slots=True)
class PlanRules:
    """The settings that decide: ``overwrite``, ``compare`` and ``mode`` as in ``rows:``, the others as in ``protect:``.

    ``since``: a contact called at this moment or later is protected; ``called``: the period, as configured.
    ``result_codes`` are folded. ``keeps``: field → ``never`` or ``if_empty``, for fields that a contact may keep.
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
        """Return the rules of a run that ``began`` at this UTC time."""
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
        """Whether calls or their results protect contacts."""
        return bool(self.since or self.done or self.result_codes)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one row; with ``action`` None, the row fails with ``code``.

    ``contact``: the one that is overwritten, or keeps the row out; ``moves``: it comes from another campaign.
    ``changes``: field → (before, after). ``sent``: the fields sent, if the contact keeps some (None: all of the row's);
    ``left_out``: the values that it keeps and that are not sent.
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
        """The ID of the contact, ``""`` without one."""
        return self.contact.id if self.contact else ""


def decide(
    fields: Mapping[str, Value],
    found: Sequence[StoredContact],
    rules: PlanRules,
    elsewhere: Sequence[StoredContact] = (),
    *,
    certain: bool = True,
) -> Decision:
    """Decide a row. ``found``: contacts of its campaign with its UserData; ``elsewhere``: those of other campaigns.

    If only another campaign has the contact, the import moves it. Not ``certain``: contacts of other campaigns could
    not be read.
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
    """Fail a row whose contact cannot be looked up; None if it can."""
    if not fields.get("UserData"):
        why = phrase("the row has no UserData, so its contact cannot be looked up")
    elif not known:
        why = phrase("contacts of other campaigns could not be read; one of them may have this UserData")
    else:
        return None
    return Decision(None, reason=why, code=LOOKUP_FAILED)


def _left_alone(there: Sequence[StoredContact], rules: PlanRules) -> Decision:
    """Leave a contact alone that the dialler has already (``mode: create``)."""
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
    """Return the campaign of a moved contact, before and after."""
    name = "DiallerCampaignsID" if fields.get("DiallerCampaignsID") is not None else CAMPAIGN_NAME
    return {name: (campaign_of(record), fields.get(name))}


def protection(record: Mapping[str, Any], rules: PlanRules) -> str:
    """Return the reason why a contact must not be overwritten; ``""`` if it may.

    Raises:
        UsageError: its record does not tell.
    """
    if rules.follow_up:
        for name in ("FollowUpDateTime", "FollowUpUsersUID", "ReservedUsersUID"):
            if record.get(name):
                return phrase("the contact has {field} {value}", field=name, value=record[name])
    if rules.locked and is_locked(record):
        return phrase("the contact is locked")
    return _by_calls(record, rules)


def protection_by_now(record: Mapping[str, Any], rules: PlanRules) -> str:
    """Return the reason why a contact must not be changed as was planned; ``""`` if it may. Its record by now may tell
    less of calls than the plan's did; what it does not tell stays as planned."""
    try:
        return protection(record, rules)
    except UsageError:
        return ""


def _by_calls(record: Mapping[str, Any], rules: PlanRules) -> str:
    """Return the reason why its calls protect a contact; ``""`` if they do not."""
    if rules.since is not None and (last := last_call(record)):
        at = moment(last)
        if at is not None and at >= rules.since:
            return phrase("the contact was called at {time}, less than {span} ago", time=last, span=rules.called)
    if rules.done and is_done(record):
        return phrase("the contact is done")
    for folded, name in result_names(record):
        if folded in rules.result_codes:
            return phrase("the contact has the result code {code}", code=name)
    return ""


def before_image(record: Mapping[str, Any], fields: Mapping[str, Value]) -> dict[str, Any]:
    """Return the fields that an import sets, and the campaign, as they are before it; None if empty. What is no value
    of a field (a list, an object) cannot be put back."""
    campaign = ("DiallerCampaignsID",) if campaign_of(record) else (CAMPAIGN_NAME,)
    names = (name for name in (*campaign, *fields) if name in FIELDS)
    return {name: plain(record.get(name)) for name in names if not isinstance(record.get(name), (list, dict))}


def before_delete(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields that an import sets as a deleted contact has them, and ``bLocked`` if it is locked."""
    return before_image(record, record) | ({"bLocked": True} if is_locked(record) else {})
