"""Finds the encoding of bytes that are not UTF-8: the one that turns them into words of a language.

Each encoding reads the same pieces of the file. The likelihood of a reading combines its words in a mixture of
languages (:mod:`.languages`; the mixture is fitted to the file), its signs (``€`` and ``º`` are typed often, ``¤`` and
``ş`` behind a digit are not), and the programs that write this encoding and these line ends. The likeliest reading is
taken if it is far ahead of every reading with another text, and makes no piece of the file nonsense.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from .candidates import CANDIDATES, LATIN, Candidate, known
from .languages import Vector, folded, languages
from .likely_text import has_foreign_script, likely_text

_CR_IS_OF_A_MAC, _CRLF_IS_NOT = 8.0, -3.0
_NO_LETTER_OF_ITS_OWN = -6.0
"""Penalty for the encoding of another script if the list has no letter of that script."""
_OTHER_LANGUAGES = 0.02
"""Share of all languages that an encoding was not made for."""

_UNIT = re.compile(rb"(?<![0-9@-~\x80-\xff])[0-9@-~]*+[\x80-\xff][0-9@-~\x80-\xff]*+")
"""Piece between blanks and punctuation that holds bytes beyond ASCII. No encoding's letters use the separators."""
_ASCII_WORD = re.compile(rb"(?<![\x80-\xff])[A-Za-z]{2,30}(?![\x80-\xff])")
_LONGEST_UNIT = 120
_ENOUGH_UNITS = 300
_MOST_SEEN = 200_000
_MOST_ASCII_WORDS = 300
_ASCII_BYTES = 1 << 16

_MOST_EVIDENCE = 17.0
"""Cap on the evidence of one piece for one encoding against another."""
_CLEAR, _CLEAR_BY_FEW, _FEW = 6.0, 8.0, 2
"""Required lead of the best reading; the higher one applies if at most two pieces differ."""
_UTF8 = Candidate("utf-8", " ".join(sorted({name for each in CANDIDATES for name in each.spoken.split()})), 0.0)
_COINCIDENCE = 5.0
"""Lead over UTF-8 from which the bytes are valid UTF-8 by coincidence."""
_MOST_SHOWN = 3
"""Number of rivals that the user is shown."""
_ROUNDS = 6
_NONSENSE, _POOR, _A_WORD = -4.5, -3.5, -3.2
"""Likelihood a byte: below the first a piece is nonsense, below the second it is tried in other encodings, above the
third it is a word."""
_A_SIGN = 4.0
"""Further allowance for one sign: ``½``."""
_SLACK = 15.0
"""Allowance for one odd word, which is not yet nonsense."""
_FOREIGN, _PERHAPS_FOREIGN = 9.0, 3.0
"""Lead from which several words together (or one) were written in an encoding other than the file's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One encoding's reading of the pieces of a file.

    ``shares``: log-shares of the languages in the mixture that explains the pieces best. ``likely``: log-likelihood of
    each piece in that mixture.
    """

    candidate: Candidate
    texts: tuple[str, ...]
    shares: Vector
    likely: Vector

    @property
    def codec(self) -> str:
        """The codec's name."""
        return self.candidate.codec


