"""Readings of a CSV file that look right and are often wrong. Each becomes a question to the user.

A list with several columns that is read as one column, or the reverse, still looks like a table.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ...errors import InputError
from ...text.phrase import mark, phrase
from ..layout.header import columns_headed
from ..layout.header_words import is_header_word, is_phone_header
from ..layout.kinds import Kind, kind_of
from .grammar import Cut, Dialect

SAFE_RARE = ("^", "~", "§", "¦", "\x1f", "\x1e")
"""Rare delimiters with no other use; taken without a question where every row has the same number of them."""

RARE = (*SAFE_RARE, ":", "#", "!", "*", "=", "&")
"""Signs that delimit some lists and are text in many; the user is asked."""

_OTHER = re.compile(r"[^\w\s.,;|'@\"()-]|\u00a0|(?<=\s)-(?=\s)| {2,}")
"""Possible delimiters that hardly ever occur inside a word."""

_USUAL = re.compile(r"[;,\t|]")
_NAMES = {
    "": mark("nothing (a single column)"),
    "\t": mark("tab"),
    " ": mark("space"),
    "  ": mark("spaces in a row"),
    ", ": mark("comma and space"),
    "\u00a0": mark("no-break space (U+00A0)"),
    "\x1f": mark("unit separator (0x1F)"),
    "\x1e": mark("record separator (0x1E)"),
}
_BLANK_SECOND_LINE = re.compile(r"\s*+[^\r\n]++(?:\r\n|\r(?!\n)|\n)[;,|\s\"]*?[\r\n]")
_NUMBER_AND_LONG_NUMBER = re.compile(r"\+?\d+,\+?\d{7,}")
_DECIMAL = re.compile(r"[-+]?\d+,\d{1,2}")
_SPACE_OR_NOTHING = mark(
    "it can be delimited by space or by nothing (a single column): set source.delimiter to space or to none."
)
_MOSTLY = 0.6
SEEN_ROWS = 200
"""Rows that :func:`check_doubts` looks at."""

_PUNCTUATION = set(string.punctuation) - set("\"'()[]{}<>+-$#./\\_@%")


def named(delimiter: str) -> str:
    """Return the delimiter as messages name it."""
    return phrase(_NAMES[delimiter]) if delimiter in _NAMES else f"'{delimiter}'"


def check_doubts(rows: Sequence[Cut], dialect: Dialect, width: int, sample: str) -> None:
    """Refuse a doubtful reading of the sample. ``rows``: its rows that are not blank.

    Raises:
        InputError: names the reading, the doubt, and the setting that resolves it.
    """
    if not rows:
        return
    if not dialect.delimiter:
        _check_single_column(rows, dialect)
        return
    if dialect.delimiter in RARE and dialect.delimiter not in SAFE_RARE:
        sign = named(dialect.delimiter)
        raise InputError(
            phrase("it may be delimited by {sign}: set source.delimiter to {sign}, or to none if it is not.", sign=sign)
        )
    cells = [row.cells for row in rows]
    _check_ragged(cells, dialect, width)
    _check_longer_delimiter(cells, dialect.delimiter)
    if dialect.delimiter == " " and not _is_spaced(rows):
        raise InputError(phrase(_SPACE_OR_NOTHING))
    if dialect.delimiter == ", " and width == 2:
        _check_names(rows)
    if dialect.delimiter == ",":
        _check_decimal_commas(cells)
    lines = [dialect.delimiter.join(row) for row in cells]
    if dialect.delimiter != "\t" and all(
        kind_of(line) is Kind.VALUE and not _NUMBER_AND_LONG_NUMBER.fullmatch(line) for line in lines
    ):
        raise InputError(
            phrase(
                "each of its rows, '{line}' and so on, can be one value or several delimited by {sign}: set "
                "source.delimiter to {sign} or to none.",
                line=lines[0][:60],
                sign=named(dialect.delimiter),
            )
        )
    if len(cells[0]) == 1 and not _USUAL.search(cells[0][0]):
        _check_title(rows, dialect, width, has_gap=_BLANK_SECOND_LINE.match(sample) is not None)


def _is_spaced(rows: Sequence[Cut]) -> bool:
    """Whether spaces certainly delimit: cells are quoted, or two columns hold values under words."""
    cells = [row.cells for row in rows]
    has_commas = any(cell.endswith(",") for row in cells for cell in row)
    return any(any(row.quoted[1:]) for row in rows) or (not has_commas and columns_headed(cells[0], cells[1:]) >= 2)


def is_of_several_cells(row: Cut, dialect: Dialect) -> bool:
    """Whether a row that was read as one cell has the quotes of several."""
    return row.broken or (row.quoted[0] and dialect.escape == "none" and dialect.quote in row.cells[0])


def _check_single_column(rows: Sequence[Cut], dialect: Dialect) -> None:
    """Refuse a single column if its header, or a row of words among its values, holds a delimiter."""
    if is_of_several_cells(rows[0], dialect):
        raise InputError(
            phrase(
                "it would be read as a single column, but the quotes of its first row are not those of one cell: "
                "set source.delimiter to the sign between the columns."
            )
        )
    _check_quoted_lines(rows)
    names = rows[0].cells[0].split(" ")
    is_spaced = len(names) > 1 and all(row.cells[0].count(" ") == len(names) - 1 for row in rows)
    if is_spaced and all(map(is_header_word, names)) and sum(map(is_phone_header, names)) < 2:
        raise InputError(phrase(_SPACE_OR_NOTHING))
    lines = [row.cells[0] for row in rows if len(row.cells) == 1 and not row.quoted[0]]
    suspects = lines[:1] if rows[0].cells == lines[:1] else []
    values = [line for line in lines[1:] if kind_of(line) is Kind.VALUE]
    if len(values) * 2 <= len(lines) - 1:
        _check_other_signs(lines)
    else:
        suspects += [line for line in lines[1:] if kind_of(line) is Kind.TEXT and re.search(r"[;|\t]|,(?!\s)", line)]
    for line in suspects:
        sign = _USUAL.search(line)
        if sign and not (kind_of(line) is Kind.VALUE and len(values) == len(lines) - 1):
            name = named(sign[0])
            raise InputError(
                phrase(
                    "it would be read as a single column, but the row '{line}' holds {name}: set source.delimiter "
                    "to {name}, or to none if it is one column.",
                    line=line.strip()[:60],
                    name=name,
                )
            )


def _check_quoted_lines(rows: Sequence[Cut]) -> None:
    """Refuse lines that are quoted as a whole (``"1,A,0171"``): the quotes hide the delimiter."""
    if len(rows) < 2 or not all(row.quoted[0] for row in rows):
        return
    for sign in ";,\t|":
        counts = {len(re.findall(rf"{re.escape(sign)}(?!\s)", row.cells[0])) for row in rows}  # not "Meier, Ann"
        if len(counts) == 1 and counts != {0}:
            raise InputError(
                phrase(
                    "each line stands in quotes as a whole, so the {delimiter} in it is not a delimiter: save the "
                    "list without these quotes, or set source.delimiter to none if it is one column.",
                    delimiter=named(sign),
                )
            )


def _check_other_signs(lines: Sequence[str]) -> None:
    """Refuse a single column if an unusual sign stands in every row as often as in the first."""
    signs = [Counter(sign if sign.strip(" ") else "  " for sign in _OTHER.findall(line)) for line in lines]
    for sign, count in signs[0].items():
        if len(lines) > 1 and all(other[sign] == count for other in signs):
            raise InputError(
                phrase(
                    "it would be read as a single column, but every row holds {sign} as often as the first: set "
                    "source.delimiter to the sign between the columns, or to none if it is one column.",
                    sign=named(sign),
                )
            )


def _check_longer_delimiter(rows: Sequence[Sequence[str]], delimiter: str) -> None:
    """Refuse a delimiter of two signs (``||``, ``~|~``): it cannot be configured, and one sign alone cuts wrongly."""
    found = ""
    if delimiter not in {";", ",", "\t", ", ", " "} and len(rows[0]) >= 3:  # double ones of these are empty columns
        is_doubled = not any(rows[0][1::2]) and all(delimiter * 2 in delimiter.join(row) for row in rows)
        found = delimiter * 2 if is_doubled else ""
    around = {sign for row in rows for left, right in pairwise(row) for sign in (left[-1:], right[:1])}
    if len(around) == 1 and around <= _PUNCTUATION:
        found = f"{(sign := around.pop())}{delimiter}{sign}"
    for column in range(1, len(rows[0]) - 1):
        between = {row[column] for row in rows if len(row) > column}
        if len(between) == 1 and between <= _PUNCTUATION:
            found = f"{delimiter}{between.pop()}{delimiter}"
    if found:
        raise InputError(
            phrase(
                "its columns are delimited by '{found}', more than one sign: write it with one (;), or, if the "
                "columns between are just empty, set source.delimiter to {delimiter}.",
                found=found,
                delimiter=named(delimiter),
            )
        )


def _check_names(rows: Sequence[Cut]) -> None:
    """Refuse rows of words with one comma and space (``Meier, Ann``): they may be one column or two."""
    kinds = {kind_of(cell) for row in rows for cell in row.cells}
    if (
        kinds <= {Kind.TEXT}
        and not any(any(row.quoted) for row in rows)
        and not any(map(is_header_word, rows[0].cells))
    ):
        raise InputError(
            phrase(
                "it can be delimited by comma and space or be a single column ('Meier, Ann'): set source.delimiter "
                "to ', ' or to none."
            )
        )


def _check_decimal_commas(rows: Sequence[Sequence[str]]) -> None:
    """Refuse a header ``Amount, net`` over ``1,50``: two columns, or one of decimal numbers."""
    header, *data = rows
    is_spaced = len(header) > 1 and all(cell.startswith(" ") for cell in header[1:])
    if is_spaced and data and all(_DECIMAL.fullmatch(",".join(row)) for row in data):
        raise InputError(
            phrase(
                "it can be delimited by ',' or be a single column of numbers with a decimal comma: set "
                "source.delimiter to comma or to none."
            )
        )


def _check_ragged(rows: Sequence[Sequence[str]], dialect: Dialect, width: int) -> None:
    """Refuse rows of many widths, where the first row or most rows have a single cell."""
    alike = sum(len(row) == width for row in rows)
    start = next(i for i, row in enumerate(rows) if len(row) == width)
    is_table = width > 1 and (len(rows[0]) > 1 or columns_headed(rows[start], rows[start + 1 :]) >= 1)
    if (not is_table and alike < _MOSTLY * len(rows)) or width == 1:
        sign = named(dialect.delimiter)
        raise InputError(
            phrase(
                "delimited by {sign}, only {alike} of its first {count} rows have the same number of cells: set "
                "source.delimiter to {sign}, to another sign, or to none if it is one column.",
                sign=sign,
                alike=alike,
                count=len(rows),
            )
        )


def _check_title(rows: Sequence[Cut], dialect: Dialect, width: int, *, has_gap: bool) -> None:
    """Refuse a first row of one cell: a title above a table, or the only column's name (``Name``, ``Meier, Ann``)."""
    foreign = foreign_cells(rows[0].cells[0], dialect, width)
    if foreign:
        lines = [dialect.delimiter.join(row.cells) for row in rows]
        if all(len(Dialect(foreign[1], dialect.quote).cut(line).cells) == width for line in lines):
            one, other = named(foreign[1]), named(dialect.delimiter)
            raise InputError(
                phrase(
                    "it can be delimited by {one} or by {other}: set source.delimiter to the right one.",
                    one=one,
                    other=other,
                )
            )
        return
    start = next(i for i, row in enumerate(rows) if len(row.cells) == width)
    header, below = rows[start].cells, [row.cells for row in rows[start + 1 :]]
    if has_gap or columns_headed(header, below) >= 1 or sum(map(is_header_word, header)) * 2 > len(header):
        return
    sign = named(dialect.delimiter)
    raise InputError(
        phrase(
            "its first row, '{title}', can be a title above columns delimited by {sign}, or the name of a single "
            "column: set source.delimiter to {sign} or to none.",
            title=rows[0].cells[0].strip()[:60],
            sign=sign,
        )
    )


def foreign_cells(line: str, dialect: Dialect, width: int) -> tuple[list[str], str] | None:
    """Cut a header line whose delimiter differs from that of the rows; None if no other delimiter fits their width."""
    for delimiter in (";", ",", "\t", "|", ", ", " "):
        cut = Dialect(delimiter, dialect.quote).cut(line)
        if (
            len(cut.cells) == width
            and Kind.VALUE not in map(kind_of, cut.cells)
            and (delimiter != " " or any(cut.quoted))
        ):
            return cut.cells, delimiter
    return None
