"""How likely a word is in each of some forty languages.

A language is the list of its words in ``words/``: names, places, and words that people write in notes. Each list trains
a model of letters (trigrams, smoothed by bigrams and single letters), so that unlisted words count too: ``Nuñez`` is
Spanish by its letters, ``Nuńez`` fits no language. Words are in lower case.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from typing import TypeAlias

import numpy as np

Vector: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
"""One number a language, in the order of :attr:`Languages.names`."""

Numbers: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

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


class _Grams:
    """How often each language has each text of one length.

    A text is a number whose digits, to the base ``base``, are the places of its letters in the alphabet; ``texts`` has
    those of all languages, ``languages`` the language of each.
    """

    def __init__(self, texts: Numbers, languages: Numbers, base: int, names: int) -> None:
        self._base, self._names = base, names
        self._keys, self._counts = np.unique(texts * names + languages, return_counts=True)

    def count(self, text: int) -> Vector:
        """Return the count of a text."""
        here = self._between(text, text + 1)
        counts = np.zeros(self._names)
        counts[self._keys[here] % self._names] = self._counts[here]
        return counts

    def after(self, context: int) -> tuple[Vector, Vector]:
        """Return the count of a context, the letters before the last, and of the different letters after it."""
        here = self._between(context * self._base, (context + 1) * self._base)
        languages = self._keys[here] % self._names
        counts: Vector = np.bincount(languages, self._counts[here], self._names).astype(np.float64)
        different: Vector = np.bincount(languages, minlength=self._names).astype(np.float64)
        return counts, different

    def _between(self, first: int, end: int) -> slice:
        """Return where the texts from ``first`` to before ``end`` are."""
        return slice(*self._keys.searchsorted((first * self._names, end * self._names)))


class Languages:
    """Models of all languages, side by side. ``names``: ISO 639 codes, in the order of every vector."""

    def __init__(self) -> None:
        words = {
            path.name.removesuffix(".txt"): path.read_text(encoding="utf-8").translate(_ONE_FORM).split()
            for path in files(__package__).joinpath("words").iterdir()
            if path.name.endswith(".txt")
        }
        self.names = tuple(sorted(words))
        texts = ["".join(f"  {word} " for word in words[name]) for name in self.names]
        common = [_common_signs(*_COMMON[name]) if name in _COMMON else "" for name in self.names]
        self._places = {sign: place for place, sign in enumerate(sorted({*chain(*texts, *common)}), 1)}
        self._base, names = len(self._places) + 1, len(self.names)
        letters, languages = self._numbered(texts)
        pairs = np.roll(letters, 1) * self._base + letters
        trigrams = np.roll(letters, 2) * self._base**2 + pairs
        blank = self._places[" "]
        counted = (letters != blank) | (np.roll(letters, 1) != blank)  # all but the two blanks before a word
        signs, speakers = self._numbered(common)
        letters_in = np.concatenate([languages[counted], speakers])
        self._letters = _Grams(np.concatenate([letters[counted], signs]), letters_in, self._base, names)
        self._pairs = _Grams(pairs[counted], languages[counted], self._base, names)
        self._trigrams = _Grams(trigrams[counted], languages[counted], self._base, names)
        self._totals = np.bincount(letters_in, minlength=names).astype(np.float64)
        self._none = np.zeros(names)
        self.letter = lru_cache(maxsize=50_000)(self._letter)
        self.word = lru_cache(maxsize=50_000)(self._word)
        self._pair = lru_cache(maxsize=20_000)(self._of_pair)
        self._alone = lru_cache(maxsize=10_000)(self._of_letter)
        self._context = lru_cache(maxsize=10_000)(self._smoothed_by)

    def _numbered(self, texts: list[str]) -> tuple[Numbers, Numbers]:
        """Return the place in the alphabet, and the language, of each letter of a text a language."""
        places = np.fromiter(map(self._places.__getitem__, chain(*texts)), np.int64)
        return places, np.repeat(np.arange(len(texts)), [*map(len, texts)])

    def _word(self, word: str) -> Vector:
        """Return the log-likelihood of a word in each language."""
        padded = f"  {word} "
        return sum((self.letter(padded[i : i + 3]) for i in range(len(padded) - 2)), start=self._none)

    def _letter(self, trigram: str) -> Vector:
        """Return the log-likelihood of a trigram's last letter after the other two."""
        first, second, third = (self._places.get(sign, 0) for sign in trigram)
        pair = second * self._base + third
        logarithm: Vector = np.log(self._smoothed(first * self._base**2 + pair, self._trigrams, self._pair(pair)))
        return logarithm

    def _of_pair(self, pair: int) -> Vector:
        """Return the likelihood of a letter after another one."""
        return self._smoothed(pair, self._pairs, self._alone(pair % self._base))

    def _of_letter(self, place: int) -> Vector:
        """Return the likelihood of a letter anywhere."""
        likely: Vector = (self._letters.count(place) + _UNSEEN) / self._totals
        return likely

    def _smoothed(self, text: int, grams: _Grams, shorter: Vector) -> Vector:
        """Return the likelihood of a text's last letter after the others (Witten and Bell, 1991)."""
        before, new = self._context(grams, text // self._base)
        return (grams.count(text) + new * shorter) / before

    def _smoothed_by(self, grams: _Grams, context: int) -> tuple[Vector, Vector]:
        """Return the smoothed count of a context, and of the different letters after it (the weight of a new one)."""
        count, different = grams.after(context)
        new = different + _SMOOTHING
        return count + new, new


def _common_signs(codec: str, rows: range) -> str:
    return "".join(bytes([row, cell]).decode(codec, "ignore") for row in rows for cell in range(0xA1, 0xFF))


@cache
def languages() -> Languages:
    """Return the models, trained once a process."""
    return Languages()
