"""``report.xlsx``: text stays text, in Excel, in LibreOffice, and when the file is read again."""

from __future__ import annotations

import csv
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dialler_sync.config.source import SourceSettings
from dialler_sync.model import Reason, RowResult, Status
from dialler_sync.own_columns import FAILED_COLUMNS, RESULT_COLUMNS
from dialler_sync.read import open_table
from dialler_sync.report.sheets import CELL_LENGTH
from dialler_sync.report.xlsx import XlsxReport
from dialler_sync.text.spreadsheet import restore

from ...helpers.libreoffice import needs_libreoffice, opened_and_saved
from ...helpers.report_samples import COLUMNS, NASTY, RUN_ID, cells_of, rejected, result_of, summary_of

MAPPED = {"Name": [["Name"]], "Email": [["Notes"]]}


def write(
    path: Path,
    rows: Sequence[tuple[RowResult, Sequence[str]]],
    columns: Sequence[str] = COLUMNS,
    extra: int = 0,
    **values: Any,
) -> Any:
    options = {name: values.pop(name) for name in ("sheet_rows",) if name in values}
    with XlsxReport(path, RUN_ID, [columns], extra, MAPPED, **options) as report:
        for result, cells in rows:
            report.add(result, 0, cells)
        report.write(summary_of((result for result, _ in rows), **values))
    return openpyxl.load_workbook(path)


def values_of(sheet: Any) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(values_only=True))


MIXED = [
    (result_of(2), cells_of(2)),
    (result_of(3, Status.SKIPPED, action=Reason.UNCHANGED), cells_of(3)),
    (rejected(4), cells_of(4)),
]


def test_all_rows_and_failed_rows_are_what_the_csv_files_are(tmp_path: Path) -> None:
    book = write(tmp_path / "report.xlsx", MIXED)

    header, *rows = values_of(book["All rows"])
    assert header == (*RESULT_COLUMNS, "who", "column")
    assert [(row[2], row[3], row[4], *row[-2:]) for row in rows] == [
        (2, "K2", "succeeded", "Name 2", None),
        (3, "K3", "skipped", "Name 3", None),
        (4, "K4", "rejected", "Name 4", "Notes"),
    ]
    assert values_of(book["Failed rows"]) == [
        (*COLUMNS, *FAILED_COLUMNS),
        (
            "K4",
            "Name 4",
            "0171 3920012",
            None,
            RUN_ID,
            4,
            "K4",
            "rejected",
            "email_invalid",
            "Email",
            "That is wrong.",
            "Mend it.",
        ),
    ]


def test_the_summary_says_what_became_of_the_run_with_a_chart(tmp_path: Path) -> None:
    sheet = write(tmp_path / "report.xlsx", MIXED, stopped_because="=down")["Summary"]

    cells = {row[0]: row[1:] for row in values_of(sheet) if row[0]}
    assert sheet["A1"].value == "Stopped early: 3 of 3 rows are settled"
    assert [cells[status][0] for status in ("succeeded", "skipped", "rejected", "failed", "read")] == [1, 1, 1, 0, 3]
    assert cells["email_invalid"][0] == 1
    assert cells["Stopped because"][0] == "'=down"
    (chart,) = sheet._charts
    assert len(chart.series[0].data_points) == 6


def test_long_meanings_are_read_whole_and_tables_are_printed_on_pages_of_their_width(tmp_path: Path) -> None:
    book = write(tmp_path / "report.xlsx", [(rejected(2, "precision_lost"), cells_of(2))])

    row = next(row for row in book["Summary"].iter_rows() if row[0].value == "precision_lost")
    assert [bool(cell.alignment.wrap_text) for cell in row[:3]] == [False, False, True]
    assert book["Summary"].row_dimensions[row[0].row].height == 30  # two lines
    assert [(sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) for sheet in book] == [
        (True, 0)
    ] * 3


def test_sheets_can_be_filtered_and_keep_their_header_in_sight(tmp_path: Path) -> None:
    book = write(tmp_path / "report.xlsx", MIXED)

    for name, area in (("All rows", "A1:P4"), ("Failed rows", "A1:L2")):
        sheet = book[name]
        assert (sheet.auto_filter.ref, sheet.freeze_panes) == (area, "A2")
        widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
        assert all(6 <= width <= 52 for width in widths)


