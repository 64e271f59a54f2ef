"""Meanings of column headers, in the languages of ``header_words.yaml``.

A header is cut into known phrases, the longest first: ``Address 1: ZIP/Postal Code`` into an address, a number and a
postal code. Case, accents, umlauts and signs are ignored. An unknown word, or a word that is only close to a known one,
makes the meaning doubtful.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, reduce
from importlib.resources import files
from itertools import chain
from operator import or_

import yaml

from ...config.columns import fold

_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i", "œ": "oe"}
)
_CAMEL = re.compile(r"(?<=[^\W\dA-ZÄÖÜ_])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_IN_BRACKETS = re.compile(r"\([^()]*\)", re.IGNORECASE)

_SHORTEST_HEADER = 3
_MOST_WORDS = 6
"""Words in the longest phrase."""
_LONGEST_HEADER = 120
_NEAR = 0.8
_VERY_NEAR = 0.88
_LONG_WORD = 5
"""Letters from which a word is matched with similar words, and names the meaning of a compound that ends in it."""
_SHORT_HEAD = 4
_SHORT = frozenset({"nr", "no", "id"})
"""Words of two letters that end compounds: ``Kundennr``."""

PHONES = frozenset({"Phone", "Mobile", "WorkPhone"})
NOT_A_FIELD = frozenset({"Other", "Assistant", "NotDialled"})
"""Meanings that no field of the contact holds, whatever else the header says: ``E-Mail-Typ``, ``Owner Email``."""

_WITH_FIELDS = frozenset({"Home", "Work", "Main", "Second", "Delivery", "Filler"})
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


def header_key(name: str) -> str:
    """Fold a header to its letters and digits: ``Kunden-Nr.`` → ``kundennr``."""
    return re.sub(r"[\W_]", "", _plain(fold(name)))


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
    words = _words(name)
    if not words or len(name) > _LONGEST_HEADER:
        return Meaning()
    known = _vocabulary(language)
    read = _Read.of(words, known)
    if "Other" in read.found and (outside := _words(_IN_BRACKETS.sub(" ", name))) not in ([], words):
        rest = _Read.of(outside, known)
        if "Other" not in rest.found and rest.found - _WITH_FIELDS:
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
        for key in _Read.of(_words(name), _vocabulary("")).keys:
            languages = _languages()[key]
            votes.update(dict.fromkeys(languages, 1 if len(languages) == 1 else 0))
    return max(votes, key=lambda language: votes[language], default="") if any(votes.values()) else ""


def _words(name: str) -> list[str]:
    name = re.sub(r";TYPE=", " ", name, flags=re.IGNORECASE)
    parts = _CAMEL.sub(" ", unicodedata.normalize("NFKC", name))
    return [key for part in re.split(r"[\W_]+", parts) if (key := header_key(part))]


def _plain(text: str) -> str:
    """Strip accents."""
    text = text.translate(_LETTERS)
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


@cache
def _vocabulary(language: str) -> dict[str, tuple[str, bool]]:
    """Return the key of each phrase → its meaning, and whether that is doubtful."""
    known: dict[str, tuple[str, bool]] = {}
    phrases = sorted(_phrases(), key=lambda phrase: phrase[1] != language)
    for kind, _, phrase in phrases:
        known.setdefault(header_key(phrase), (kind, phrase.endswith("?")))
    return known


@cache
def _languages() -> dict[str, set[str]]:
    """Return the key of each phrase → its languages."""
    languages: dict[str, set[str]] = {}
    for _, language, phrase in _phrases():
        languages.setdefault(header_key(phrase), set()).add(language)
    return languages


@cache
def _phrases() -> list[tuple[str, str, str]]:
    """Return (meaning, language, phrase); the first meaning of a phrase takes precedence."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files(__package__).joinpath("header_words.yaml").read_text(encoding="utf-8")
    words = yaml.load(text, loader)  # noqa: S506 (a safe loader, the fast one where there is one)
    return [
        (kind, language, phrase)
        for kind, by_language in chain(words["fields"].items(), words["others"].items())
        for language, phrases in by_language.items()
        for phrase in phrases.split(", ")
    ]


