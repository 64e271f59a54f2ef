"""All reports of a reconciliation, filled in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..files.whole import Spared, spared
from ..own_columns import MOVE_COLUMNS, RECONCILIATION_COLUMNS
from .masking import mask_field
from .reconciliation import Move, ReconciliationWorkbook, ReportLine, lines_file
from .reconciliation_page import ReconciliationPage


class ReconciliationReports:
    """Write CSV, workbook and page into ``folder``. A context manager.

    ``told`` names the columns after ``RECONCILIATION_COLUMNS``. ``moved``: compare with an earlier reconciliation.
    ``mask``: hide phone numbers in page and workbook.

    Raises:
        JournalError: the folder cannot be written.
    """

    def __init__(self, folder: Path, told: Sequence[str], *, moved: bool, mask: bool) -> None:
        self._folder = folder
        self._told = told
        self._moved = moved
        self._mask = mask
        self._files = ExitStack()
        self._held = ExitStack()

    def __enter__(self) -> Self:
        columns = (*RECONCILIATION_COLUMNS, *self._told)
        path = self._folder / "reconciliation.xlsx"
        self._workbook: Spared[ReconciliationWorkbook] = Spared(path, self._held)
        self._held.enter_context(self._files)
        self._lines = self._files.enter_context(lines_file(self._folder / "reconciliation.csv", columns))
        if self._moved:
            self._moves = self._files.enter_context(lines_file(self._folder / "moved.csv", MOVE_COLUMNS))
        self._workbook.open(lambda: ReconciliationWorkbook(path, columns))
        self._page = ReconciliationPage(self._told, mask=self._mask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.__exit__(kind, error, trace)

    def add(self, line: ReportLine) -> None:
        """Add a line."""
        cells = line.cells()
        self._lines.writerow(cells)
        columns = (*RECONCILIATION_COLUMNS, *self._told)
        self._workbook.have(lambda book: book.add(line.kind, self._shown(columns, cells)))
        self._page.add(line)

    def add_move(self, move: Move) -> None:
        """Add a line that moved since the earlier reconciliation."""
        cells = move.cells()
        self._moves.writerow(cells)
        self._workbook.have(lambda book: book.add_move(self._shown(MOVE_COLUMNS, cells)))

    def _shown(self, columns: Sequence[str], cells: Sequence[str]) -> Sequence[str]:
        """Return the cells for the workbook, masked if phone numbers are hidden."""
        if not self._mask:
            return cells
        return [mask_field(name, cell) for name, cell in zip(columns, cells, strict=True)]

    def write(self, summary: Mapping[str, Any]) -> None:
        """Write the reports; ``summary`` is that of ``summary.json``."""
        self._files.close()
        self._workbook.have(lambda book: book.write(summary))
        page = self._folder / "reconciliation.html"
        with spared(page):
            self._page.write(page, summary)
