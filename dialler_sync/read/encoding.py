"""Finds out how the bytes of a text file are to be read.

A byte order mark decides, then the zero bytes of UTF-16, then whether the *whole* file is UTF-8: real lists
are ASCII with a few umlauts deep inside. What is left is one byte a character, and only the words can tell:
``M\\xfcller`` is a name in cp1252 and cp1250 and nonsense in Mac Roman. General detectors guess from far more
text than a list's few umlauts; here each word either is one in an encoding or is not, and where two encodings
make words of the same bytes, the user is asked.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ..config import SourceSettings
from ..errors import InputError
from .alphabets import EASTERN, GERMAN, WESTERN, fits_one_of

_BLOCK = 1 << 20
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Longer marks first: that of UTF-32-LE begins with that of UTF-16-LE."""

_CANDIDATES = {"cp1252": WESTERN, "cp1250": EASTERN, "mac-roman": WESTERN}
"""Encodings of one byte a character, the likeliest first, and the languages that are written in them.
latin-1 is not among them: where it differs from cp1252 it has nothing but control characters."""

_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_MOST_WORDS = 5_000
_LONGEST_WORD = 100
_ENOUGH_WORDS = 10
_MOSTLY = 0.6

_BESIDE_LETTERS = frozenset("“”„‚‘’«»–—´®™©°·")
"""Signs that stand next to letters in real text; any other sign there means a wrong encoding."""


def find_encoding(path: Path, source: SourceSettings) -> str:
    """Name of the codec that reads the whole of ``path``.

    A byte order mark may still be the first character that it yields, but for ``utf-8-sig``.

    Raises:
        InputError: the configured encoding does not read the file, none does, or two do equally well.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    name = wide_encoding(head) or ("utf-8-sig" if head.startswith(codecs.BOM_UTF8) else None)
    if source.encoding != "auto":
        given = codecs.lookup(source.encoding).name
        if (given, name) != ("utf-8", "utf-8-sig"):
            name = given
    if name:
        _check(path, name)
        return name
    bad = _first_undecodable(path, "utf-8")
    return "utf-8" if bad is None else _one_byte_encoding(path, bad)


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 by its mark, or UTF-16 because every other byte, or nearly, is zero."""
    marked = next((name for mark, name in _WIDE_MARKS if head.startswith(mark)), None)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if marked or max(even, odd) * 5 < len(head) / 2 or min(even, odd) * 20 > max(even, odd):
        return marked
    return "utf-16-le" if odd > even else "utf-16-be"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _first_undecodable(path: Path, name: str) -> int | None:
    """Position of the first byte that ``name`` cannot read, None where it reads them all."""
    decoder = codecs.getincrementaldecoder(name)()
    position = 0
    for block in _blocks(path):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return position - pending + error.start
        position += len(block)
    pending = len(decoder.getstate()[0])
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return position - pending + error.start
    return None


def _check(path: Path, name: str) -> None:
    bad = _first_undecodable(path, name)
    if bad is not None:
        raise InputError(
            f"{_where(path, bad)} cannot be read as {name}: save the file as UTF-8, or set source.encoding "
            "to the encoding that it was written in (cp1252, utf-8, utf-16 …)."
        )


def _where(path: Path, position: int) -> str:
    """``line N: the byte 0xFC``, for messages."""
    lines, seen = 1, 0
    byte = b""
    for block in _blocks(path):
        part = block[: position - seen]
        lines += part.count(b"\n") or part.count(b"\r")
        byte = block[position - seen : position - seen + 1]
        seen += len(block)
        if seen > position:
            break
    return f"line {lines}: the byte 0x{byte.hex().upper()}" if byte else f"line {lines}: the end"


