"""Reads the sheets of ``.xlsx .xlsm .xls .xlsb .ods`` as tables of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, repeat
from pathlib import Path
from typing import NamedTuple

from ..config import SourceSettings
from ..errors import InputError
from ..model import Layout, Table
from ..nearest import nearest
from ..spreadsheet_text import restore
from .csv_extent import Extent, find_extent
from .csv_rows import Run
from .excel_book import Book, Sheet, open_book, readable
from .excel_table import ExcelTable, SheetCells
from .header import SAMPLE_ROWS, find_header

_RUN_ROWS = 5_000


def excel_tables(path: Path, source: SourceSettings) -> list[Table]:
    """Read the sheets that hold data, or the one that ``source.sheet`` names. A hidden sheet counts only if named.

    Raises:
        InputError: not a workbook, protected, damaged or too large; the sheet is not there, or none holds data.
    """
    with readable(path), open_book(path, source) as book:
        sheets = book.sheets
        chosen = [_named(sheets, source.sheet)] if source.sheet else [sheet for sheet in sheets if sheet.visible]
        filled = [content for sheet in chosen if (content := _content(book, sheet, source))]
        if not filled:
            hidden = [sheet.name for sheet in sheets if not sheet.visible and not source.sheet]
            raise InputError(
                (f"the sheet '{chosen[0].name}' is empty." if source.sheet else "no sheet holds data.")
                + (f" Hidden sheets are read only if source.sheet names them: {_listed(hidden)}." if hidden else "")
            )
        others = "" if len(filled) == 1 else f" (one of {len(filled)} that hold data; source.sheet chooses one)"
        tables: list[Table] = []
        for content in filled:
            with readable(f"sheet '{content.sheet.name}'{others}"):
                tables.append(_table(path, book.format, content, source))
        return tables


class _Content(NamedTuple):
    """A sheet that holds data. ``merged``: its merged ranges, as ((row, column), (row, column)) from 0."""

    sheet: Sheet
    cells: SheetCells
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]
    remarks: tuple[str, ...]


def _content(book: Book, sheet: Sheet, source: SourceSettings) -> _Content | None:
    with readable(f"sheet '{sheet.name}'"):
        survey = book.survey(sheet.index)
        if not survey.holds_data:
            return None
        cells = book.calamine.get_sheet_by_index(sheet.index)
        content = SheetCells(cells, survey.marks, source.max_cell_chars)
        if next(content.rows(), None) is None:
            return None
        return _Content(sheet, content, cells.merged_cell_ranges or (), survey.remarks)


def _table(path: Path, kind: str, content: _Content, source: SourceSettings) -> ExcelTable:
    cells = content.cells
    header = find_header([(number, texts) for number, texts, _ in islice(cells.rows(), SAMPLE_ROWS)], source)
    extent = find_extent(_runs(cells), header)
    names = tuple(map(restore, header.columns))
    ignored = [at for at, name in enumerate(names) if name.startswith("_")]
    kept = tuple(at for at in range(len(names)) if at not in ignored or len(ignored) == len(names))
    layout = Layout(
        path=path,
        format=kind,
        columns=tuple(names[at] for at in kept),
        sheet=content.sheet.name,
        header_rows=header.rows,
        first_row=header.first_row,
        ignored=tuple(name for at, name in enumerate(names) if at not in kept),
        vendor=header.vendor,
        remarks=(*header.remarks, *extent.remarks, *content.remarks, *_merged(content, header.first_row, extent)),
    )
    return ExcelTable(layout, cells, len(names), kept, extent.last_row)


def _runs(cells: SheetCells) -> Iterator[Run]:
    """All rows in runs, blank ones too, as of a CSV file."""
    every_row = _every_row(cells)
    first = 1
    while rows := list(islice(every_row, _RUN_ROWS)):
        yield Run(first, rows)
        first += len(rows)


def _every_row(cells: SheetCells) -> Iterator[list[str]]:
    before = 0
    for number, texts, notes in cells.rows(sketched=True):
        yield from repeat([], number - before - 1)
        for position in notes:  # an error or a formula without a value is neither a footnote nor a blank
            texts[position] = "0"
        yield texts
        before = number


def _merged(content: _Content, first: int, extent: Extent) -> Iterator[str]:
    count = sum(first <= end[0] + 1 and start[0] < extent.last_row for start, end in content.merged)
    if count:
        yield f"{count:,} {'range' if count == 1 else 'ranges'} of merged cells: only the top left one has the value."


def _named(sheets: Sequence[Sheet], wanted: str) -> Sheet:
    """The sheet of this name: exactly, else but for case and blanks, else the visible one of this number.

    Raises:
        InputError: there is none, or several differ in case and blanks alone.
    """
    found = [sheet for sheet in sheets if sheet.name == wanted]
    found = found or [sheet for sheet in sheets if _folded(sheet.name) == _folded(wanted)]
    if not found and wanted.strip().isdecimal():
        visible = [sheet for sheet in sheets if sheet.visible]
        found = visible[int(wanted) - 1 : int(wanted)] if int(wanted) else []
    if len(found) == 1:
        return found[0]
    names = [sheet.name for sheet in sheets]
    raise InputError(f"source.sheet: there is no sheet '{wanted}'{nearest(wanted, names)}. Sheets: {_listed(names)}.")


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
