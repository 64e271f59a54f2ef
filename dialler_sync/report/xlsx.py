"""``report.xlsx``: the same as the CSV files, for those who live in Excel.

Written by XlsxWriter: with text kept as text in every cell it is 2.7 times as fast as openpyxl, in flat memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO, cast

from ..exit_codes import MEANINGS, ExitCode
from ..model import RowResult
from ..spreadsheet_text import harmless
from . import words
from .csv_files import RESULT_COLUMNS, FailedRows, result_line
from .files import new_file
from .groups import Groups

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

SHEET_ROWS = 1_048_576
"""Rows that an Excel sheet can hold."""

SHEET_COLUMNS = 16_384
"""Columns that it can hold."""

CELL_LENGTH = 32_767
"""UTF-16 units that an Excel cell can hold."""

_NUMBERS = frozenset({"_row", "_http_status", "_attempts"})
_MEASURED = 500
"""Rows whose texts decide how wide the columns are."""

_COLOURS = {
    "succeeded": "#2A8A6E",
    "skipped": "#6389B4",
    "rejected": "#C27C00",
    "failed": "#C4352C",
    "unknown": "#8B54B3",
    "unprocessed": "#818A98",
}


class XlsxReport:
    """Collects the rows of a run, each once, in source order; then writes the workbook. A context manager.

    ``columns`` are the column names of each source, ``extra`` the most cells that a row has beyond them: as for
    ``failed.csv``. ``sheet_rows`` is how many rows one sheet takes.

    Raises:
        OSError: beside ``path`` nothing can be written.
    """

    def __init__(
        self, path: Path, columns: Sequence[Sequence[str]], extra: int = 0, *, sheet_rows: int = SHEET_ROWS
    ) -> None:
        import xlsxwriter

        self._path = path
        # Rows wait on disk, beside the report and readable by their owner only, until the workbook is written.
        self._folder = tempfile.TemporaryDirectory(prefix=".report.xlsx.", dir=path.parent)
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": self._folder.name})
        self._summary = self._book.add_worksheet("Summary")
        self._all = _Table(self._book, "All rows", "results.csv", sheet_rows)
        self._all.writerow(RESULT_COLUMNS)
        self._failed = _Table(self._book, "Failed rows", "failed.csv", sheet_rows)
        self._failed_rows = FailedRows(self._failed, columns, extra)
        self._groups = Groups()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()
        self._folder.cleanup()

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Take up one row with its original cells; ``source`` is its place in ``columns``."""
        self._all.writerow(result_line(result))
        self._failed_rows.add(result, source, cells)
        self._groups.add(result)

    def write(self, summary: Mapping[str, Any]) -> None:
        """Write the workbook. ``summary`` is that of ``summary.json``.

        Raises:
            JournalError: the file cannot be written.
        """
        notes = [note for table in (self._all, self._failed) if (note := table.close())]
        _write_summary(self._book, self._summary, summary, self._groups, notes)
        with new_file(self._path) as file:
            self._book.filename = cast(TextIO, file).buffer
            self._book.close()


