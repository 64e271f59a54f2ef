"""What a record of the dialler says, and whether it says what we sent. Pure: no network, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..fields import PHONE_FIELDS
from ..model import Value
from ..target import ACCOUNT, split
from ..text.outward import dialler_says


class StoredContact(NamedTuple):
    """A contact as the dialler has it. ``values`` is the whole record, unknown fields included."""

    id: str
    user_data: str
    values: Mapping[str, Any]


def stored_contact(record: Mapping[str, Any]) -> StoredContact:
    """Convert one entry of ``records``; an ID or UserData that is missing, null or neither text nor number is
    ``""``."""
    contact_id = _name(record.get("ID", record.get("DiallerContactsID")))
    if not contact_id.isdecimal() or len(contact_id) > _LONGEST_ID:
        contact_id = dialler_says(contact_id, _LONGEST_ID)
    return StoredContact(contact_id, _name(record.get("UserData")), record)


_EXACT = 2**53
"""Smallest number that a float may hold inexactly; it could name another contact."""


def _whole(value: object) -> object:
    """Convert a whole number written as ``5.0`` or ``5e0`` to ``5``; leave all else."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _name(value: object) -> str:
    value = _whole(value)
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def id_number(text: str) -> int | None:
    """Return a counted ID as a number that fits every database; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None


_DIGITS = 18


_LONGEST_ID = 100
"""Characters of a contact's ID, which is a number."""

CAMPAIGN_NAME = "DiallerCampaignsName"
"""A record's field for the name of its campaign; often it has only the ID."""

HISTORY = "DiallerContactsHistory"
"""Field of the batch lookup's records that holds the contact's calls."""

RESULT_CODE = "DiallerCampaignsResultCodes"
"""Field of the batch lookup's records that holds the contact's current result code."""

DONE = "bDone"
"""Field of a contact, and of a result code: the dialler calls the contact no more."""


CALL_START = "dtCallStart"
"""Field of a call, somewhere in its record: when it began."""


def call_starts(found: object) -> Iterator[object]:
    """Yield when calls began, wherever that stands in nested records."""
    if isinstance(found, Mapping):
        for name, value in found.items():
            if name == CALL_START:
                yield value
            else:
                yield from call_starts(value)
    elif isinstance(found, list):
        for each in found:
            yield from call_starts(each)


