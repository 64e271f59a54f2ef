"""Alternative readings of a text: its escapes undone, its base64, base32 and character numbers decoded."""

from __future__ import annotations

import base64
import binascii
import html
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import accumulate
from math import ceil

_Digits = tuple[bytes, int]
_Places = tuple[Sequence[int], Sequence[int]]

_IGNORED = (
    *range(0x21), *range(0x7F, 0xA1), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5,
    *range(0x180B, 0x1810), *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0x3164,
    *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
)  # fmt: skip
"""Blanks, control and invisible characters; a secret that they interrupt can still be read."""
SQUEEZED: dict[int, None] = dict.fromkeys(_IGNORED)
IGNORABLE = frozenset(map(chr, _IGNORED))
_SQUEEZED = re.compile(f"[{re.escape(''.join(map(chr, _IGNORED)))}]+")
_IGNORED_BYTES = bytes(number for number in _IGNORED if number < 256)

_ESCAPE = re.compile(
    r"%u(?P<u>[0-9a-f]{4})|%(?P<x>[0-9a-f]{2})|&\#x0*(?P<h>[0-9a-f]{1,6});?|&\#0*(?P<d>[0-9]{1,7});?"
    r"|&(?P<named>[a-z][a-z0-9]{1,30};?)|\\u(?P<j>[0-9a-f]{4})|\\u\{(?P<i>[0-9a-f]{1,6})\}|\\U(?P<w>[0-9a-f]{8})|\\x(?P<b>[0-9a-f]{2})"
    r"|\\(?P<o>0?[0-7]{3})|\\(?P<c>[^0-9\x1b])|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))",
    re.IGNORECASE | re.DOTALL,
)
_PRINTABLE_QUOTED = re.compile(r"=(?:(?P<x>[0-9a-f]{2})|\r?\n)", re.IGNORECASE)
_CSS = re.compile(r"\\(?P<x>[0-9a-f]{1,6}) ?", re.IGNORECASE)
_AS_BYTES = r"[\xc2\xcc\xcd][\x80-\xbf]|[\xe2\xef][\x80-\xbf]{2}|[\xf0\xf3][\x80-\xbf]{3}"
_IN_BYTES = re.compile(_AS_BYTES.encode("latin-1"))
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_IN_PIECES = re.compile(f"(?P<utf8>{_AS_BYTES})|(?P<halves>{_HALVES.pattern})")
"""Wide and invisible letters: as the bytes of UTF-8, or as the two halves of a character in JSON."""
_ESCAPES = (("%&\\\x1b", _ESCAPE), ("=", _PRINTABLE_QUOTED), ("\\", _CSS))
"""Characters that may begin an escape, and its pattern."""
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
_NUMBERS = tuple(
    (re.compile(rf"(?:{one}{between}){{4,}}", re.IGNORECASE), re.compile(one, re.IGNORECASE), base)
    for one, between, base in (
        (r"(?:0x|\\x)?([0-9a-f]{2})", "[^0-9a-f]{0,8}", 16),
        (r"(?<!\d)(\d{2,3})(?!\d)", r"(?:\D{1,8}|$)", 10),
        (r"(?<!\d)([0-7]{2,3})(?!\d)", r"(?:\D{1,8}|$)", 8),
        ("([01]{8})", "[^01]{0,3}", 2),
    )
)
"""A run of character codes."""
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE32HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


def _alphabet(given: str, decoded: str) -> bytes:
    return bytes(ord(decoded[given.index(chr(n))]) if chr(n) in given else 0x20 for n in range(256))


_LETTERS = string.ascii_letters + string.digits
_BASE64: _Digits = (_alphabet(f"{_LETTERS}+/-_", f"{_LETTERS}+/+/"), 6)
_BASE32: tuple[_Digits, ...] = tuple((_alphabet(signs + signs.lower(), 2 * BASE32), 5) for signs in (BASE32, BASE32HEX))
"""Translation table into the alphabet that is decoded (other characters become blanks), and bits per character."""


def _only(signs: str) -> bytes:
    return bytes(n if chr(n) in signs else 0x20 for n in range(256))


_DIGITS, _HEXADECIMAL, _BITS = map(_only, (string.digits, string.hexdigits, "01"))
"""Translation tables that turn every other character into a blank."""
_FOREIGN_DIGITS = re.compile(r"[^\D0-9]")


_LIKE_TEXT = rb"(?:[ -~]\0{0,3}|[\xc2-\xf4][\x80-\xbf]+){%d,}"


