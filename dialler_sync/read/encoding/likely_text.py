"""How likely a piece of text is: its words in each language; its signs, capitals and scripts in any language.

Likelihoods are natural logarithms.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from itertools import groupby

import numpy as np

from .languages import Vector, folded, languages

_SIGNS = {
    -3.5: "\xa0",
    -4.5: "€’“”„‚‘«»–—…°§´¿¡£",
    -5.5: "²•·½¼¾®©™×µºª",
    -7.0: "³¹±‰‹›\xad\u200c\u200d\u200e\u200f№・。、「」（）",
    -14.0: "¤¦¬¶ƒ÷",
}
"""Log-likelihoods of signs that people type, and of some that hardly anybody does."""
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo", "Lm", "Mn", "Mc"})
_SIGN = {sign: cost for cost, signs in _SIGNS.items() for sign in signs}
_OTHER_SIGN = -9.0
_NEVER_TYPED = -14.0
"""Box-drawing characters, and accents without a letter."""
_NOT_TEXT = -25.0
"""Control characters, unassigned characters, and bytes that the encoding does not define."""
_OUT_OF_PLACE = -4.0
"""A sign that joins nothing within a word (``Enc…rrec``), an opening sign behind a letter (``Utilis‚``), a closing sign
before one (``’λλη``), a dash at an end of a word. A plain sign beside a letter (``an…``, ``20°C``) is normal."""
_JOINS = frozenset("’‘–\xa0\xad\u200c\u200d׳״")
_JOINS_BEHIND = {"·": "lL", "´": "dlonDLON"}
"""``Paral·lel``, ``D´Angelo``."""
_OPENS, _CLOSES = frozenset("¿¡„‚«‹£×½¼¾"), frozenset("’”»›…®©™ªº¹²³€")
_DASHES = frozenset("–—")
_IN_PLACE = 2.0
"""An ``º`` behind a digit or ``n``, an apostrophe between two letters, ``m²``."""
_CAPITAL_WITHIN = -5.0
"""A capital within a lower-case word: ``DvoØák``, ``DÔner``."""
_TWO_SCRIPTS = -10.0
"""Letters of two scripts in a word: ``Beyoncй``."""
_DOTTED = -3.0
"""``İ``, otherwise counted as an ``i``."""
_BEHIND_A_DIGIT = -2.0
"""A single letter beyond ASCII behind a digit: ``2ş`` for ``2º``."""


@lru_cache(maxsize=20_000)
def likely_text(text: str) -> Vector:
    """Return the log-likelihood of a piece of text in each language."""
    total: Vector = np.zeros(len(languages().names))
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
    """Return the log-likelihood of a word's capitals, scripts and place, in any language."""
    likely = 0.0
    if not (word[1:].islower() or word.isupper() or word.islower()) and word.upper() != word.lower():
        likely += _CAPITAL_WITHIN
    if not word.isascii():
        likely += _TWO_SCRIPTS * (len(set(map(_script, word)) - {"COMBINING"}) > 1)
        likely += _DOTTED * word.count("İ")
        likely += _BEHIND_A_DIGIT * (len(word) == 1 and before[-1:].isdigit())
    return likely


def has_foreign_script(text: str) -> bool:
    """Whether the text has a letter beyond ASCII that is not Latin."""
    return any(_is_letter(sign) and _script(sign) != "LATIN" for sign in text if sign > "\x7f")


@cache
def _script(letter: str) -> str:
    """Return ``LATIN``, ``CYRILLIC`` …; Japanese counts as one script."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if script in {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"} else script


def _in_place(before: str, sign: str, after: str) -> float:
    """Return the log-likelihood of a sign between its neighbours."""
    behind, ahead = before[-1:], after[:1]
    joins = sign in _JOINS or behind in _JOINS_BEHIND.get(sign, ())
    if ahead.isalpha() and not behind.isalnum() and sign in _CLOSES:
        return _OUT_OF_PLACE * (2 if after[:3].isalpha() else 1)  # ’s and ’t are Dutch, ’varsson is not
    strange = (behind.isalpha() and ahead.isalpha() and not joins) or (behind.isalpha() and sign in _OPENS)
    if strange or (ahead.isalpha() != behind.isalpha() and sign in _DASHES):
        return _OUT_OF_PLACE
    if sign in "²³" and behind in {"m", "M"}:
        return 2 * _IN_PLACE
    is_number = sign in "ºª°" and (behind.isdigit() or behind in {"n", "N"})
    is_money = sign == "€" and (behind.isdigit() or ahead.isdigit())
    joins = sign == "’" and behind.isalpha() and ahead.isalpha()
    return _IN_PLACE if is_number or is_money or joins else 0.0


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
