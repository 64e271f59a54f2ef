"""Makes text safe to leave the process: for terminal, log, journal, report and webhook.

Every such text passes here. Secrets are masked (:mod:`.secrets`), characters that could act on a terminal or hide from
a reader become escapes (``\\x1b``, ``\\u202e``, ``\\n``), and a long text is cut in its middle. All of it is
idempotent: ``line(line(text)) == line(text)``.

Cells of the user's lists are not messages: they stay unchanged.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .normal import normalized
from .phrase import figure, phrase
from .secrets import MASK, Secrets, url_secrets

LONGEST = 2_000
"""Longest line of a message, in characters."""

_TAIL = 600
"""Characters kept at the end of a cut line, which often says what to do."""

_EXAMINED = 16_000
"""Characters of a message that are examined; the rest is in the middle, which is cut anyway."""

_SECRETS, _WORDS = Secrets(), Secrets()

_SHORT_WORD, _WORD = 8, 12
"""Fewest characters of a secret (of letters and digits; of small letters) to mask in our own texts; a shorter one may
be a word or part of a path, and is masked only in texts of the dialler."""

_ACTS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufdd0-\ufdef\ufffe\uffff"  # no characters, which YAML refuses
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # direction, joining, tags
    "\u2028\u2029"  # line and paragraph ends
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0e\uffa0\U0001d159"  # invisible letters
    "\ud800-\udfff]"  # undecodable bytes of file names
)
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_COLOURS = re.compile(r"\x1b\[(?:[0-9;]*m|2K|[0-9]*A|\?25[lh])|\r")
"""Colours of rich and click, and the codes of a progress bar."""


def keep_secret(*secrets: str | None) -> None:
    """Mask these secrets from now on in all texts that leave this process. Code that reads a secret calls this.

    A secret that is a plain word, such as ``postgres``, is masked only in texts of the dialler.
    """
    for secret in filter(None, secrets):
        word = (secret.isalnum() and len(secret) < _SHORT_WORD) or (
            secret.isalpha() and secret.islower() and len(secret) < _WORD
        )
        (_WORDS if word else _SECRETS).add(secret)


_LOGIN = re.compile(r"(?<!\S)\S[^\s:]*+:\S+@|://")
"""A text that may have a login, or a signature, in it."""

_PARAMETER = re.compile(r"[?&][^=&\s]+=([^&#\s]+)")


def keep_logins(text: str) -> None:
    """Mask the password of a login that stands where none belongs, and parameters of an address."""
    if _LOGIN.search(text):
        keep_secret(*(url_secrets(text) if "@" in text else ()), *(_PARAMETER.findall(text) if "://" in text else ()))


def forget_secrets() -> None:
    """Stop masking the secrets."""
    _SECRETS.clear()
    _WORDS.clear()


def dialler_says(text: object, longest: int = LONGEST) -> str:
    """Make one harmless line of a text from the dialler, or from a proxy before it."""
    return _WORDS.mask(line(text, longest))


def mask(text: str) -> str:
    """Mask secrets in a text from the dialler; keep the rest."""
    return _SECRETS.mask(text, bulk=True)


def mask_cells(cells: Sequence[str]) -> Sequence[str]:
    """Mask secrets in a table row of the dialler's texts. A row whose cells make one up together is masked whole."""
    joined = "\x1f".join(cells)
    if mask(joined) == joined:
        return cells
    masked = list(map(mask, cells))
    joined = "\x1f".join(masked)
    return masked if mask(joined) == joined else [MASK] * len(cells)


