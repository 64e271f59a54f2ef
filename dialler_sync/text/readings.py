"""What else a text may say: its escapes undone, its base64, base32 and numbers of characters read as texts."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from math import ceil

_Digits = tuple[re.Pattern[str], int, dict[int, int]]
_Places = tuple[Sequence[int], Sequence[int]]

_IGNORED = (
    *range(0x21), *range(0x7F, 0xA1), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5,
    *range(0x180B, 0x1810), *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0x3164,
    *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
)  # fmt: skip
"""Blanks, control characters and what cannot be seen: a secret that is broken by them can still be read."""
SQUEEZED: dict[int, None] = dict.fromkeys(_IGNORED)
IGNORABLE = frozenset(map(chr, _IGNORED))
_IGNORED_BYTES = bytes(number for number in _IGNORED if number < 256)

_ESCAPE = re.compile(
    r"%u(?P<u>[0-9a-f]{4})|%(?P<x>[0-9a-f]{2})|&\#x0*(?P<h>[0-9a-f]{1,6});?|&\#0*(?P<d>[0-9]{1,7});?"
    r"|(?P<named>&[a-z][a-z0-9]{1,30};?)|\\u(?P<j>[0-9a-f]{4})|\\u\{(?P<i>[0-9a-f]{1,6})\}|\\U(?P<w>[0-9a-f]{8})|\\x(?P<b>[0-9a-f]{2})"
    r"|\\(?P<o>[0-7]{3})|\\(?P<c>[^0-9])|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))",
    re.IGNORECASE | re.DOTALL,
)
_PRINTABLE_QUOTED = re.compile(r"=(?:(?P<x>[0-9a-f]{2})|\r?\n)", re.IGNORECASE)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
_CSS = re.compile(r"\\(?P<x>[0-9a-f]{1,6}) ?", re.IGNORECASE)
_NUMBERS = tuple(
    (re.compile(rf"(?:{one}{between}){{4,}}", re.IGNORECASE), re.compile(one, re.IGNORECASE), base)
    for one, between, base in (
        (r"(?:0x|\\x)?([0-9a-f]{2})", "[^0-9a-f]{0,3}", 16),
        (r"(?<!\d)(\d{2,3})(?!\d)", r"(?:\D{1,8}|$)", 10),
        (r"(?<!\d)([0-7]{2,3})(?!\d)", r"(?:\D{1,8}|$)", 8),
        ("([01]{8})", "[^01]{0,3}", 2),
    )
)
"""Numbers of characters, one after the other."""
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE32HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_BASE64: _Digits = (re.compile(r"[A-Za-z0-9+/_-]+"), 6, str.maketrans("-_", "+/"))
_BASE32: tuple[_Digits, ...] = (
    (re.compile(r"[A-Za-z2-7]+"), 5, {}),
    (re.compile(r"[A-Va-v0-9]+"), 5, str.maketrans(BASE32HEX, BASE32)),
)
"""The characters, how many bits each is, and what others are in the alphabet that is decoded."""


class Reading:
    """A text, and from where to where in the original each of its characters stands, which is found out only where
    something was found: it takes far longer than to read the text."""

    def __init__(self, text: str, places: Callable[[], _Places]) -> None:
        self.text = text
        self._find = places

    @cached_property
    def places(self) -> _Places:
        """Where each character begins, and where it ends."""
        return self._find()

    @cached_property
    def squeezed(self) -> str:
        """Without what a secret may be broken by."""
        try:  # bytes are far quicker
            return self.text.encode("latin-1").translate(None, _IGNORED_BYTES).decode("latin-1")
        except UnicodeEncodeError:
            return self.text.translate(SQUEEZED)

    @property
    def first(self) -> int:
        """Where it begins."""
        return self.places[0][0] if self.text else 0


def readings(reading: Reading, shortest: int, in_base32: Sequence[Sequence[str]]) -> Iterator[Reading]:
    """What else the text may say. ``in_base32``: what stands in it where base32, or base32hex, holds a secret."""
    said = {reading.text}
    for pattern in (_ESCAPE, _PRINTABLE_QUOTED, _CSS):
        if pattern.search(reading.text):
            other = _unescaped(reading, pattern)
            if other.text not in said:
                said.add(other.text)
                yield other
    for pattern, single, base in _NUMBERS:
        for run in pattern.finditer(reading.text):
            found = list(single.finditer(reading.text, *run.span()))
            signs = "".join(chr(min(int(number[1], base), 255)) for number in found)
            if len(signs) >= shortest:
                yield _derived(reading, signs, partial(_spans, found))
    yield from _radix(reading, _BASE64, shortest)
    upper = reading.squeezed.upper()
    for digits, cores in zip(_BASE32, in_base32, strict=True):
        if any(core in upper for core in cores):  # else it is not worth the time
            yield from _radix(reading, digits, shortest)


def _derived(reading: Reading, text: str, places: Callable[[], _Places]) -> Reading:
    """``places`` are those in ``reading``."""

    def in_original() -> _Places:
        starts, ends = reading.places
        first, last = places()
        return [starts[place] for place in first], [ends[place - 1] for place in last]

    return Reading(text, in_original)


def _spans(found: Sequence[re.Match[str]]) -> _Places:
    return [match.start() for match in found], [match.end() for match in found]


def _unescaped(reading: Reading, pattern: re.Pattern[str]) -> Reading:
    def places() -> _Places:
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for match in pattern.finditer(reading.text):
            first, last = match.span()
            length = len(_meant(match))
            starts += [*range(at, first), *([first] * length)]
            ends += [*range(at + 1, first + 1), *([last] * length)]
            at = last
        starts += range(at, len(reading.text))
        ends += range(at + 1, len(reading.text) + 1)
        return starts, ends

    return _derived(reading, pattern.sub(_meant, reading.text), places)


def _meant(match: re.Match[str]) -> str:
    """What an escape stands for."""
    kind, value = match.lastgroup, match[match.lastgroup or 0]
    if kind is None:  # a soft line break, or what only colours a terminal
        return ""
    if kind == "named":
        return html.unescape(value if value.endswith(";") or html.unescape(value) != value else f"{value};")
    if kind == "c":
        return _CONTROLS.get(value, value)
    number = int(value, {"d": 10, "o": 8}.get(kind, 16))
    return chr(number) if number < 0x110000 else ""


def _radix(reading: Reading, digits: _Digits, shortest: int) -> Iterator[Reading]:
    """Runs of base64 or base32, whole or broken by blanks, as the bytes that they stand for, at every alignment."""
    alphabet, bits, table = digits
    group = 4 if bits == 6 else 8
    for run in alphabet.finditer(reading.squeezed):
        if len(run[0]) * bits < shortest * 8:
            continue
        for offset in range(group):
            plain = _decoded(run[0][offset:], bits, table)
            if _like_text(shortest).search(plain):
                yield _derived(reading, plain, partial(_of_bits, reading, run.start() + offset, bits, len(plain)))


def _of_bits(reading: Reading, begin: int, bits: int, length: int) -> _Places:
    kept = [place for place, sign in enumerate(reading.text) if sign not in IGNORABLE]
    starts = [kept[begin + 8 * i // bits] for i in range(length)]
    return starts, [kept[begin + (8 * i + 7) // bits] + 1 for i in range(length)]


@lru_cache(maxsize=16)
def _like_text(length: int) -> re.Pattern[str]:
    """Characters and bytes of UTF-8 characters, also with the NUL of UTF-16: other bytes are no encoded text."""
    return re.compile(rf"(?:[ -~]\0?|[\xc2-\xf4][\x80-\xbf]+){{{ceil(length / 2)},}}")


def _decoded(coded: str, bits: int, table: dict[int, int]) -> str:
    if bits == 6:
        whole = coded.translate(table)
        whole = whole[:-1] if len(whole) % 4 == 1 else whole
        return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("latin-1")
    whole = coded.upper().translate(table)
    whole = whole[: len(whole) - {1: 1, 3: 1, 6: 1}.get(len(whole) % 8, 0)]
    return base64.b32decode(whole + "=" * (-len(whole) % 8)).decode("latin-1")