class _Table:
    """A sheet of text with a header, filters, and columns as wide as their texts; takes what a csv writer takes."""

    def __init__(self, book: Workbook, name: str, full: str, sheet_rows: int) -> None:
        self._sheet: Worksheet = book.add_worksheet(name)
        self._full = full
        self._room = sheet_rows - 2  # the header, and the line that says that the sheet is full
        self._header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EAEDF1", "num_format": "@"})
        self._text = book.add_format({"num_format": "@"})
        self._numbers: frozenset[int] = frozenset()
        self._widths: list[int] = []
        self._rows = -1
        self._left_out = 0
        self._cut = False
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_landscape()
        self._sheet.repeat_rows(0)
        # Digits that are text are meant.
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})

    def writerow(self, row: Iterable[str], /) -> None:
        """Write the header, and after it a row; what runs as a formula is harmless already."""
        values = list(row)
        if self._rows < 0:
            self._numbers = frozenset(i for i, name in enumerate(values) if name in _NUMBERS)
            self._widths = [0] * len(values)
        elif self._rows >= self._room:
            self._left_out += 1
            return
        self._rows += 1
        style = self._text if self._rows else self._header
        for place, value in enumerate(values[:SHEET_COLUMNS]):
            if place in self._numbers and value.isdecimal():
                self._sheet.write_number(self._rows, place, int(value))
            elif value:
                _write_text(self._sheet, self._rows, place, self._fitting(value), style)
        if self._rows < _MEASURED:
            self._widths = list(map(max, self._widths, map(len, values)))

    def _fitting(self, text: str) -> str:
        """The text, or its beginning and a remark that it is cut. A sign counts for one or for two units."""
        if len(text) <= CELL_LENGTH // 2 or len(text.encode("utf-16-le")) // 2 <= CELL_LENGTH:
            return text
        self._cut = True
        remark = f"… [cut; {self._full} has all of it]"
        return text[: CELL_LENGTH // 2 - len(remark)] + remark

    def close(self) -> str:
        """Set filters and widths; gives what the summary has to say about rows or text that do not fit."""
        shown = self._widths[:SHEET_COLUMNS]
        self._sheet.autofilter(0, 0, max(self._rows, 1), len(shown) - 1)
        for place, width in enumerate(shown):
            self._sheet.set_column(place, place, min(max(width, 6), 48) + 2, self._text)
        notes = []
        if self._left_out:
            notes.append(f"the sheet is full: {words.rows(self._left_out)} more in {self._full}")
            self._sheet.write_string(self._rows + 1, 0, notes[0].capitalize(), self._header)
        if len(self._widths) > SHEET_COLUMNS:
            notes.append(f"the columns beyond the {SHEET_COLUMNS:,}th are left out: {self._full} has them")
        if self._cut:
            notes.append(f"texts that are too long for a cell are cut: {self._full} has them whole")
        return f"{self._sheet.name}: {'; '.join(notes)}." if notes else ""


def _write_text(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter would take this for a piece of its own XML; in two pieces it is only text.
        sheet.write_rich_string(row, column, text[0], style, text[1:], style)
    else:
        sheet.write_string(row, column, text, style)


def _write_summary(
    book: Workbook, sheet: Worksheet, summary: Mapping[str, Any], groups: Groups, notes: Sequence[str]
) -> None:
    """Verdict, facts, outcomes with a chart, actions and reasons, one below the other."""
    title, bold = book.add_format({"bold": True, "font_size": 16}), book.add_format({"bold": True})
    text, number = book.add_format(), book.add_format({"num_format": "#,##0", "align": "right", "indent": 1})
    for column, width in enumerate((26, 12, 64, 64)):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    at = 0

    def line(*values: object, style: Format = text) -> None:
        nonlocal at
        for column, value in enumerate(values):
            if isinstance(value, str):
                _write_text(sheet, at, column, harmless(value), style)
            else:
                sheet.write_number(at, column, cast(float, value), number)
        at += 1

    line(words.verdict(summary), style=title)
    at += 1
    for name, value in _facts(summary):
        line(name, value)
    for note in notes:
        line("Note", note)
    at += 1
    line("Outcome", "Rows", "Meaning", style=bold)
    first = at
    for status, meaning in words.status_meanings(summary).items():
        line(status, summary["counts"][status], meaning)
    line("read", summary["counts"]["read"], "every row of the files, each in exactly one line above", style=bold)
    at = _insert_chart(book, sheet, first, at)
    line("Action", "Rows", "Meaning", style=bold)
    for action, count in summary["actions"].items():
        if count:
            line(action, count, words.ACTION_MEANINGS.get(action, ""))
    at += 1
    line("Reason", "Rows", "Meaning", "What to do", style=bold)
    for group in groups:
        line(group.code, group.rows, group.meaning, group.mend)


def _facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of the run, by name; times as ``summary.json`` has them."""
    facts = {
        "Run": summary["run_id"],
        "Command": f"{summary['command']}{' --dry-run' if summary['dry_run'] else ''}",
        "Nothing was sent": f"this was a {words.nothing_sent(summary)}" if words.nothing_sent(summary) else "",
        "Stopped because": summary["stopped_because"] or "",
        "Campaign": str(summary["campaign"]),
        "Files": ", ".join(dict.fromkeys(file["name"] for file in summary["files"])),
        "Started (UTC)": summary["started_at"],
        "Duration": words.duration(summary["duration_s"]),
        "Requests": f"{summary['requests']:,}, of which {summary['retries']:,} repeated",
        "Exit code": f"{summary['exit_code']}: {MEANINGS[ExitCode(summary['exit_code'])]}",
    }
    return [(name, value) for name, value in facts.items() if value]


def _insert_chart(book: Workbook, sheet: Worksheet, first: int, end: int) -> int:
    """Draw the outcomes that stand from row ``first`` on, below row ``end``; gives the row behind the chart."""
    last = first + len(_COLOURS) - 1
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "categories": [sheet.name, first, 0, last, 0],
            "values": [sheet.name, first, 1, last, 1],
            "points": [{"fill": {"color": _COLOURS[status]}} for status in words.STATUS_MEANINGS],
            "data_labels": {"value": True},
            "gap": 40,
        }
    )
    chart.set_title({"name": "Rows by outcome", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "line": {"none": True}, "major_tick_mark": "none"})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    sheet.insert_chart(end + 1, 0, chart, {"description": "Rows by outcome, as in the table above"})
    chart.set_size({"width": 720, "height": 260})
    return end + 16
