"""Match answers to requests, as far as answers identify their subject. Pure.

A proxy, or a server that loses step on a connection that is kept alive, may give one request the answer to another.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import product
from typing import Any

from ..text.normal import normalized
from .wire import (
    CAMPAIGN_NAME,
    StoredContact,
    campaign_of,
    id_number,
    is_somebody_else,
    plainly_different,
    stored_contact,
)

Record = Mapping[str, Any]
Meant = Callable[[list[Record]], bool]
"""Whether records can be the answer to a question; called only with records."""

_LOST = "\ufffd"
"""Replacement for a character that was lost on its way."""

_MOST_LOST = 4
"""Characters that one mark may stand for."""

_SHORTEST_FIELD = 32
"""Characters of a UserData that every dialler keeps."""

_REMEMBERED = 10_000
"""Imported contacts whose IDs are kept."""

_OF_CONTACT = "DiallerContactsID"
"""The field of a call's record, or of an object in it, that names its contact."""


def is_about(record: Record, contact_id: str = "", user_data: str | None = None) -> bool:
    """Whether a record may be that of the contact with this ID, or UserData. Missing fields do not count."""
    contact = stored_contact(record)
    if contact_id and contact.id and not _same_id(contact.id, contact_id):
        return False
    told = contact.user_data
    return user_data is None or told in ("", user_data) or _tidied(user_data, told)


def _tidied(user_data: str, told: str) -> bool:
    """Whether a dialler may have stored our UserData like this: without blanks, in capitals, cut to its field
    length, with characters lost."""
    cut = len(told) >= _SHORTEST_FIELD
    return any(
        ours == theirs or (cut and ours.startswith(theirs)) or (_LOST in theirs and _lost(ours, theirs, cut=cut))
        for ours, theirs in product(_spellings(user_data), _spellings(told))
    )


def _lost(ours: str, theirs: str, *, cut: bool) -> bool:
    """Whether a text is another one with characters lost: a mark stands for an accent, a character, or a few."""
    first, *others = theirs.split(_LOST)
    at = len(first) if ours.startswith(first) else -1
    for part in others:
        place = ours.find(part, at) if at >= 0 else -1
        at = place + len(part) if place >= 0 else -1
    rest = len(ours) - len(theirs) + len(others)
    return at >= 0 and (cut or (ours.endswith(others[-1]) and rest <= _MOST_LOST * len(others)))


def _same_id(one: str, other: str) -> bool:
    number = id_number(one)
    return one == other or (number is not None and number == id_number(other))


def change_is_about(answer: Record, contact_id: str = "", user_data: str | None = None) -> bool:
    """Whether the answer to a change matches."""
    return all(is_about(record, contact_id, user_data) for record in told_by(answer))


def told_by(answer: Record) -> list[Record]:
    """Return what the answer to a change tells of contacts: itself, and its ``records``."""
    found = answer.get("records")
    return [answer, *(each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict))]


def names_another(answer: Record, ours: Record, campaign_ids: Mapping[str, str]) -> bool:
    """Whether an import's answer names another campaign, as far as ours is known, or without our very UserData another
    person. A campaign's name may be written in another way than ours.

    ``campaign_ids``: known IDs of campaigns by name.
    """
    name, number = ours.get(CAMPAIGN_NAME), ours.get("DiallerCampaignsID")
    number = str(number or campaign_ids.get(str(name), ""))
    name = name or next((each for each, its in campaign_ids.items() if its == number), "")

    def is_elsewhere(record: Record) -> bool:
        if its := campaign_of(record):
            return bool(number) and its != number
        return bool(name and record.get(CAMPAIGN_NAME)) and plainly_different({CAMPAIGN_NAME: name}, record)

    contact = contact_in(answer)
    is_named = _is_named(stored_contact(contact), ours.get("UserData"))
    return any(map(is_elsewhere, told_by(answer))) or (not is_named and is_somebody_else(ours, contact))


def _is_named(contact: StoredContact, user_data: str | None) -> bool:
    """Whether a contact carries this very UserData."""
    return contact.user_data != "" and contact.user_data == user_data


