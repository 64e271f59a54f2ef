"""What else a text may say: its escapes undone, its base64, base32 and numbers of characters read as texts."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_IGNORED = (
    *range(0x21), *range(0x7F, 0xA1), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5,
    *range(0x180B, 0x1810), *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0x3164,
    *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
)  # fmt: skip
"""Blanks, control characters and what cannot be seen: a secret that is broken by them can still be read."""
SQUEEZED: dict[int, None] = dict.fromkeys(_IGNORED)
IGNORABLE = frozenset(map(chr, _IGNORED))

_ESCAPE = re.compile(
    r"%u(?P<u>[0-9a-f]{4})|%(?P<x>[0-9a-f]{2})|&\#x0*(?P<h>[0-9a-f]{1,6});?|&\#0*(?P<d>[0-9]{1,7});?"
    r"|(?P<named>&[a-z][a-z0-9]{1,30};?)|\\u(?P<j>[0-9a-f]{4})|\\u\{(?P<i>[0-9a-f]{1,6})\}|\\U(?P<w>[0-9a-f]{8})|\\x(?P<b>[0-9a-f]{2})"
    r"|\\(?P<o>[0-7]{3})|\\(?P<c>[^0-9])|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))",
    re.IGNORECASE | re.DOTALL,
)
_PRINTABLE_QUOTED = re.compile(r"=(?:(?P<x>[0-9a-f]{2})|\r?\n)", re.IGNORECASE)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+")
_BASE32 = re.compile(r"[A-Za-z2-7]+")
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
_URLSAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, and from where to where in the original each of its characters stands."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def readings(reading: Reading, shortest: int, in_base32: Sequence[str]) -> Iterator[Reading]:
    """What else the text may say."""
    for pattern in (_ESCAPE, _PRINTABLE_QUOTED, _CSS):
        if pattern.search(reading.text):
            yield _unescaped(reading, pattern)
    for pattern, single, base in _NUMBERS:
        for run in pattern.finditer(reading.text):
            found = list(single.finditer(reading.text, *run.span()))
            signs = "".join(chr(min(int(number[1], base), 255)) for number in found)
            if len(signs) >= shortest:
                places = [pair.span() for pair in found]
                yield _derived(reading, signs, [a for a, _ in places], [b for _, b in places])
    yield from _radix(reading, _BASE64, 6, shortest)
    upper = reading.text.upper().translate(SQUEEZED)
    if any(core in upper for core in in_base32):  # else it is not worth the time
        yield from _radix(reading, _BASE32, 5, shortest)


def _derived(reading: Reading, text: str, starts: Sequence[int], ends: Sequence[int]) -> Reading:
    """``starts`` and ``ends`` are places in ``reading``."""
    return Reading(text, [reading.starts[place] for place in starts], [reading.ends[place - 1] for place in ends])


def _unescaped(reading: Reading, pattern: re.Pattern[str]) -> Reading:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for match in pattern.finditer(reading.text):
        first, last = match.span()
        meant = _meant(match)
        pieces += [reading.text[at:first], meant]
        starts += [*range(at, first), *([first] * len(meant))]
        ends += [*range(at + 1, first + 1), *([last] * len(meant))]
        at = last
    pieces.append(reading.text[at:])
    starts += range(at, len(reading.text))
    ends += range(at + 1, len(reading.text) + 1)
    return _derived(reading, "".join(pieces), starts, ends)


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


def _radix(reading: Reading, alphabet: re.Pattern[str], bits: int, shortest: int) -> Iterator[Reading]:
    """Runs of base64 or base32, whole or broken by blanks, as the bytes that they stand for, at every alignment."""
    kept = [place for place, sign in enumerate(reading.text) if sign not in IGNORABLE]
    squeezed = "".join([reading.text[place] for place in kept])
    group = 4 if bits == 6 else 8
    for run in alphabet.finditer(squeezed):
        if len(run[0]) * bits < shortest * 8:
            continue
        for offset in range(group):
            coded = run[0][offset:]
            plain = _decoded(coded, bits)
            if max(map(len, _LIKE_TEXT.findall(plain)), default=0) >= shortest:
                begin = run.start() + offset
                starts = [kept[begin + 8 * i // bits] for i in range(len(plain))]
                ends = [kept[begin + (8 * i + 7) // bits] + 1 for i in range(len(plain))]
                yield _derived(reading, plain, starts, ends)


_LIKE_TEXT = re.compile(r"(?:[ -~]\0?|[\xc2-\xf4][\x80-\xbf]+)+")
"""Characters and bytes of UTF-8 characters, also with the NUL of UTF-16: other bytes are no encoded text."""


def _decoded(coded: str, bits: int) -> str:
    if bits == 6:
        whole = coded.translate(_URLSAFE)
        whole = whole[:-1] if len(whole) % 4 == 1 else whole
        return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("latin-1")
    whole = coded.upper()
    whole = whole[: len(whole) - {1: 1, 3: 1, 6: 1}.get(len(whole) % 8, 0)]
    return base64.b32decode(whole + "=" * (-len(whole) % 8)).decode("latin-1")
