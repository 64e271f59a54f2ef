"""A CSV file as a table: its layout, and its rows in chunks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ...config import SourceSettings
from ...errors import InputError
from ...model import Chunk, Layout
from ...own_columns import is_own
from ...pages import CHARS, ROWS, batched_rows, chars_of
from ...text.phrase import counted, phrase
from ...text.spreadsheet import restore, shown
from ..encoding.detect import find_encoding
from ..layout.extent import find_extent
from ..layout.header import SAMPLE_ROWS, columns_of, find_header
from ..layout.kinds import Kind, kind_of
from ..layout.mended import is_marked, is_mended, is_of_vendor
from ..layout.runs import BROKEN, Run
from .dialect import SAMPLE_CHARS, find_dialect
from .dialect_doubts import foreign_cells
from .grammar import Dialect
from .lines import MARK, end_of, without_marks
from .ours import own_settings
from .rows import CsvFile

_TAIL_BYTES = 1 << 16
_FEWEST_ROWS = 10
_MOST_SAMPLE_CHARS = 1 << 22
"""Upper limit of the sample, which grows until it holds enough rows."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class CsvTable:
    """A CSV file as a table.

    ``kept``: positions in the file of the columns that chunks have. ``last_row``: the last row of the table.
    ``left_out``: rows before it that are not part of the table. ``marked``: it is of ours, with apostrophes before
    formulas, which chunks lack.
    """

    layout: Layout
    file: CsvFile
    kept: tuple[int, ...]
    last_row: int
    left_out: frozenset[int] = frozenset()
    marked: bool = False

    def chunks(self, rows: int = ROWS) -> Iterator[Chunk]:
        """Yield the rows in order, at most ``rows`` at a time.

        Raises:
            InputError: the file has changed since it was opened.
        """
        waiting = _Rows([], [], {})
        with _named(self.layout.path):
            for run in self.file.runs():
                if run.first_number > self.last_row:
                    break
                waiting.add(run, self.layout.first_row, self.last_row, self.left_out)
                while len(waiting.numbers) >= rows or waiting.chars >= CHARS:
                    yield self._chunk(waiting.take(rows))
            if waiting.numbers:
                yield self._chunk(waiting)

    def _chunk(self, rows: _Rows) -> Chunk:
        import pandas as pd

        width = self.file.width
        ragged: dict[int, tuple[str, ...]] = {}
        lines = rows.lines
        for i in rows.remarkable(width):
            number = rows.numbers[i]
            cells = _as_meant(lines[i], marked=self.marked)
            if len(cells) != width or rows.flags.get(number, 0) & BROKEN:
                ragged[number] = tuple(cells)
                cells = (cells + [""] * width)[:width]
            lines[i] = cells
        frame = pd.DataFrame(lines, index=rows.numbers, dtype=object)
        own = {name.strip(): frame.iloc[:, position].tolist() for name, position in self.own()}
        if len(self.kept) < width:
            frame = frame.iloc[:, list(self.kept)]
        frame.columns = pd.Index(self.layout.columns, dtype=object)
        return Chunk(frame, ragged=ragged, own=own)

    def own(self) -> Iterator[tuple[str, int]]:
        """Yield name and file position of our own columns in a mended file."""
        if self.layout.mended:
            ours = (position for position in range(self.file.width) if position not in self.kept)
            yield from zip(self.layout.ignored, ours, strict=True)


@dataclass(slots=True)
class _Rows:
    """Rows that wait to become a chunk, with about so many ``chars``. ``flags``: by row number, flagged rows only."""

    numbers: list[int]
    lines: list[list[str]]
    flags: dict[int, int]
    chars: int = 0

    def add(self, run: Run, first: int, last: int, left_out: frozenset[int]) -> None:
        """Add the rows of a run that are not blank and belong to the table."""
        self.flags.update((run.first_number + i, flags) for i, flags in run.flags.items())
        end = run.first_number + len(run.rows)
        numbers = range(run.first_number, end)
        if first <= run.first_number and end <= last + 1 and left_out.isdisjoint(numbers) and run.is_dense():
            self.numbers.extend(numbers)
            self.lines.extend(run.rows)
            self.chars += sum(map(chars_of, run.rows))
            return
        for row in run.seen():
            if first <= row.number <= last and row.number not in left_out:
                self.numbers.append(row.number)
                self.lines.append(row.cells)
                self.chars += chars_of(row.cells)

    def take(self, count: int) -> _Rows:
        """Remove and return the first ``count`` rows."""
        numbers, lines = self.numbers[:count], self.lines[:count]
        del self.numbers[:count], self.lines[:count]
        self.chars = sum(map(chars_of, self.lines))
        return _Rows(numbers, lines, {number: self.flags.pop(number) for number in numbers if number in self.flags})

    def remarkable(self, width: int) -> list[int]:
        """Find the places of rows that are ragged or flagged."""
        if not self.flags and set(map(len, self.lines)) == {width}:
            return []
        return [i for i, n in enumerate(self.numbers) if n in self.flags or len(self.lines[i]) != width]


