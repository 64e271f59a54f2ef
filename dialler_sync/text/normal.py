"""Unicode normalization of texts that others chose."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

_MOST_MARKS = 30
"""Combining marks in a row: the limit of the Stream-Safe Text Format (Unicode Standard Annex 15)."""

_SHORT = 200
"""Characters of a text in which they take no time to speak of."""

_JOINER = "\u034f"
"""What that format puts between more of them: an invisible sign, over which none moves."""


def normalized(form: Form, text: str) -> str:
    """Return a text in a form of Unicode.

    ``unicodedata`` takes time by the square of the marks in a row, which a text of a megabyte may have nothing but.
    """
    if text.isascii():
        return text
    if len(text) > _SHORT:
        text = _too_many().sub(lambda run: run[0] + _JOINER, text)
    return unicodedata.normalize(form, text)  # noqa: TID251


@cache
def _too_many() -> re.Pattern[str]:
    """Match as many marks as may stand in a row, with another behind them."""
    signs = map(chr, range(0x300, 0x20000))
    first = {sign: unicodedata.normalize("NFKD", sign)[0] for sign in signs}  # noqa: TID251
    mark = f"[{''.join(sign for sign in first if unicodedata.combining(first[sign]))}]"
    return re.compile(f"{mark}{{{_MOST_MARKS}}}(?={mark})")