class Foreign(NamedTuple):
    """A piece that is nonsense in the file's encoding, and a word in another encoding."""

    unit: bytes
    codec: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``readings``: one if clear, several (the likeliest first) if the user must choose, none if all are nonsense."""

    readings: tuple[Reading, ...] = ()
    foreign: Foreign | None = None


class Evidence:
    """The pieces of a file that tell its encoding.

    ``units``: distinct pieces with bytes beyond ASCII: the first ones, then those in which such a byte has new
    neighbours, so that one foreign line in a large file is included. ``used``: all bytes that occur.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.units: list[bytes] = []
        self.used: set[int] = set()
        self._ascii: list[str] = []
        self._ends = {b"\n": 0, b"\r": 0, b"\r\n": 0}
        seen: set[bytes] = set()
        contexts: set[bytes] = set()
        for lines in _whole_lines(blocks):
            self.used.update(lines)
            for end in self._ends:
                self._ends[end] += lines.count(end)
            if len(self._ascii) < _MOST_ASCII_WORDS:
                words = dict.fromkeys(word.decode("ascii") for word in _ASCII_WORD.findall(lines, 0, _ASCII_BYTES))
                self._ascii += [*map(folded, words)][: _MOST_ASCII_WORDS - len(self._ascii)]
            for unit in dict.fromkeys(_UNIT.findall(lines)):
                if unit not in seen:
                    here = {unit[max(0, at - 1) : at + 2] for at, byte in enumerate(unit) if byte > 0x7F}
                    if len(self.units) < _ENOUGH_UNITS or not here <= contexts:
                        self.units.append(unit[:_LONGEST_UNIT])
                    contexts |= here
                    seen.add(unit)
            if len(seen) > _MOST_SEEN:
                seen.clear()

    def judged(self, reads_all: Callable[[str], bool]) -> Verdict:
        """Judge which encoding the file was written in. ``reads_all``: whether a codec reads the whole file."""
        readings = [
            reading
            for reading in sorted(self._readings(), key=self._total, reverse=True)
            if not reading.candidate.is_wide or reads_all(reading.codec)
        ]
        if not readings or self._is_nonsense(readings[0]):
            return Verdict()
        best = readings[0]
        clear = _CLEAR if len(self.units) > _FEW else _CLEAR_BY_FEW
        rivals = [other for other in readings[1:] if self._lead(best, other) < clear]
        if rivals:
            return Verdict((best, *rivals[:_MOST_SHOWN]))
        return Verdict((best,), self._foreign_to(best))

    def rather_than_utf8(self) -> tuple[Reading, ...]:
        """Return a far better reading than UTF-8, then UTF-8's (``Íñigo``, ``֤igo``); nothing if there is none."""
        utf8 = self._reading(_UTF8, [unit.decode("utf-8", "replace") for unit in self.units])
        other = max(self._readings(), key=self._total, default=utf8)
        return (other, utf8) if self._lead(other, utf8) > _COINCIDENCE else ()

    def _readings(self) -> Iterator[Reading]:
        """Yield a reading for each encoding that defines all bytes; equal texts once."""
        seen: set[tuple[str, ...]] = set()
        for candidate in CANDIDATES:
            if candidate.is_wide or self.used <= known(candidate.codec):
                texts = tuple(unit.decode(candidate.codec, "replace") for unit in self.units[:_ENOUGH_UNITS])
                if texts not in seen:
                    seen.add(texts)
                    yield self._reading(candidate, texts)

    def _total(self, reading: Reading) -> float:
        return float(reading.likely.sum()) + self._prior(reading.candidate)

    def _lead(self, best: Reading, other: Reading) -> float:
        """Return the lead of ``best`` over ``other`` as a logarithm; the evidence of one piece is capped."""
        pieces = (best.likely - other.likely).clip(-_MOST_EVIDENCE, _MOST_EVIDENCE)
        return float(pieces.sum()) + self._prior(best.candidate) - self._prior(other.candidate)

    def _is_nonsense(self, reading: Reading) -> bool:
        """Whether the pieces, taken together, are words of no language."""
        count = len(reading.texts)
        return float(reading.likely[:count].sum()) < _NONSENSE * sum(map(len, self.units[:count])) - _SLACK

    def _prior(self, candidate: Candidate) -> float:
        """Return the log-likelihood of an encoding, given the line ends."""
        if not candidate.codec.startswith("mac"):
            return candidate.likely
        if self._ends[b"\r"] > self._ends[b"\r\n"]:
            return candidate.likely + _CR_IS_OF_A_MAC
        return candidate.likely + (_CRLF_IS_NOT if self._ends[b"\r\n"] else 0.0)

    def _reading(self, candidate: Candidate, texts: Sequence[str]) -> Reading:
        pieces = np.array([*map(likely_text, texts), *map(languages().word, self._ascii)])
        shares, likely = _mixture(pieces, candidate.spoken)
        is_foreign = candidate.spoken.split()[0] not in LATIN and not any(map(has_foreign_script, texts))
        own = _own_shares(candidate.spoken)
        at_home = float(np.exp(shares) @ np.log(own / own.max()))  # few write Swedish in a Baltic encoding
        return Reading(candidate, tuple(texts), shares, np.append(likely, at_home + _NO_LETTER_OF_ITS_OWN * is_foreign))

    def _foreign_to(self, reading: Reading) -> Foreign | None:
        """Find the first piece that was written in another encoding than the rest."""
        best, shares = reading.candidate, reading.shares
        others = [_UTF8._replace(spoken=best.spoken, likely=best.likely)]
        others += [other for other in CANDIDATES if not other.is_wide and other != best]
        mixed = [np.logaddexp(shares, np.log(_own_shares(other.spoken))) - np.log(2) for other in others]
        leads: defaultdict[str, float] = defaultdict(float)
        for at, unit in enumerate(self.units):
            text = unit.decode(best.codec, "replace")
            likely = float(reading.likely[at]) if at < len(reading.texts) else _likely_in(text, shares)
            if likely > _POOR * len(unit):
                continue
            for other, both in zip(others, mixed, strict=True):
                if other.codec != "utf-8" and not known(other.codec).issuperset(unit):
                    continue
                meant = unit.decode(other.codec, "replace")
                better = _likely_in(meant, both)
                lead = better - likely + min(0.0, other.likely - best.likely)
                if better > _A_WORD * len(unit) - _A_SIGN and lead > _PERHAPS_FOREIGN and meant != text:
                    leads[other.codec] += lead
                    if leads[other.codec] > _FOREIGN:
                        return Foreign(unit, other.codec)
        return None


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks at line ends."""
    rest = b""
    for block in blocks:
        text = rest + block
        end = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1 or max(0, len(text) - _LONGEST_UNIT)
        yield text[:end]
        rest = text[end:]
    yield rest


def _mixture(pieces: Vector, spoken: str) -> tuple[Vector, Vector]:
    """Fit a mixture of languages: return its log-shares, and the log-likelihood of each piece.

    Expectation maximisation; most of the initial share goes to the encoding's own languages.
    """
    share = own = _own_shares(spoken)
    best = pieces.max(axis=1, keepdims=True)
    odds = np.exp(pieces - best)
    for _ in range(_ROUNDS):
        joint = odds * share
        sums = joint.sum(axis=1, keepdims=True)
        share = (joint / sums).sum(axis=0) + own
        share = share / share.sum()
    likely: Vector = (np.log(sums) + best)[:, 0]
    return np.log(share), likely


@cache
def _own_shares(spoken: str) -> Vector:
    """Return the initial shares of all languages."""
    names = languages().names
    own: Vector = np.array([name in spoken.split() for name in names], dtype=np.float64)
    shares: Vector = (1.0 - _OTHER_LANGUAGES) * own / own.sum() + _OTHER_LANGUAGES / len(names)
    return shares


def _likely_in(text: str, shares: Vector) -> float:
    return float(np.logaddexp.reduce(likely_text(text) + shares))
