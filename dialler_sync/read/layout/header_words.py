"""Meanings of column headers, in the languages of ``header_words.yaml``.

:mod:`.vocabulary` cuts a header into known phrases: ``Address 1: ZIP/Postal Code`` into an address, a number and a
postal code. Here they are combined. An unknown word, or one that is only close to a known one, makes the meaning
doubtful.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from .vocabulary import NOT_A_FIELD, WITH_FIELDS, Reading, header_key, languages, vocabulary, words_of

_IN_BRACKETS = re.compile(r"\([^()]*\)", re.IGNORECASE)

_SHORTEST_HEADER = 3
_LONGEST_HEADER = 120
PHONES = frozenset({"Phone", "Mobile", "WorkPhone"})

_PRECEDENCE = (
    *("Email", "Fax", "Mobile", "WorkPhone", "Phone", "AccountIBAN", "AccountBIC", "AccountNationalBankCode"),
    *("AccountOwner", "AccountNumber", "AccountBank", "ExternalSystemLink", "Website", "FullAddress"),
    *("PostalCodeAndCity", "HouseNumber", "PostalCode", "City", "Country", "Region", "Salutation", "Title"),
    *("FirstName", "Name", "FollowUpDateTime", "ReferenceNumber", "Amount", "Campaign", "UserData"),
    *("TitleOrPosition", "FullName", "Address", "Company", "Comment", "Tag", "Client", "Service"),
    *("GivenOrAnyName", "AnyName", "Person", "Id", "Number"),
)
"""Precedence of several meanings in a header: an address's city is a city."""

_TOGETHER: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"PostalCode", "City"}), "PostalCodeAndCity"),
    (frozenset({"FirstName", "Name"}), "FullName"),
    (frozenset({"Address", "HouseNumber"}), "Address"),
    (frozenset({"Person", "AnyName"}), "FullName"),
    (frozenset({"Person", "GivenOrAnyName"}), "FullName"),
    (frozenset({"Person", "Id"}), "PersonId"),
    (frozenset({"Person", "Number"}), "PersonId"),
    (frozenset({"Company", "Id"}), "CompanyId"),
    (frozenset({"Company", "Number"}), "CompanyId"),
    (frozenset({"AccountBank", "City"}), "Other"),
    (frozenset({"AccountBank", "Country"}), "Other"),
    (frozenset({"AccountBank", "Address"}), "Other"),
)
"""Combined meaning of two, if no meaning of higher precedence is in the header."""

_NEVER_COUNTED = frozenset({"City", "Country", "Region", "Salutation", "Title", "TitleOrPosition", "FollowUpDateTime"})
"""Fields to which ``number`` in a header gives another meaning."""
_OF = frozenset({"de", "du", "des", "del", "di", "della", "dell", "van", "of", "der", "da", "do"})
"""Words between a thing and its owner: the column holds the thing before them; without one, the last thing."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a header.

    ``of`` is a contact field, or one of: ``AnyName`` (a surname or a whole name), ``GivenOrAnyName`` (a first name, or
    a whole one), ``FullName``, ``TitleOrPosition``, ``FullAddress``, ``HouseNumber``, ``PostalCodeAndCity``, ``Phone``,
    ``Mobile``, ``WorkPhone``, ``Fax``, ``Person`` (a person, without saying which property), ``PersonId``,
    ``CompanyId``, ``Id``, ``Number``, ``Campaign``, ``OptOut``, ``OptIn``, ``NotDialled``, ``Assistant``, ``Other`` (no
    field holds it), ``Qualifier`` (only words that qualify a field: ``Privat``); empty if unknown.

    ``with_``: all meanings found. ``doubtful``: it may mean something else. ``near``: the known word that a misspelt
    one was matched with. ``rank``: lower for the contact's first column of its kind.
    """

    of: str = ""
    with_: frozenset[str] = frozenset()
    doubtful: bool = False
    near: str = ""
    rank: int = 0


def is_phone_header(name: str) -> bool:
    """Whether a column of this name holds phone numbers."""
    return meaning_of(name).of in PHONES


def is_header_word(name: str) -> bool:
    """Whether this is a usual name of a column."""
    if len(header_key(name)) < _SHORTEST_HEADER:  # "BY", "AZ" and "no" are cells as well
        return header_key(name) == "id"
    meaning = meaning_of(name)
    return not meaning.doubtful and meaning.of not in {"", "Qualifier", "Person", "Number", *NOT_A_FIELD}


def without(meaning: Meaning) -> Meaning:
    """Remove a meaning that the cells contradict: ``Calle de correo`` holds no mail."""
    left = meaning.with_ - {meaning.of}
    return replace(meaning, of=_combined(set(left)), with_=left)


@cache
def meaning_of(name: str, language: str = "") -> Meaning:
    """Find what a header means; ``language`` takes precedence over the others."""
    words = words_of(name)
    if not words or len(name) > _LONGEST_HEADER:
        return Meaning()
    known = vocabulary(language)
    read = Reading.of(words, known)
    if "Other" in read.found and (outside := words_of(_IN_BRACKETS.sub(" ", name))) not in ([], words):
        rest = Reading.of(outside, known)
        if "Other" not in rest.found and rest.found - WITH_FIELDS:
            read = replace(rest, doubtful=True)
    index = next((int(word) for word in words if word.isdecimal() and len(word) <= 2), 1)
    of = _combined(read.found) or ("Qualifier" if read.found and not read.unknown else "")
    if of == "Address" and "Company" in read.found and not _OF.intersection(words) and read.kinds[-1] == "Company":
        of = "Company"
    rank = 3 * ("Second" in read.found) + 3 * ("Delivery" in read.found) + max(index - 1, 0)
    rank += bool(read.found - {of, "Main", "Filler", "Person", "Address"})
    return Meaning(of, frozenset(read.found), bool(read.unknown) or read.doubtful, read.near, rank)


def language_of(names: Iterable[str]) -> str:
    """Return the language of most headers, empty if unknown."""
    votes: Counter[str] = Counter()
    for name in names:
        for key in Reading.of(words_of(name), vocabulary("")).keys:
            spoken = languages()[key]
            votes.update(dict.fromkeys(spoken, 1 if len(spoken) == 1 else 0))
    return max(votes, key=lambda language: votes[language], default="") if any(votes.values()) else ""


def _combined(found: set[str]) -> str:
    """Combine several meanings into one."""
    for kind in ("OptOut", "OptIn"):
        if kind in found:
            return kind
    if found & NOT_A_FIELD:
        return next(kind for kind in ("NotDialled", "Assistant", "Other") if kind in found)
    of = next((kind for kind in _PRECEDENCE if kind in found), "")
    for pair, together in _TOGETHER:
        if pair <= found and of in pair | {"FullName"}:
            return together
    names_a_thing = of not in {"Email", "Person", "Company", "Id", "Number", "UserData", ""}
    if (names_a_thing and "Id" in found) or (of in _NEVER_COUNTED and "Number" in found):
        return "Other"
    return of
