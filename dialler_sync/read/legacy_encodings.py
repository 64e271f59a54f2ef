"""Which encoding bytes that are not UTF-8 were written in: the one in which they make words of people's languages.

Each encoding reads the same pieces of the file. A reading is as likely as its words are in a mixture of languages
(:mod:`.languages`; the mixture is fitted to the file), its signs are (``€`` and ``º`` are typed often, ``¤`` and ``ş``
behind a digit are not), and the programs are that write this encoding and these line ends. The likeliest reading is
taken if it is far ahead of every other that gives another text, and if no piece of the file is nonsense in it.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from .languages import folded, languages

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_WEST = "de en es fr it nl pt ca da fi ga is nb sv"
_EAST = "cs hr hu pl ro sk sl sq"
_BALTIC = "et lt lv"
_CYRILLIC = "be bg mk ru sr uk"

_WINDOWS, _UNIX, _DOS, _MAC = 0.0, -2.0, -4.0, -5.0
"""Logarithms of how likely a system's programs wrote a list, for the languages of cp1252."""
_ELSEWHERE = -1.5
"""The same for other languages."""
_SELDOM = -3.0
"""The same for an encoding that another of the same system has replaced."""

_CR_IS_OF_A_MAC = 8.0
_OTHER_LANGUAGES = 0.02
"""The share of all languages that an encoding was not made for."""


class Candidate(NamedTuple):
    """An encoding: its codec, its languages, the logarithm of how likely it is, and whether letters take two bytes."""

    codec: str
    spoken: str
    likely: float
    is_wide: bool = False


_CANDIDATES = (
    Candidate("cp1252", _WEST, _WINDOWS),
    Candidate("cp1250", _EAST, _WINDOWS + _ELSEWHERE),
    Candidate("cp1254", "tr", _WINDOWS + _ELSEWHERE),
    Candidate("cp1257", _BALTIC, _WINDOWS + _ELSEWHERE),
    Candidate("cp1251", _CYRILLIC, _WINDOWS + _ELSEWHERE),
    Candidate("cp1253", "el", _WINDOWS + _ELSEWHERE),
    Candidate("cp1255", "he", _WINDOWS + _ELSEWHERE),
    Candidate("cp1256", "ar fa", _WINDOWS + _ELSEWHERE),
    Candidate("gb18030", "zh-Hans", _WINDOWS + _ELSEWHERE, is_wide=True),
    Candidate("cp950", "zh-Hant", _WINDOWS + _ELSEWHERE, is_wide=True),
    Candidate("cp932", "ja", _WINDOWS + _ELSEWHERE, is_wide=True),
    Candidate("cp949", "ko", _WINDOWS + _ELSEWHERE, is_wide=True),
    Candidate("euc_jp", "ja", _UNIX + _ELSEWHERE, is_wide=True),
    Candidate("iso8859-15", f"{_WEST} et", _UNIX),
    Candidate("iso8859-2", _EAST, _UNIX + _ELSEWHERE),
    Candidate("iso8859-9", "tr", _UNIX + _ELSEWHERE),
    Candidate("iso8859-13", _BALTIC, _UNIX + _ELSEWHERE),
    Candidate("iso8859-4", _BALTIC, _UNIX + _ELSEWHERE + _SELDOM),
    Candidate("iso8859-16", "ro", _UNIX + _ELSEWHERE + _SELDOM),
    Candidate("iso8859-5", _CYRILLIC, _UNIX + _ELSEWHERE),
    Candidate("iso8859-7", "el", _UNIX + _ELSEWHERE),
    Candidate("iso8859-8", "he", _UNIX + _ELSEWHERE),
    Candidate("iso8859-6", "ar fa", _UNIX + _ELSEWHERE),
    Candidate("koi8-r", "ru bg", _UNIX + _ELSEWHERE),
    Candidate("koi8-u", "uk", _UNIX + _ELSEWHERE),
    Candidate("cp850", _WEST, _DOS),
    Candidate("cp858", _WEST, _DOS),
    Candidate("cp437", _WEST, _DOS),
    Candidate("cp852", _EAST, _DOS + _ELSEWHERE),
    Candidate("cp857", "tr", _DOS + _ELSEWHERE),
    Candidate("cp775", _BALTIC, _DOS + _ELSEWHERE),
    Candidate("cp866", _CYRILLIC, _DOS + _ELSEWHERE),
    Candidate("cp855", "sr mk bg", _DOS + _ELSEWHERE + _SELDOM),
    Candidate("cp737", "el", _DOS + _ELSEWHERE),
    Candidate("cp869", "el", _DOS + _ELSEWHERE + _SELDOM),
    Candidate("cp862", "he", _DOS + _ELSEWHERE),
    Candidate("cp720", "ar", _DOS + _ELSEWHERE),
    Candidate("cp860", "pt", _DOS + _SELDOM),
    Candidate("cp861", "is", _DOS + _SELDOM),
    Candidate("cp865", "da nb", _DOS + _SELDOM),
    Candidate("mac-roman", _WEST, _MAC),
    Candidate("mac-latin2", _EAST, _MAC + _ELSEWHERE),
    Candidate("mac-croatian", "hr sl", _MAC + _ELSEWHERE + _SELDOM),
    Candidate("mac-turkish", "tr", _MAC + _ELSEWHERE),
    Candidate("mac-cyrillic", _CYRILLIC, _MAC + _ELSEWHERE),
    Candidate("mac-greek", "el", _MAC + _ELSEWHERE),
)
"""The likelier first: where two give the same text, the first names it. ISO-8859-1 is not among them: where it differs
from cp1252, it has nothing but control characters."""

