"""Encodings that lists come in, their languages, and how likely each is.

Likelihoods are natural logarithms.
"""

from __future__ import annotations

import codecs
import unicodedata
from functools import cache
from typing import NamedTuple

_WEST = "de en es fr it nl pt ca da fi ga is nb sv"
_EAST = "cs hr hu pl ro sk sl sq"
_BALTIC = "et lt lv"
_CYRILLIC = "be bg mk ru sr uk"
LATIN = frozenset(f"{_WEST} {_EAST} {_BALTIC} tr".split())

_WINDOWS, _UNIX, _DOS, _MAC = 0.0, -2.0, -4.5, -5.0
"""Log-likelihood that a list was written on this system, for the languages of cp1252."""
_ELSEWHERE = -2.0
"""The same for other languages."""
_SELDOM = -3.0
"""The same for an encoding that a later one of the same system replaced."""


class Candidate(NamedTuple):
    """An encoding. ``spoken``: its languages. ``likely``: log-likelihood. ``is_wide``: letters take two bytes."""

    codec: str
    spoken: str
    likely: float
    is_wide: bool = False


CANDIDATES = (
    Candidate("cp1252", f"{_WEST} et sq", _WINDOWS),
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
    Candidate("iso8859-15", f"{_WEST} et sq", _UNIX),
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
"""Most likely first: where two give the same text, the first names it. ISO-8859-1 is left out: it differs from cp1252
only in control characters."""


@cache
def known(codec: str) -> frozenset[int]:
    """Return the bytes that a single-byte encoding defines, without control characters beyond ASCII."""
    decode = codecs.getdecoder(codec)

    def is_known(byte: int) -> bool:
        try:
            return byte < 0x80 or unicodedata.category(decode(bytes([byte]))[0]) not in {"Cc", "Cn"}
        except UnicodeDecodeError:
            return False

    return frozenset(filter(is_known, range(256)))
