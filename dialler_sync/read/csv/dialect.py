"""Find the dialect of a CSV file: delimiter, quote, escape.

Each dialect that the text allows cuts a sample into rows and is scored by the result: most rows should have the same
number of cells, and no cell should still hold a delimiter or a quote. (The idea is the consistency measure of
CleverCSV, van den Burg et al. 2019, with simpler kinds of cells.) The user is asked where two delimiters score alike,
and where the best reading is of a kind that is often wrong (:mod:`~dialler_sync.read.csv.dialect_doubts`). Quote and
escape need no question: where two of them score alike, the cells are the same, so the usual one is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ...config import SourceSettings
from ...errors import InputError
from ...text.phrase import phrase
from ..layout.kinds import Kind, kind_of
from .dialect_doubts import RARE, SAFE_RARE, SEEN_ROWS, check_doubts, is_of_several_cells, named
from .grammar import Cut, Dialect

TELLS_DELIMITER = re.compile(r'("?)sep=(?P<sign>[^\r\n])\1(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
"""First line that names the delimiter for Excel. Excel hides it, so it has no row number."""

SAMPLE_CHARS = 1 << 16

DELIMITERS = (";", ",", "\t", "|", ", ", " ")
_SPACE_IS_RARE = 0.5
"""A space rarely delimits: it stands between words."""

_SINGLE_COLUMN = 0.25
_SINGLE_COLUMN_OF_VALUES = 0.9
_EQUAL = 0.95
_BROKEN = 0.6
"""Factor on the score of a reading with unclosed quotes, where another reading closes all of them."""


_DECIMAL = re.compile(r"[-+(]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d{1,2}\)?(?:\s?[%€])?|[-+]?\d{1,3}(?:,\d{3})*\.\d+")
"""Amount in which every comma is a decimal or thousands sign: ``1.234,5``, ``1,234.50``."""

_SINGLE_QUOTED = re.compile(r"(?:^|[,;|\s])'(?:[^']|'')*+'(?:[,;|\s]|$)", re.MULTILINE)

_BARE = frozenset({"null", r"\n", "none", "nan", "nil", "true", "false"})
"""Words that programs write without quotes among texts in quotes."""

_HAS_DELIMITER = re.compile(r"[;,|\t]")

_LEFTOVER = re.compile(rf"""[;\t|{re.escape("".join(SAFE_RARE))}]|,(?!\s)|^\s|^"|"$|^'.*'$|"[\s,]|[\s,]\"""", re.DOTALL)
"""Sign that a cell was cut wrongly: a delimiter, a leading blank, a quote at an end or beside a delimiter."""


class Judged(NamedTuple):
    """How well a dialect reads the sample.

    ``score``: 0 to 1. ``width``: the usual number of cells in a row. ``is_even``: every row has that number.
    ``needs_quotes``: a cell in quotes needs them, or most texts have them, and all in their columns.
    """

    score: float
    width: int
    dialect: Dialect
    has_broken: bool = False
    has_doubled: bool = False
    is_even: bool = False
    needs_quotes: bool = True


def find_dialect(sample: str, source: SourceSettings, *, is_whole: bool) -> tuple[Dialect, int]:
    """Find the dialect of a text, and the usual number of cells in its rows.

    ``sample``: the beginning of the text, or all of it (``is_whole``).

    Raises:
        InputError: two delimiters do equally well, or the best reading is in doubt.
    """
    declared = TELLS_DELIMITER.match(sample)
    if declared:
        sample = sample[declared.end() :]
    if declared or source.delimiter != "auto":
        best = _best_with(
            declared["sign"] if declared and source.delimiter == "auto" else source.delimiter, sample, source, is_whole
        )
        if source.delimiter == "auto" and best.width == 1 and _HAS_DELIMITER.search(sample.lstrip().partition("\n")[0]):
            raise InputError(
                phrase(
                    "its first line says that {delimiter} delimits the columns, and its rows do not hold it: take "
                    "that line out, or set source.delimiter.",
                    delimiter=named(best.dialect.delimiter),
                )
            )
        return best.dialect, best.width
    delimiters = (*(d for d in DELIMITERS if d in sample), "")
    by_delimiter = {delimiter: _best_with(delimiter, sample, source, is_whole) for delimiter in delimiters}
    rare = _rare(sample, source, is_whole)
    by_delimiter |= rare
    if any(sign and not found.has_broken for sign, found in by_delimiter.items()):
        by_delimiter = {
            sign: found._replace(score=found.score * _BROKEN) if found.has_broken else found
            for sign, found in by_delimiter.items()
        }
    by_delimiter = _by_quoted_header(by_delimiter, sample, is_whole) or by_delimiter
    if {",", ", "} <= by_delimiter.keys() and by_delimiter[", "].score >= _EQUAL * by_delimiter[","].score:
        del by_delimiter[","]  # every comma has its space: one reading, not two
    judged = sorted(by_delimiter.values(), key=lambda j: j.score, reverse=True)
    best = judged[0]
    if rare and not best.dialect.delimiter:
        best = max(rare.values(), key=lambda j: j.score)
    elif rival := _equal(judged):
        one, other = named(best.dialect.delimiter), named(rival.dialect.delimiter)
        raise InputError(
            phrase(
                "it can be delimited by {one} or by {other}: set source.delimiter to the one that is right.",
                one=one,
                other=other,
            )
        )
    check_doubts(list(islice(_rows(best.dialect, sample, is_whole), SEEN_ROWS)), best.dialect, best.width, sample)
    return best.dialect, best.width


