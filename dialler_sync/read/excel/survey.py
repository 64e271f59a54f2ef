"""Scans an ``.xlsx`` sheet before calamine reads it: whether calamine can read it, and what to tell the user.

calamine fills the rectangle around all cells in memory (30 bytes a cell), with a copy of each shared string, so one
stray cell or one long text could cost gigabytes; and it misreads some cells (:mod:`.marks`). So the XML is searched
while it is unpacked, about as fast as calamine reads it, and only the cells that the search finds are parsed.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import ge

from ...config import SourceSettings
from ...errors import InputError
from ...text.phrase import counted, figure, phrase
from .marks import LAST_COLUMN, LAST_ROW, Marks, find_extent, find_marks
from .odd_values import OddValues
from .package import LONGEST_TAG, Package, UnusualError, blocks, prefix_of, save_anew, unpacks_to
from .workbook import XlsxParts

_BYTES_A_CELL = 40
"""Measured memory that calamine needs for one cell of the rectangle."""

_SMALL, _SPARSE = 2_000_000, 200
"""A rectangle of up to ``_SMALL`` cells is read in any case; a larger one must fill one in ``_SPARSE``."""
_MOST_NAMED = 1_000
"""Styles that a pattern names one by one."""

_PROMISED = re.compile(rb"uniqueCount\s*=\s*[\"'][+\s]*0*([0-9]{1,20})")
"""How many shared strings a workbook says that it has; calamine takes the memory for them beforehand."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a sheet before calamine reads it. ``severable``: its rows may be read apart."""

    holds_data: bool
    marks: Marks
    remarks: tuple[str, ...]
    severable: bool = True


def survey_sheet(
    package: Package,
    part: str,
    parts: XlsxParts,
    strings: array[int],
    source: SourceSettings,
    seen: Callable[[bytes], None] = lambda _: None,
) -> Survey:
    """Search the XML of one sheet. ``strings``: the lengths of the shared strings; ``seen`` is called with each block
    of whole rows.

    Raises:
        InputError: it is damaged, or larger than ``source`` allows.
        UnusualError: calamine would misread it in this form.
    """
    prefix = prefix_of(package, part)
    search = _Search(prefix, parts)
    for block in blocks(package.stream(part), f"<{prefix}row", source):
        search.take(block)
        seen(block)
        if search.rows > LAST_ROW:
            break
    rows, columns = search.rows, search.columns()
    if search.irregular or not _fits(rows, columns, source):
        # The search counts cells that are only formatted; the parser and calamine do not.
        rows, columns = find_extent(package.stream(part), prefix)
    check_extent(rows, columns, source)
    check_density(search.row_count, columns, search.cell_count)
    most = most_repeated(package.packed, source)
    if search.string_cells * max(strings, default=0) > most:
        _check_strings(package, part, strings, source, most)
    marks = Marks()
    if search.misread:
        pieces = package.stream(part)
        if not (search.irregular or search.unstyled):
            pieces = search.misread_cells(blocks(pieces, f"<{prefix}row", source))
        marks = find_marks(pieces, prefix, parts.styles, parts.recalculates)
    return Survey(search.holds_data, marks, hidden_rows(search.hidden_rows), search.severable)


def shared_strings(package: Package, part: str, source: SourceSettings) -> array[int]:
    """Return the length in bytes of each shared string, markup included.

    Raises:
        InputError: one is longer than ``source`` allows.
        UnusualError: calamine would misread one, or take memory for many that are not there.
    """
    lengths = array("L")
    if package.has(part):
        prefix = prefix_of(package, part)
        tag = f"<{prefix}si"
        start = re.compile(rf"{tag}[\s/>]".encode())
        torn = _blank_beside_a_run(prefix)
        promised = 0
        for block in blocks(package.stream(part), tag, source):
            promised += sum(map(int, _PROMISED.findall(block))) if not lengths else 0
            if b"<!" in block or torn.search(block):
                raise UnusualError(phrase("has a shared string that calamine would tear"))
            starts = [match.start() for match in start.finditer(block)]
            lengths.extend(end - begin for begin, end in pairwise([*starts, len(block)]))
        if promised > len(lengths) + _SMALL:
            raise UnusualError(phrase("promises many more shared strings than it has"))
    return lengths


def check_extent(rows: int, columns: int, source: SourceSettings) -> None:
    """Refuse a rectangle of cells that is larger than a sheet, or than ``source`` allows.

    Raises:
        InputError: names the farthest cell.
    """
    from openpyxl.utils import get_column_letter

    if rows > LAST_ROW or columns > LAST_COLUMN:
        raise save_anew(
            phrase("is damaged: it has a cell in row {row}, column {column}.", row=figure(rows), column=figure(columns))
        )
    if columns > source.max_columns:
        raise InputError(
            phrase(
                "has cells up to column {column}; at most {max_columns} columns are allowed. "
                "Delete what lies right of the table, or raise source.max_columns.",
                column=get_column_letter(columns),
                max_columns=figure(source.max_columns),
            )
        )
    if not _fits(rows, columns, source):
        raise InputError(
            phrase(
                "has cells as far out as {column}{rows}, too many for the memory. Delete what lies far from the "
                "table, or raise source.max_file_mb.",
                column=get_column_letter(columns),
                rows=rows,
            )
        )


