"""A line of a list of calls: its columns, what tells one call from another, and what shows that it has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from ..api.call_times import moment
from ..api.wire import CAMPAIGN_NAME, campaign_of, stored_contact
from ..contacts.call_places import places
from ..contacts.call_records import CALL_FACTS, Call
from ..fields import PHONE_FIELDS
from ..own_columns import CHANGE

CONTACT_FACTS = ("UserData", "ContactID", "Name", "Campaign")

NEW, UPDATED = "new", "updated"

CALL_COLUMNS = (*CONTACT_FACTS, *CALL_FACTS, CHANGE)
"""First columns of a list of calls; the fields of the call's own record follow."""

LONGEST_CALL = timedelta(days=1)
"""Longest call; an older one is over, even if its record has no end."""

Record = Mapping[str, Any]


def numbers_of(contact: Record) -> list[str]:
    """Return the phone numbers of a contact, by which the dialled one is recognised."""
    return [str(contact.get(name) or "") for name in PHONE_FIELDS]


def contact_facts(contact: Record, campaigns: Mapping[str, str]) -> dict[str, Any]:
    """Return :data:`CONTACT_FACTS`; ``campaigns`` are names by ID, for records that have only the ID."""
    stored, number = stored_contact(contact), campaign_of(contact)
    whole = int(stored.id) if stored.id.isdecimal() and len(stored.id) < 19 else stored.id
    campaign = contact.get(CAMPAIGN_NAME) or campaigns.get(number) or number or None
    return dict(zip(CONTACT_FACTS, (stored.user_data, whole, contact.get("Name"), campaign), strict=True))


def line_of(contact: Mapping[str, Any], call: Call, change: str = NEW) -> dict[str, Any]:
    """Return the line of a call; ``contact`` are the contact's facts."""
    told = call.columns()
    facts = {name: told.pop(name) for name in CALL_FACTS}
    first = {**contact, **facts, CHANGE: change}
    own = {f"DiallerContactsHistory.{name}" if name in first else name: value for name, value in told.items()}
    return first | own


def key_of(call: Call, contact_id: str) -> str:
    """Return what tells a call from all others: its ID, else contact, start and number."""
    if call.call_id:
        return f"id {call.call_id}"
    return apart(call, contact_id, call.number or str(sorted(call.record.items(), key=str)) * (not call.when))


def apart(call: Call, contact_id: str, of: str) -> str:
    """Return the key of a call that its ID alone, or nothing, tells from others."""
    return _hashed([contact_id, str(moment(call.when) or call.when), of])


def same_start(one: str, other: str) -> bool:
    """Whether two records of one ID may be of one call: they began at the same time, or one does not tell."""
    return not one or not other or one == other or (moment(one) is not None and moment(one) == moment(other))


def fingerprint(call: Call) -> str:
    """Return a hash of the call's facts and fields, but for texts of its result, which depend on the language."""
    texts = set(places(tuple(call.record))["ResultText"])
    texts |= {name for name in call.record if name.casefold().endswith((".content", ".text"))}
    own = {name: value for name, value in call.record.items() if name not in texts}
    return _hashed([call.number, call.result_code, call.done, call.agent, call.reached, call.duration, own])


def is_going_on(call: Call, now: datetime, *, ends_are_told: bool) -> bool:
    """Whether a call has no end yet: calls of this dialler have one, and neither that nor a result is there."""
    if call.end or call.duration or call.result_code or call.end_reason:
        return False
    if "CallEnd" in call.missing and not ends_are_told:
        return False
    began = moment(call.when)
    return began is not None and abs(now - began) < LONGEST_CALL


def _hashed(value: object) -> str:
    try:
        data = orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:  # a number beyond 64 bits
        data = json.dumps(value, default=str, sort_keys=True).encode()
    return hashlib.blake2b(data, digest_size=16).hexdigest()
