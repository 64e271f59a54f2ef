"""The first rows of a large ``.xlsx`` as a small one, for those who only want to see what a list looks like."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ...config import SourceSettings
from ...fetch.copies import Copy
from ...text.phrase import phrase
from . import slices
from .book import readable, workbook_of
from .canonical import write_part, write_workbook
from .marks import LAST_ROW
from .package import Package, UnusualError, blocks, prefix_of
from .workbook import XlsxParts, xlsx_parts

ROWS = 5_000
"""Rows of a large sheet that are kept."""

_CELL = re.compile(rb"</?(?:[\w.-]+:)?c(?=[\s/>])")
_SHARED = re.compile(rb"\st=[\"']s[\"']")
_NUMBER = re.compile(rb"v>\s*(\d{1,9})")


def beginning_of(path: Path, source: SourceSettings) -> tuple[Copy, frozenset[str]] | None:
    """Return a copy of a workbook of which large sheets have :data:`ROWS` rows, and their names; None if there are
    none, or if it is no ``.xlsx`` of a usual form.

    Raises:
        InputError: it is damaged, or larger than ``source`` allows.
    """
    if not zipfile.is_zipfile(path):
        return None
    with readable(path), Package(path, source.max_file_mb) as package:
        workbook = workbook_of(package)
        if not workbook.startswith("xl/") or workbook.endswith(".bin"):
            return None
        parts = xlsx_parts(package, workbook)
        large = frozenset(sheet.name for sheet in parts.sheets if package.size(sheet.part) > slices.LARGE)
        try:
            return (_copy(package, parts, source), large) if large else None
        except UnusualError:
            return None


def _copy(package: Package, parts: XlsxParts, source: SourceSettings) -> Copy:
    copy = Copy()
    last = -1
    with zipfile.ZipFile(copy.path, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as small:
        new = write_workbook(small, package, parts, [(sheet.name, sheet.visible) for sheet in parts.sheets])
        for sheet, old in zip(new.sheets, parts.sheets, strict=True):
            most = ROWS if package.size(old.part) > slices.LARGE else LAST_ROW
            rows = b"".join(_first(package, old.part, ("row", "sheetData", "worksheet"), most, source))
            last = max(last, *_shared(rows), -1)
            write_part(small, sheet.part, [rows])
        write_part(small, new.styles_part, package.stream(parts.styles_part))
        if package.has(parts.strings):
            write_part(small, new.strings, _first(package, parts.strings, ("si", "sst"), last + 1, source))
    return copy


def _shared(rows: bytes) -> Iterator[int]:
    """Yield the numbers of the shared strings that the cells of rows name."""
    starts = [match.start() for match in _CELL.finditer(rows)]
    for at, end in pairwise([*starts, len(rows)]):
        tag, _, inside = rows[at:end].partition(b">")
        if _SHARED.search(tag) and (number := _NUMBER.search(inside)):
            yield int(number[1])


def _first(package: Package, part: str, tags: tuple[str, ...], most: int, source: SourceSettings) -> Iterator[bytes]:
    """Yield a part up to the end of its first elements of the first of ``tags``; the others are around these.

    Raises:
        UnusualError: it has comments, among which nobody can count.
    """
    prefix = prefix_of(package, part)
    tag, *around = (f"{prefix}{name}" for name in tags)
    start, end = re.compile(rf"<{tag}[\s/>]".encode()), "".join(f"</{name}>" for name in around).encode()
    for block in blocks(package.stream(part), f"<{tag}", source):
        if b"<!" in block:
            raise UnusualError(phrase("has comments"))
        starts = [match.start() for match in start.finditer(block)]
        if len(starts) > most:
            yield block[: starts[most]] + end
            return
        most -= len(starts)
        yield block