def check_density(rows: int, columns: int, filled: int) -> None:
    """Refuse a nearly empty rectangle, for which a small file could take hours. ``filled``: its filled cells.

    Raises:
        InputError: says what to do.
    """
    from openpyxl.utils import get_column_letter

    if rows * columns > max(_SMALL, _SPARSE * filled):
        raise InputError(
            phrase(
                "has cells up to column {column} in {rows} rows, and {filled} of them hold "
                "something: delete what lies right of the table.",
                column=get_column_letter(columns),
                rows=figure(rows),
                filled=figure(filled),
            )
        )


class _Search:
    """Results of the search, block by block. It finds attributes in any order and in both kinds of quotes.

    ``irregular``: some cells lack a reference, or there are comments, so only parsing tells where a cell lies.
    ``severable``: each row is numbered, above all that follow. ``misread``: calamine may misread some cells;
    ``unstyled``: among them those that name no style and have style 0, which the search would miss.
    """

    def __init__(self, prefix: str, parts: XlsxParts) -> None:
        p = re.escape(prefix)
        self.rows = self.string_cells = self.hidden_rows = self.row_count = self.cell_count = 0
        self.holds_data = self.irregular = False
        self.severable = True
        self.misread = self.unstyled = "0" in parts.styles.digits or "0" in parts.styles.dates
        self._letters: set[bytes] = set()
        self._last_row = 0
        self._row = re.compile(rf"<{p}row[\s/>]".encode())
        self._row_number = re.compile(rf"<{p}row\s(?:[^<>]*\s)?r=[\"'](\d{{1,8}})[\"']".encode())
        self._long_tag = re.compile(rf"<{p}(?:row|[cvtfr]|is|rPr)\s[^<>]{{{LONGEST_TAG}}}".encode())
        self._misread = _misread_patterns(p, parts)
        self._data = re.compile(rf"<{p}(?:[vt](?:\s[^<>]*)?>[^<]|f[\s/>])".encode())
        self._odd_values = OddValues(prefix)
        self._torn_value = re.compile(rf"<{p}v(?:\s[^<>]*)?>[^<]*<!".encode())
        self._blank_beside_a_run = _blank_beside_a_run(p)
        self._cell, self._cell_end = re.compile(rf"<{p}c[\s>]".encode()), f"</{prefix}c>".encode()
        self._row_end = f"</{prefix}row>".encode()
        self._hidden = re.compile(rb"[^<>]+\bhidden=[\"'](?:1|true)[\"'][^<>/]*>")

    def take(self, block: bytes) -> None:
        """Search whole rows.

        Raises:
            InputError: a tag is longer than any program writes it.
            UnusualError: calamine would misread a value.
        """
        if self._long_tag.search(block):  # what is searched for within a tag takes the square of its length
            raise save_anew(
                phrase("is damaged: the tag of a row or a cell is longer than {most} signs.", most=figure(LONGEST_TAG))
            )
        letters = re.findall(rb"\sr=[\"']([A-Za-z]{1,3})\d", block)
        self._letters.update(letters)
        numbers = set(re.findall(rb"\sr=[\"'][A-Za-z]{0,3}(\d{1,8})", block))
        self._note_repeats(block, numbers)
        self.rows = max(self.rows, *map(int, numbers), 0)
        self.holds_data = self.holds_data or bool(self._data.search(block))
        cells = len(self._cell.findall(block))
        self.cell_count += cells
        self.irregular = self.irregular or b"<!" in block or len(letters) < cells
        self.misread = self.misread or any(tail.search(block) for _, tail in self._misread)
        self.string_cells += block.count(b't="s"') + block.count(b"t='s'")
        if b"hidden=" in block:
            self.hidden_rows += self._hidden_rows(block)
        if (b"<!" in block and self._torn_value.search(block)) or self._blank_beside_a_run.search(block):
            raise UnusualError(phrase("has a value that calamine would tear"))
        self._odd_values.refuse(block)

    def _hidden_rows(self, block: bytes) -> int:
        starts = [match.start() for match in self._row.finditer(block)]
        rows = (block[at:end].partition(self._row_end)[0] for at, end in pairwise([*starts, len(block)]))
        return sum(1 for row in rows if self._hidden.match(row, 1) and self._data.search(row))

    def _note_repeats(self, block: bytes, named: set[bytes]) -> None:
        """Note whether a row or a cell comes twice, or lies in another row than its own: only parsing then tells
        whether a cell is lost. ``named``: the numbers of rows, as rows and cells give them."""
        found = self._row_number.findall(block)
        numbers = [self._last_row, *map(int, found)]
        self.row_count += len(numbers) - 1
        self._last_row = numbers[-1]
        references = re.findall(rb"\sr=[\"']([A-Za-z]{1,3}\d+)", block)
        strays = any(map(ge, numbers, numbers[1:])) or not named.issubset(found)
        repeated = len(set(references)) < len(references)
        self.irregular = self.irregular or strays or repeated
        unnumbered = b"<!" in block or len(self._row.findall(block)) > len(found)
        self.severable = self.severable and not (strays or unnumbered)

    def columns(self) -> int:
        """Return the last column with a cell, formatted ones included."""
        from openpyxl.utils import column_index_from_string

        return max((column_index_from_string(letters.decode()) for letters in self._letters), default=0)

    def misread_cells(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the cells that calamine may misread, as an XML document that is parsed in place of the whole sheet."""
        yield b"<cells>"
        for block in pieces:
            starts = {match.start() for whole, _ in self._misread for match in whole.finditer(block)}
            yield b"".join(
                block[start : block.index(self._cell_end, start) + len(self._cell_end)] for start in sorted(starts)
            )
        yield b"</cells>"


def _misread_patterns(p: str, parts: XlsxParts) -> list[tuple[re.Pattern[bytes], re.Pattern[bytes]]]:
    """Return patterns of cells that calamine may misread: the cell's whole start; its telling part alone (faster)."""
    cell = rf"<{p}c\s[^<>]*"
    formula = rf"(?:<{p}f\b[^<>]*/>|<{p}f\b[^<>]*>[^<]*</{p}f>)?"
    behind = rf"[^<>/]{{0,{LONGEST_TAG}}}+"
    empty = rf"</{p}c>|<{p}v\s*/>|<{p}v></{p}v>" + (rf"|<{p}v>0<" if parts.recalculates else "")
    patterns = [
        (cell, r"t=[\"']e[\"']"),
        (rf"{cell}>\s*(?:<{p}f\b[^<>]*>[^<]*)?", rf"<(?:/{p}f>|{p}f\b[^<>]*/>)\s*(?:{empty})"),
    ]
    # What is no number comes from programs that divide by zero; calamine takes it for a number, or for a date.
    patterns.append((rf"{cell}>\s*+{formula}\s*+", rf"<{p}v>\s*[+-]?(?:[nN][aA][nN]|[iI][nN][fF])"))
    if parts.styles.digits:
        patterns.append((cell, rf"{_styled(parts.styles.digits)}{behind}>"))
    if parts.styles.dates:
        patterns.append((cell, rf"{_styled(parts.styles.dates)}{behind}>\s*+{formula}\s*+<{p}v>-"))
    return [(re.compile((lead + tail).encode()), re.compile(tail.encode())) for lead, tail in patterns]


def _blank_beside_a_run(p: str) -> re.Pattern[bytes]:
    """Match a rich-text run with a blank at its edge and no order to keep it: calamine would trim it."""
    blank = r"[ \t\r\n]"
    return re.compile(rf"<(?:{p}r|/{p}rPr|{p}rPr/)>\s*<{p}t>{blank}|<{p}t>[^<]*{blank}</{p}t>\s*</{p}r>".encode())


def hidden_rows(count: int) -> tuple[str, ...]:
    """Return the remark on rows that are hidden but still read."""
    if not count:
        return ()
    told = counted(
        count,
        "{count} row is hidden (by a filter or by hand), but read like all others.",
        "{count} rows are hidden (by a filter or by hand), but read like all others.",
    )
    return (told,)


def most_bytes(source: SourceSettings) -> int:
    """Return the limit in bytes for an unpacked sheet."""
    return source.max_file_mb * 1_000_000


def most_repeated(packed: int, source: SourceSettings) -> int:
    """Return the bytes of text that cells may have in all, in a file of ``packed`` bytes: the same text in many of them
    takes no room there."""
    return min(unpacks_to(packed), most_bytes(source))


def check_repeated(size: int, most: int) -> None:
    """Refuse a sheet whose cells have more bytes of text than ``most``.

    Raises:
        InputError: names the limit.
    """
    if size > most:
        raise InputError(
            phrase(
                "repeats texts to more than {most} MB, hundreds of times its size: a zip bomb.", most=figure(most / 1e6)
            )
        )


def check_text(size: int, source: SourceSettings) -> None:
    """Refuse a sheet with more bytes of text than ``source`` allows.

    Raises:
        InputError: names the limit.
    """
    if size > most_bytes(source):
        most = figure(source.max_file_mb)
        raise InputError(phrase("has more than {most} MB of text (source.max_file_mb).", most=most))


def _styled(styles: Iterable[str]) -> str:
    named = list(styles)  # each cell tries them all; what is found too much is parsed
    return rf"s=[\"'](?:{'|'.join(named) if len(named) < _MOST_NAMED else '[0-9]+'})[\"']"


def _fits(rows: int, columns: int, source: SourceSettings) -> bool:
    return columns <= source.max_columns and rows * columns * _BYTES_A_CELL <= most_bytes(source)


def _check_strings(package: Package, part: str, strings: array[int], source: SourceSettings, most: int) -> None:
    size = 0
    reference = re.compile(rb"t=[\"']s[\"'][^<>]{0,%d}+>\s*<[\w.:-]*v>(\d{1,9})<" % LONGEST_TAG)
    for block in blocks(package.stream(part), f"<{prefix_of(package, part)}row", source):
        size += sum(strings[i] for i in map(int, reference.findall(block)) if i < len(strings))
        check_repeated(size, most)
