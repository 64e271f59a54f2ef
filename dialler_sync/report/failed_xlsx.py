"""``failed.xlsx``: the rows to fix, with the faulty cells marked.

Every column is formatted as text from top to bottom: no program changes a cell, and an empty cell keeps ``0171…`` as
typed. Contents are those of ``failed.csv`` (:mod:`.csv_files`), cell by cell.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..errors import JournalError
from ..files.private import delete
from ..files.whole import new_file, why
from ..model import FINE, RowResult
from ..text.own_csv import table_writer
from ..text.phrase import figure, mark, phrase
from ..text.spreadsheet import in_text_cell
from .csv_files import FailedRows, FailedTable
from .faults import COLOUR, NOTES, FaultCells, SourceColumns
from .sheets import CELL_LENGTH, SHEET_COLUMNS, SHEET_ROWS, Book, Table, fits, xml_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

_log = logging.getLogger(__name__)

_HELP = mark(
    "The coloured cells are faulty; the note on each says what is wrong and how to fix it. The first {most} "
    "faulty cells have a note; this column covers every row.\nFix the cells here, save the file, and import it."
)
_CUT = mark("Truncated: an Excel cell holds {most} characters. Shorten the text, or import this row from failed.csv.")
_NOTE_WIDTH, _LINE_HEIGHT, _LINE_SIGNS = 320, 17, 46
"""Width of a note and height of a line in pixels, and characters per line."""


class FailedSheet(Table):
    """The sheet of failed rows."""

    def __init__(self, book: Workbook, table: FailedTable, sheet_rows: int) -> None:
        super().__init__(book, phrase("Failed rows"), "failed.csv", sheet_rows)
        text = {"num_format": "@"}
        self._header = book.add_format({**text, "bold": True, "bottom": 1, "bg_color": "#EAEDF1", "text_wrap": True})
        self._own_header = book.add_format({**text, "italic": True, "bottom": 1, "bg_color": "#EAEDF1"})
        self._own_text = book.add_format({**text, "font_color": "#5F6672", "bg_color": "#F5F6F8"})
        # The border marks the cell for readers who do not see colours.
        self._faulty = book.add_format({**text, "font_color": "#9C0006", "bg_color": f"#{COLOUR}", "border": 1})
        self._first_own = len(table.header) - table.own
        self._notes: Mapping[int, str] = {}
        self._room_for_notes = NOTES
        self.writerow(map(in_text_cell, table.header))
        self._note(table.place(0, None), phrase(_HELP, most=figure(NOTES)))

    def add(self, line: Sequence[str], notes: Mapping[int, str]) -> None:
        """Write a row; the keys of ``notes`` are its faulty columns."""
        if max(map(len, line)) > CELL_LENGTH // 2:
            cut = phrase(_CUT, most=figure(CELL_LENGTH))
            notes = {place: cut for place, cell in enumerate(line) if not fits(cell)} | {**notes}
        self._notes = notes
        self.writerow(line)
        for place, note in notes.items():
            if not line[place]:
                self._sheet.write_blank(self._rows, place, None, self._faulty)
            if note:
                self._note(place, note)

    def _note(self, place: int, text: str) -> None:
        if self._room_for_notes <= 0:
            return
        self._room_for_notes -= 1
        lines = sum(1 + len(line) // _LINE_SIGNS for line in text.splitlines())
        size = {"width": _NOTE_WIDTH, "height": _LINE_HEIGHT * (lines + 1)}
        self._sheet.write_comment(self._rows, place, xml_text(text), {"author": "dialler-sync", **size})

    def _styles(self, count: int) -> Sequence[Format]:
        own = count - self._first_own
        if not self._rows:
            return [self._header] * self._first_own + [self._own_header] * own
        styles = [self._text] * self._first_own + [self._own_text] * own
        for place in self._notes:
            styles[place] = self._faulty
        return styles

    def _column_style(self, place: int) -> Format:
        return self._own_text if place >= self._first_own else self._text


class FailedWorkbooks:
    """Write ``failed.xlsx`` into ``folder``, continued in ``failed-2.xlsx`` and so on when a sheet is full.

    A context manager. Failure to write costs a warning only, because ``failed.csv`` has the same rows.
    """

    def __init__(
        self,
        folder: Path,
        table: FailedTable,
        faults: FaultCells,
        *,
        sheet_rows: int = SHEET_ROWS,
        wanted: bool = True,
    ) -> None:
        self._folder = folder
        self._faults = faults
        self._sheet_rows = sheet_rows
        self._table = table
        self._book: Book | None = None
        self._sheet: FailedSheet | None = None
        self._written = 0
        self._wanted = wanted
        self._problem = "" if wanted else phrase("not requested")
        if len(table.header) > SHEET_COLUMNS:
            self._problem = phrase(
                "the list has more columns than the {most} of an Excel sheet", most=figure(SHEET_COLUMNS)
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Write the row if it failed."""
        if result.status in FINE or self._problem:
            return
        line = list(map(in_text_cell, self._table.line(result, source, cells)))
        found = self._faults.notes(result, source, cells)
        notes = {self._table.place(source, column): "" if column is None else note for column, note in found.items()}
        try:
            self._open_sheet().add(line, notes)
        except (OSError, JournalError) as error:
            self._give_up(error)

    def save(self) -> None:
        """Save the open workbook, even without rows; warn if one could not be written."""
        if not self._problem:
            try:
                if self._sheet or not self._written:
                    self._open_sheet()
                    self._save_part()
            except (OSError, JournalError) as error:
                self._give_up(error)
        kept = 0 if self._problem else self._written
        part = kept + 1
        while self._path(part).exists():  # left by an earlier writing of these reports
            with suppress(OSError):
                delete(self._path(part))
            part += 1
        if self._problem and self._wanted:
            _log.warning(
                phrase("failed.xlsx is not written: {problem}. failed.csv has the same rows.", problem=self._problem)
            )

    def _open_sheet(self) -> FailedSheet:
        if self._sheet and self._sheet.is_full:
            self._save_part()
        if self._sheet is None:
            self._book = Book(self._path(self._written + 1))
            self._sheet = FailedSheet(self._book.book, self._table, self._sheet_rows)
        return self._sheet

    def _save_part(self) -> None:
        assert self._book and self._sheet  # noqa: S101 - both or none
        self._sheet.close()
        self._book.save()
        self._close()
        self._written += 1

    def _path(self, part: int) -> Path:
        return self._folder / ("failed.xlsx" if part == 1 else f"failed-{part}.xlsx")

    def _give_up(self, error: OSError | JournalError) -> None:
        self._problem = why(error)
        self._close()

    def _close(self) -> None:
        if self._book:
            self._book.__exit__()
        self._book = self._sheet = None


@contextmanager
def failed_rows(
    folder: Path,
    run: str,
    columns: Sequence[Sequence[str]],
    extra: int,
    mapped: SourceColumns,
    *,
    workbooks: bool = True,
) -> Iterator[Callable[[RowResult, int, Sequence[str]], None]]:
    """Open ``failed.csv`` and ``failed.xlsx``; yield a function that adds a row, given its source and original cells.

    ``run``, ``columns`` and ``extra`` are as for :class:`~.csv_files.FailedTable`. ``workbooks=False`` writes only the
    CSV.

    Raises:
        JournalError: ``failed.csv`` cannot be written.
    """
    table = FailedTable(run, columns, extra)
    with FailedWorkbooks(folder, table, FaultCells(columns, mapped), wanted=workbooks) as books:
        with new_file(folder / "failed.csv", encoding="utf-8-sig") as file:  # with a mark, so that Excel reads UTF-8
            lines = FailedRows(table_writer(file), table)

            def add(result: RowResult, source: int, cells: Sequence[str]) -> None:
                lines.add(result, source, cells)
                books.add(result, source, cells)

            yield add
        books.save()
