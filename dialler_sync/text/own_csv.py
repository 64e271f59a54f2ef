"""The dialect of our CSV files; ``read/csv/ours.py`` knows them again."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import IO, Any, Protocol


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
    """Return a writer of the header by which a reader knows a table of ours, with apostrophes before formulas.

    Every name is quoted; the rows, from :func:`table_writer`, only where needed.
    """
    return csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
