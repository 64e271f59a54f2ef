"""A secret in the encodings in which servers, proxies and programs repeat what they were sent."""

from __future__ import annotations

import base64
import codecs
import html
import json
import quopri
import random
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote

Encoding = Callable[[str], str]


def _each(form: str) -> Encoding:
    return lambda secret: "".join(form.format(ord(sign)) for sign in secret)


def _base64(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


def _mixed(secret: str) -> str:
    forms = ("{0:c}", "%{0:02x}", "&#{0};", "\\x{0:02x}", "\\u{0:04x}")
    choose = random.Random(7)
    return "".join(choose.choice(forms).format(ord(sign)) for sign in secret)


def _wrapped(text: str, width: int = 10) -> str:
    return "\r\n".join(text[at : at + width] for at in range(0, len(text), width))


def _full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() else sign for sign in text)


def _letters_from(text: str, first: int) -> str:
    return re.sub("[A-Za-z]", lambda match: chr(first + ord(match[0].lower()) - ord("a")), text)


_CIRCLES = {
    **{ord("A") + n: 0x24B6 + n for n in range(26)},
    **{ord("a") + n: 0x24D0 + n for n in range(26)},
    **{ord("1") + n: 0x2460 + n for n in range(9)},
    ord("0"): 0x24EA,
}


def _groups(text: str, between: str) -> str:
    return between.join(text[at : at + 4] for at in range(0, len(text), 4))


ENCODINGS: dict[str, Encoding] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "quote": quote,
    "quote, all of it": lambda secret: quote(secret, safe=""),
    "quote_plus": quote_plus,
    "quote in lower case": lambda secret: re.sub("%..", lambda match: match[0].lower(), quote(secret, safe="")),
    "each sign quoted": _each("%{:02x}"),
    "quoted twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "HTML": html.escape,
    "HTML with names": lambda secret: secret.replace("+", "&plus;").replace("/", "&sol;").replace("=", "&equals;"),
    "HTML decimal": _each("&#{};"),
    "HTML hexadecimal": _each("&#x{:x};"),
    "HTML without semicolons": _each("&#x{:04X}"),
    "JSON escapes": _each("\\u{:04x}"),
    "JSON with a slash": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "backslash x": _each("\\x{:02x}"),
    "octal": _each("\\{:03o}"),
    "backslashes": lambda secret: re.sub(r"(\W)", r"\\\1", secret),
    "percent u": _each("%u{:04x}"),
    "base64": lambda secret: _base64(secret.encode()),
    "base64 without padding": lambda secret: _base64(secret.encode()).rstrip("="),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "Basic": lambda secret: "Basic " + _base64(f"user:{secret}".encode()),
    "base64, second place": lambda secret: _base64(f"x{secret}yz".encode()),
    "base64, third place": lambda secret: base64.urlsafe_b64encode(f"xy{secret}y".encode()).decode(),
    "base64, quoted": lambda secret: quote(_base64(f"x:{secret}".encode()), safe=""),
    "base64 in lines": lambda secret: _wrapped(_base64(secret.encode())),
    "base64 twice": lambda secret: _base64(_base64(f"u:{secret}".encode()).encode()),
    "base64 of quoted": lambda secret: _base64(quote(secret, safe="").encode()),
    "base64 of UTF-16": lambda secret: _base64(secret.encode("utf-16-le")),
    "base32": lambda secret: base64.b32encode(secret.encode()).decode(),
    "base32hex": lambda secret: base64.b32hexencode(secret.encode()).decode(),
    "base32hex, second place, lower case": lambda secret: base64.b32hexencode(f"x{secret}y".encode()).decode().lower(),
    "base32 of base64": lambda secret: base64.b32encode(_base64(f"u:{secret}".encode()).encode()).decode(),
    "base32hex of hexadecimal": lambda secret: base64.b32hexencode(secret.encode().hex().encode()).decode(),
    "base32 twice": lambda secret: base64.b32encode(base64.b32encode(secret.encode())).decode(),
    "base32 of quoted": lambda secret: base64.b32encode(f"x{quote(secret, safe='')}".encode()).decode(),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal, upper case": lambda secret: secret.encode().hex().upper(),
    "hexadecimal, a JSON list": lambda secret: json.dumps([f"0x{byte:02x}" for byte in secret.encode()]),
    "octal, as echo reads it": _each("\\0{:03o}"),
    "hexadecimal with colons": lambda secret: secret.encode().hex(":"),
    "numbers": lambda secret: ", ".join(map(str, secret.encode())),
    "reversed": lambda secret: secret[::-1],
    "with blanks": " ".join,
    "in two lines": lambda secret: f"{secret[:9]}\n{secret[9:]}",
    "with zero-width spaces": "\u200b".join,
    "with NUL": "\0".join,
    "with colours": "\x1b[0m".join,
    "with dots": ".".join,
    "quoted-printable": lambda secret: quopri.encodestring(secret.encode()).decode(),
    "mixed": _mixed,
    "octal numbers": lambda secret: " ".join(f"{sign:03o}" for sign in secret.encode()),
    "binary numbers": lambda secret: " ".join(f"{sign:08b}" for sign in secret.encode()),
    "a program": lambda secret: ".".join(f"chr({sign})" for sign in secret.encode()),
    "CSS": _each("\\{:06x}"),
    "ROT13": lambda secret: codecs.encode(secret, "rot13"),
    "base64, reversed": lambda secret: _base64(secret.encode())[::-1],
    "base64 with dots": lambda secret: ".".join(_base64(f"xy{secret}".encode())),
    "base64 of UTF-32": lambda secret: _base64(secret.encode("utf-32-be")),
    "base64, full width": lambda secret: _full_width(_base64(secret.encode())),
    "base64 of UTF-16 in lines": lambda secret: _wrapped(_base64(f"x{secret}".encode("utf-16"))),
    "base32 of UTF-16": lambda secret: base64.b32encode(secret.encode("utf-16-be")).decode(),
    "base32 with dashes": lambda secret: "-".join(base64.b32encode(secret.encode()).decode()),
    "base32hex, reversed": lambda secret: base64.b32hexencode(secret.encode()).decode()[::-1],
    "base32 in groups": lambda secret: _groups(base64.b32encode(secret.encode()).decode(), " "),
    "base32 in groups with dots": lambda secret: _groups(base64.b32encode(secret.encode()).decode(), "."),
    "base32 of the reversed": lambda secret: base64.b32encode(secret[::-1].encode()).decode(),
    "base64 of the reversed in groups": lambda secret: _groups(_base64(secret[::-1].encode()), " "),
    "base64 of base64 in groups": lambda secret: _groups(_base64(_base64(secret.encode()).encode()), " "),
    "base64 of hexadecimal in groups": lambda secret: _groups(_base64(secret.encode().hex().encode()), "\u200b"),
    "hexadecimal of UTF-16 in groups": lambda secret: _groups(secret.encode("utf-16-le").hex(), " "),
    "hexadecimal, reversed": lambda secret: secret.encode().hex()[::-1],
    "hexadecimal, full width": lambda secret: _full_width(secret.encode().hex()),
    "tags": lambda secret: "".join(chr(ord(sign) + 0xE0000) if sign.isascii() else sign for sign in secret),
    "full width": _full_width,
    "variation selectors": lambda secret: "".join(chr(sign + 0xE00F0) for sign in secret.encode()),
    "flags": lambda secret: _letters_from(secret, 0x1F1E6),
    "filled circles": lambda secret: _letters_from(secret, 0x1F150),
    "in circles": lambda secret: secret.translate(_CIRCLES),
    "code points": lambda secret: " ".join(f"U+{ord(sign):04X}" for sign in secret),
}
"""By name: what a server makes of a secret."""


