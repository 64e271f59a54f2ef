"""Search forms of a secret, and the folding of characters for comparison."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Iterator
from math import ceil
from urllib.parse import quote

from .normal import normalized
from .readings import BASE32, BASE32HEX, IGNORABLE, SQUEEZED

SHORTEST = 4
"""Fewest characters of a secret to look for; a shorter one would be found in any text."""

PART = 12
"""Characters of the parts by which a secret that was cut off is found, if it is at least twice as long. A part begins
at every sixth character, so that any 17 in a row hold a whole one."""

SURE = PART + PART // 2 - 1
"""Characters in a row that hold a whole part, wherever it begins."""

_NAMED_LETTER = re.compile(r"(?:NEGATIVE|REGIONAL|SMALL CAPITAL)\b.* ([A-Z])$")
"""Name of a letter in a filled circle or square, of a flag, or of a small capital, which no normalization undoes."""

TO_BASE32HEX = bytes.maketrans(BASE32.encode(), BASE32HEX.encode())


def small(sign: str) -> str:
    """Fold a character for comparison: small letters; wide ones, digits of other scripts, tags and variation selectors
    (which hide ASCII) as usual ones."""
    if "\U000e0021" <= sign <= "\U000e007e":
        sign = chr(ord(sign) - 0xE0000)
    elif "\U000e0110" <= sign <= "\U000e01ef":  # the bytes 0x20 to 0xff
        sign = chr(ord(sign) - 0xE0110 + 0x20)
    if sign.isascii():
        return sign.lower()
    low = normalized("NFKC", sign).lower()
    if not low.isascii():
        letter = _NAMED_LETTER.search(unicodedata.name(sign, ""))
        low = letter[1].lower() if letter else str(unicodedata.digit(sign, low))
    return low if len(low) == 1 else sign


class _Small(dict[int, str | None]):
    """Table for ``str.translate``: folds each character, and drops ignorable ones."""

    def __init__(self, counts: Callable[[str], bool]) -> None:
        self._counts = counts
        signs = [(number, self[number]) for number in range(256)]
        self._left_out = bytes(number for number, sign in signs if sign is None)
        self._bytes = bytes(ord(sign) if sign and sign < "\u0100" else number for number, sign in signs)

    def __missing__(self, number: int) -> str | None:
        sign = chr(number)
        low = small(sign)
        self[number] = low if sign not in IGNORABLE and self._counts(low) else None
        return self[number]

    def read(self, text: str) -> str:
        """Fold the text for comparison."""
        try:  # bytes are far quicker; the micro sign alone is no byte in small letters
            read = text.encode("latin-1").translate(self._bytes, self._left_out).decode("latin-1")
        except UnicodeEncodeError:
            return text.translate(self)
        return read.replace("\xb5", small("\xb5"))


READ, LETTERS_READ = _Small(lambda _: True), _Small(str.isalnum)


def parts_of(form: str) -> Iterator[str]:
    """Yield the recognisable parts of a long secret that was cut off."""
    return (form[at : at + PART] for at in range(0, len(form) - PART + 1, PART // 2))


_FEWEST_KEPT = 8
"""Fewest characters of a secret with its umlauts lost: of one in another script, ``2026`` may be left."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def spellings(secret: str) -> Iterator[str]:
    """Yield a secret as programs may write it: also with whole and with combined letters, in capitals (``ß`` becomes
    ``SS``), as UTF-8 that was read as cp1252, and with its umlauts lost."""
    yield secret
    if secret.isascii():
        return
    whole = normalized("NFC", secret)
    for form in (whole, normalized("NFD", secret)):
        yield from (form, form.upper(), form.encode("cp1252", "replace").decode("latin-1"))
        misread = form.encode("utf-8", "surrogatepass")
        yield "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in misread)
    kept = _NOT_ASCII.sub("", whole)
    if len(kept) >= _FEWEST_KEPT:
        bytewise = whole.encode("utf-8", "replace").decode("ascii", "replace")
        yield from (kept, _NOT_ASCII.sub("\ufffd", whole), _NOT_ASCII.sub("?", whole))
        yield from (bytewise, bytewise.replace("\ufffd", "?"))


def in_other_bytes(secret: str) -> Iterator[bytes]:
    """Yield a secret with umlauts in the encodings other than UTF-8 that programs use."""
    if not secret.isascii():
        yield from (secret.encode(name, "replace") for name in ("cp1252", "utf-16-le", "utf-16-be"))


def as_compared(text: str) -> str:
    """Fold a secret for comparison."""
    squeezed = text.translate(SQUEEZED)
    return squeezed.lower() if squeezed.isascii() else "".join(map(small, squeezed))


def in_bytes(text: str) -> str:
    """Return the UTF-8 bytes as characters, the form in which decoded bytes are searched."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def in_utf16(secret: bytes) -> bytes:
    """Return what the secret's UTF-16 has in either order of bytes."""
    return secret.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")[:-1]


def cores_in_base64(secret: bytes) -> Iterator[str]:
    """Yield the constant part of the secret's base64, for each alignment."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + secret).rstrip(b"=").decode()
        whole = (len(secret) + before) * 8 // 6
        core = coded[ceil(before * 8 / 6) : whole]
        if len(core) >= SHORTEST:
            yield from (core, core.replace("+", "-").replace("/", "_"))


def cores_in_base32(secret: bytes) -> Iterator[bytes]:
    """Yield the constant part of the secret's base32, also with the case of its letters swapped."""
    for form in {secret, secret.lower(), secret.upper()}:
        for before in range(5):
            coded = base64.b32encode(bytes(before) + form).rstrip(b"=")
            core = coded[ceil(before * 8 / 5) : (len(form) + before) * 8 // 5]
            if len(core) >= SHORTEST:
                yield core


def cores_of_nested(secret: bytes) -> Iterator[bytes]:
    """Yield the constant part of the base32 of another encoding of the secret."""
    inside = [core.encode() for core in cores_in_base64(secret)]
    in_hex, quoted = secret.hex().encode(), quote(secret, safe="").encode()
    for form in (*inside, *cores_in_base32(secret), in_hex, quoted, in_utf16(secret)):
        yield from cores_in_base32(form)


def nested_letters(secret: bytes) -> Iterator[str]:
    """Yield the constant part of the base64, base32 and hexadecimal of other encodings of the secret, which blanks or
    signs may break."""
    yield from (core.decode() for core in cores_of_nested(secret))
    inside = [core.encode() for core in cores_in_base64(secret)]
    for form in (*inside, *cores_in_base32(secret), secret.hex().encode(), in_utf16(secret)):
        yield from (*cores_in_base64(form), form.hex())


def letters_of(text: str) -> str:
    """Return the letters and digits of a text, folded for comparison."""
    letters = "".join(filter(str.isalnum, text))
    return letters.lower() if letters.isascii() else "".join(map(small, letters))


def both_ways(text: str) -> tuple[str, str]:
    """Return the letters and digits of a text, and the same reversed."""
    letters = letters_of(text)
    return letters, letters[::-1]


def coded_letters(secret: bytes) -> Iterator[str]:
    """Yield the letters and digits of the secret in base64 and hexadecimal, both ways: a form that signs break, or
    that is written backwards, is no longer decoded."""
    for core in (*cores_in_base64(secret), secret.hex()):
        yield from both_ways(core)
