"""The dialect of our CSV files, and how a reader knows those that have none of our columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import IO, Any, Protocol

_MAY_DELIMIT = re.compile(r"[;|\t:#!*=&^~§¦\x1e\x1f]")


class Writer(Protocol):
    """Writes rows of a table, as CSV or to a sheet."""

    def writerow(self, row: Iterable[Any], /) -> Any:
        """Write one row."""


def table_writer(file: IO[str]) -> Any:
    """Return a CSV writer for the dialect of all our files: comma, doubled quotes, CRLF (RFC 4180).

    CRLF is required: with LF alone, Python 3.11 leaves a cell with a carriage return unquoted.
    """
    return csv.writer(file, lineterminator="\r\n")


def marked_header(file: IO[str]) -> Any:
    """Return a writer of the header by which a reader knows a file in which we put apostrophes before formulas, or
    whose own apostrophes could be taken for quotes: see :func:`is_marked_by`.

    Every name is quoted; the rows, from :func:`table_writer`, only where needed.
    """
    return csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")


def is_marked_by(cells: Sequence[str], written: Sequence[str]) -> bool:
    """Whether a row needs a marked header: it is ``written`` otherwise, or a cell has an apostrophe at an end."""
    return cells != written or any("'" in (cell.strip()[:1], cell.strip()[-1:]) for cell in cells if "'" in cell)


def marks_itself(names: Sequence[str], written: Sequence[str]) -> bool:
    """Whether a header needs to be marked by its names: one could also be several, with another delimiter."""
    return is_marked_by(names, written) or any(map(_MAY_DELIMIT.search, names))


def begins_as_marked(text: str, first_rows: list[list[str]]) -> bool:
    """Whether a file begins with such a header. ``first_rows``: the header and the first row."""
    start = StringIO()
    marked_header(start).writerow(first_rows[0])
    table_writer(start).writerows(first_rows[1:2])
    return text.startswith(start.getvalue())
