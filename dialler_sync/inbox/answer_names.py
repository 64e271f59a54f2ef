"""Names of answers: valid on Linux, on Windows and on a Samba share, whatever the name of the file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import PurePath

from ..text.phrase import figure, mark, phrase

UNREAD, STOPPED, NOTHING = mark("could not be read"), mark("stopped, will go on"), mark("nothing imported")
"""Outcomes as the journal has them."""

_BYTES, _SIGNS = 255, 180
"""Longest name: of file systems in bytes, and of what Excel opens together with its folder."""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))", re.IGNORECASE)


def outcome_of(counts: Mapping[str, int]) -> str:
    """Return how a run went: ``1,989 of 2,000 imported``."""
    done = counts.get("succeeded", 0)
    return phrase("{done} of {read} imported", done=figure(done), read=figure(counts["read"])) if done else NOTHING


def spoken(outcome: str) -> str:
    """Return an outcome of the journal in the language that is spoken."""
    return phrase(outcome) if outcome in (UNREAD, STOPPED, NOTHING) else outcome


def answer_name(file: str, at: datetime, outcome: str, taken: Container[str]) -> str:
    """Return the name of an answer; ``taken`` are the names in its folder, in lower case.

    A long name loses signs before its suffix.
    """
    name = _DEVICE.sub(r"_\1", _FORBIDDEN.sub("_", unicodedata.normalize("NFC", file)).lstrip())
    whole = (_fitting(name, f" – {at:%Y-%m-%d %H%M} – {outcome}{number}.xlsx") for number in _numbers())
    return next(each for each in whole if each.casefold() not in taken)


def _numbers() -> Iterator[str]:
    yield ""
    yield from (f" ({number})" for number in count(2))


def _fitting(name: str, end: str) -> str:
    suffix = PurePath(name).suffix
    if len(suffix) > 12:  # no suffix, but a name with a dot
        suffix = ""
    stem = name.removesuffix(suffix)
    while stem and (len((stem + suffix + end).encode()) > _BYTES or len(stem + suffix + end) > _SIGNS):
        stem = f"{stem.removesuffix('…')[:-1]}…" if len(stem) > 1 else ""
    return f"{stem}{suffix}{end}"
