"""Near misses: the known name closest to the user's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .phrase import phrase
from .spreadsheet import one_line


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, empty if no known name is close."""
    near = near_miss(name, known)
    return phrase("; did you mean '{name}'?", name=near) if near else ""


def near_miss(name: str, known: Iterable[str]) -> str:
    """Return the known name that is close, ``""`` if none is."""
    by_folded = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return one_line(by_folded[found[0]]) if found else ""
