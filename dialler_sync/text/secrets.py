"""Finds secrets in a text, in whatever usual encoding they stand there, and masks them.

A text is searched as it is, and in every reading of it: escapes undone (URL, HTML, JSON, backslash, quoted-printable),
base64 and base32 at every alignment, numbers of characters (hex, decimal), and readings of readings. Each reading
knows where in the text its characters come from, so that just the secret is masked.
"""

from __future__ import annotations

import base64
import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import ceil
from urllib.parse import unquote

from .readings import BASE32, BASE32HEX, IGNORABLE, SQUEEZED, Reading, readings

MASK = "***"

SHORTEST = 4
"""Characters: a shorter secret would be found in any text."""

_ALONE = 8
"""Characters: a shorter secret counts only where it stands as a word."""

_ALONE_WITHOUT_SIGNS = 12
"""Letters and digits of a secret that are found whatever signs stand between them."""

_PART = 12
"""Characters of a part by which a secret of twice as many, or more, is found that was cut off; one begins at every
sixth character, so that 17 in a row hold a whole one."""

_DEEPEST = 4
"""Encodings inside each other."""

_WINDOW, _OVERLAP = 16_384, 4_096
"""Characters that are searched at once, and how many of them again with what follows."""

_LONG = 14
"""Characters of a word that may be an encoding of an encoding, at least."""

_MOST_READINGS = 40
"""So many times its length (of short texts, that of 2,000 characters) a text is read. One that is made to need more is
hostile, and is masked as a whole."""

_SHORT_READING = 40
"""Characters: one that says what another has said is sooner searched again than told from it by its place."""

_ESCAPES = re.compile(r"%u?[0-9a-fA-F]{2}|&#|&[a-zA-Z]|\\[^\"]|=[0-9a-fA-F]{2}|=\r?\n|\x1b")
_PREFIXED = re.compile(r"0x[0-9a-f]{2}", re.IGNORECASE)
_BLANKS = bytes([*range(33), 127])
_NO_DIGITS = bytes(number for number in range(128) if not chr(number).isdigit())
_WIDE = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff]")
_TO_BASE32HEX = str.maketrans(BASE32, BASE32HEX)
_SIGNS = bytes(number for number in range(128) if not chr(number).isalnum())


