"""Large sheets of an ``.xlsx``, of which calamine reads some thousand rows at a time.

calamine holds all cells of a sheet in memory, each with its own copy of its text. So the XML of a large sheet is cut
between rows. The slices become the sheets of a temporary workbook, with the same row numbers, styles and shared
strings, and calamine reads one after the other.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from ...files.temporary import private_folder
from .canonical import write_part, write_workbook
from .package import Package
from .sheet import rows_of
from .stored import Rows, StoredRows
from .workbook import XlsxParts

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

LARGE = 16_000_000
"""Bytes of XML from which on a sheet is cut: some 400,000 cells."""

_SLICE = 4_000_000
"""Bytes of XML in a slice."""


class Slices:
    """The temporary workbook: a context manager. First its rows are added, then they are read.

    ``prefix``: of the tags of the sheet.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, prefix: str) -> None:
        self._held = ExitStack()
        self._path = self._held.enter_context(private_folder()) / "slices.xlsx"
        self._zip = zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._row = re.compile(rf"<{prefix}row[\s/>]".encode())
        self._merged, self._merged_end = f"<{prefix}mergeCells".encode(), f"</{prefix}mergeCells>".encode()
        self._rows_end, self._end = f"</{prefix}sheetData>".encode(), f"</{prefix}worksheet>".encode()
        self._head = b""
        self._waiting: list[bytes] = []
        self._size = self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._zip.close()
        self._held.close()

    def add(self, block: bytes) -> None:
        """Take the next rows of the sheet; with the first comes what stands before, with the last what follows."""
        self._waiting.append(block)
        self._size += len(block)
        if self._size > _SLICE and self._rows_end not in block and self._row.search(block):
            self._write(b"".join(self._waiting), self._rows_end)
            self._waiting, self._size = [], 0

    def _write(self, rows: bytes, end: bytes) -> None:
        first = self._row.search(rows) if not self._head else None
        if first:
            self._head, rows = rows[: first.start()], rows[first.start() :]
        self._count += 1
        write_part(self._zip, f"xl/worksheets/sheet{self._count}.xml", (self._head, rows, end, self._end))

    def read(self, package: Package, parts: XlsxParts) -> tuple[Rows, Sequence[tuple[int, int]]]:
        """Return all rows, and the first and the last row of each merged range.

        Raises:
            InputError: a cell holds a duration that is too long, or there is no room on the disk.
            CalamineError: the sheet is damaged.
        """
        from python_calamine import load_workbook

        rows, end, behind = b"".join(self._waiting).partition(self._rows_end)
        _, begin, merged = behind.partition(self._merged)
        merged, close, _ = merged.partition(self._merged_end)
        self._write(rows, end + (begin + merged + close if close else b""))
        new = write_workbook(self._zip, package, parts, [(f"{number}", True) for number in range(self._count)])
        for name, source in ((new.styles_part, parts.styles_part), (new.strings, parts.strings)):
            if package.has(source):
                write_part(self._zip, name, package.stream(source))
        self._zip.close()
        workbook = load_workbook(self._path)
        stored, columns = StoredRows(), set[int]()
        for place in range(self._count):
            sheet = workbook.get_sheet_by_index(place)
            _store(sheet, stored, columns)
        return Rows(stored, columns), merged_rows(sheet)


def _store(sheet: CalamineSheet, stored: StoredRows, columns: set[int]) -> None:
    if not sheet.start or not sheet.end:
        return
    (row, first), (_, last) = sheet.start, sheet.end
    columns.update((first, last))
    try:
        values = sheet.to_python(skip_empty_area=True)
    except OverflowError:
        values = list(rows_of(sheet))  # raises the error that names the row
    for number, cells in enumerate(values, row + 1):
        stored.add(number, [*[""] * first, *cells])


def merged_rows(sheet: CalamineSheet) -> list[tuple[int, int]]:
    """Return the first and the last row of each merged range."""
    return [(start[0] + 1, end[0] + 1) for start, end in sheet.merged_cell_ranges or ()]