_SIGNS = {
    -3.5: "€\xa0",
    -4.5: "’“”„‚‘«»–—…º°ª§´¿¡£",
    -5.5: "²•·½¼¾®©™×µ",
    -7.0: "³¹±‰‹›\xad\u200c\u200d\u200e\u200f№・。、「」（）",
    -14.0: "¤¦¬¶ƒ÷",
}
"""Logarithms of how likely signs are that people type, and of some that nearly nobody does."""
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo", "Lm", "Mn", "Mc"})
_SIGN = {sign: cost for cost, signs in _SIGNS.items() for sign in signs}
_OTHER_SIGN = -9.0
_NEVER_TYPED = -14.0
"""Lines and blocks to draw boxes with, and accents without a letter."""
_NOT_TEXT = -25.0
"""Control characters, characters that are not assigned, and bytes that are none of the encoding."""
_OUT_OF_PLACE = -4.0
"""A sign within a word that joins nothing (``Enc…rrec``), one that opens behind a letter (``Utilis‚``), one that closes
before one (``’λλη``). A sign beside a letter as such (``an…``, ``20°C``) is nothing strange."""
_JOINS, _OPENS, _CLOSES = frozenset("’‘´·–\xa0\xad\u200c\u200d׳״"), frozenset("¿¡„‚«‹£×½¼¾"), frozenset("’”»›…")
_IN_PLACE = 2.0
"""An ``º`` behind a digit or ``n``, an apostrophe between two letters."""
_CAPITAL_WITHIN = -5.0
"""A capital in a word of small letters: ``DvoØák``, ``DÔner``."""
_TWO_SCRIPTS = -10.0
"""Letters of two scripts in a word: ``Beyoncй``."""
_BEHIND_A_DIGIT = -2.0
"""A letter beyond ASCII that stands alone behind a digit: ``2ş`` for ``2º``."""

_UNIT = re.compile(rb"[0-9@-~\x80-\xff]*[\x80-\xff][0-9@-~\x80-\xff]*")
"""What stands between blanks and punctuation and holds bytes beyond ASCII. No encoding has these bytes in its letters."""
_ASCII_WORD = re.compile(rb"(?<![\x80-\xff])[A-Za-z]{2,30}(?![\x80-\xff])")
_LONGEST_UNIT = 120
_ENOUGH_UNITS = 300
_MOST_SEEN = 200_000
_MOST_ASCII_WORDS = 300
_ASCII_BYTES = 1 << 16

