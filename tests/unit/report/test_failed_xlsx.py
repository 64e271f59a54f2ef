"""``failed.xlsx``: every cell stays the text it was, faulty cells are marked, and the file can be imported again."""

from __future__ import annotations

import csv
import resource
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dialler_sync.config.source import SourceSettings
from dialler_sync.model import RowResult, Status
from dialler_sync.own_columns import FAILED_COLUMNS, FAILED_COLUMNS_OF_SEVERAL
from dialler_sync.read import open_table
from dialler_sync.report import failed_xlsx
from dialler_sync.report.csv_files import FailedTable
from dialler_sync.report.failed_xlsx import FailedWorkbooks, failed_rows
from dialler_sync.report.faults import FaultCells
from dialler_sync.report.sheets import Book
from dialler_sync.text.spreadsheet import restore

from ...helpers.libreoffice import needs_libreoffice, opened_and_saved
from ...helpers.report_samples import COLUMNS, NASTY, RUN_ID, cells_of, rejected, result_of

MAPPED = {"UserData": [["Key"]], "Email": [["Notes"]], "PhoneNumber1": [["Phone"]], "Name": [["Name"]]}

Rows = Iterable[tuple[RowResult, int, Sequence[str]]]


def write(
    folder: Path,
    rows: Rows,
    *columns: Sequence[str],
    extra: int = 0,
    mapped: Mapping[str, Sequence[Sequence[str]]] = MAPPED,
) -> Any:
    with failed_rows(folder, RUN_ID, columns or [COLUMNS], extra, mapped) as add:
        for result, source, cells in rows:
            add(result, source, cells)
    return openpyxl.load_workbook(folder / "failed.xlsx").worksheets[0]


