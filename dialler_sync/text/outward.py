"""The way out: each text that leaves, to terminal, log, journal, report or webhook, passes here.

Three things are done: secrets are masked (:mod:`.secrets`), characters that could act on a terminal or hide from a
reader are shown as escapes (``\\x1b``, ``\\u202e``, ``\\n``), and what is long is cut in its middle. All of it may be
done again without harm: ``line(line(text)) == line(text)``.

Cells of the user's lists are no messages: they stay as they are.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from .secrets import Secrets

LONGEST = 2_000
"""Characters of one line of a message."""

_TAIL = 600
"""Of these, what stays of its end, which often says what to do."""

_LOOKED_AT = 16_000
"""Characters of a message that are looked at: the rest is in the middle, and is cut."""

_SECRETS, _WORDS = Secrets(), Secrets()

_SHORT_WORD, _WORD = 8, 12
"""Letters and digits, or small letters: a secret that is shorter may be a word of ours, or a part of a path."""

_ACTS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # direction, joining, tags
    "\u2028\u2029"  # line and paragraph ends
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters that nobody can see
    "\ud800-\udfff]"  # bytes of file names that are no characters
)
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_COLOURS = re.compile(r"\x1b\[(?:[0-9;]*m|2K|[0-9]*A|\?25[lh])|\r")
"""Of rich and click: colours, and what a progress bar needs."""


def keep_secret(*secrets: str | None) -> None:
    """Mask these from now on, in all that leaves this process. Whatever reads a secret names it here.

    One that is only a word, such as ``postgres``, is masked in what the dialler says, and nowhere else.
    """
    for secret in filter(None, secrets):
        word = (secret.isalnum() and len(secret) < _SHORT_WORD) or (
            secret.isalpha() and secret.islower() and len(secret) < _WORD
        )
        (_WORDS if word else _SECRETS).add(secret)


def forget_secrets() -> None:
    """Mask none of them any more."""
    _SECRETS.clear()
    _WORDS.clear()


def dialler_says(text: object, longest: int = LONGEST) -> str:
    """One harmless line of the dialler, or of what stands before it."""
    return _WORDS.mask(line(text, longest))


def mask(text: str) -> str:
    """A text of the dialler without secrets, and otherwise as it is."""
    return _SECRETS.mask(text, bulk=True)


def mask_cells(cells: Sequence[str]) -> Sequence[str]:
    """A line of a table of the dialler's texts, without secrets."""
    joined = "\x1f".join(cells)
    return cells if mask(joined) == joined else list(map(mask, cells))


def line(text: object, longest: int = LONGEST, *, bulk: bool = False) -> str:
    """One harmless line. ``bulk``: it is one of many, and what is looked for first is quicker found."""
    text = str(text)
    if len(text) > _LOOKED_AT:
        text = _cut(text, _LOOKED_AT, _LOOKED_AT // 2)
    text = _SECRETS.mask(text, bulk=bulk)
    if len(text) > longest:
        text = _cut(text, longest, min(_TAIL, longest // 3))
    return text if text.isprintable() else _ACTS.sub(_escape, text)


def screen(text: str, *, styled: bool = False) -> str:
    """What a stream may show of a text that has lines of its own; where it is ``styled``, also its colours."""
    text = mask(text).replace("\r\n", "\n")
    if text.isprintable():
        return text
    if not styled:
        return _ACTS.sub(_escape_in_lines, text)
    between = (_ACTS.sub(_escape_in_lines, piece) for piece in _COLOURS.split(text))
    return next(between) + "".join(
        colour + piece for colour, piece in zip(_COLOURS.findall(text), between, strict=True)
    )


def escaped(text: str) -> str:
    """The text with each character that acts or hides as an escape, and nothing else changed."""
    return _ACTS.sub(_escape, text)


def in_shell(name: object) -> str:
    """A name as a word for a shell, on one harmless line: ``'my list.csv'``, ``$'two\\nlines.csv'``."""
    text = str(name)
    if not _ACTS.search(text):
        return shlex.quote(text)
    return "$'" + escaped(text.replace("\\", "\\\\").replace("'", "\\'")) + "'"


def outward(value: Any) -> Any:
    """A value of JSON in which each text, and each name, is one harmless line."""
    if isinstance(value, str):
        return line(value)
    if isinstance(value, Mapping):
        return {line(key): outward(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [outward(inner) for inner in value]
    return value


def without_secrets(value: Any) -> Any:
    """A value of JSON that is otherwise as it was."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {mask(str(key)): without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    return value


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON without secrets, which reads back exactly, and in which nothing acts on a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if mask(text) != text:
        text = json.dumps(without_secrets(value), ensure_ascii=False, indent=indent)
    return text if text.isprintable() else _ACTS.sub(_json_escape, text)


def _cut(text: str, longest: int, tail: int) -> str:
    left_out = f" … [{len(text) - longest:,} more characters] … "
    return text[: longest - tail - len(left_out)] + left_out + text[len(text) - tail :]


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    number = ord(sign)
    if 0xDC80 <= number <= 0xDCFF:  # how Python stands for a byte of a file name
        number -= 0xDC00
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return _NAMED.get(sign) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def _escape_in_lines(match: re.Match[str]) -> str:
    return match[0] if match[0] in "\n\t" else _escape(match)


def _json_escape(match: re.Match[str]) -> str:
    return match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1]
