"""Reads the sheets of ``.xlsx .xlsm .xls .xlsb .ods`` as tables of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, repeat
from pathlib import Path

from ...config import SourceSettings
from ...errors import InputError
from ...model import CellNote, Layout, Table
from ...own_columns import is_own
from ...pages import ROWS, batched_rows, chars_of
from ...text.nearest import near_miss
from ...text.phrase import counted, figure, mark, phrase
from ...text.spreadsheet import restore
from ..layout.extent import Extent, find_extent
from ..layout.header import SAMPLE_ROWS, SEARCH, find_header
from ..layout.mended import is_marked, is_mended, is_of_vendor, mended_at, plain_form
from ..layout.runs import Run
from .book import open_book, readable
from .package import check_sheets
from .sheet import Book, Content, Sheet, SheetCells
from .table import ExcelTable

_NO_SHEET = mark("source.sheet: there is no sheet '{wanted}'. Sheets: {names}.")
_NEAR_SHEET = mark("source.sheet: there is no sheet '{wanted}'; did you mean '{near}'? Sheets: {names}.")


def excel_tables(path: Path, source: SourceSettings) -> list[Table]:
    """Read the sheets that hold data, or the one that ``source.sheet`` names. A hidden sheet counts only if named, or
    in a do-not-call list.

    A sheet with the columns of ``failed.csv`` takes precedence over other sheets, whatever its name.

    Raises:
        InputError: not a workbook, protected, damaged or too large; the sheet is not there, or none holds data.
    """
    with readable(path), open_book(path, source) as book:
        check_sheets(len(book.sheets))
        visible = [sheet for sheet in book.sheets if sheet.visible or source.counts_hidden_sheets]
        missing = None
        try:
            chosen = _chosen(book.sheets, source.named_sheets) or visible
        except InputError as error:
            chosen, missing = visible, error
        filled = [(sheet, content) for sheet in chosen if (content := _content(book, sheet))]
        empty = [sheet.name for sheet in chosen if sheet not in [each for each, _ in filled]]
        if mended := [(sheet, content) for sheet, content in filled if _is_mended(content)]:
            filled, source = mended, plain_form(source)
        elif missing:
            raise missing
        elif source.named_sheets and empty:
            raise InputError(_no_data(book, empty[0]))
        if not filled:
            raise InputError(_no_data(book, chosen[0].name if source.named_sheets else None))
        is_choice = len(filled) > 1 and not source.takes_several_sheets
        tables: list[Table] = []
        for sheet, content in filled:
            with readable(_one_of(sheet, len(filled)) if is_choice else _alone(sheet)):
                tables.append(_table(path, book.format, sheet.name, content, source))
        return tables


def _alone(sheet: Sheet) -> str:
    return phrase("sheet '{name}'", name=sheet.name)


def _one_of(sheet: Sheet, filled: int) -> str:
    return phrase(
        "sheet '{name}' (one of {count} that hold data; source.sheet chooses one)", name=sheet.name, count=filled
    )


def _content(book: Book, sheet: Sheet) -> Content | None:
    with readable(_alone(sheet)):
        content = book.read(sheet)
        return content if content and next(content.cells.rows(), None) else None


def _is_mended(content: Content) -> bool:
    return mended_at(texts for _, texts, _ in islice(content.cells.rows(sketched=True), SEARCH)) is not None


def _no_data(book: Book, chosen: str | None) -> str:
    if chosen:
        return phrase("the sheet '{name}' is empty.", name=chosen)
    hidden = [sheet.name for sheet in book.sheets if not sheet.visible]
    if not hidden:
        return phrase("no sheet holds data.")
    return phrase(
        "no sheet holds data. Hidden sheets are read only if source.sheet names them: {sheets}.", sheets=_listed(hidden)
    )


def _table(path: Path, kind: str, sheet: str, content: Content, source: SourceSettings) -> ExcelTable:
    cells = content.cells
    first_rows = next(batched_rows(cells.rows(), SAMPLE_ROWS, lambda row: chars_of(row[1])), [])
    header = find_header([(number, _filled(texts, notes)) for number, texts, notes in first_rows], source)
    extent = find_extent(_runs(cells, source.max_cell_chars), header)
    marked = is_marked(header.columns)
    names = tuple(map(restore, header.columns)) if marked else header.columns
    ignored = [at for at, name in enumerate(names) if is_own(name)]
    kept = tuple(at for at in range(len(names)) if at not in ignored or len(ignored) == len(names))
    layout = Layout(
        path=path,
        format=kind,
        columns=tuple(names[at] for at in kept),
        sheet=sheet,
        header_rows=header.rows,
        first_row=header.first_row,
        ignored=tuple(name for at, name in enumerate(names) if at not in kept),
        vendor=header.vendor or is_of_vendor(names),
        unread_from=extent.unread_from,
        next_table=extent.next_table,
        above=header.above,
        below=extent.below,
        mended=is_mended(names),
        remarks=(*header.remarks, *extent.remarks, *content.remarks, *_merged(content, header.first_row, extent)),
    )
    return ExcelTable(layout, cells, len(names), kept, extent.last_row, extent.left_out, marked)


def _filled(texts: list[str], notes: Mapping[int, CellNote]) -> list[str]:
    """Fill a row that holds only formulas without values: it is not blank."""
    return texts if any(map(str.strip, texts)) else ["0" if place in notes else "" for place in range(len(texts))]


def _runs(cells: SheetCells, longest: int) -> Iterator[Run]:
    """Yield all rows in runs, blank ones included, as for a CSV file.

    Raises:
        InputError: a cell has more than ``longest`` characters.
    """
    first = 1
    for rows in batched_rows(_every_row(cells, longest), ROWS, chars_of):
        yield Run(first, rows)
        first += len(rows)


def _every_row(cells: SheetCells, longest: int) -> Iterator[list[str]]:
    before = 0
    for number, texts, notes in cells.rows(sketched=True):
        text = max(texts, key=len)
        if len(text) > longest:
            raise InputError(
                phrase(
                    "a cell of row {number} has {count} characters, beginning with '{text}'; the limit is {most}: "
                    "correct the file, or raise source.max_cell_chars.",
                    number=number,
                    count=figure(len(text)),
                    text=text[:40],
                    most=figure(longest),
                )
            )
        yield from repeat([], number - before - 1)
        for position in notes:  # an error or a formula without a value is neither a footnote nor a blank
            texts[position] = "0"
        yield texts
        before = number


def _merged(content: Content, first_row: int, extent: Extent) -> Iterator[str]:
    count = sum(first_row <= last and first <= extent.last_row for first, last in content.merged)
    if count:
        yield counted(
            count,
            "{count} range of merged cells: only the top left cell has the value.",
            "{count} ranges of merged cells: only the top left cell has the value.",
        )


def _chosen(sheets: Sequence[Sheet], wanted: Sequence[str]) -> list[Sheet]:
    """Return the sheets that are wanted, in that order.

    Raises:
        InputError: one is not there, or is named twice.
    """
    chosen = [_named(sheets, name) for name in wanted]
    for sheet in chosen:
        if chosen.count(sheet) > 1:
            raise InputError(
                phrase("source.sheet names the sheet '{name}' twice: its rows would be sent twice.", name=sheet.name)
            )
    return chosen


def _named(sheets: Sequence[Sheet], wanted: str) -> Sheet:
    """Find a sheet by its exact name, else ignoring case and blanks, else the visible sheet of this number.

    Raises:
        InputError: there is none, or several differ only in case and blanks.
    """
    found = [sheet for sheet in sheets if sheet.name == wanted]
    found = found or [sheet for sheet in sheets if _folded(sheet.name) == _folded(wanted)]
    if not found and wanted.strip().isdecimal():
        visible = [sheet for sheet in sheets if sheet.visible]
        found = visible[int(wanted) - 1 : int(wanted)] if int(wanted) else []
    if len(found) == 1:
        return found[0]
    names = [sheet.name for sheet in sheets]
    near = near_miss(wanted, names)
    said = _NEAR_SHEET if near else _NO_SHEET
    raise InputError(phrase(said, wanted=wanted, near=near, names=_listed(names)))


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
