"""How likely a word is in each of some forty languages.

A language is the list of its words in ``words/``: names, places, and words that people write in notes. Each list trains
a model of letters (trigrams, smoothed by bigrams and single letters), so that unlisted words count too: ``Nuñez`` is
Spanish by its letters, ``Nuńez`` fits no language. Words are in lower case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import TypeAlias

import numpy as np

Vector: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
"""One number a language, in the order of :attr:`Languages.names`."""

Table: TypeAlias = dict[str, list[tuple[int, int]]]
"""By text: the languages that have it, each with its count."""

_UNSEEN = 0.02
"""Count of a letter that does not occur in a language's words."""

_SMOOTHING = 0.5
_ONE_FORM = str.maketrans("șțİ", "şţi")
_COMMON = {
    "zh-Hans": ("gb2312", range(0xB0, 0xD8)),
    "zh-Hant": ("big5", range(0xA4, 0xC7)),
    "ja": ("euc_jp", range(0xB0, 0xD0)),
    "ko": ("euc_kr", range(0xB0, 0xC9)),
}
"""Rows of a character set that hold its frequent characters."""


def folded(text: str) -> str:
    """Fold case letter by letter, and letters with two forms to one: Romanian commas, the Turkish ``İ``."""
    return "".join(small if len(small := sign.lower()) == 1 else sign for sign in text).translate(_ONE_FORM)


class Languages:
    """Models of all languages, side by side. ``names``: ISO 639 codes, in the order of every vector."""

    def __init__(self) -> None:
        words = {
            path.name.removesuffix(".txt"): folded(path.read_text(encoding="utf-8")).split()
            for path in files(__package__).joinpath("words").iterdir()
            if path.name.endswith(".txt")
        }
        self.names = tuple(sorted(words))
        padded = [[f"  {word} " for word in words[name]] for name in self.names]
        letters = [Counter(sign for word in some for sign in word[2:]) for some in padded]
        for name, (codec, rows) in _COMMON.items():
            signs = (bytes([row, cell]).decode(codec, "ignore") for row in rows for cell in range(0xA1, 0xFF))
            letters[self.names.index(name)].update(filter(None, signs))
        self._totals = np.array([count.total() for count in letters], dtype=np.float64)
        self._none = np.zeros(len(self.names))
        self._letters = _by_text(letters)
        self._pairs: Table = {}
        self._trigrams: Table = {}
        self._before: Table = {}
        self._kinds: Table = {}
        for size, seen in ((2, self._pairs), (3, self._trigrams)):
            counts = [
                Counter(w[i : i + size] for w in some for i in range(3 - size, len(w) - size + 1)) for some in padded
            ]
            seen.update(_by_text(counts))
            # A context stands before a letter, so the last blank of a word is none.
            before = [
                Counter(w[i : i + size - 1] for w in some for i in range(3 - size, len(w) - size + 1))
                for some in padded
            ]
            self._before.update(_by_text(before))
            self._kinds.update(_by_text([Counter(text[:-1] for text in count) for count in counts]))
        self.letter = lru_cache(maxsize=50_000)(self._letter)
        self.word = lru_cache(maxsize=50_000)(self._word)
        self._pair = lru_cache(maxsize=20_000)(self._of_pair)
        self._alone = lru_cache(maxsize=10_000)(self._of_letter)
        self._context = lru_cache(maxsize=10_000)(self._smoothed_by)

    def _word(self, word: str) -> Vector:
        """Return the log-likelihood of a word in each language."""
        padded = f"  {word} "
        return sum((self.letter(padded[i : i + 3]) for i in range(len(padded) - 2)), start=self._none)

    def _letter(self, trigram: str) -> Vector:
        """Return the log-likelihood of a trigram's last letter after the other two."""
        logarithm: Vector = np.log(self._smoothed(trigram, self._trigrams, self._pair))
        return logarithm

    def _of_pair(self, pair: str) -> Vector:
        """Return the likelihood of a letter after another one."""
        return self._smoothed(pair, self._pairs, self._alone)

    def _of_letter(self, letter: str) -> Vector:
        """Return the likelihood of a letter anywhere."""
        return (self._vector(self._letters, letter) + _UNSEEN) / self._totals

    def _smoothed(self, text: str, seen: Table, shorter: Callable[[str], Vector]) -> Vector:
        """Return the likelihood of a text's last letter after the others (Witten and Bell, 1991)."""
        likely = shorter(text[1:])
        if text[:-1] not in self._before:  # nor has any language the text
            return likely
        before, new = self._context(text[:-1])
        return (self._vector(seen, text) + new * likely) / before

    def _smoothed_by(self, context: str) -> tuple[Vector, Vector]:
        """Return the smoothed count of a context, and of the different letters after it (the weight of a new one)."""
        new = self._vector(self._kinds, context) + _SMOOTHING
        return self._vector(self._before, context) + new, new

    def _vector(self, table: Table, text: str) -> Vector:
        found = table.get(text)
        if found is None:
            return self._none
        vector = np.zeros(len(self.names))
        for language, count in found:
            vector[language] = count
        return vector


def _by_text(counts: Iterable[Counter[str]]) -> Table:
    """Index the counts by text; languages are numbered by their place in ``counts``."""
    table: Table = {}
    for language, count in enumerate(counts):
        for text, number in count.items():
            table.setdefault(text, []).append((language, number))
    return table


@cache
def languages() -> Languages:
    """Return the models, trained once a process."""
    return Languages()