def without_calls(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a contact's record without what is nested in it, but for its result code, and when its calls began."""
    light = {name: value for name, value in record.items() if name == RESULT_CODE or not isinstance(value, list | dict)}
    starts: list[dict[str, Any]] = [{CALL_START: start} for start in call_starts(record.get(HISTORY))]
    return {**light, HISTORY: starts} if starts else light


def campaign_of(record: Mapping[str, Any]) -> str:
    """Return ``DiallerCampaignsID`` of a record as text; empty if missing."""
    number = _whole(record.get("DiallerCampaignsID"))
    return "" if number is None else str(number).strip()


def is_elsewhere(ours: Mapping[str, Value], theirs: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
    """Whether a record places its contact in another campaign than ours.

    ``ids``: the known IDs of campaigns by name; often a record has only the ID.
    """
    number, name = ours.get("DiallerCampaignsID"), ours.get(CAMPAIGN_NAME)
    wanted = str(number) if number is not None else ids.get(str(name or ""))
    if wanted is not None and campaign_of(theirs):
        return campaign_of(theirs) != wanted
    return bool(name and theirs.get(CAMPAIGN_NAME)) and theirs[CAMPAIGN_NAME] != name


def is_outside(target: str, record: Mapping[str, Any]) -> bool:
    """Whether a record places its contact in another campaign than that of a run's target."""
    campaign = split(target)[1]
    if not campaign or campaign == ACCOUNT:
        return False
    name = campaign.removeprefix("=")
    return is_elsewhere({CAMPAIGN_NAME: name} if name != campaign else {"DiallerCampaignsID": campaign}, record, {})


def records(answer: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return ``records``, None if the answer has no list of objects, or its ``count`` differs."""
    found, count = answer.get("records"), answer.get("count")
    if found is None and count == 0:
        return []
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        return None
    return found if count is None or str(count) == str(len(found)) else None


def each_once(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return records of contacts without those whose ID has been given before."""
    seen: set[str] = set()
    kept = []
    for record in found:
        contact_id = stored_contact(record).id
        if contact_id not in seen:
            kept.append(record)
        if contact_id:
            seen.add(contact_id)
    return kept


def imported_contact(answer: Mapping[str, Any]) -> StoredContact:
    """Return the contact at index 0 of an import's answer; an answer without one counts as done all the same."""
    found = answer.get("records")
    first = found[0] if isinstance(found, list) and found else found
    return stored_contact(first if isinstance(first, dict) else {})


def same_value(ours: Value, theirs: object) -> bool:
    """Whether the dialler holds the value sent: numbers compare as numbers, empty as null."""
    if ours is None or ours == "":
        return theirs is None or theirs == ""
    if isinstance(ours, bool):
        return theirs in (ours, str(ours).lower(), str(int(ours)))
    if isinstance(ours, (int, float)):
        try:
            return (float(theirs) if isinstance(theirs, str) else theirs) == ours
        except ValueError:
            return False
    return ours == theirs or (theirs is not None and not isinstance(theirs, str) and ours == str(theirs))


COMMANDS = frozenset({"ResetContact"})
"""Fields that are commands to the dialler; it does not store them, so they are never compared."""


def differences(ours: Mapping[str, Value], theirs: Mapping[str, Any]) -> dict[str, tuple[Value, Any]]:
    """Return the fields that differ: name → (ours, theirs).

    A campaign sent by name and returned by ID only cannot be compared.
    """
    return {
        name: (value, theirs.get(name))
        for name, value in ours.items()
        if name not in COMMANDS
        and not same_value(value, theirs.get(name))
        and not (name == "DiallerCampaignsName" and theirs.get(name) is None)
    }


LOCK = re.compile(r"(?:b|is)?_?lock(?:ed)?", re.IGNORECASE)
"""Names of a record's field for the lock. ``bLocked`` is assumed, as the API's description does not name it; a field
that is only about locks (``bLockable``, ``bUnlocked``, ``bLockedNumber``) is none."""


def is_locked(record: Mapping[str, Any]) -> bool:
    """Whether a record shows the contact as locked: one of its lock flags is set."""
    return any(LOCK.fullmatch(name) and same_value(True, value) for name, value in record.items())


def is_unlocked(record: Mapping[str, Any]) -> bool:
    """Whether a record shows the contact as unlocked; it may show neither."""
    return not is_locked(record) and any(map(LOCK.fullmatch, record))


def plainly_different(ours: Mapping[str, Value], theirs: Mapping[str, Any]) -> bool:
    """Whether some field differs by more than a dialler's own tidying (case, blanks, signs, cut text)."""
    for value, other in differences(ours, theirs).values():
        one, two = _bare(value), _bare(other)
        if not (one.startswith(two) if two else not one):
            return True
    return False


def is_somebody_else(ours: Mapping[str, Value], theirs: Mapping[str, Any]) -> bool:
    """Whether a record has another name than ours, and none of our numbers, however a dialler writes them. A record
    without a name, or without numbers, does not tell."""
    name, mine, its = theirs.get("Name"), _ends_of_numbers(ours), _ends_of_numbers(theirs)
    if not (ours.get("Name") and _bare(name) and mine and its and mine.isdisjoint(its)):
        return False
    return plainly_different({"Name": ours["Name"]}, {"Name": name})


_END = 6
"""Digits at the end of a number that its prefixes do not change."""


def _ends_of_numbers(record: Mapping[str, Any]) -> set[str]:
    numbers = ("".join(filter(str.isdecimal, str(record.get(name) or ""))) for name in PHONE_FIELDS)
    return {number[-_END:] for number in numbers if number}


def _bare(value: object) -> str:
    return "" if value is None else "".join(filter(str.isalnum, str(value))).casefold()