@dataclass(frozen=True)
class Sought:
    """Facts of the secrets by which readings that cannot hold one are skipped."""

    shortest: int = 0
    fewest: int = 0
    """Letters and digits of the shortest secret."""
    in_base32: Sequence[Sequence[bytes]] = ((), ())
    """Base32 and base32hex forms of the secrets."""
    parting: bytes = b""
    """Latin-1 letters that occur in no secret and no encoding of one."""

    @cached_property
    def parted(self) -> bytes:
        """Return a table that maps each of these letters to the first of them."""
        return bytes.maketrans(self.parting, self.parting[:1] * len(self.parting))

    @cached_property
    def like_text(self) -> re.Pattern[bytes]:
        """Match characters and bytes of UTF-8 characters, also with the NULs of UTF-16 and UTF-32: other bytes are no
        encoded text."""
        return re.compile(_LIKE_TEXT % ceil(self.shortest / 2), re.DOTALL)

    @cached_property
    def all_text(self) -> re.Pattern[bytes]:
        """Match as many of them as a whole secret has."""
        return re.compile(_LIKE_TEXT % self.fewest, re.DOTALL)

    @cached_property
    def numbers(self) -> Sequence[tuple[bytes, int, int, re.Pattern[bytes]]]:
        """Return for each kind of numbers: its characters, the gap that ends a run, the minimum of characters, and a
        pattern."""
        more = max(self.shortest, len("four")) - 1
        return (
            (_HEXADECIMAL, 11, 2 * more, re.compile(rb"(?i)[0-9a-f]{2}(?: {0,10}(?:0 )?[0-9a-f]{2}){%d}" % more)),
            (_DIGITS, 9, 3 * more, re.compile(rb"[0-9]{2,3} {1,8}(?:[0-9]{2,3} {1,8}){%d}[0-9]{2}" % (more - 1))),
            (_BITS, 4, 8 * more, re.compile(rb"[01]{8}(?: {0,3}[01]{8}){%d}" % more)),
        )


class Reading:
    """A text, with the place of each of its characters in the original, computed only on a match: that takes far
    longer than reading the text."""

    def __init__(self, text: str, places: Callable[[], _Places], source: Reading | None = None) -> None:
        self.text = text
        self.source = source
        self._find = places

    @cached_property
    def places(self) -> _Places:
        """Return the start and the end of each character in the original."""
        return self._find()

    @cached_property
    def latin(self) -> bytes | None:
        """Return the characters as bytes, which are far quicker, if all of them are in Latin-1."""
        try:
            return self.text.encode("latin-1")
        except UnicodeEncodeError:
            return None

    @cached_property
    def squeezed(self) -> bytes:
        """Return the text without separators that may break a secret; a character that is not in Latin-1 is ``?``."""
        if self.latin is None:
            return _SQUEEZED.sub("", self.text).encode("latin-1", "replace")
        return self.latin.translate(None, _IGNORED_BYTES)

    @property
    def first(self) -> int:
        """Return the start of the reading in the original."""
        return self.places[0][0] if self.text else 0


def readings(reading: Reading, sought: Sought) -> Iterator[Reading]:
    """Yield the alternative readings of the text."""
    yield from _numbers(reading, sought)
    yield from _wide(reading, sought)
    dense = _dense(reading, sought)
    if not dense.text:
        return
    said = {dense.text}
    for leads, pattern in _ESCAPES:
        if any(map(dense.text.__contains__, leads)):
            other = _unescaped(dense, pattern)
            if other.text not in said:
                said.add(other.text)
                yield other
    yield from _radix(dense, _BASE64, sought)
    upper = dense.squeezed.upper()
    for digits, cores in zip(_BASE32, sought.in_base32, strict=True):
        if any(map(upper.__contains__, cores)):  # else it is not worth the time
            yield from _radix(dense, digits, sought)


def unescaped(text: str) -> str:
    """Undo the escapes of a text, and those that come of it."""
    for _ in text:
        before, text = text, _ESCAPE.sub(lambda match: _meant(_ESCAPE, match[0]), text)
        if text == before:
            break
    return text


def _wide(reading: Reading, sought: Sought) -> Iterator[Reading]:
    """Join wide and invisible letters that are there in pieces."""
    if reading.text.isascii():
        return
    signs = reading.latin or reading.text.encode("latin-1", "replace")
    if _IN_BYTES.search(signs):
        for run in sought.all_text.finditer(signs):
            if _IN_BYTES.search(run[0]):
                yield _unescaped(_piece(reading, *run.span()), _IN_PIECES)
    if reading.latin is None and _HALVES.search(reading.text):
        yield _unescaped(reading, _IN_PIECES)


def _piece(reading: Reading, first: int, last: int) -> Reading:
    return _derived(reading, reading.text[first:last], lambda: (range(first, last), range(first + 1, last + 1)))


def _dense(reading: Reading, sought: Sought) -> Reading:
    """Drop the stretches too short for a secret or its encoding, between letters that neither has: of binary data,
    hardly anything is left."""
    if not sought.parting or reading.latin is None or reading.text.isascii() or "\x1b]" in reading.text:
        return reading
    gap = sought.parting[:1]
    pieces = reading.latin.translate(sought.parted).split(gap)
    kept = [piece for piece in pieces if len(piece) >= sought.fewest]
    if len(kept) == len(pieces):
        return reading

    def places() -> _Places:
        starts: list[int] = []
        for piece, end in zip(pieces, accumulate(len(piece) + 1 for piece in pieces), strict=True):
            if len(piece) >= sought.fewest:
                starts += range(end - 1 - len(piece), end)
        return starts[:-1], [place + 1 for place in starts[:-1]]

    return _derived(reading, gap.join(kept).decode("latin-1"), places)


