"""Near misses: the known name closest to the user's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from .phrase import phrase
from .spreadsheet import one_line

_MOST_FILES = 1000
"""Most files of a folder that are compared."""

_ALIKE_FILES = 0.75
"""Names of files share their ending, ``.csv``, without being alike."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, empty if no known name is close."""
    near = near_miss(name, known)
    return phrase("; did you mean '{name}'?", name=near) if near else ""


def nearest_file(path: Path) -> str:
    """Return ``"; did you mean 'x'?"`` for a file that does not exist, ``"."`` if its folder has none with such a
    name."""
    names: list[str] = []
    with suppress(OSError, ValueError):
        names = sorted(
            each.name for each in islice(path.parent.iterdir(), _MOST_FILES) if not each.name.startswith(".")
        )
    near = near_miss(path.name, names, alike=_ALIKE_FILES)
    return phrase("; did you mean '{name}'?", name=near) if near else "."


def near_miss(name: str, known: Iterable[str], alike: float = 0.6) -> str:
    """Return the known name that is close, ``""`` if none is; ``alike``: the least share of equal characters."""
    by_folded = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=alike)
    return one_line(by_folded[found[0]]) if found else ""
