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
from collections.abc import Iterable, Iterator
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

_CANDIDATES = {"cp1252": WESTERN, "cp1250": EASTERN, "mac-roman": WESTERN, "cp850": WESTERN}
"""Encodings of one byte a character, the likeliest first, and the languages that are written in them.
latin-1 is not among them: where it differs from cp1252 it has nothing but control characters."""

_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_MOST_WORDS = 5_000
_LONGEST_WORD = 100
_ENOUGH_WORDS = 10
_MOSTLY = 0.6
_ABOUT_AS_MANY = 0.1

_BESIDE_LETTERS = frozenset("“”„‚‘’«»–—´®™©°")
"""Signs that stand next to letters in real text; any other sign there means a wrong encoding."""

_BETWEEN_LETTERS = frozenset("‘’´–—")


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
    best = max(good.values(), default=0.0)
    if best < _MOSTLY:
        raise InputError(
            f"{_where(path, bad)} is not UTF-8, and no common encoding makes words of it: save the file as UTF-8, "
            "or set source.encoding to the encoding that it was written in."
        )
    likely = [name for name, share in good.items() if share > best - _ABOUT_AS_MANY]
    return likely[0] if len(likely) == 1 else _likeliest(words, likely)


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
    foreign = [i for i, c in enumerate(word) if c > "\x7f"]
    letters = [i for i in foreign if word[i].isalpha()]
    if len(letters) > 3 and len(letters) * 2 > len(word):
        return False
    languages = (GERMAN, *_CANDIDATES[name])
    return all(
        _is_letter_in_place(word, i, languages) if word[i].isalpha() else _is_sign_in_place(word, i) for i in foreign
    )


def _is_letter_in_place(word: str, at: int, languages: Iterable[frozenset[str]]) -> bool:
    """Whether a letter belongs to a language, and is a capital only where one can stand."""
    letter, before, after = word[at], word[:at], word[at + 1 :]
    if letter.isupper() and (before[-1:].islower() or (before[-1:].isalpha() and after[:1].islower())):
        return False
    return any(letter.lower() in language for language in languages)


def _is_sign_in_place(word: str, at: int) -> bool:
    """Whether a sign may stand between the letters that are beside it."""
    sign, before, after = word[at], word[:at], word[at + 1 :]
    if sign in "²³":
        return len(before) <= 2 and not after
    letters_beside = before[-1:].isalpha() + after[:1].isalpha()
    if letters_beside == 2:
        return sign in _BETWEEN_LETTERS
    return sign in _BESIDE_LETTERS or sign == "\xa0" or (not letters_beside and sign.isprintable())


def _likeliest(words: list[bytes], names: list[str]) -> str:
    """The one of several encodings, each of which makes words of the bytes, that makes the likelier ones.

    German words, of which most lists have some, decide: a German system does not write cp1250, nor does any other
    encoding make German words by chance. Else, between west and east, the languages do.

    Raises:
        InputError: as much speaks for either.
    """
    texts: dict[str, list[str]] = {}
    for name in names:
        text = [word.decode(name) for word in words]
        if text not in texts.values():
            texts[name] = text
    names = list(texts)
    if len(names) == 1:
        return names[0]
    german = {name: sum(fits_one_of(word, [GERMAN]) for word in texts[name]) / len(words) for name in names}
    most = max(german.values())
    if most >= 0.5:
        return next(name for name in names if german[name] > most - _ABOUT_AS_MANY)
    if names == ["cp1252", "cp1250"]:
        west, east = _speak_for(texts["cp1252"], texts["cp1250"])
        if west != east:
            return "cp1252" if west > east else "cp1250"
    one, other = next(pair for pair in zip(texts[names[0]], texts[names[1]], strict=True) if pair[0] != pair[1])
    raise InputError(
        f"the same bytes read '{one}' in {names[0]} and '{other}' in {names[1]}: set source.encoding to the right one."
    )


def _speak_for(western: list[str], eastern: list[str]) -> tuple[int, int]:
    """How many words speak for the one and for the other reading of the same bytes.

    A word that mixes letters of no one language (``Dvoøák``) speaks for the other reading. Where no word does, and
    there are enough of them, the language that explains most words.
    """
    pairs = [pair for pair in zip(western, eastern, strict=True) if pair[0] != pair[1]]
    is_western = [fits_one_of(word, WESTERN) for word, _ in pairs]
    is_eastern = [fits_one_of(word, EASTERN) for _, word in pairs]
    west = sum(a and not b for a, b in zip(is_western, is_eastern, strict=True))
    east = sum(b and not a for a, b in zip(is_western, is_eastern, strict=True))
    if west == east and len(pairs) >= _ENOUGH_WORDS:
        west = max(sum(fits_one_of(word, [language]) for word in western) for language in WESTERN)
        east = max(sum(fits_one_of(word, [language]) for word in eastern) for language in EASTERN)
    return west, east