class Secrets:
    """The secrets of this process. Those that are too short to be told from other words are left out."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._needles: tuple[str, ...] = ()
        self._letters: tuple[str, ...] = ()
        self._exact: tuple[bytes, ...] = ()
        self._in_base32: tuple[tuple[str, ...], ...] = ((), ())
        self._quick: tuple[bytes, ...] = ()
        self._quick_letters: tuple[bytes, ...] = ()
        self._quick_numbers: tuple[bytes, ...] = ()
        self._shortest = 0
        self._long_run = re.compile("")
        self._masked = lru_cache(maxsize=4_096)(self._mask)
        self._spans = lru_cache(maxsize=64)(self._search_all)  # a long text often repeats itself

    def add(self, *secrets: str | None) -> None:
        """Mask these from now on; of a text of several lines each of them."""
        given = {each.strip() for secret in secrets if secret for each in (secret, *secret.splitlines())}
        new = {each for each in given if len(each.translate(SQUEEZED)) >= SHORTEST} - self._secrets
        if new:
            self._secrets |= new
            self._prepare()

    def clear(self) -> None:
        """Forget them all."""
        self._secrets = frozenset()
        self._prepare()

    def mask(self, text: str, *, bulk: bool = False) -> str:
        """The text with each secret in it, however it is encoded, as ``***``.

        ``bulk``: a quick test goes first, which does not know encodings of encodings that are broken into pieces.
        """
        if not self._secrets or len(text) < self._shortest:
            return text
        if len(text) <= _WINDOW:
            return self._masked(text) if not bulk or self._may_hold(text) else text
        spans = []
        for start in range(0, len(text), _WINDOW - _OVERLAP):
            window = text[start : start + _WINDOW]
            if self._may_hold(window):
                spans += [(start + first, start + last) for first, last in self._spans(window)]
        return _without(text, spans)

    def _prepare(self) -> None:
        self._masked.cache_clear()
        self._spans.cache_clear()
        forms = {form for secret in self._secrets for form in (_squeezed(secret), _squeezed(_bytes(secret)))}
        turned = {*(form[::-1] for form in forms), *(codecs.encode(form, "rot13") for form in forms)}
        parts = {part for form in forms if len(form) >= 2 * _PART for part in _parts(form)}
        self._needles = tuple(sorted({*forms, *turned, *parts}, key=len, reverse=True))
        letters = {"".join(filter(str.isalnum, needle)) for needle in self._needles if needle not in parts}
        self._letters = tuple(needle for needle in letters if len(needle) >= _ALONE_WITHOUT_SIGNS)
        raw = [secret.encode("utf-8", "surrogatepass") for secret in self._secrets]
        cores = tuple({core for secret in raw for core in _cores_in_base32(secret)})
        self._in_base32 = (cores, tuple(core.translate(_TO_BASE32HEX) for core in cores))
        # What the quick test looks for: of other letters than ASCII it knows nothing.
        self._quick = tuple({needle.encode("ascii", "ignore") for needle in self._needles})
        self._exact = tuple({core.encode() for secret in raw for core in _cores(secret)})
        self._quick_letters = (
            *(each.encode("ascii", "ignore") for each in self._letters),
            *(secret.hex().encode() for secret in raw),
        )
        self._quick_numbers = tuple(
            "".join(format(byte, form) for byte in secret).encode()
            for secret in raw
            for form in ("d", "o", "03o", "08b")
        )
        self._shortest = min(map(len, self._needles), default=0)
        length = max(ceil(min(map(len, forms), default=0) * 4 / 3) - 2, _LONG)
        self._long_run = re.compile(rf"[A-Za-z0-9+/_-]{{{length}}}")

    def _may_hold(self, text: str) -> bool:
        """A quick test, of bulks of text in which nothing is."""
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
        return (
            any(map(low.__contains__, self._quick))
            or any(map(squeezed.__contains__, self._exact))
            or any(map(letters.__contains__, self._quick_letters))
            or any(map(low.translate(None, _NO_DIGITS).__contains__, self._quick_numbers))
            or (b"0x" in low and _PREFIXED.search(text) is not None)
        )

    def _mask(self, text: str) -> str:
        return _without(text, self._spans(text))

    def _search_all(self, text: str) -> list[tuple[int, int]]:
        places = range(len(text) + 1)
        waiting = [(Reading(text, lambda: (places[:-1], places[1:])), 0)]
        left = _MOST_READINGS * max(len(text), 2_000)
        seen = {text: waiting[0][0]}
        seen_at: set[tuple[str, int]] = set()
        found: list[tuple[int, int]] = []
        for reading, depth in waiting:
            found += self._found(reading)
            if depth == _DEEPEST:
                continue
            for other in readings(reading, self._shortest, self._in_base32):
                same = seen.setdefault(other.text, other)
                if same is not other and len(other.text) > _SHORT_READING:
                    seen_at.add((same.text, same.first))
                    if (other.text, other.first) in seen_at:
                        continue
                    seen_at.add((other.text, other.first))
                left -= len(other.text)
                if left < 0:
                    return [(0, len(text))]
                waiting.append((other, depth + 1))
        return found

    def _found(self, reading: Reading) -> Iterator[tuple[int, int]]:
        text = reading.text
        for table, needles in ((_READ, self._needles), (_LETTERS_READ, self._letters)):
            low = table.read(text)
            held = [needle for needle in needles if needle in low]
            if held:
                kept = [place for place, sign in enumerate(text) if table[ord(sign)] is not None]
                yield from self._search(reading, low, kept, held)

    def _search(
        self, reading: Reading, low: str, kept: Sequence[int], needles: Sequence[str]
    ) -> Iterator[tuple[int, int]]:
        starts, ends = reading.places
        for needle in needles:
            at = low.find(needle)
            while at >= 0:
                first, last = kept[at], kept[at + len(needle) - 1]
                if len(needle) >= _ALONE or _is_word(reading.text, first, last):
                    yield starts[first], ends[last]
                at = low.find(needle, at + 1)


def _is_word(text: str, first: int, last: int) -> bool:
    return not (text[first - 1 : first].isalnum() and text[first].isalnum()) and not (
        text[last + 1 : last + 2].isalnum() and text[last].isalnum()
    )


def _small(sign: str) -> str:
    low = (sign if sign.isascii() else unicodedata.normalize("NFKC", sign)).lower()
    return low if len(low) == 1 else sign


class _Small(dict[int, str | None]):
    """A table for ``str.translate``: each character as it is compared, those that count for nothing left out."""

    def __init__(self, counts: Callable[[str], bool]) -> None:
        self._counts = counts
        signs = [(number, self[number]) for number in range(256)]
        self._left_out = bytes(number for number, sign in signs if sign is None)
        self._bytes = bytes(ord(sign) if sign and sign < "\u0100" else number for number, sign in signs)

    def __missing__(self, number: int) -> str | None:
        sign = chr(number)
        self[number] = _small(sign) if sign not in IGNORABLE and self._counts(sign) else None
        return self[number]

    def read(self, text: str) -> str:
        """The text as it is compared."""
        try:  # bytes are far quicker; the micro sign alone is no byte in small letters
            read = text.encode("latin-1").translate(self._bytes, self._left_out).decode("latin-1")
        except UnicodeEncodeError:
            return text.translate(self)
        return read.replace("\xb5", _small("\xb5"))


_READ, _LETTERS_READ = _Small(lambda _: True), _Small(str.isalnum)


def _parts(form: str) -> Iterator[str]:
    return (form[at : at + _PART] for at in range(0, len(form) - _PART + 1, _PART // 2))


def _squeezed(text: str) -> str:
    return "".join(map(_small, text.translate(SQUEEZED)))


def _bytes(text: str) -> str:
    """Its bytes in UTF-8 as characters, which is how decoded bytes are searched."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _cores(secret: bytes) -> Iterator[str]:
    """What is the same in base64 of every text that holds the secret, for each of the places where it may begin."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + secret).rstrip(b"=").decode()
        whole = (len(secret) + before) * 8 // 6
        core = coded[ceil(before * 8 / 6) : whole]
        if len(core) >= SHORTEST:
            yield from (core, core.replace("+", "-").replace("/", "_"))


def _cores_in_base32(secret: bytes) -> Iterator[str]:
    """The same in base32, and of a secret whose letters have another case."""
    for form in {secret, secret.lower(), secret.upper()}:
        for before in range(5):
            coded = base64.b32encode(bytes(before) + form).rstrip(b"=").decode()
            core = coded[ceil(before * 8 / 5) : (len(form) + before) * 8 // 5]
            if len(core) >= SHORTEST:
                yield core


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for first, last in sorted(spans):
        if first >= at:
            pieces += [text[at:first], MASK]
        at = max(at, last)
    return "".join([*pieces, text[at:]]) if spans else text


def url_secrets(url: str) -> Iterator[str]:
    """What is secret in a URL that may be malformed: its password, up to the last ``@``, and passwords among its
    parameters; as written and decoded."""
    rest = url.partition("://")[2] or url
    before = rest.rpartition("@")[0]
    password = before.partition(":")[2] or before
    for secret in (password, *_PASSWORDS.findall(url)):
        bare = secret[1:-1] if secret[:1] == "'" == secret[-1:] else secret
        yield from (secret, bare, unquote(bare))


_PASSWORDS = re.compile(r"(?i)(?:password|passwd|pwd)\s*=\s*('(?:\\.|[^'])*'|[^\s&#]+)")
