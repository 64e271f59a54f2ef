"""The words of column headers: cuts a header into phrases that ``header_words.yaml`` knows, the longest first.

Case, accents, umlauts and signs are ignored. A misspelt word is matched with the nearest known one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, reduce
from importlib.resources import files
from itertools import chain
from operator import or_

import yaml

from ...config.texts import fold
from ...text.normal import normalized

_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i", "œ": "oe"}
)
_CAMEL = re.compile(r"(?<=[^\W\dA-ZÄÖÜ_])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_MOST_WORDS = 6
"""Words in the longest phrase."""
_NEAR = 0.8
_VERY_NEAR = 0.88
_LONG_WORD = 5
"""Letters from which a word is matched with similar words, and gives a compound that ends in it its meaning."""
_SHORT_HEAD = 4
_SHORT = frozenset({"nr", "no", "id"})
"""Words of two letters that end compounds: ``Kundennr``."""

NOT_A_FIELD = frozenset({"Other", "Assistant", "NotDialled"})
"""Meanings that no field of the contact holds, whatever else the header says: ``E-Mail-Typ``, ``Owner Email``."""

WITH_FIELDS = frozenset({"Home", "Work", "Main", "Second", "Delivery", "Filler"})
"""Meanings that only say more of a field: ``Home Phone``."""


def header_key(name: str) -> str:
    """Fold a header to its letters and digits: ``Kunden-Nr.`` → ``kundennr``."""
    return re.sub(r"[\W_]", "", _plain(fold(name)))


def words_of(name: str) -> list[str]:
    """Cut a header into its words, each folded: ``Kunden-Nr. (alt)`` → ``kunden``, ``nr``, ``alt``."""
    name = re.sub(r";TYPE=", " ", name, flags=re.IGNORECASE)
    parts = _CAMEL.sub(" ", normalized("NFKC", name))
    return [key for part in re.split(r"[\W_]+", parts) if (key := header_key(part))]


def _plain(text: str) -> str:
    """Strip accents."""
    text = text.translate(_LETTERS)
    if text.isascii():
        return text
    return "".join(sign for sign in normalized("NFD", text) if not unicodedata.combining(sign))


@cache
def vocabulary(language: str) -> dict[str, tuple[str, bool]]:
    """Return the key of each phrase → its meaning, and whether that is doubtful."""
    known: dict[str, tuple[str, bool]] = {}
    phrases = sorted(_phrases(), key=lambda phrase: phrase[1] != language)
    for kind, _, phrase in phrases:
        known.setdefault(header_key(phrase), (kind, phrase.endswith("?")))
    return known


@cache
def languages() -> dict[str, set[str]]:
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
    for key, (kind, _) in vocabulary("").items():
        if len(key) >= _LONG_WORD and kind not in WITH_FIELDS:
            by_length.setdefault(len(key), []).append((key, _letters(key)))
    return by_length


def _letters(word: str) -> int:
    """Return a bit for each letter in a word."""
    return reduce(or_, (1 << ord(letter) % 64 for letter in word), 0)


@dataclass(slots=True)
class Reading:
    """The words of a header, read: meanings, the phrases they come from, and the unknown words."""

    kinds: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    doubtful: bool = False
    near: str = ""

    @property
    def found(self) -> set[str]:
        """The meanings, each once."""
        return set(self.kinds)

    @classmethod
    def of(cls, words: list[str], known: Mapping[str, tuple[str, bool]]) -> Reading:
        """Read the words of a header, by the phrases that are ``known``."""
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
        if not self.found - WITH_FIELDS and (whole := _nearest("".join(words))):
            self.unknown, self.near, self.doubtful = [], whole, True
            self._add(whole, known)
            return
        for word in self.unknown:
            near = _nearest(word)
            if near and not (known[near][0] in NOT_A_FIELD and self.found - WITH_FIELDS):
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
