"""Tell quickly that a long text holds no secret: nearly all texts of a table hold none.

It covers ASCII letters only, and misses encodings that are broken into numbered lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from math import ceil

from .needles import PART, SURE, cores_in_base64

_LONG = 14
"""Fewest characters of a word that may be an encoding of an encoding."""

_ESCAPES = re.compile(r"%u?[0-9a-fA-F]{2}|&#|&[a-zA-Z]|\\[^\"]|=[0-9a-fA-F]{2}|=\r?\n|\x1b")
_PREFIXED = re.compile(r"0x[0-9a-f]{2}|u\+[0-9a-f]{2}", re.IGNORECASE)
_WIDE = re.compile(
    "[\xaa\xb2\xb3\xb9\xba\u1d00-\u1d6a\u2070-\u209f\u2100-\u218f\u2460-\u24ff\u2776-\u2793\uff01-\uff5e\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff\U000e0021-\U000e01ef]|[^\\D0-9]"
)
"""Letters in other forms: small capitals, raised, in circles and squares, wide, invisible; digits of other scripts."""

_BLANKS = bytes([*range(33), 127])
_NO_DIGITS = bytes(number for number in range(128) if not chr(number).isdigit())
_SIGNS = bytes(number for number in range(128) if not chr(number).isalnum())


class QuickLook:
    """Whether a text may hold a secret, or a part of one that is recognised.

    ``forms``: the secrets as they are compared, also reversed and the like; ``letters``: the letters and digits of
    these, and of their encodings; ``raw``: the secrets themselves.
    """

    def __init__(self, forms: Collection[str] = (), letters: Collection[str] = (), raw: Sequence[bytes] = ()) -> None:
        self._forms, self._parts = _by_length(forms)
        self._letters, self._parts_in_letters = _by_length(letters)
        self._exact = {core.encode() for secret in raw for core in cores_in_base64(secret)}
        numbers = {secret: [_numbers(secret, form) for form in ("d", "o", "03o", "08b")] for secret in raw}
        self._numbers = {number for each in numbers.values() for number in each}
        self._parts_in_numbers = _parts(n for secret, each in numbers.items() if len(secret) >= 2 * PART for n in each)
        length = max(ceil(min(map(len, forms), default=0) * 4 / 3) - 2, _LONG)
        self._long_run = re.compile(rf"[A-Za-z0-9+/_-]{{{length}}}")

    def may_hold(self, text: str) -> bool:
        """Whether it may."""
        escaped = "%" in text or "&" in text or "\\" in text or "=" in text or "\x1b" in text
        if (
            (escaped and _ESCAPES.search(text))
            or (not text.isascii() and _WIDE.search(text))
            or self._long_run.search(text)
        ):
            return True
        squeezed = text.encode("ascii", "ignore").translate(None, _BLANKS)
        low = squeezed.lower()
        letters = low.translate(None, _SIGNS)
        numbers = low.translate(None, _NO_DIGITS)
        return (
            any(map(low.__contains__, self._forms))
            or any(map(squeezed.__contains__, self._exact))
            or any(map(letters.__contains__, self._letters))
            or any(map(numbers.__contains__, self._numbers))
            or _holds(low, self._parts)
            or _holds(letters, self._parts_in_letters)
            or _holds(numbers, self._parts_in_numbers)
            or ((b"0x" in low or b"u+" in low) and _PREFIXED.search(text) is not None)
        )


def _by_length(forms: Iterable[str]) -> tuple[set[bytes], frozenset[bytes]]:
    """(short forms, parts of the others): looking for parts takes the same time, however many there are."""
    found = {form.encode("ascii", "ignore") for form in forms}
    long = {form for form in found if len(form) >= SURE}
    return found - long, _parts(long)


def _numbers(secret: bytes, form: str) -> bytes:
    return "".join(format(byte, form) for byte in secret).encode()


def _parts(forms: Iterable[bytes]) -> frozenset[bytes]:
    """Return all parts of the forms: of any 17 characters of a form, a text holds one at a sixth place."""
    return frozenset(form[at : at + PART] for form in forms for at in range(len(form) - PART + 1))


def _holds(text: bytes, parts: frozenset[bytes]) -> bool:
    return any(text[at : at + PART] in parts for at in range(0, len(text) - PART + 1, PART // 2))