def _one_byte_encoding(path: Path, bad: int) -> str:
    words = _words(path, bad)
    good = {name: _share_of_words(words, name) for name in _CANDIDATES if _first_undecodable(path, name) is None}
    if not good or max(good.values()) < _MOSTLY:
        raise InputError(
            f"{_where(path, bad)} is not UTF-8, and no common encoding makes words of it: save the file as UTF-8, "
            "or set source.encoding to the encoding that it was written in (cp850, cp1251 …)."
        )
    best = max(good, key=lambda name: good[name])
    if {"cp1252", "cp1250"} <= good.keys() and best != "mac-roman" and abs(good["cp1252"] - good["cp1250"]) < 0.1:
        return _west_or_east(words)
    return best


def _words(path: Path, bad: int) -> list[bytes]:
    """Distinct words with bytes beyond ASCII.

    Raises:
        InputError: most of these bytes are UTF-8, so the file was put together from two encodings.
    """
    words: set[bytes] = set()
    rest = b""
    for block in (*_blocks(path), b"\n"):
        text = rest + block
        cut = max(text.rfind(b"\n"), text.rfind(b"\r"), len(text) - _LONGEST_WORD) + 1
        rest = text[cut:]
        words.update(_WORD.findall(text, 0, cut))
        if len(words) > _MOST_WORDS:
            break
    high = sum(len(_HIGH.findall(word)) for word in words)
    utf8 = sum(len(character) for word in words for character in _UTF8.findall(word))
    if utf8 * 2 > high:
        raise InputError(
            f"{_where(path, bad)} is not UTF-8, but the rest of the file is: mend that line and save the file "
            "as UTF-8, or set source.encoding."
        )
    return sorted(words)


def _share_of_words(words: list[bytes], name: str) -> float:
    return sum(_is_word(word.decode(name, "replace"), name) for word in words) / len(words)


def _is_word(word: str, name: str) -> bool:
    """Whether ``word`` looks like one of a language that is written in the encoding ``name``."""
    foreign = [c for c in word if c > "\x7f" and c.isalpha()]
    if len(foreign) > 3 and len(foreign) * 2 > len(word):
        return False
    if any(right > "\x7f" and right.isupper() and left.islower() for left, right in pairwise(word)):
        return False
    if not all(_is_sign_in_place(word, i) for i, c in enumerate(word) if c > "\x7f" and not c.isalpha()):
        return False
    return all(any(c.lower() in letters for letters in (GERMAN, *_CANDIDATES[name])) for c in foreign)


def _is_sign_in_place(word: str, at: int) -> bool:
    sign, before, after = word[at], word[:at], word[at + 1 :]
    if sign in "²³":
        return len(before) <= 2 and not after
    letters_beside = before[-1:].isalpha() or after[:1].isalpha()
    return sign in _BESIDE_LETTERS or (not letters_beside and sign.isprintable()) or sign == "\xa0"


def _west_or_east(words: list[bytes]) -> str:
    """cp1252 or cp1250, which make letters of the same bytes.

    A word that mixes letters of no one western language (``Dvoøák``) speaks for the east, and the other way
    round; a list of German words was written by a German system. Then the language that explains most words.

    Raises:
        InputError: as much speaks for either.
    """
    pairs = [(word.decode("cp1252"), word.decode("cp1250")) for word in words]
    different = [pair for pair in pairs if pair[0] != pair[1]]
    german = sum(all(c <= "\x7f" or c.lower() in GERMAN for c in west) for west, _ in pairs)
    if not different or german * 2 >= len(pairs):
        return "cp1252"
    for_west = for_east = 0
    for west, east in different:
        is_west, is_east = fits_one_of(west, WESTERN), fits_one_of(east, EASTERN)
        for_west += is_west and not is_east
        for_east += is_east and not is_west
    if for_west == for_east and len(different) >= _ENOUGH_WORDS:
        for_west = max(sum(fits_one_of(west, (letters,)) for west, _ in pairs) for letters in WESTERN)
        for_east = max(sum(fits_one_of(east, (letters,)) for _, east in pairs) for letters in EASTERN)
    if for_west == for_east:
        west, east = different[0]
        raise InputError(
            f"the same bytes read '{west}' in cp1252 and '{east}' in cp1250: set source.encoding to the right one."
        )
    return "cp1252" if for_west > for_east else "cp1250"