def contact_in(answer: Record) -> Record:
    """Return what an import's answer tells of the contact: the first of its ``records`` that names one, else itself."""
    itself, *found = told_by(answer)
    return next((each for each in found if any(map(each.get, ("ID", _OF_CONTACT, "UserData", "Name")))), itself)


def of_user_data(user_data: str) -> Meant:
    """Expect the contacts of this UserData, however the server compares; or the whole account, from a server that
    ignores the filter. Only contacts of another UserData are a mismatch."""

    def meant(found: list[Record]) -> bool:
        keys = {stored_contact(record).user_data for record in found}
        return len(keys) > 1 or folded(user_data) in map(folded, keys)

    return meant


def of_any(user_data: Iterable[str], ids: Iterable[object]) -> Meant:
    """Expect the contacts of these UserData and IDs, as far as they exist; or the whole account, with all of them.

    A contact that nobody asked for may be one of those that are missing, under a wrong name; so may one with two names.
    """
    wanted, keys = set(map(str, ids)), set(map(folded, user_data))

    def meant(found: list[Record]) -> bool:
        contacts = list(map(stored_contact, found))
        names: dict[str, str] = {}
        if any(each.id and names.setdefault(each.id, each.user_data) != each.user_data for each in contacts):
            return False
        told_ids, told_keys = {each.id for each in contacts}, {folded(each.user_data) for each in contacts}
        strangers = {key for each in contacts if each.id not in wanted and (key := folded(each.user_data)) not in keys}
        missing = keys - told_keys
        cut = {key for key in strangers if len(key) >= _SHORTEST_FIELD and any(m.startswith(key) for m in missing)}
        return strangers <= cut or (wanted <= told_ids and keys <= told_keys)

    return meant


def spelt_otherwise(user_data: Collection[str], found: Iterable[Record]) -> list[str]:
    """Return those of the asked UserData that no contact carries, but one carries in another spelling, or cut: it may
    be the contact that was asked for, or somebody else."""
    told = {stored_contact(record).user_data for record in found}
    strangers = {folded(key) for key in told.difference(user_data) if key}
    cut = tuple(key for key in strangers if len(key) >= _SHORTEST_FIELD)
    missing = {key: folded(key) for key in user_data if key not in told} if strangers else {}
    return [key for key, its in missing.items() if its in strangers or its.startswith(cut)]


def of_calls(contact_id: object) -> Meant:
    """Expect calls of the contact with this ID."""

    def meant(calls: list[Record]) -> bool:
        parts = (part for call in calls for part in (call, *call.values()) if isinstance(part, dict))
        told = [str(part[_OF_CONTACT]) for part in parts if part.get(_OF_CONTACT) is not None]
        return not told or str(contact_id) in told

    return meant


_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})


def folded(user_data: str) -> str:
    """Return what databases compare, at their most lenient: no case, accents, widths or blanks around; "ß" is "s"."""
    return _plain(user_data).replace("ss", "s")


def _spellings(user_data: str) -> set[str]:
    """Return what databases compare, with each letter for "ß"."""
    return {_plain(user_data), _plain(user_data.replace("ß", "s").replace("ẞ", "s"))}


def _plain(user_data: str) -> str:
    text = user_data.strip().casefold()
    if not text.isascii():
        parts = normalized("NFKD", text)
        text = "".join(sign for sign in parts if unicodedata.category(sign)[0] not in "MC").translate(_LETTERS)
    return text


class ToldIds:
    """Contact IDs in recent answers to imports, so that one answer is not taken for two rows."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, str] = OrderedDict()  # ID → UserData of the row

    def is_own(self, answer: Record, user_data: str) -> bool:
        """Whether an answer belongs to the row with this UserData: by its UserData; without one by its ID, which no
        answer to another row may have named."""
        contact = stored_contact(contact_in(answer))
        if not is_about(contact.values, user_data=user_data):
            return False
        if not contact.id:
            return True
        if contact.id in self._told and not _is_named(contact, user_data):
            return bool(user_data) and self._told[contact.id] == user_data
        self._told[contact.id] = user_data
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return True
