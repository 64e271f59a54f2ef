"""Convert JSON to facts and back. Pure: no network, no clock."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from ..fields import PHONE_FIELDS
from ..model import Value
from ..target import ACCOUNT, split
from ..text.outward import dialler_says
from ..text.phrase import phrase
from .characters import Characters


class StoredContact(NamedTuple):
    """A contact as the dialler has it. ``values`` is the whole record, unknown fields included."""

    id: str
    user_data: str
    values: Mapping[str, Any]


def decode(body: bytes, charset: str | None = None, *, exact: bool = True) -> dict[str, Any] | None:
    """Decode a JSON object; return None for any other body (cut off, HTML, empty, a key with two values,
    hundreds of levels).

    ``charset`` comes from the answer's header. Unless ``exact``, undecodable bytes are replaced: they do not affect the
    outcome.
    """
    try:
        answer = orjson.loads(body)
        if len(body) < _SMALL and (any(body.count(key) > 1 for key in _TELLING) or _ESCAPED_LETTER.search(body)):
            answer = _loads(body.decode())
    except orjson.JSONDecodeError:
        try:
            answer = _loads(_text(body, charset, exact=exact))
        except (ValueError, RecursionError):
            return None
    except (ValueError, RecursionError):  # orjson reads what is nested more deeply than json does
        return None
    return answer if isinstance(answer, dict) and not is_too_deep(answer) else None


def is_too_deep(value: object) -> bool:
    """Whether a value of JSON is nested more deeply than any answer: readers give more levels than Python has room for
    where they are written."""
    inside = [value]
    for _ in range(_DEEPEST):
        nested = (
            each.values() if isinstance(each, dict) else each for each in inside if isinstance(each, (dict, list))
        )
        inside = [each for part in nested for each in part]
        if not inside:
            return False
    return True


_DEEPEST = 500


def weight(body: bytes) -> int:
    """Estimate the bytes of memory that a JSON text takes when it is decoded: up to thirty times its length. One wide
    letter (an emoji, also as ``\\ud83d``) makes each letter of its text four bytes wide."""
    inside = 64 * (body.count(b"{") + body.count(b"[")) + 24 * body.count(b",") + 25 * body.count(b'"')
    try:
        text = 4 * len(body) if b"\\u" in body else sys.getsizeof(body.decode())
    except UnicodeDecodeError:  # of another charset, which is not known here
        text = 4 * len(body)
    return text + inside


_TELLING = (b'"status"', b'"error"', b'"records"', b'"count"', b'"ID"', b'"UserData"', b'"DiallerCampaignsID"')
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
"""No program writes a Latin letter so, unless to hide it."""

_SMALL = 2**16
"""Largest answer, in bytes, whose keys are examined one by one."""


def _text(body: bytes, charset: str | None, *, exact: bool) -> str:
    try:
        return Characters(charset).decode(body, final=True)
    except UnicodeDecodeError:
        if exact:
            raise
        return body.decode(errors="replace")


def _loads(text: str) -> Any:
    found = json.loads(text, parse_constant=no_number, parse_float=finite, object_pairs_hook=_each_once)
    return whole_characters(found) if ESCAPED_HALF.search(text) else found


ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half a character of JSON, beside its other half or alone."""

_HALF = re.compile("[\ud800-\udfff]")


def whole_characters(value: Any) -> Any:
    """Return a JSON value with ``?`` for each half of a character, which no file can hold."""
    if isinstance(value, str):
        return _HALF.sub("?", value)
    if isinstance(value, list):
        return list(map(whole_characters, value))
    if isinstance(value, dict):
        return dict(zip(map(whole_characters, value), map(whole_characters, value.values()), strict=True))
    return value


def no_number(_: str) -> None:
    """Read ``NaN`` and ``Infinity``, which some servers write for a missing number, as None."""


def finite(text: str) -> float | None:
    """Read a number; one that is too large for a float (``1e400``) as None, as no JSON can hold it again."""
    number = float(text)
    return number if math.isfinite(number) else None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[key] != value for key, value in pairs):
        raise ValueError(phrase("a key has two values"))
    return found


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
