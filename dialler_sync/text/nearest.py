"""Near misses: the known name closest to the user's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .spreadsheet import one_line


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, empty if no known name is close."""
    by_folded = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean '{one_line(by_folded[found[0]])}'?" if found else ""