_MOST = 10.0
"""No piece of the file speaks louder than this for one encoding against another."""
_CLEAR = 7.0
"""How far ahead the best reading must be."""
_MOST_SHOWN = 3
"""Rivals of the best reading that the user is told."""
_ROUNDS = 6
_NONSENSE = -4.5
_A_WORD = -2.5
"""On average for a byte: less is no word of any language, and more is one."""
_SLACK = 15.0
"""One odd word alone is not yet nonsense."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One encoding's reading of the pieces of a file.

    ``shares``: logarithms of the languages' shares in the mixture that explains the pieces best. ``likely``: of how
    likely each piece is in it.
    """

    candidate: Candidate
    texts: tuple[str, ...]
    shares: Array
    likely: Array

    @property
    def codec(self) -> str:
        return self.candidate.codec


class Foreign(NamedTuple):
    """A piece that is nonsense in the encoding of the others, and a word in another encoding."""

    unit: bytes
    codec: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``readings``: one if it is clear; several if each can be meant, the likeliest first; none if all are nonsense."""

    readings: tuple[Reading, ...] = ()
    foreign: Foreign | None = None


class Evidence:
    """The pieces of a file that tell its encoding.

    ``units``: pieces with bytes beyond ASCII, each once: the first of the file, and of the rest those with such a byte
    between two others than before, so that one foreign line in a large file is among them. ``used``: all its bytes.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.units: list[bytes] = []
        self.used: set[int] = set()
        self._ascii: list[str] = []
        self._is_mac = True
        seen: set[bytes] = set()
        contexts: set[bytes] = set()
        for lines in _whole_lines(blocks):
            self.used.update(lines)
            self._is_mac = self._is_mac and b"\n" not in lines
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
        """Which encoding the file was written in. ``reads_all``: whether a codec reads the whole file."""
        readings = [
            reading
            for reading in sorted(self._readings(), key=self._total, reverse=True)
            if not reading.candidate.is_wide or reads_all(reading.codec)
        ]
        if not readings or self._is_nonsense(readings[0]):
            return Verdict()
        best = readings[0]
        rivals = [other for other in readings[1:] if self._lead(best, other) < _CLEAR]
        if rivals:
            return Verdict((best, *rivals[:_MOST_SHOWN]))
        return Verdict((best,), self._foreign_to(best, readings[1:]))

    def _readings(self) -> Iterator[Reading]:
        """What each encoding that knows all bytes makes of the pieces; each text once."""
        known: set[tuple[str, ...]] = set()
        for candidate in _CANDIDATES:
            if candidate.is_wide or self.used <= _known(candidate.codec):
                texts = tuple(unit.decode(candidate.codec, "replace") for unit in self.units[:_ENOUGH_UNITS])
                if texts not in known:
                    known.add(texts)
                    yield self._reading(candidate, texts)

    def _total(self, reading: Reading) -> float:
        return float(reading.likely.sum()) + self._prior(reading.candidate)

    def _lead(self, best: Reading, other: Reading) -> float:
        """How far ``best`` is ahead of ``other``, as a logarithm; a piece counts no more than so much."""
        pieces = (best.likely - other.likely).clip(-_MOST, _MOST)
        return float(pieces.sum()) + self._prior(best.candidate) - self._prior(other.candidate)

    def _is_nonsense(self, reading: Reading) -> bool:
        """Whether the pieces are, all in all, not words of any language."""
        count = len(reading.texts)
        return float(reading.likely[:count].sum()) < _NONSENSE * sum(map(len, self.units[:count])) - _SLACK

    def _prior(self, candidate: Candidate) -> float:
        return candidate.likely + (_CR_IS_OF_A_MAC if self._is_mac and candidate.codec.startswith("mac") else 0)

    def _reading(self, candidate: Candidate, texts: Sequence[str]) -> Reading:
        import numpy as np

        pieces = np.array([*map(_likely_text, texts), *map(languages().word, self._ascii)])
        shares, likely = _mixture(pieces, candidate.spoken)
        return Reading(candidate, tuple(texts), shares, likely)

    def _foreign_to(self, best: Reading, others: Sequence[Reading]) -> Foreign | None:
        """The first piece that was written in another encoding than the rest."""
        for unit in self.units:
            text = unit.decode(best.codec, "replace")
            if _likely_in(text, best.shares) > _NONSENSE * len(unit):
                continue
            for codec, shares in [("utf-8", best.shares), *((other.codec, other.shares) for other in others)]:
                text = unit.decode(codec, "replace")
                if _likely_in(text, shares) > _A_WORD * len(unit):
                    return Foreign(unit, codec)
        return None


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks of whole lines."""
    rest = b""
    for block in blocks:
        text = rest + block
        end = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1 or max(0, len(text) - _LONGEST_UNIT)
        yield text[:end]
        rest = text[end:]
    yield rest


def _mixture(pieces: Array, spoken: str) -> tuple[Array, Array]:
    """The shares of the languages that explain all pieces best, and how likely each piece is in them, as logarithms.

    Expectation and maximisation; an encoding's own languages have most of the share to begin with.
    """
    import numpy as np

    names = languages().names
    own = np.array([name in spoken.split() for name in names], dtype=np.float64)
    prior = (1 - _OTHER_LANGUAGES) * own / own.sum() + _OTHER_LANGUAGES / len(names)
    share = prior
    for _ in range(_ROUNDS):
        joint = pieces + np.log(share)
        likely = np.logaddexp.reduce(joint, axis=1)
        share = np.exp(joint - likely[:, None]).sum(axis=0) + prior
        share = share / share.sum()
    return np.log(share), likely


def _likely_in(text: str, shares: Array) -> float:
    import numpy as np

    return float(np.logaddexp.reduce(_likely_text(text) + shares))


def _likely_text(text: str) -> Array:
    """How likely a piece of text is in each language."""
    import numpy as np

    total = np.zeros(len(languages().names))
    end = 0
    for is_word, signs in groupby(text, _is_letter):
        token = "".join(signs)
        start, end = end, end + len(token)
        if is_word:
            total = total + languages().word(folded(token)) + _likely_form(token, text[:start])
        elif not token.isascii():
            total = total + sum(map(_likely_sign, token)) + _in_place(text[:start], token, text[end:])
    return total


def _likely_form(word: str, before: str) -> float:
    """How likely capitals, scripts and place of a word are, whatever its language."""
    likely = 0.0
    if not (word[1:].islower() or word.isupper() or word.islower()) and word.upper() != word.lower():
        likely += _CAPITAL_WITHIN
    if not word.isascii():
        likely += _TWO_SCRIPTS * (len(set(map(_script, word)) - {"COMBINING"}) > 1)
        likely += _BEHIND_A_DIGIT * (len(word) == 1 and before[-1:].isdigit())
    return likely


@cache
def _script(letter: str) -> str:
    """``LATIN``, ``CYRILLIC`` …; Japanese is one script here."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if script in {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"} else script