def line(text: object, longest: int = LONGEST, *, bulk: bool = False) -> str:
    """Make one harmless line. ``bulk``: one of many lines, so a quick test comes first."""
    text = str(text)
    if len(text) > _EXAMINED:
        text = _cut(text, _EXAMINED, _EXAMINED // 2)
    text = _SECRETS.mask(text, bulk=bulk)
    if len(text) > longest:
        text = _cut(text, longest, min(_TAIL, longest // 3))
    return text if shows(text) else _ACTS.sub(_escape, text)


def screen(text: str, *, styled: bool = False) -> str:
    """Make a text of several lines safe for a stream; ``styled`` keeps its colours."""
    text = mask(text).replace("\r\n", "\n")
    if shows(text):
        return text
    if not styled:
        return _ACTS.sub(_escape_in_lines, text)
    between = (_ACTS.sub(_escape_in_lines, piece) for piece in _COLOURS.split(text))
    return next(between) + "".join(
        colour + piece for colour, piece in zip(_COLOURS.findall(text), between, strict=True)
    )


def shows(text: str) -> bool:
    """Whether each character of a text can be seen, and none acts. Some invisible letters are printable for Python."""
    return text.isprintable() and (text.isascii() or not _ACTS.search(text))


def escaped(text: str) -> str:
    """Escape each character that acts or hides; keep the rest."""
    return _ACTS.sub(_escape, text)


_AS_LATIN = str.maketrans("АВЕЅІЈКМНОРСТХУаеѕіјорсхуԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTXYaesijopcxyqwABEZHIKMNOPTYXo")
"""Cyrillic and Greek letters that nobody can tell from Latin ones."""


def looks(text: str) -> str:
    """Return what a text looks like: without what cannot be seen, with one form of each letter, in one script."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _ACTS.sub("", normalized("NFKC", text)).strip().translate(_AS_LATIN)


def in_shell(name: object) -> str:
    """Quote a file's name as one shell word: as :func:`word` does; ``-c.csv`` becomes ``./-c.csv``."""
    text = str(name)
    return word(f"./{text}" if text.startswith("-") and text != "-" else text)


def word(text: str) -> str:
    """Quote a text as one shell word on one harmless line: ``'my list.csv'``, ``$'two\\nlines.csv'``."""
    if not _ACTS.search(text):
        return shlex.quote(text)
    return "$'" + _ACTS.sub(_escape_bytes, text.replace("\\", "\\\\").replace("'", "\\'")) + "'"


def outward(value: Any) -> Any:
    """Make each text and each name in a JSON value one harmless line."""
    return _changed(value, line)


def without_secrets(value: Any) -> Any:
    """Mask secrets in a JSON value, also one that is a number, or that the items of a list spell; keep the rest."""
    if isinstance(value, list | tuple):
        items = [without_secrets(item) for item in value]
        spelt = "\x1f".join(str(item) for item in items if not isinstance(item, Mapping | list))
        return items if mask(spelt) == spelt else [MASK]
    if isinstance(value, Mapping):
        return {mask(str(key)): without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if mask(str(value)) == str(value) else MASK
    return _changed(value, mask)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    """Change each text and each name in a JSON value."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): _changed(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_changed(inner, change) for inner in value]
    return value


def json_text(value: Any, indent: int | None = None) -> str:
    """Write JSON without secrets that reads back exactly, and in which nothing acts on a terminal."""
    try:
        text = _json_without_secrets(value, indent)
    except RecursionError:  # a value is nested as deeply as only an attack is; no reader gives more than 1,024 levels
        with _room_to_recurse():
            text = _json_without_secrets(value, indent)
    return text if shows(text) else _ACTS.sub(_json_escape, text)


def _json_without_secrets(value: Any, indent: int | None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if mask(text) == text:
        return text
    value = without_secrets(value)
    names = [dict.fromkeys(value, MASK)] if isinstance(value, Mapping) else []
    for left in (value, *names):  # values of several levels may make up a secret together, and so may names
        text = json.dumps(left, ensure_ascii=False, indent=indent)
        if mask(text) == text:
            return text
    return json.dumps(MASK)


@contextmanager
def _room_to_recurse() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + 10_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _cut(text: str, longest: int, tail: int) -> str:
    left_out = phrase(" … [{number} more characters] … ", number=figure(len(text) - longest))
    return text[: longest - tail - len(left_out)] + left_out + text[len(text) - tail :]


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    number = ord(sign)
    if 0xDC80 <= number <= 0xDCFF:  # Python's surrogate for an undecodable byte of a file name
        number -= 0xDC00
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return _NAMED.get(sign) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def _escape_bytes(match: re.Match[str]) -> str:
    """Escape a character as a shell reads it in any locale: ``\\xad`` would be another name than U+00AD."""
    sign = match[0]
    if sign.isascii() or "\ud800" <= sign <= "\udfff":
        return _escape(match)
    return "".join(f"\\x{byte:02x}" for byte in sign.encode())


def _escape_in_lines(match: re.Match[str]) -> str:
    return match[0] if match[0] in "\n\t" else _escape(match)


def _json_escape(match: re.Match[str]) -> str:
    return match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1]