def test_nasty_texts_are_text_and_read_back_unharmed(tmp_path: Path) -> None:
    """Checked by openpyxl (text cells) and by our own reader (original texts), because failed rows are fixed and
    imported again."""
    columns = [f"C{n}" for n in range(len(NASTY))]

    book = write(tmp_path / "report.xlsx", [(rejected(2), NASTY), (rejected(3), NASTY)], columns)

    cells = next(book["Failed rows"].iter_rows(min_row=2))[: len(NASTY)]
    assert {(cell.data_type, cell.number_format) for cell in cells} == {("s", "@")}
    assert not [cell.value for cell in cells if cell.value[0] in "=@\t"]

    table = open_table(tmp_path / "report.xlsx", SourceSettings(sheet="Failed rows"))
    (chunk,) = table.chunks()
    assert [*chunk.frame.iloc[0]] == NASTY
    assert table.layout.columns == tuple(columns)


def test_digits_in_an_import_column_stay_text(tmp_path: Path) -> None:
    """Otherwise the next import would find a phone number without its zero."""
    book = write(tmp_path / "report.xlsx", [(rejected(2), cells_of(2, Phone="01713920012"))])

    assert book["Failed rows"]["C2"].value == "01713920012"
    assert book["Failed rows"]["C2"].data_type == "s"


def test_cells_beyond_the_header_have_columns_of_their_own(tmp_path: Path) -> None:
    book = write(tmp_path / "report.xlsx", [(rejected(2, "ragged_row"), (*cells_of(2), "more"))], extra=1)

    header, row = values_of(book["Failed rows"])
    assert dict(zip(header, row, strict=True))["_extra_1"] == "more"


def test_a_full_sheet_says_where_the_other_rows_are(tmp_path: Path) -> None:
    """Excel's limit must not look like the end of the data."""
    book = write(tmp_path / "report.xlsx", [(rejected(row), cells_of(row)) for row in range(2, 12)], sheet_rows=6)

    for name, file in (("All rows", "results.csv"), ("Failed rows", "failed.csv")):
        rows = values_of(book[name])
        assert len(rows) == 6
        assert rows[-1][0] == f"The sheet is full: 6 rows more in {file}"
        assert book[name].auto_filter.ref.endswith("5")
    notes = [row[1] for row in values_of(book["Summary"]) if row[0] == "Note"]
    assert notes[0] == "All rows: the sheet is full: 6 rows more in results.csv."


@pytest.mark.parametrize("text", ["x" * 40_000, "😀" * 20_000])
def test_a_text_too_long_for_excel_is_cut_and_says_so(text: str, tmp_path: Path) -> None:
    """Excel calls a file with a longer cell damaged; a text cut without a remark would be imported as it is."""
    book = write(tmp_path / "report.xlsx", [(rejected(2), cells_of(2, Notes=text))])

    cell = book["Failed rows"]["D2"].value
    assert len(cell.encode("utf-16-le")) // 2 <= CELL_LENGTH
    assert cell.endswith("… [cut; failed.csv has all of it]")
    assert any("failed.csv has them in full" in str(row[1]) for row in values_of(book["Summary"]))


def test_the_longest_text_that_fits_is_whole(tmp_path: Path) -> None:
    book = write(tmp_path / "report.xlsx", [(rejected(2), cells_of(2, Notes="x" * CELL_LENGTH))])

    assert book["Failed rows"]["D2"].value == "x" * CELL_LENGTH


def test_a_run_without_rows_makes_a_workbook(tmp_path: Path) -> None:
    book = write(tmp_path / "report.xlsx", [])

    assert values_of(book["All rows"]) == [(*RESULT_COLUMNS, "who", "column")]


def test_only_its_owner_can_read_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "report.xlsx", MIXED)

    assert stat.S_IMODE((tmp_path / "report.xlsx").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["report.xlsx"]


def test_a_report_that_is_never_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """A run that fails while its reports are made must not leave its rows on disk."""
    with XlsxReport(tmp_path / "report.xlsx", RUN_ID, [COLUMNS]) as report:
        report.add(result_of(2), 0, cells_of(2))
        assert list(tmp_path.iterdir())

    assert list(tmp_path.iterdir()) == []


@needs_libreoffice
def test_libreoffice_opens_it_and_sees_the_same_texts(tmp_path: Path) -> None:
    """LibreOffice, which shares no code with our libraries, reads the same cells."""
    columns = [f"C{n}" for n in range(len(NASTY))]
    write(tmp_path / "report.xlsx", [(rejected(2), NASTY)], columns)

    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    opened_and_saved([tmp_path / "report.xlsx"], every_sheet, tmp_path)

    with (tmp_path / "report-Failed rows.csv").open(encoding="utf-8", newline="") as file:
        row = list(csv.reader(file))[1]
    assert [restore(cell) for cell in row[: len(NASTY)]] == NASTY
    summary = (tmp_path / "report-Summary.csv").read_text(encoding="utf-8")
    assert "1 of 1 row did not succeed" in summary