@cache
def _long_words() -> dict[int, list[tuple[str, int]]]:
    """Return keys that a misspelt word may be close to, each with its :func:`_letters`, by length."""
    by_length: dict[int, list[tuple[str, int]]] = {}
    for key, (kind, _) in _vocabulary("").items():
        if len(key) >= _LONG_WORD and kind not in _WITH_FIELDS:
            by_length.setdefault(len(key), []).append((key, _letters(key)))
    return by_length


def _letters(word: str) -> int:
    """A bit for each letter in it."""
    return reduce(or_, (1 << ord(letter) % 64 for letter in word), 0)


@dataclass(slots=True)
class _Read:
    """The words of a header, read: meanings, the phrases they come from, and the unknown words."""

    kinds: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    doubtful: bool = False
    near: str = ""

    @property
    def found(self) -> set[str]:
        return set(self.kinds)

    @classmethod
    def of(cls, words: list[str], known: Mapping[str, tuple[str, bool]]) -> _Read:
        read = cls()
        at = 0
        while at < len(words):
            ends = range(min(len(words), at + _MOST_WORDS), at, -1)
            end = next((end for end in ends if "".join(words[at:end]) in known), None)
            if end is not None:
                read._add("".join(words[at:end]), known)
            elif (parts := _compound(words[at], known)) and (len(parts) > 1 or not _nearest(words[at], _VERY_NEAR)):
                for part in parts:
                    read._add(part, known)
                if len(parts) == 1:
                    read.unknown.append(words[at])
            elif len(words[at]) > 1 and not words[at].isdecimal():
                read.unknown.append(words[at])
            at = end or at + 1
        if read.unknown:
            read._find_near(words, known)
        return read

    def _add(self, key: str, known: Mapping[str, tuple[str, bool]]) -> None:
        kind, perhaps = known[key]
        self.kinds.append(kind)
        self.keys.append(key)
        self.doubtful |= perhaps

    def _find_near(self, words: list[str], known: Mapping[str, tuple[str, bool]]) -> None:
        """Match misspelt words with the nearest known ones."""
        if not self.found - _WITH_FIELDS and (whole := _nearest("".join(words))):
            self.unknown, self.near, self.doubtful = [], whole, True
            self._add(whole, known)
            return
        for word in self.unknown:
            near = _nearest(word)
            if near and not (known[near][0] in NOT_A_FIELD and self.found - _WITH_FIELDS):
                self.near = self.near or near
                self._add(near, known)


def _compound(word: str, known: Mapping[str, tuple[str, bool]]) -> list[str]:
    """Split a compound such as ``Kundennachname``; only its last part if the first is unknown: ``Jahresbetrag``."""
    heads = [at for at in range(3, len(word) - 1) if word[at:] in known and (len(word) - at > 2 or word[at:] in _SHORT)]
    for at in heads:
        for link in ("", "s", "n", "en"):
            stem = word[:at].removesuffix(link)
            if len(stem) > 2 and stem in known:
                return [stem, word[at:]]
    for at in heads:
        kind = known[word[at:]][0]
        if len(word) - at >= (_SHORT_HEAD if kind in {"AnyName", "Number"} else _LONG_WORD):
            return [word[at:]]
    part = re.search("telefon|telefoon|phone|handy|mobil|email", word)
    return [part[0]] if part else []


def _nearest(word: str, cutoff: float = _NEAR) -> str | None:
    """Find the known word nearest to a misspelt one."""
    if len(word) < _LONG_WORD or word.isdecimal():
        return None
    letters, length = _letters(word), len(word)
    candidates = [
        key
        for long in range(length - 2, length + 3)
        for key, its in _long_words().get(long, ())
        # So many letters are in both at the most: far quicker found than the ratio.
        if 2 * min(length - (letters & ~its).bit_count(), long - (its & ~letters).bit_count()) / (length + long)
        >= cutoff
    ]
    return next(iter(get_close_matches(word, candidates, n=1, cutoff=cutoff)), None)


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
