"""Tables that we wrote ourselves are read as they were written: nothing about them is guessed."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Literal

from ...config import SourceSettings
from ...fields import FIELDS
from ..layout.mended import is_listing, is_report
from .grammar import Dialect
from .lines import MARK

_CHARS = 1 << 22
"""Characters that are looked at."""

_ROWS = 1_000
"""Rows that are looked at."""

_SIGNS = ",;\t|"
"""Delimiters with which spreadsheet programs save a file, and calls are written."""


def own_settings(path: Path, encoding: str, source: SourceSettings) -> SourceSettings | None:
    """Return the settings of a table of ours, which it tells by its first line; None for any other. What is configured
    stays.
    """
    with path.open(encoding=encoding, newline="") as file:
        text = (file.read(1).removeprefix(MARK) or file.read(1)) + file.read(_CHARS)
        is_whole = not file.read(1)
    signs = _SIGNS if source.delimiter == "auto" else [source.delimiter]
    delimiter = next((sign for sign in signs if _is_ours(text, sign, is_whole=is_whole)), None)
    if delimiter is None:
        return None
    form: dict[str, object] = {"delimiter": delimiter, "quote": '"', "escape": "double"}
    if not source.columns:
        form["header"] = [1]
    return source.model_copy(update={name: value for name, value in form.items() if getattr(source, name) == "auto"})


def _is_ours(text: str, delimiter: str, *, is_whole: bool) -> bool:
    """Whether a text begins with a header of ours. That of a report is ours alone; others have our rows below.

    Hardly another program quotes all names, and in the rows only what needs it.
    """
    header = Dialect(delimiter).cut(text)
    names = header.cells
    if is_report(names):
        return True
    if is_listing(names):
        return _has_rows(text, delimiter, csv.QUOTE_MINIMAL, is_whole=is_whole)
    if delimiter != "," or text.startswith(_row(names, ",", csv.QUOTE_MINIMAL)):
        return False
    if len(names) == 1 and names[0] not in {"ID", *FIELDS} and any(sign in text[header.end :] for sign in _SIGNS[1:]):
        return False  # a title, or a header with another delimiter, in quotes
    return _has_rows(text, delimiter, csv.QUOTE_ALL, is_whole=is_whole)


def _has_rows(text: str, delimiter: str, quoting: Literal[0, 1], *, is_whole: bool) -> bool:
    """Whether a text has a header with this ``quoting``, and rows as wide with the quotes that they need."""
    dialect = Dialect(delimiter)
    header = dialect.cut(text)
    written, at = [_row(header.cells, delimiter, quoting)], header.end
    while at < len(text) and len(written) <= _ROWS:
        row = dialect.cut(text, at)
        if row.end == len(text) and not is_whole:
            break
        if len(row.cells) != len(header.cells):
            return False
        written.append(_row(row.cells, delimiter, csv.QUOTE_MINIMAL))
        at = row.end
    return text[:at].removesuffix("\r\n") == "".join(written).removesuffix("\r\n")


def _row(cells: list[str], delimiter: str, quoting: Literal[0, 1]) -> str:
    written = StringIO()
    csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
