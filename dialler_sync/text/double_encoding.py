"""Finds text that was encoded twice: written as UTF-8, read as another encoding, and written again (``MÃ¼ller``)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_READ_AS = ("cp1252", "latin-1", "cp1250", "cp1254", "cp850", "cp437", "mac-roman", "cp1251")
_TWO_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]{2}")
_UTF8 = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe2\xef][\x80-\xbf]{2})+")
_MEANT = re.compile(r"[\u00a1-\u017f\u0218-\u021b\u2010-\u203a€№™]+|[\u0370-\u04ff]{2,}")
"""Letters and signs that people write (``CAFÉ…`` would give U+0245, which nobody writes): one of them, or two in a row
of a script other than Latin."""


def once_decoded(text: str) -> str | None:
    """Decode the first doubly encoded part of a text: ``MÃ¼ller`` → ``ü``. None if there is none."""
    if not _TWO_BEYOND_ASCII.search(text):
        return None
    for codec in _READ_AS:
        for match in _UTF8.finditer(text.encode(codec, "replace")):
            meant = match[0].decode("utf-8", "replace")
            if _MEANT.fullmatch(meant) and (codec != "cp1251" or len(meant) > 1):  # "Рі" is Ukrainian
                return meant
    return None


def may_be_double(texts: Sequence[str]) -> bool:
    """Whether :func:`once_decoded` may find something in any of the texts: a quick test of many."""
    joined = "\n".join(texts)
    return not joined.isascii() and _TWO_BEYOND_ASCII.search(joined) is not None