def open_csv(path: Path, source: SourceSettings) -> CsvTable:
    """Find the layout of a CSV file, and read it through once.

    Raises:
        InputError: the file cannot be read, or can be read in two ways; the message names the file.
    """
    with _named(path):
        encoding = find_encoding(path, source)
        sample, is_whole = _sample(path, encoding)
        ours = own_settings(path, encoding, source)
        source = ours or source
        dialect, width = find_dialect(sample, source, is_whole=is_whole)
        line_end = end_of(sample[: dialect.cut(sample).end])
        file = CsvFile(path, encoding, dialect, width, source, ours=ours is not None, line_end=line_end)
        seen = chain.from_iterable(run.seen() for run in file.runs())
        first_rows = next(batched_rows(seen, SAMPLE_ROWS, lambda row: chars_of(row.cells)), [])
        head = [(row.number, row.cells) for row in first_rows]
        foreign = [] if ours else _cut_foreign_header(head, dialect, width)
        header = find_header(head, source)
        file = replace(file, width=len(header.columns), values=columns_of(Kind.VALUE, head, header))
        extent = find_extent(file.runs(), header, to_end=ours is not None)
    marked = header.vendor or is_marked(header.columns) or ours is not None
    names = (*_as_meant(header.columns, marked=marked), *("",) * extent.blank_columns)
    ignored = tuple(i for i, name in enumerate(names) if is_own(name))
    if len(ignored) == len(names):
        ignored = ()
    kept = tuple(i for i in range(len(names)) if i not in set(ignored))
    layout = Layout(
        path=path,
        format="csv",
        columns=tuple(names[i] for i in kept),
        encoding=encoding,
        delimiter=dialect.delimiter or None,
        quote=dialect.quote or None,
        escape=dialect.escape if dialect.quote else None,
        line_end=_line_end(sample, dialect),
        header_rows=header.rows,
        first_row=header.first_row,
        ignored=tuple(names[i] for i in ignored),
        vendor=header.vendor or is_of_vendor(names),
        unread_from=extent.unread_from,
        next_table=extent.next_table,
        above=header.above,
        below=extent.below,
        mended=is_mended(names),
        remarks=(*foreign, *header.remarks, *_unnamed(names), *extent.remarks, *_open_end(path, encoding)),
    )
    return CsvTable(layout, replace(file, width=len(names)), kept, extent.last_row, extent.left_out, marked)


def _as_meant(cells: Iterable[str], *, marked: bool) -> list[str]:
    """Return the texts that a spreadsheet program, or we ourselves, protected: ``0171`` for ``="0171"``."""
    texts = [(cell, shown(cell)) for cell in cells]
    return [restore(text) if marked and text == cell else text for cell, text in texts]


def _sample(path: Path, encoding: str) -> tuple[str, bool]:
    """Read whole lines from the start of a file, enough for several rows; also whether they are all of it."""
    size = SAMPLE_CHARS
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(size + 1).removeprefix(MARK)
        while len(sample) > size and size < _MOST_SAMPLE_CHARS and _line_ends_outside_quotes(sample) < _FEWEST_ROWS:
            size *= 4
            sample += file.read(size + 1 - len(sample))
    if len(sample) <= size:
        return without_marks(sample), True
    whole = sample[: max(sample.rfind("\n"), sample.rfind("\r", 0, -1)) + 1]
    return without_marks(whole) or sample, False


def _line_ends_outside_quotes(text: str) -> int:
    outside = text.split('"')[::2]
    return max(sum(part.count(end) for part in outside) for end in "\r\n")


def _cut_foreign_header(head: list[tuple[int, list[str]]], dialect: Dialect, width: int) -> list[str]:
    """Cut, in ``head``, a header line whose delimiter differs from that of the data below it. Returns a remark."""
    first = next((i for i, (_, cells) in enumerate(head) if len(cells) == width), 0)
    if not first or width < 2 or len(head[first - 1][1]) > 1:
        return []
    number, (line,) = head[first - 1]
    foreign = foreign_cells(line, dialect, width)
    if foreign and Kind.VALUE in map(kind_of, head[first][1]):
        head[first - 1] = (number, foreign[0])
        return [
            phrase(
                "The header (row {number}) is delimited by '{other}', but the rows by '{delimiter}'.",
                number=number,
                other=foreign[1],
                delimiter=dialect.delimiter,
            )
        ]
    return []


def _line_end(sample: str, dialect: Dialect) -> str | None:
    """Name the line ends outside quotes: ``CRLF``, ``LF``, ``CR``, ``mixed``; None without any."""
    if dialect.quote:
        quote = re.escape(dialect.quote)
        sample = re.sub(rf"{quote}[^{quote}]*{quote}", "", sample)
    both = sample.count("\r\n")
    counts = {"CRLF": both, "LF": sample.count("\n") - both, "CR": sample.count("\r") - both}
    found = [name for name, count in counts.items() if count]
    return "mixed" if len(found) > 1 else next(iter(found), None)


def _open_end(path: Path, encoding: str) -> Iterator[str]:
    """Yield a remark if the last line, unlike the others, lacks a line end."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        tail = file.read().decode(encoding.removesuffix("-sig"), "ignore")
    lines = re.split(r"\r\n|[\r\n]", tail.rstrip("\x1a\0"))
    if len(lines) > 1 and lines[-1].strip():
        yield phrase(
            "The last line does not end with a line end, as the others do. Many programs write it so; if the file was "
            "uploaded or copied, check that its last row is complete."
        )


def _unnamed(names: tuple[str, ...]) -> Iterator[str]:
    places = [str(i) for i, name in enumerate(names, 1) if not name.strip()]
    if places:
        yield counted(
            len(places),
            "Column {columns} of {all} without a name.",
            "Columns {columns} of {all} without a name.",
            columns=", ".join(places),
            all=len(names),
        )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Prefix errors with the file's name."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except OSError as error:
        raise InputError(
            phrase("{path}: cannot be read: {error}.", path=path, error=error.strerror or error)
        ) from error
    except UnicodeError as error:
        raise InputError(phrase("{path}: the file changed while it was read. Start again.", path=path)) from error
