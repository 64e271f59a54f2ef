"""Files of ours; the mended ones carry the columns of ``failed.csv``, and are read in that form despite ``source:``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...config import SourceSettings
from ...fields import FIELDS, VENDOR_COLUMNS
from ...own_columns import CHANGE, FAILED_COLUMNS, FAILED_COLUMNS_OF_SEVERAL, is_own

_HEAD_BYTES = 1 << 20
_OF_CONTACTS = 20
"""Fewest fields by which a list of the dialler's contacts is known, which has all of them."""

_OF_CALLS = {"UserData", "ContactID", "CallID", CHANGE}
"""Fields by which a list of calls is known."""

_OF_REPORT = 4
"""Fewest columns of ours by which a report is known."""

_NAME = rb"_(?:%s)" % "|".join(name[1:] for name in FAILED_COLUMNS_OF_SEVERAL).encode()
_NEIGHBOURS = re.compile(rb"""(?<!\w)%b("?)([^\w"'\r\n])\1%b\b""" % (_NAME, _NAME))


def is_mended(names: list[str] | tuple[str, ...]) -> bool:
    """Whether a header has our columns: two of them, or the one that no other list has.

    Somebody may have deleted the others; the file is still part of a list.
    """
    own = {name.strip() for name in names if is_own(name)}
    ours = own.intersection(FAILED_COLUMNS)
    return (len(ours) > 1 or "_run" in ours) and any(name.strip() and not is_own(name) for name in names)


def mended_at(rows: Iterable[Sequence[str]]) -> int | None:
    """Find a header with our columns among the first rows of a table; None if there is none.

    A title above it has fewer cells. Anything else above it is a table, and our names below are what somebody wrote
    into cells.
    """
    widest = 0
    for at, names in enumerate(rows):
        filled = sum(bool(name.strip()) for name in names)
        if filled > widest and is_mended(tuple(names)) and (not widest or sum(map(is_own, names)) > 1):
            return at
        widest = max(widest, filled)
    return None


def is_marked(names: Sequence[str]) -> bool:
    """Whether a header is that of a file of ours, in which an apostrophe stands before a text that would run as a
    formula: it has a column of our reports, or those of a list of the dialler's contacts.
    """
    return any(map(is_own, names)) or _is_of_contacts(names)


def is_ours(names: Sequence[str]) -> bool:
    """Whether a header tells that a table is ours."""
    return is_report(names) or is_listing(names)


def is_report(names: Sequence[str]) -> bool:
    """Whether a header is certainly that of a report of ours."""
    return sum(map(is_own, names)) >= _OF_REPORT


def is_listing(names: Sequence[str]) -> bool:
    """Whether a header is that of a list of calls, or of all that the dialler has of contacts."""
    return _is_of_contacts(names) or {*names} >= _OF_CALLS


def _is_of_contacts(names: Sequence[str]) -> bool:
    of_contacts = {"ID", *FIELDS}.intersection(names)
    return {"ID", "UserData"} <= of_contacts and len(of_contacts) >= _OF_CONTACTS


def is_of_vendor(names: Sequence[str]) -> bool:
    """Whether a header is that of a mended file in the vendor's own format, which otherwise has no header."""
    return is_mended(tuple(names)) and set(VENDOR_COLUMNS) <= {name.strip() for name in names}


def own_form(path: Path, source: SourceSettings) -> SourceSettings | None:
    """Return the settings to read a text file that seems to carry our columns; None if it does not.

    The delimiter varies: German Excel writes semicolons in place of our commas, other programs tabs.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).replace(b"\0", b"")
    found = {sign.decode("ascii", "replace") for _, sign in _NEIGHBOURS.findall(head)}
    if not found:
        return None
    text = head.decode("latin-1")
    delimiter = max(sorted(found), key=lambda sign: _told_by(text, sign))
    return plain_form(source).model_copy(update={"delimiter": delimiter, "quote": '"', "escape": "double"})


def _told_by(text: str, delimiter: str) -> tuple[bool, int]:
    """(whether the last name of a header is one of ours, how many are), as this delimiter cuts it: a name in a list may
    look like several of ours with another delimiter between."""
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return False, 0
    return bool(names and is_own(names[-1])), sum(map(is_own, names))


def plain_form(source: SourceSettings) -> SourceSettings:
    """Keep the limits of a configuration, and drop its description of the layout."""
    limits = ("max_file_mb", "max_columns", "max_cell_chars")
    return SourceSettings.model_validate({name: getattr(source, name) for name in limits})
