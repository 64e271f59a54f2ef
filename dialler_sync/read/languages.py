"""How likely a word is in each of some forty languages.

A language is the list of its words in ``words/``: names, places, and what people write in notes. From each list a
model of letters is learned (trigrams, smoothed by bigrams and single letters), so that a word which is not in the list
still counts: ``Nuñez`` is Spanish by its letters, ``Nuńez`` is of no language. Words are in lower case.
"""

from __future__ import annotations

from collections import Counter
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np

Vector: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"
"""A number for each language, in the order of :attr:`Languages.names`."""


_UNSEEN = 0.02
"""How often a letter that a language's words do not hold is taken to have been seen."""

_SMOOTHING = 0.5
_COMMON = {
    "zh-Hans": ("gb2312", range(0xB0, 0xD8)),
    "zh-Hant": ("big5", range(0xA4, 0xC7)),
    "ja": ("euc_jp", range(0xB0, 0xD0)),
    "ko": ("euc_kr", range(0xB0, 0xC9)),
}
"""Rows of a character set that hold its frequent characters."""


def folded(text: str) -> str:
    """Lower case, letter by letter; a letter whose lower case takes two (``İ``) stays as it is."""
    return "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)


class Languages:
    """The models of all languages, side by side. ``names``: ISO 639 codes, in the order of every vector."""

    def __init__(self) -> None:
        words = {
            path.name.removesuffix(".txt"): path.read_text(encoding="utf-8").split()
            for path in files(__package__).joinpath("words").iterdir()
            if path.name.endswith(".txt")
        }
        self.names = tuple(sorted(words))
        padded = [[f"  {word} " for word in words[name]] for name in self.names]
        self._counts = {
            size: [
                Counter(w[i : i + size] for w in some for i in range(3 - size, len(w) - size + 1)) for some in padded
            ]
            for size in (1, 2, 3)
        }
        # A context is what stands before a letter; the last blank of a word is before nothing.
        self._contexts = {
            size: [Counter(w[i : i + size] for w in ws for i in range(2 - size, len(w) - size)) for ws in padded]
            for size in (1, 2)
        }
        for name, (codec, rows) in _COMMON.items():
            signs = (bytes([row, cell]).decode(codec, "ignore") for row in rows for cell in range(0xA1, 0xFF))
            self._counts[1][self.names.index(name)].update(filter(None, signs))
        self._kinds = {
            size: [Counter(letters[:-1] for letters in count) for count in self._counts[size + 1]] for size in (1, 2)
        }
        self._totals = self._vector([count.total() for count in self._counts[1]])
        self.letter = lru_cache(maxsize=50_000)(self._letter)
        self.word = lru_cache(maxsize=50_000)(self._word)

    def _word(self, word: str) -> Vector:
        """Natural logarithm of how likely a word is in each language."""
        padded = f"  {word} "
        return self._vector(sum(self.letter(padded[i : i + 3]) for i in range(len(padded) - 2)))

    def _letter(self, trigram: str) -> Vector:
        """Logarithm of how likely the last letter of a trigram is behind the two before it."""
        import numpy as np

        likely = (self._seen(1, trigram[2:]) + _UNSEEN) / self._totals
        for size in (2, 3):
            context = trigram[3 - size : 2]
            before = self._vector([count[context] for count in self._contexts[size - 1]])
            new = _SMOOTHING + self._vector([count[context] for count in self._kinds[size - 1]])
            likely = (self._seen(size, trigram[3 - size :]) + new * likely) / (before + new)
        return np.log(likely)

    def _seen(self, size: int, letters: str) -> Vector:
        return self._vector([count[letters] for count in self._counts[size]])

    @staticmethod
    def _vector(numbers: object) -> Vector:
        import numpy as np

        return np.asarray(numbers, dtype=np.float64)


@cache
def languages() -> Languages:
    """The models, learned once a process."""
    return Languages()