def _may_be_numbers(reading: Reading, sought: Sought) -> Sequence[bool]:
    """Whether there may be enough numbers, by kind: a test far quicker than the search."""
    if reading.latin is None and _FOREIGN_DIGITS.search(reading.text):
        return [True] * len(_NUMBERS)
    signs = reading.latin or reading.text.encode("latin-1", "replace")
    may_be = []
    for table, apart, length, enough in sought.numbers:
        pieces = signs.translate(table).split(b" " * apart)
        long = max(map(len, pieces)) >= length
        may_be.append(long and any(enough.search(piece) for piece in pieces if len(piece) >= length))
    hexadecimal, decimal, binary = may_be
    return hexadecimal, decimal, decimal, binary


def _numbers(reading: Reading, sought: Sought) -> Iterator[Reading]:
    for (pattern, single, base), may_be in zip(_NUMBERS, _may_be_numbers(reading, sought), strict=True):
        if not may_be:
            continue
        for run in pattern.finditer(reading.text):
            signs = "".join([_sign(number, base) for number in single.findall(reading.text, *run.span())])
            if len(signs) >= sought.shortest:
                yield _derived(reading, signs, partial(_spans, single, run))


@lru_cache(maxsize=4_096)
def _sign(number: str, base: int) -> str:
    return chr(min(int(number, base), 255))


def _derived(reading: Reading, text: str, places: Callable[[], _Places]) -> Reading:
    """Make a reading derived from another; ``places`` are those in ``reading``."""

    def in_original() -> _Places:
        starts, ends = reading.places
        first, last = places()
        return [starts[place] for place in first], [ends[place - 1] for place in last]

    return Reading(text, in_original, reading)


def _spans(single: re.Pattern[str], run: re.Match[str]) -> _Places:
    spans = [match.span() for match in single.finditer(run.string, *run.span())]
    return [first for first, _ in spans], [last for _, last in spans]


def _unescaped(reading: Reading, pattern: re.Pattern[str]) -> Reading:
    def places() -> _Places:
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for match in pattern.finditer(reading.text):
            first, last = match.span()
            length = len(_meant(pattern, match[0]))
            starts += [*range(at, first), *([first] * length)]
            ends += [*range(at + 1, first + 1), *([last] * length)]
            at = last
        starts += range(at, len(reading.text))
        ends += range(at + 1, len(reading.text) + 1)
        return starts, ends

    return _derived(reading, pattern.sub(lambda match: _meant(pattern, match[0]), reading.text), places)


@lru_cache(maxsize=16_384)
def _meant(pattern: re.Pattern[str], escape: str) -> str:
    """Return the text of an escape."""
    match = pattern.fullmatch(escape)
    kind = match and match.lastgroup
    if not match or not kind:  # a soft line break, or a terminal's colour code
        return ""
    value = match[kind]
    if kind == "utf8":
        return value.encode("latin-1").decode("utf-8", "replace")
    if kind == "halves":
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    if kind == "named":
        value = f"&{value}"
        return html.unescape(value if value.endswith(";") or html.unescape(value) != value else f"{value};")
    if kind == "c":
        return _CONTROLS.get(value, value)
    number = int(value, {"d": 10, "o": 8}.get(kind, 16))
    return chr(number) if number < 0x110000 else ""


def _radix(reading: Reading, digits: _Digits, sought: Sought) -> Iterator[Reading]:
    """Decode runs of base64 or base32, whole or broken by blanks, at every alignment."""
    alphabet, bits = digits
    fewest = ceil(sought.shortest * 8 / bits)
    runs = reading.squeezed.translate(alphabet).split(b" ")
    long = max(map(len, runs)) >= fewest
    for number in [number for number, run in enumerate(runs) if len(run) >= fewest] if long else ():
        for offset in range(4 if bits == 6 else 8):
            plain = _decoded(runs[number][offset:], bits)
            if sought.like_text.search(plain):
                places = partial(_of_bits, reading, runs[:number], offset, bits, len(plain))
                yield _derived(reading, plain.decode("latin-1"), places)


def _of_bits(reading: Reading, before: Sequence[bytes], offset: int, bits: int, length: int) -> _Places:
    begin = sum(map(len, before)) + len(before) + offset
    kept = [place for place, sign in enumerate(reading.text) if sign not in IGNORABLE]
    starts = [kept[begin + 8 * i // bits] for i in range(length)]
    return starts, [kept[begin + (8 * i + 7) // bits] + 1 for i in range(length)]


def _decoded(coded: bytes, bits: int) -> bytes:
    if bits == 6:
        whole = coded[:-1] if len(coded) % 4 == 1 else coded
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
    whole = coded[: len(coded) - {1: 1, 3: 1, 6: 1}.get(len(coded) % 8, 0)]
    return base64.b32decode(whole + b"=" * (-len(whole) % 8))