def texts(sheet: Any) -> list[list[str]]:
    return [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def test_it_has_the_rows_of_failed_csv(tmp_path: Path) -> None:
    """Both files hold the same table, so that either can be fixed."""
    fine = (result_of(2), 0, cells_of(2))

    sheet = write(tmp_path, [fine, (rejected(3), 0, cells_of(3)), (rejected(4), 0, (*cells_of(4), "more"))], extra=1)

    with (tmp_path / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        assert texts(sheet) == [[restore(cell) for cell in row] for row in csv.reader(file)]
    assert texts(sheet)[0] == [*COLUMNS, "_extra_1", *FAILED_COLUMNS]


def test_columns_are_text_from_top_to_bottom(tmp_path: Path) -> None:
    """Empty cells, and those below the rows, keep 0171… as typed, and Excel does not warn about digits."""
    sheet = write(tmp_path, [(rejected(2), 0, cells_of(2))])

    columns = sheet.column_dimensions.values()
    assert sorted(n for column in columns for n in range(column.min, column.max + 1)) == [*range(1, 13)]
    assert {column.number_format for column in columns} == {"@"}
    written = {(cell.data_type, cell.number_format) for row in sheet for cell in row if cell.value is not None}
    assert written == {("s", "@"), ("n", "@")}  # the one number is _row


def test_header_stays_in_sight_and_filters(tmp_path: Path) -> None:
    sheet = write(tmp_path, [(rejected(2), 0, cells_of(2))])

    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:L2")
    assert all(8 <= column.width <= 50 for column in sheet.column_dimensions.values())
    grey, black = sheet["F2"].font.color.rgb, sheet["A2"].font.color
    assert (grey, black.type) == ("FF5F6672", "theme")


def test_faulty_cells_are_coloured_and_say_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    sheet = write(tmp_path, [(rejected(2, "phone_invalid", "PhoneNumber1"), 0, cells_of(2))])

    assert sheet["C2"].fill.fgColor.rgb == "FFFFC7CE"
    assert sheet["C2"].comment.text == "That is wrong.\nMend it."
    others = [cell for cell in sheet[2] if cell.coordinate != "C2"]
    assert not [cell for cell in others if cell.comment or cell.fill.fgColor.rgb == "FFFFC7CE"]


def test_an_empty_cell_that_is_missing_something_is_coloured(tmp_path: Path) -> None:
    sheet = write(tmp_path, [(rejected(2, "phone_missing", "PhoneNumber1"), 0, cells_of(2, Phone=""))])

    assert (sheet["C2"].fill.fgColor.rgb, sheet["C2"].number_format) == ("FFFFC7CE", "@")
    assert sheet["C2"].comment


def test_what_is_wrong_with_no_cell_marks_the_message(tmp_path: Path) -> None:
    sheet = write(tmp_path, [(rejected(2, "ragged_row", ""), 0, cells_of(2))])

    marked = [cell.coordinate for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFC7CE"]
    assert [sheet[place[0] + "1"].value for place in marked] == ["_error"]


def test_rows_that_the_run_did_not_come_to_are_not_marked(tmp_path: Path) -> None:
    sheet = write(tmp_path, [(result_of(2, Status.UNPROCESSED), 0, cells_of(2))])

    assert not [cell for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFC7CE"]


def test_sources_with_other_columns_share_one_table(tmp_path: Path) -> None:
    """The mark is in the shared table's column for that source."""
    rows = [
        (rejected(2, field="PhoneNumber1"), 0, cells_of(2)),
        (rejected(2, field="PhoneNumber1"), 1, ("0171", "x")),
    ]

    sheet = write(tmp_path, rows, COLUMNS, ("Phone", "City"))

    assert texts(sheet)[0][5:] == [*FAILED_COLUMNS_OF_SEVERAL]
    assert texts(sheet)[2][:5] == ["", "", "0171", "", "x"]
    assert sheet["C2"].comment
    assert sheet["C3"].comment


def test_doubled_empty_and_broken_names_stay(tmp_path: Path) -> None:
    names = ("Key", "", "Phone", "Phone", "", "Full\nname", "=SUM(A1)", "'=x")
    cells = ("K2", "a", "1", "2", "b", "c", "d", "e")

    write(tmp_path, [(rejected(2, field=""), 0, cells)], names)

    table = open_table(tmp_path / "failed.xlsx", SourceSettings())
    assert table.layout.columns == names
    (chunk,) = table.chunks()
    assert tuple(chunk.frame.iloc[0]) == cells


def test_a_text_too_long_for_a_cell_is_cut_and_marked(tmp_path: Path) -> None:
    """A cut cell must be marked: imported unchanged, the row would lose the rest of its text."""
    sheet = write(tmp_path, [(rejected(2, field="Name"), 0, cells_of(2, Notes="x" * 40_000))])

    assert sheet["D2"].value.endswith("… [cut; failed.csv has all of it]")
    assert sheet["D2"].fill.fgColor.rgb == "FFFFC7CE"
    assert "import this row from failed.csv" in sheet["D2"].comment.text


def test_signs_that_xml_cannot_hold_crash_nothing(tmp_path: Path) -> None:
    row = rejected(2, field="Name", error="lone \udc80 and \x01")

    with FailedWorkbooks(tmp_path, FailedTable(RUN_ID, [COLUMNS], 0), FaultCells([COLUMNS], MAPPED)) as books:
        books.add(row, 0, cells_of(2, Name="\ud800\ufffe", Notes="\x01"))
        books.save()

    sheet = openpyxl.load_workbook(tmp_path / "failed.xlsx").worksheets[0]
    assert (sheet["B2"].value, sheet["D2"].value) == ("\ufffd\ufffd", "_x0001_")


def test_more_rows_than_a_sheet_takes_go_on_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "failed-4.xlsx").write_text("of an earlier time")

    with FailedWorkbooks(
        tmp_path, FailedTable(RUN_ID, [COLUMNS], 0), FaultCells([COLUMNS], MAPPED), sheet_rows=6
    ) as books:
        for row in range(2, 12):
            books.add(rejected(row), 0, cells_of(row))
        books.save()

    names = ["failed-2.xlsx", "failed-3.xlsx", "failed.xlsx"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    tables = [open_table(tmp_path / name, SourceSettings()) for name in ("failed.xlsx", *names[:2])]
    assert [list(next(table.chunks()).frame["Key"]) for table in tables] == [
        ["K2", "K3", "K4", "K5"],
        ["K6", "K7", "K8", "K9"],
        ["K10", "K11"],
    ]


def test_no_rows_make_a_workbook_with_its_header(tmp_path: Path) -> None:
    assert texts(write(tmp_path, [])) == [[*COLUMNS, *FAILED_COLUMNS]]


def test_only_its_owner_can_read_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write(tmp_path, [(rejected(2), 0, cells_of(2))])

    assert stat.S_IMODE((tmp_path / "failed.xlsx").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["failed.csv", "failed.xlsx"]


def test_columns_beyond_excels_last_cost_the_workbook_and_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without its last columns the file would be another list."""
    names = [f"C{n}" for n in range(16_380)]

    with failed_rows(tmp_path, RUN_ID, [names], 0, {}) as add:
        add(rejected(2), 0, names)

    assert [path.name for path in tmp_path.iterdir()] == ["failed.csv"]
    assert "failed.xlsx is not written: the list has more columns than the 16,384" in caplog.text


def test_a_workbook_that_cannot_be_written_costs_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "failed.xlsx").mkdir()

    with failed_rows(tmp_path, RUN_ID, [COLUMNS], 0, MAPPED) as add:
        add(rejected(2), 0, cells_of(2))

    assert "failed.xlsx is not written" in caplog.text
    assert "K2" in (tmp_path / "failed.csv").read_text(encoding="utf-8-sig")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["failed.csv", "failed.xlsx"]


def test_notes_have_an_end_and_colours_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel takes minutes to open a sheet with a note on every row of a long list."""
    monkeypatch.setattr(failed_xlsx, "NOTES", 3)

    sheet = write(tmp_path, [(rejected(row), 0, cells_of(row)) for row in range(2, 7)])

    marked = [cell for cell in sheet["D"][1:] if cell.fill.fgColor.rgb == "FFFFC7CE"]
    assert (len(marked), sum(1 for cell in marked if cell.comment)) == (5, 2)  # one more explains the column _error
    assert "Fix the cells here" in sheet["K1"].comment.text


LISTED = [text for text in NASTY if text != "\x01\x1f"]
"""Without control characters, which an OpenDocument file cannot hold."""

ROWS = [
    LISTED,
    *([text] * len(LISTED) for text in ("00012019", "01099", "0171 3920012", "4,91E+11", "1-2", "31.01.26")),
]


def cells(path: Path) -> list[list[str]]:
    table = open_table(path, SourceSettings())
    assert table.layout.columns == tuple(f"C{n}" for n in range(len(LISTED)))
    return [list(row) for chunk in table.chunks() for row in chunk.frame.itertuples(index=False)]


def test_it_is_read_back_as_the_list_that_it_was(tmp_path: Path) -> None:
    names = [f"C{n}" for n in range(len(LISTED))]

    write(tmp_path, [(rejected(2 + n), 0, row) for n, row in enumerate(ROWS)], names)

    assert cells(tmp_path / "failed.xlsx") == ROWS


@needs_libreoffice
@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
@pytest.mark.parametrize(
    "to", ["xlsx", "ods", "xls", pytest.param("csv:Text - txt - csv (StarCalc):59,34,76", id="semicolons")]
)
def test_a_spreadsheet_program_that_opens_and_saves_it_changes_no_cell(to: str, locale: str, tmp_path: Path) -> None:
    """Keys keep their zeros, numbers their signs and dates their order, in every format that people save to."""
    names = [f"C{n}" for n in range(len(LISTED))]
    write(tmp_path, [(rejected(2 + n), 0, row) for n, row in enumerate(ROWS)], names)

    (saved,) = opened_and_saved([tmp_path / "failed.xlsx"], to, tmp_path / "saved", locale=locale)

    assert cells(saved) == ROWS


def test_a_disk_that_is_full_costs_the_workbook_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rows wait on disk until the workbook is written, and take several times the space of failed.csv."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    rows = [(rejected(row), 0, cells_of(row)) for row in range(2, 3_000)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with failed_rows(tmp_path, RUN_ID, [COLUMNS], 0, MAPPED) as add:
            for row in rows:
                add(*row)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [path.name for path in tmp_path.iterdir()] == ["failed.csv"]
    assert (tmp_path / "failed.csv").read_text(encoding="utf-8-sig").count("\n") == len(rows) + 1
    assert "failed.xlsx is not written: File too large. failed.csv has the same rows." in caplog.text


def test_a_disk_that_is_full_only_when_the_workbook_is_packed(tmp_path: Path) -> None:
    """Few rows wait in memory until then; a failure to write them is handled like any full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Book(tmp_path / "report.xlsx") as book:
        book.add_table("Rows", "results.csv").writerow(["Key"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                book.save()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert not list(tmp_path.iterdir())
