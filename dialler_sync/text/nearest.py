"""Near misses: what the user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .spreadsheet import one_line


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"``, or nothing where no known name is near."""
    by_folded = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean '{one_line(by_folded[found[0]])}'?" if found else ""