def _in_place(before: str, sign: str, after: str) -> float:
    """How likely a sign stands between what is beside it."""
    behind, ahead = before[-1:].isalpha(), after[:1].isalpha()
    if (behind and ahead and sign not in _JOINS) or (behind and sign in _OPENS):
        return _OUT_OF_PLACE
    if ahead and not behind and sign in _CLOSES:
        return _OUT_OF_PLACE
    usual = behind and ahead if sign == "’" else sign in "ºª°" and (before[-1:].isdigit() or before[-1:] in {"n", "N"})
    return _IN_PLACE if usual else 0.0


@cache
def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign) in _LETTERS and sign not in _SIGN


@cache
def _likely_sign(sign: str) -> float:
    if sign.isascii():
        return 0.0
    if sign in _SIGN:
        return _SIGN[sign]
    if sign == "\ufffd" or unicodedata.category(sign) in {"Cc", "Cn", "Co", "Cs"}:
        return _NOT_TEXT
    return _NEVER_TYPED if "\u2500" <= sign <= "\u259f" or unicodedata.category(sign) == "Sk" else _OTHER_SIGN


@cache
def _known(codec: str) -> frozenset[int]:
    """The bytes that an encoding of one byte a character knows, but for controls beyond ASCII."""
    decode = codecs.getdecoder(codec)

    def is_known(byte: int) -> bool:
        try:
            return byte < 0x80 or unicodedata.category(decode(bytes([byte]))[0]) not in {"Cc", "Cn"}
        except UnicodeDecodeError:
            return False

    return frozenset(filter(is_known, range(256)))