def found_in(text: str, secret: str) -> bool:
    """Whether a reader of the text can have the secret: by eye, or with a decoder. Written apart from the product."""
    seen = {text}
    readings = [text]
    wanted = re.sub(r"[\W_]", "", secret).lower()
    for reading in readings:
        plain = re.sub(r"[\W_]", "", re.sub(r"\\x1b\[0m|\\u200b|\\x00|\\r|\\n", "", reading)).lower()
        if wanted in plain or wanted[::-1] in plain:
            return True
        for other in _decoded(reading):
            if other not in seen and len(seen) < 400:
                seen.add(other)
                readings.append(other)
    return False


def _decoded(text: str) -> Iterator[str]:
    yield unquote(text)
    yield html.unescape(text)
    yield re.sub(r"\\u(....)|\\x(..)", lambda match: _sign(match[1] or match[2], 16), text)
    yield re.sub(r"%u(....)", lambda match: _sign(match[1], 16), text)
    yield re.sub(r"\\([0-7]{3})", lambda match: _sign(match[1], 8), text)
    yield re.sub(r"=([0-9A-F]{2})", lambda match: _sign(match[1], 16), text)
    joined = re.sub(r"\\r|\\n|\s", "", text)
    for word in {*re.findall(r"[A-Za-z0-9_+/-]{16,}", joined), *re.findall(r"[A-Za-z0-9_+/-]{16,}", text)}:
        if re.fullmatch("(?:[0-9a-fA-F]{2})+", word):
            yield bytes.fromhex(word).decode("latin-1")
        for skipped in range(4):
            coded = word[skipped:].replace("-", "+").replace("_", "/")
            coded = coded[: len(coded) // 4 * 4]
            plain = base64.b64decode(coded).decode("latin-1")
            if re.search(r"[ -~\0]{12}", plain):
                yield "\n".join(re.findall(r"[ -~\0]{8,}", plain))
    for numbers in re.findall(r"(?:\d{2,3}, ){8,}\d{2,3}", text):
        yield "".join(chr(int(number)) for number in numbers.split(", "))


def _sign(digits: str, base: int) -> str:
    try:
        return chr(int(digits, base))
    except ValueError:
        return digits
