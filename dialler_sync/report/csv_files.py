"""``results.csv`` and ``failed.csv``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..error_codes import REFUSED_KEYS, mend
from ..files.whole import new_file
from ..model import FINE, RowResult, RowWarning
from ..own_columns import EXTRA, FAILED_COLUMNS, FAILED_COLUMNS_OF_SEVERAL, RESULT_COLUMNS
from ..text.own_csv import Writer, table_writer
from ..text.spreadsheet import harmless, harmless_row


def result_line(result: RowResult) -> tuple[str | int | None, ...]:
    """One line of ``results.csv``, in the order of ``RESULT_COLUMNS``."""
    (_, file, sheet, row, user_data, status, action, contact_id, http_status, attempts,
     code, field, error, _, sent_at, warnings, _) = result  # fmt: skip
    return (
        *harmless_row((file, sheet)), row, harmless(user_data), status, action, harmless(contact_id), http_status,
        attempts, *harmless_row((code, field, error, RowWarning.text(warnings) if warnings else "")), sent_at,
    )  # fmt: skip


@contextmanager
def results_file(path: Path) -> Iterator[Callable[[RowResult], object]]:
    """Open ``results.csv``; yield a function that writes the line of a row."""
    with new_file(path) as file:
        writer = table_writer(file)
        writer.writerow(RESULT_COLUMNS)
        yield lambda result: writer.writerow(result_line(result))


def key_of(result: RowResult) -> str:
    """Return the UserData that the fixed row must still have; ``""`` if UserData itself is to be fixed.

    A key that was refused only because it had changed stays refused, until somebody empties ``_key``.
    """
    why = {fault.code for fault in result.each_fault() if fault.field == "UserData"}
    return result.user_data if not why or why & REFUSED_KEYS else ""


class FailedTable:
    """The table of rows to fix: their original columns, then our columns that name run, row and fault.

    ``run`` is the ID of the run, ``""`` if the table is not to be recognised as a mended file. ``columns`` holds the
    column names of each source. All sources share one table: a column that a row's source lacks stays empty. Cells
    beyond the header stand in ``_extra_1`` and so on, ``extra`` of them. ``own`` is the number of columns at the
    right end that no source has.
    """

    def __init__(self, run: str, columns: Sequence[Sequence[str]], extra: int) -> None:
        self._run = run
        names, self._places = _shared_columns(columns)
        self._width = len(names)
        self._extra = extra
        self._own = FAILED_COLUMNS_OF_SEVERAL if len(columns) > 1 else FAILED_COLUMNS
        self.own = extra + len(self._own)
        self.header = [*names, *(f"{EXTRA}{n}" for n in range(1, extra + 1)), *self._own]

    def line(self, result: RowResult, source: int, cells: Sequence[str]) -> list[str]:
        """Return the table's cells for a row."""
        places = self._places[source]
        line = [""] * (self._width + self._extra)
        for place, cell in zip(places, cells, strict=False):
            line[place] = cell
        beyond = cells[len(places) :][: self._extra]
        line[self._width : self._width + len(beyond)] = beyond
        return [*line, *self._own_cells(result)]

    def _own_cells(self, result: RowResult) -> Iterator[str]:
        own = {
            "_run": self._run,
            "_file": result.file,
            "_sheet": result.sheet,
            "_row": str(result.row),
            "_key": key_of(result),
            "_status": str(result.status),
            "_error_code": result.error_code,
            "_error_field": result.error_field,
            "_error": result.error,
            "_hint": result.hint or mend(result.error_code),
        }
        return (own[name] for name in self._own)

    def place(self, source: int, column: int | None) -> int:
        """Return the table's column for a column of a source; for None, the column ``_error``."""
        return self.header.index("_error", self._width) if column is None else self._places[source][column]


class FailedRows:
    """Write the table of rows to fix, with cells that a spreadsheet program might run as formulas made harmless."""

    def __init__(self, writer: Writer, table: FailedTable) -> None:
        self._writer = writer
        self._table = table
        writer.writerow(harmless_row(table.header))

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Write the row if it failed."""
        if result.status not in FINE:
            self._writer.writerow(harmless_row(self._table.line(result, source, cells)))


def _shared_columns(columns: Sequence[Sequence[str]]) -> tuple[list[str], list[list[int]]]:
    """Return all names in order of appearance, and for each source the place of each of its columns.

    A second column of the same name within one source gets a column of its own.
    """
    places: dict[tuple[str, int], int] = {}
    by_source = []
    for names in columns:
        seen: dict[str, int] = {}
        own = []
        for name in names:
            nth = seen[name] = seen.get(name, 0) + 1
            own.append(places.setdefault((name, nth), len(places)))
        by_source.append(own)
    return [name for name, _ in places], by_source
