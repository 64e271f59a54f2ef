"""``results.csv`` and ``failed.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from ..error_codes import mend
from ..model import FINE, RowResult
from ..spreadsheet_text import harmless
from .files import new_file

RESULT_COLUMNS = (
    "_file",
    "_sheet",
    "_row",
    "_user_data",
    "_status",
    "_action",
    "_contact_id",
    "_http_status",
    "_attempts",
    "_error_code",
    "_error_field",
    "_error",
    "_sent_at",
)

FAILED_COLUMNS = ("_row", "_status", "_error_code", "_error_field", "_error", "_hint")


class _Writer(Protocol):
    def writerow(self, row: Iterable[Any], /) -> Any: ...


def result_line(result: RowResult) -> tuple[str | int | None, ...]:
    """One line of ``results.csv``, in the order of ``RESULT_COLUMNS``."""
    (_, file, sheet, row, user_data, status, action, contact_id, http_status, attempts,
     code, field, error, _, sent_at) = result  # fmt: skip
    return (
        harmless(file), harmless(sheet), row, harmless(user_data), status, action, harmless(contact_id), http_status,
        attempts, code, field, harmless(error), sent_at,
    )  # fmt: skip


def table_writer(file: Any) -> _Writer:
    """The one dialect that we write: comma, doubled quotes, CRLF (RFC 4180).

    With LF alone Python 3.11 would not quote a cell that holds a carriage return.
    """
    return csv.writer(file, lineterminator="\r\n")


class ResultsFile:
    """``results.csv``: a line for every row."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        writer.writerow(RESULT_COLUMNS)

    def add(self, result: RowResult) -> None:
        """Write the row."""
        self._writer.writerow(result_line(result))


@contextmanager
def results_file(path: Path) -> Iterator[ResultsFile]:
    """Open ``results.csv``."""
    with new_file(path) as file:
        yield ResultsFile(table_writer(file))


class FailedRows:
    """``failed.csv``: rows to fix, with their original columns; UTF-8 with BOM, as Excel wants it.

    ``columns`` holds the column names of each source. Sources with other columns share one table: a column
    that a row's source does not have stays empty. Cells beyond the header stand in ``_extra_1`` and so on.
    ``own`` is how many columns at the end no source has.
    """

    def __init__(self, writer: _Writer, columns: Sequence[Sequence[str]], extra: int) -> None:
        self._writer = writer
        names, self._places = _shared_columns(columns)
        self._width = len(names)
        self._extra = extra
        self.own = extra + len(FAILED_COLUMNS)
        writer.writerow(
            [*map(harmless, names), *(f"_extra_{n}" for n in range(1, extra + 1)), *FAILED_COLUMNS],
        )

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Write the row, if it is one that failed."""
        if result.status in FINE:
            return
        places = self._places[source]
        line = [""] * (self._width + self._extra)
        for place, cell in zip(places, cells, strict=False):
            line[place] = harmless(cell)
        for offset, cell in enumerate(cells[len(places) :][: self._extra]):
            line[self._width + offset] = harmless(cell)
        self._writer.writerow(
            [
                *line,
                str(result.row),
                str(result.status),
                result.error_code,
                result.error_field,
                harmless(result.error),
                harmless(result.hint or mend(result.error_code)),
            ]
        )

    def place(self, source: int, column: int | None) -> int:
        """Where a column of a source stands in the table; None: where the row says what is wrong."""
        if column is None:
            return self._width + self._extra + FAILED_COLUMNS.index("_error")
        return self._places[source][column]


@contextmanager
def failed_file(path: Path, columns: Sequence[Sequence[str]], extra: int = 0) -> Iterator[FailedRows]:
    """Open ``failed.csv``."""
    with new_file(path, encoding="utf-8-sig") as file:
        yield FailedRows(table_writer(file), columns, extra)


def _shared_columns(columns: Sequence[Sequence[str]]) -> tuple[list[str], list[list[int]]]:
    """All names in order of appearance, and for each source the place of each of its columns.

    The second column of a name within one source is a column of its own.
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