def _by_quoted_header(judged: dict[str, Judged], sample: str, is_whole: bool) -> dict[str, Judged]:
    """Return the readings that cut the first row into cells that are all quoted, if it is not one cell.

    Their width is that of the first row: the footer of a short list may have more lines than the list.
    """
    single = judged[""].dialect
    if not any(is_of_several_cells(row, single) for row in islice(_rows(single, sample, is_whole), 1)):
        return {}
    by_header = {}
    for sign, found in judged.items():
        first, *others = _rows(found.dialect, sample, is_whole)
        width = len(first.cells)
        if all(first.quoted) and not first.broken and 1 < width in (len(row.cells) for row in others):
            by_header[sign] = found._replace(width=width)
    return by_header


def _equal(judged: list[Judged]) -> Judged | None:
    """Find another reading that scores as well as the best, or that gives even rows where the best does not."""
    best, *others = judged
    return next(
        (
            other
            for other in others
            if other.score > _EQUAL * best.score
            or (other.is_even and other.width > 1 and not best.is_even and other.dialect.delimiter != " ")
        ),
        None,
    )


def _rare(sample: str, source: SourceSettings, is_whole: bool) -> dict[str, Judged]:
    """Judge the rare delimiters; keep those that cut every row into the same number of cells."""
    first = next((line for line in sample.splitlines() if line.strip()), "")
    judged = {sign: _best_with(sign, sample, source, is_whole) for sign in RARE if sign in first}
    return {sign: found for sign, found in judged.items() if found.is_even and found.width > 1}


def _rows(dialect: Dialect, sample: str, is_whole: bool) -> Iterator[Cut]:
    """Yield the rows of the sample that are not blank, without a last row that continues after the sample."""
    start = count = 0
    while start < len(sample):
        cut = dialect.cut(sample, start)
        start = cut.end
        if not any(cut.cells):
            continue
        if cut.open and count and not is_whole:
            return
        count += 1
        yield cut


def _best_with(delimiter: str, sample: str, source: SourceSettings, is_whole: bool) -> Judged:
    """Return the best dialect with this delimiter; the usual quote and escape win a tie."""
    quotes = {"auto": ['"'], "none": [""]}.get(source.quote, [source.quote])
    if source.quote == "auto" and _SINGLE_QUOTED.search(sample):
        quotes.append("'")
    judged: list[Judged] = []
    for quote in quotes:
        escape = "double" if source.escape == "auto" else source.escape
        usual = _judged(Dialect(delimiter, quote, escape), sample, is_whole)
        if judged and not usual.needs_quotes:
            continue  # people write 'urgent', too
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
    tidy = cells = values = 0
    has_broken = has_doubled = some_needed = False
    quoted_texts: Counter[int] = Counter()
    plain_texts: Counter[int] = Counter()
    first: str | None = None
    for cut in _rows(dialect, sample, is_whole):
        first = cut.cells[0] if first is None else first
        widths[len(cut.cells)] += 1
        cells += len(cut.cells)
        has_broken = has_broken or cut.broken
        # One cell is a title or a footnote; a broken row may follow another way to write a quote.
        if not cut.broken and (len(cut.cells) > 1 or not dialect.delimiter):
            quoted_texts.update(i for i, quoted in enumerate(cut.quoted) if quoted)
            # Down to the header no row has quotes or values.
            if widths.total() > 1 and (quoted_texts or Kind.VALUE in map(kind_of, cut.cells)):
                plain_texts.update(i for i, quoted in enumerate(cut.quoted) if not quoted and _is_text(cut.cells[i]))
        for cell, quoted in zip(cut.cells, cut.quoted, strict=True):
            if quoted:
                tidy += 1
                has_doubled = has_doubled or dialect.quote in cell
                some_needed = some_needed or any(
                    sign in cell for sign in (dialect.delimiter, dialect.quote, "\r", "\n")
                )
                continue
            is_leftover = _is_leftover(cell)
            if not is_leftover or kind_of(cell) is Kind.VALUE:
                tidy += 1
                values += not dialect.delimiter and _is_one_value(cell, first)
    if not cells:
        return Judged(0.0, 1, dialect)
    rows = widths.total()
    width = max(widths, key=lambda w: (widths[w], w))
    if dialect.delimiter:
        alike = sum((count / rows) ** 2 * (1 - 1 / width) for width, count in widths.items())
        alike *= _SPACE_IS_RARE if dialect.delimiter == " " else 1
    else:
        alike = _SINGLE_COLUMN_OF_VALUES if values and values >= 0.75 * (rows - 1) else _SINGLE_COLUMN
    are_quoted = quoted_texts.total() > plain_texts.total() and not quoted_texts.keys() & plain_texts.keys()
    is_even, needs_quotes = len(widths) == 1, some_needed or are_quoted
    return Judged(alike * (tidy / cells) ** 2, width, dialect, has_broken, has_doubled, is_even, needs_quotes)


def _is_text(cell: str) -> bool:
    return any(map(str.isalpha, cell)) and cell.strip().casefold() not in _BARE


def _is_leftover(cell: str) -> bool:
    return _LEFTOVER.search(cell) is not None


def _is_one_value(line: str, first: str) -> bool:
    """Whether a line is certainly a single value: none of its signs, or of the ``first`` row's, can be a delimiter."""
    if kind_of(line) is not Kind.VALUE:
        return False
    return (
        not _HAS_DELIMITER.search(line)
        or not _HAS_DELIMITER.search(first)
        or (_DECIMAL.fullmatch(line) is not None and _DECIMAL.fullmatch(first) is not None)
    )
