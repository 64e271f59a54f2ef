"""Finds out the signs that a CSV file is written with: delimiter, quote, escape.

Every dialect that the text allows reads a sample, and is judged by what comes of it: most rows have the same
number of cells, and the cells look like cells: no delimiters or quotes are left in them. (This is the idea of
CleverCSV's consistency measure, van den Burg et al. 2019, with plainer kinds of cells.) Two delimiters that do
equally well are two readings of the file, and the user is asked. Quote and escape are not asked for: where
they do equally well the cells are the same, so the usual ones are taken.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from ..config import SourceSettings
from ..errors import InputError
from .csv_grammar import Dialect
from .kinds import Kind, kind_of

TELLS_DELIMITER = re.compile(r'"?sep=([^\r\n])"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
"""A first line that tells Excel the delimiter. Excel does not show it, so it has no row number."""

SAMPLE_CHARS = 1 << 16

DELIMITERS = (";", ",", "\t", "|", ", ", " ")
_SPACE_IS_RARE = 0.5
"""A space is hardly ever meant as a delimiter: words are what it delimits."""

_SINGLE_COLUMN = 0.25
_SINGLE_COLUMN_OF_VALUES = 0.9
_EQUAL = 0.95

_NAMES = {"": "nothing (a single column)", "\t": "tab", " ": "space", ", ": "comma and space"}

_SINGLE_QUOTED = re.compile(r"(?:^|[,;|\s])'(?:[^']|'')*+'(?:[,;|\s]|$)", re.MULTILINE)

_LEFTOVER = re.compile(r"""[;\t|]|,(?!\s)|^\s|^"|"$|^'.*'$|"[\s,]|[\s,]\"""", re.DOTALL)
"""What does not look like one cell: a delimiter, a blank in front, a quote at an end or beside a delimiter."""


class Judged(NamedTuple):
    """What a dialect makes of the sample: how well it does, from 0 to 1, and the usual number of cells."""

    score: float
    width: int
    dialect: Dialect
    has_broken: bool = False
    has_doubled: bool = False


def find_dialect(sample: str, source: SourceSettings, *, is_whole: bool) -> tuple[Dialect, int]:
    """The dialect of a text that begins with ``sample``, or is the whole of it, and its rows' usual number of cells.

    Raises:
        InputError: two delimiters do equally well.
    """
    told = TELLS_DELIMITER.match(sample)
    if told:
        sample = sample[told.end() :]
    if source.delimiter != "auto":
        delimiters: tuple[str, ...] = (source.delimiter,)
    elif told:
        delimiters = (told[1],)
    else:
        delimiters = (*(d for d in DELIMITERS if d in sample), "")
    by_delimiter = {delimiter: _best_with(delimiter, sample, source, is_whole) for delimiter in delimiters}
    if {",", ", "} <= by_delimiter.keys() and by_delimiter[", "].score >= _EQUAL * by_delimiter[","].score:
        del by_delimiter[","]  # every comma has its space: that is one reading, not two
    judged = sorted(by_delimiter.values(), key=lambda j: j.score, reverse=True)
    best = judged[0]
    if len(judged) > 1 and judged[1].score > _EQUAL * best.score:
        one, other = (_NAMES.get(j.dialect.delimiter, f"'{j.dialect.delimiter}'") for j in judged[:2])
        raise InputError(f"it can be delimited by {one} or by {other}: set source.delimiter to the one that is right.")
    return best.dialect, best.width


def _best_with(delimiter: str, sample: str, source: SourceSettings, is_whole: bool) -> Judged:
    """The best of the dialects with this delimiter that the sample gives reason for, the usual one if they tie."""
    quotes = {"auto": ['"'], "none": [""]}.get(source.quote, [source.quote])
    if source.quote == "auto" and _SINGLE_QUOTED.search(sample):
        quotes.append("'")
    judged = []
    for quote in quotes:
        escape = "double" if source.escape == "auto" else source.escape
        usual = _judged(Dialect(delimiter, quote, escape), sample, is_whole)
        judged.append(usual)
        if source.escape != "auto" or not usual.has_broken:
            continue
        if "\\" + quote in sample:
            judged.append(_judged(Dialect(delimiter, quote, "backslash"), sample, is_whole))
        if not usual.has_doubled:
            judged.append(_judged(Dialect(delimiter, quote, "none"), sample, is_whole))
    return max(judged, key=lambda j: j.score)


def _judged(dialect: Dialect, sample: str, is_whole: bool) -> Judged:
    widths: Counter[int] = Counter()
    tidy = cells = values = start = 0
    has_broken = has_doubled = False
    while start < len(sample):
        cut = dialect.cut(sample, start)
        start = cut.end
        if not any(cut.cells):
            continue
        if cut.open and cells and not is_whole:
            break  # a long cell goes on behind the sample
        widths[len(cut.cells)] += 1
        cells += len(cut.cells)
        has_broken = has_broken or cut.broken
        for cell, quoted in zip(cut.cells, cut.quoted, strict=True):
            if quoted:
                tidy += 1
                has_doubled = has_doubled or dialect.quote in cell
            elif _LEFTOVER.search(cell) is None:
                tidy += 1
                values += not dialect.delimiter and kind_of(cell) is Kind.VALUE
            elif kind_of(cell) is Kind.VALUE:
                tidy += 1
                values += 1
    if not cells:
        return Judged(0.0, 1, dialect)
    rows = widths.total()
    width = max(widths, key=lambda w: (widths[w], w))
    if dialect.delimiter:
        alike = sum((count / rows) ** 2 * (1 - 1 / width) for width, count in widths.items())
        alike *= _SPACE_IS_RARE if dialect.delimiter == " " else 1
    else:
        alike = _SINGLE_COLUMN_OF_VALUES if values >= 0.75 * rows else _SINGLE_COLUMN
    return Judged(alike * (tidy / cells) ** 2, width, dialect, has_broken, has_doubled)
