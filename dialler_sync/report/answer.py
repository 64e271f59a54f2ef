"""The answer to a file of an inbox: a workbook with a summary, and the rows to fix as in ``failed.xlsx``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..model import RowResult
from ..text.phrase import phrase
from ..text.spreadsheet import in_text_cell
from .csv_files import FailedTable
from .failed_xlsx import FailedSheet
from .faults import FaultCells, SourceColumns
from .groups import Groups
from .sheets import SHEET_ROWS, Book, Page
from .xlsx import write_summary

WIDTHS = (26, 12, 64, 64)

RowToFix = tuple[RowResult, int, Sequence[str]]
"""A row with the place of its table, and its original cells."""


def write_answer(
    path: Path,
    summary: Mapping[str, Any],
    columns: Sequence[Sequence[str]],
    mapped: SourceColumns,
    rows: Callable[[], Iterable[RowToFix]],
    note: str,
) -> None:
    """Write the answer to a file that a run has read.

    ``columns`` are the column names of each table, ``mapped`` the source columns of each field; ``rows`` returns the
    rows to fix, in order.

    Raises:
        OSError, JournalError: the file cannot be written.
    """
    extra = max((len(cells) - len(columns[source]) for _, source, cells in rows()), default=0)
    table = FailedTable(summary["run_id"], columns, max(extra, 0))
    faults, groups = FaultCells(columns, mapped), Groups()
    with Book(path) as book:
        page = book.add_page(phrase("Summary"), WIDTHS)
        sheet = FailedSheet(book.book, table, SHEET_ROWS)
        for result, source, cells in rows():
            groups.add(result)
            found = faults.notes(result, source, cells)
            notes = {table.place(source, at): "" if at is None else text for at, text in found.items()}
            sheet.add(list(map(in_text_cell, table.line(result, source, cells))), notes)
        write_summary(page, summary, groups, list(filter(None, (note, sheet.close()))))
        book.save()


def write_short_answer(path: Path, title: str, facts: Mapping[str, str]) -> None:
    """Write the answer to a file that no run has read.

    Raises:
        OSError, JournalError: the file cannot be written.
    """
    with Book(path) as book:
        page: Page = book.add_page(phrase("Summary"), (26, 120))
        page.line(title, style=page.title)
        page.line()
        for name, value in facts.items():
            page.line(name, value)
        book.save()
