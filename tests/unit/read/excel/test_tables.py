"""Workbooks as Excel, LibreOffice and openpyxl write them, read as tables of text."""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.fields import VENDOR_COLUMNS, VENDOR_MARK
from dialler_sync.model import CellNote
from dialler_sync.read.excel.formats import digit_format
from dialler_sync.read.excel.numbers import cell_text
from dialler_sync.read.excel.tables import excel_tables

from ....helpers.excel_files import read, write_xlsb, xlsb_cell, xlsb_record, xlsb_row

CELLS: list[tuple[Any, str, str]] = [
    # value, number format, text
    ("Müller", "General", "Müller"),
    ("  two  blanks ", "General", "  two  blanks "),
    ("line\nbreak", "General", "line\nbreak"),
    ("00123", "General", "00123"),
    ("\ufeffa\n\ufeffb\ufeffc", "General", "a\nbc"),
    ("Ünïcode 日本 😀", "General", "Ünïcode 日本 😀"),
    ("<&>\"'", "General", "<&>\"'"),
    ("'=1+1", "General", "'=1+1"),
    (CellRichText("a", TextBlock(InlineFont(b=True), " b"), " c"), "General", "a b c"),
    (491711234567, "General", "491711234567"),
    (1234.5, "General", "1234.5"),
    (0.1, "General", "0.1"),
    (1e-7, "General", "0.0000001"),
    (-17, "General", "-17"),
    (0, "General", "0"),
    (491711234567890123, "0", "491711234567890000"),
    (0.05, "0%", "5%"),
    (0.075, "0.0 %", "7.5 %"),
    (0.075, "0.00%", "7.50%"),
    (1234.5, '#,##0.00 "€"', "1234.5"),
    (491711234567, "0.00E+00", "491711234567"),
    (123, "00000", "00123"),
    ("123", "00000", "123"),
    (491711234567, '"+"0', "+491711234567"),
    (1234567, "0000-000", "1234-567"),
    (True, "General", "TRUE"),
    (False, "General", "FALSE"),
    (dt.date(2026, 11, 23), "dd.mm.yyyy", "2026-11-23"),
    (dt.datetime.fromisoformat("2026-11-23T08:15"), "[$-407]dddd, d. mmmm yyyy hh:mm", "2026-11-23 08:15:00"),
    (dt.datetime.fromisoformat("2026-11-23T08:15"), "mmm-yy", "2026-11-23 08:15:00"),
    (dt.time(8, 15), "h:mm AM/PM", "08:15:00"),
    (dt.timedelta(hours=36, minutes=30), "[h]:mm", "36:30:00"),
    (46349, "dd.mm.yyyy", "2026-11-23"),
    (46349.34375, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2026-11-23 08:15:00"),
    (46349, '"d"0', "d46349"),
    ("#REF!", "General", "#REF!"),
    ("#DIV/0!", "General", "#DIV/0!"),
    ("=1+1", "General", ""),
]
"""Every kind of cell."""

NOTES = {
    "#REF!": CellNote(code="error_cell"),
    "#DIV/0!": CellNote(code="error_cell"),
    "": CellNote(code="formula_without_value"),
    "491711234567890000": CellNote(code="precision_lost"),
    "00123": CellNote(number="123"),
    "+491711234567": CellNote(number="491711234567"),
    "1234-567": CellNote(number="1234567"),
    "d46349": CellNote(number="46349"),
    "5%": CellNote(number="0.05"),
    "7.5 %": CellNote(number="0.075"),
    "7.50%": CellNote(number="0.075"),
}
"""The note on a cell, by its text."""


def write(path: Path, rows: list[list[Any]], **more: Any) -> Path:
    """Write rows with openpyxl; ``more`` are sheets by name."""
    book = openpyxl.Workbook()
    for name, lines in {"Data": rows, **more}.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.remove(book.worksheets[0])
    book.save(path)
    return path


def write_kinds(path: Path) -> Path:
    """Write a row for every kind of cell, from row 2 on."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["Number", "Value"])
    for row, (value, number_format, _) in enumerate(CELLS, 2):
        sheet.cell(row, 1, f"k{row}")
        sheet.cell(row, 2, value).number_format = number_format
    book.save(path)
    return path


def test_every_kind_of_cell_reads_as_a_person_reads_it(tmp_path: Path) -> None:
    """The text is that of the spreadsheet, with a note if it does not say everything."""
    seen = read(write_kinds(tmp_path / "kinds.xlsx"))

    assert [cells[1] for cells in seen.rows.values()] == [text for *_, text in CELLS]
    assert seen.notes == {
        (row, 1): NOTES[text] for row, (value, _, text) in enumerate(CELLS, 2) if text in NOTES and value != text
    } | {(row, 1): NOTES[text] for row, (_, _, text) in enumerate(CELLS, 2) if text[:1] == "#"} | {
        (row, 1): CellNote(number=text)
        for row, (value, _, text) in enumerate(CELLS, 2)
        if isinstance(value, float) and "." in text and text not in NOTES
    }


def test_calamine_and_openpyxl_read_the_same(tmp_path: Path) -> None:
    """openpyxl, an independent reader, gives the same text for every kind of cell that it can read."""
    path = write_kinds(tmp_path / "kinds.xlsx")
    seen = read(path)
    texts = {}
    for row in openpyxl.load_workbook(path, data_only=True).worksheets[0].iter_rows(min_row=2):
        cell = row[1]
        value: Any = cell.value
        shown = digit_format(cell.number_format)
        texts[cell.row] = "" if value is None else shown.read(value)[0] if shown else cell_text(value)[0]

    assert texts == {row: cells[1] for row, cells in seen.rows.items()}


def test_formats_say_which_numbers_are_dates_as_openpyxl_finds(tmp_path: Path) -> None:
    """Two independent readings of number formats agree on which numbers are dates."""
    codes = [
        "yyyy",
        "[Red]0",
        "0_d",
        "[h]",
        "[ss].00",
        "mm:ss.0",
        '0 "Stunden"',
        "d/m",
        "General",
        "@",
        '"yy"0',
        "\\d0",
    ]
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["Format", "Value"])
    for row, code in enumerate(codes, 2):
        sheet.cell(row, 1, f"k{row}")
        sheet.cell(row, 2, 1.5).number_format = code
    book.save(tmp_path / "dates.xlsx")
    seen = read(tmp_path / "dates.xlsx")

    dates = [
        row[1].is_date for row in openpyxl.load_workbook(tmp_path / "dates.xlsx").worksheets[0].iter_rows(min_row=2)
    ]
    assert [cells[1].count(":") == 2 for cells in seen.rows.values()] == dates


def test_dates_of_the_1904_system(tmp_path: Path) -> None:
    """Workbooks of old Macs count days from 1904."""
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    assert sheet
    sheet.append(["Name", "Day"])
    sheet.append(["A", dt.date(2026, 11, 23)])
    book.save(tmp_path / "mac.xlsx")

    assert read(tmp_path / "mac.xlsx").rows == {2: ["A", "2026-11-23"]}


def test_row_numbers_are_those_that_excel_shows(tmp_path: Path) -> None:
    """Blank rows and a title block count in the numbers; blank rows are not source rows."""
    path = write(
        tmp_path / "gaps.xlsx",
        [[], ["List of May"], [], [None, "Name", "Phone"], [None, "A", "0171 1"], [], [None, "B\nB", "0171 2"]],
    )
    seen = read(path)

    assert seen.layout.header_rows == (4,)
    assert {row: cells[1:] for row, cells in seen.rows.items()} == {5: ["A", "0171 1"], 7: ["B\nB", "0171 2"]}


def test_a_table_that_starts_right_of_column_a_has_no_empty_first_columns(tmp_path: Path) -> None:
    """Notes are found by their position among the columns of the table."""
    path = write(tmp_path / "right.xlsx", [[], [None, None, "Name", "City"], [None, None, "A", "=1+1"]])
    seen = read(path)

    assert seen.layout.columns == ("Name", "City")
    assert seen.rows == {3: ["A", ""]}
    assert seen.codes == {(3, 1): "formula_without_value"}


def test_rows_and_columns_of_nothing_but_uncalculated_formulas_are_not_lost(tmp_path: Path) -> None:
    """calamine does not see them; they are rows all the same, and will be rejected."""
    path = write(tmp_path / "formulas.xlsx", [["=1", "Name", "=1"], ["=1", "A", "=1"], ["=1", None, "=1"], ["=1"]])
    seen = read(path, header="none")

    assert seen.layout.columns == ("column_1", "column_2", "column_3")
    assert seen.rows == {1: ["", "Name", ""], 2: ["", "A", ""], 3: ["", "", ""], 4: ["", "", ""]}
    assert set(seen.codes) == {(1, 0), (1, 2), (2, 0), (2, 2), (3, 0), (3, 2), (4, 0)}


def test_columns_that_begin_with_an_underscore_are_ignored(tmp_path: Path) -> None:
    """A mended failed.csv, saved as a workbook, can be imported directly; notes follow the remaining columns."""
    path = write(tmp_path / "failed.xlsx", [["_row", "Name", "_error", "Phone"], [7, "A", "#REF!", "#N/A"]])
    seen = read(path)

    assert seen.layout.ignored == ("_row", "_error")
    assert seen.layout.columns == ("Name", "Phone")
    assert seen.rows == {2: ["A", "#N/A"]}
    assert seen.codes == {(2, 1): "error_cell"}


def test_totals_and_footnotes_below_the_table_are_left_out_as_in_csv(tmp_path: Path) -> None:
    """They are not rows to send, and a remark says so."""
    rows = [
        ["No", "Name", "City", "Amount"],
        *[[i, f"N{i}", "X", i] for i in range(1, 9)],
        [],
        ["Total", None, None, 36],
    ]
    seen = read(write(tmp_path / "total.xlsx", rows))

    assert list(seen.rows) == list(range(2, 10))
    assert any("11" in remark for remark in seen.layout.remarks)


def test_hidden_rows_are_read_and_reported(tmp_path: Path) -> None:
    """A filter in the spreadsheet does not choose the rows to import; the user is told."""
    path = write(tmp_path / "hidden.xlsx", [["Name", "City"], ["A", "X"], ["B", "Y"], ["C", "Z"]])
    book = openpyxl.load_workbook(path)
    for row in (3, 4, 9):
        book.worksheets[0].row_dimensions[row].hidden = True
    book.worksheets[0].column_dimensions["B"].hidden = True
    book.save(path)
    seen = read(path)

    assert list(seen.rows) == [2, 3, 4]
    assert seen.layout.remarks == ("2 rows are hidden (by a filter or by hand), but read like all others.",)


def test_merged_cells_are_reported_where_they_are_data(tmp_path: Path) -> None:
    """The value belongs to the top left cell alone; a merged title does not matter."""
    path = write(tmp_path / "merged.xlsx", [["List", None], ["Name", "City"], ["A", "X"], ["B", "Y"]])
    book = openpyxl.load_workbook(path)
    book.worksheets[0].merge_cells("A1:B1")
    book.worksheets[0].merge_cells("B3:B4")
    book.save(path)
    seen = read(path)

    assert seen.rows == {3: ["A", "X"], 4: ["B", ""]}
    assert sum("merged" in remark for remark in seen.layout.remarks) == 1
    assert any(remark.startswith("1 range of merged cells") for remark in seen.layout.remarks)


def test_formatted_but_empty_cells_cost_and_change_nothing(tmp_path: Path) -> None:
    """Users format whole columns; the table ends with its last value."""
    path = write(tmp_path / "formatted.xlsx", [["Name", "City"], ["A", "X"]])
    book = openpyxl.load_workbook(path)
    book.worksheets[0].cell(1_048_576, 16_384).number_format = "00000"
    book.save(path)

    assert read(path).rows == {2: ["A", "X"]}


def test_text_that_was_made_harmless_reads_back_unharmed(tmp_path: Path) -> None:
    """This holds for headers and cells of workbooks of ours; in any other an apostrophe is part of the text."""
    table = [["'=Name", "City"], ["'+49 (0) x", "'@home"]]
    seen = read(write(tmp_path / "other.xlsx", table))
    assert (seen.layout.columns, seen.rows[2]) == (("'=Name", "City"), table[1])

    seen = read(write(tmp_path / "ours.xlsx", [[*table[0], "_error"], [*table[1], "x"]]))
    assert seen.layout.columns == ("=Name", "City")
    assert seen.rows == {2: ["+49 (0) x", "@home"]}


class TestSheets:
    """Which sheets are read."""

    @pytest.fixture
    def book(self, tmp_path: Path) -> Path:
        path = write(
            tmp_path / "sheets.xlsx",
            [["Name"], ["A"]],
            **{"May List": [["Name"], ["B"]], "Empty": [], "2": [["N"], [3]]},
        )
        book = openpyxl.load_workbook(path)
        book.create_sheet("Secret").append(["Name"])
        book["Secret"].append(["S"])
        book["Secret"].sheet_state = "hidden"
        book.create_chartsheet("Chart")
        book.save(path)
        return path

    def test_each_visible_sheet_with_data_is_a_table(self, book: Path) -> None:
        """The caller chooses, and refuses to guess."""
        tables = excel_tables(book, SourceSettings())

        assert [table.layout.sheet for table in tables] == ["Data", "May List", "2"]

    @pytest.mark.parametrize(
        ("wanted", "sheet"),
        [
            ("May List", "May List"),
            ("maylist", "May List"),
            ("2", "2"),
            ("1", "Data"),
            ("4", "2"),
            ("Secret", "Secret"),
        ],
    )
    def test_a_sheet_is_chosen_by_name_or_else_by_number(self, book: Path, wanted: str, sheet: str) -> None:
        """An exact name wins, then one that differs in case or blanks, then the number among the visible sheets."""
        assert read(book, sheet=wanted).layout.sheet == sheet

    @pytest.mark.parametrize(
        ("wanted", "message"),
        [
            ("May Lst", "there is no sheet 'May Lst'; did you mean 'May List'?"),
            ("9", "Sheets: 'Data', 'May List', 'Empty', '2', 'Secret'."),
            ("0", "there is no sheet '0'"),
            ("Chart", "there is no sheet 'Chart'"),
            ("Empty", "the sheet 'Empty' is empty."),
        ],
    )
    def test_a_sheet_that_cannot_be_read_is_named_with_those_that_can(
        self, book: Path, wanted: str, message: str
    ) -> None:
        """The message says what to write instead."""
        with pytest.raises(InputError) as error:
            excel_tables(book, SourceSettings(sheet=wanted))

        assert str(error.value).startswith(f"{book}: ")
        assert message in str(error.value)

    def test_hidden_data_alone_is_not_read_but_named(self, tmp_path: Path) -> None:
        """Nobody looks at a hidden sheet before it is dialled."""
        path = write(tmp_path / "hidden.xlsx", [], Secret=[["Name"], ["S"]])
        book = openpyxl.load_workbook(path)
        book["Secret"].sheet_state = "veryHidden"
        book.save(path)

        with pytest.raises(InputError, match=r"no sheet holds data\. .*names them: 'Secret'\."):
            excel_tables(path, SourceSettings())

    def test_an_error_in_one_of_several_sheets_says_how_to_choose(self, tmp_path: Path) -> None:
        """A sheet of remarks beside the table must not look like a damaged file."""
        path = write(tmp_path / "two.xlsx", [["Name"], ["A"]], Other=[["Name"], ["A"]])

        with pytest.raises(InputError, match=r"sheet 'Data' \(one of 2 that hold data; source\.sheet chooses one\): "):
            excel_tables(path, SourceSettings(header="9"))


def test_a_table_can_be_read_again_and_in_chunks_of_any_size(tmp_path: Path) -> None:
    """Validation reads the whole file before anything is sent; then it is read again."""
    (table,) = excel_tables(write(tmp_path / "n.xlsx", [["N"], *[[f"x{i}"] for i in range(10)]]), SourceSettings())

    for size in (1, 3, 100):
        chunks = list(table.chunks(size))
        assert [len(chunk.frame) for chunk in chunks][:-1] == [size] * (len(chunks) - 1)
        assert [row for chunk in chunks for row in chunk.frame.index] == list(range(2, 12))
        assert not any(chunk.ragged for chunk in chunks)


def test_a_header_without_rows_is_a_table_without_rows(tmp_path: Path) -> None:
    """An empty export is not an error of the file."""
    seen = read(write(tmp_path / "empty.xlsx", [["Name", "Phone"]]))

    assert seen.layout.columns == ("Name", "Phone")
    assert seen.rows == {}


def write_xls(path: Path, *, hidden: bool = False) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    cells: list[tuple[Any, str]] = [
        ("Value", "General"),
        ("Müller ", "General"),
        (491711234567, "General"),
        (123, "00000"),
        (1234.5, "#,##0.00"),
        (dt.datetime.fromisoformat("2026-11-23T08:15"), "DD.MM.YYYY"),
        (1.5, "[h]:mm"),
        (-0.5, "hh:mm"),
        (True, "General"),
    ]
    for row, (value, code) in enumerate(cells, 1):
        sheet.write(row, 1, value, xlwt.easyxf(num_format_str=code))
        sheet.write(row, 2, f"k{row}" if row > 1 else "Key")
    sheet.row(10).set_cell_error(1, "#REF!")
    sheet.write(10, 2, "k10")
    sheet.row(4).hidden = sheet.row(500).hidden = hidden
    sheet.write(13, 2, "k13")
    sheet.write_merge(12, 13, 1, 1, "merged")
    sheet.write(12, 2, "k12")
    book.save(str(path))
    return path


def test_xls_reads_like_xlsx(tmp_path: Path) -> None:
    """This includes number formats, errors, hidden rows and merged cells."""
    seen = read(write_xls(tmp_path / "old.xls", hidden=True))

    assert seen.layout.format == "xls"
    assert {row: cells[0] for row, cells in seen.rows.items()} == {
        3: "Müller ",
        4: "491711234567",
        5: "00123",
        6: "1234.5",
        7: "2026-11-23 08:15:00",
        8: "36:00:00",
        9: "-0.5",
        10: "TRUE",
        11: "#REF!",
        13: "merged",
        14: "",
    }
    assert seen.notes == {
        (5, 0): CellNote(number="123"),
        (6, 0): CellNote(number="1234.5"),
        (9, 0): CellNote(number="-0.5"),
        (11, 0): CellNote(code="error_cell"),
    }
    assert [remark.split(" ", 2)[:2] for remark in seen.layout.remarks] == [["1", "row"], ["1", "range"]]


def test_what_a_file_is_its_content_says(tmp_path: Path) -> None:
    """People rename files; an .xlsx that is called .xls is still read as .xlsx."""
    write(tmp_path / "new.xlsx", [["Name"], ["A"]]).rename(tmp_path / "new.xls")
    write_xls(tmp_path / "old.xls").rename(tmp_path / "old.xlsb")

    assert read(tmp_path / "new.xls").layout.format == "xlsx"
    assert read(tmp_path / "old.xlsb").layout.format == "xls"


def write_ods(path: Path) -> Path:
    book = OpenDocumentSpreadsheet()
    table = Table(name="Data")
    book.spreadsheet.addElement(table)
    cells: list[tuple[dict[str, str], str]] = [
        ({"valuetype": "string"}, "Value"),
        ({"valuetype": "string"}, "Müller "),
        ({"valuetype": "float", "value": "491711234567"}, "491711234567"),
        ({"valuetype": "float", "value": "123"}, "00123"),
        ({"valuetype": "currency", "value": "1234.5", "currency": "EUR"}, "1.234,50 €"),
        ({"valuetype": "date", "datevalue": "2026-11-23"}, "23.11.2026"),
        ({"valuetype": "date", "datevalue": "2026-11-23T08:15:00"}, "23.11. 8:15"),
        ({"valuetype": "time", "timevalue": "PT08H15M00S"}, "08:15"),
        ({"valuetype": "boolean", "booleanvalue": "true"}, "WAHR"),
    ]
    for number, (given, text) in enumerate(cells, 1):
        row = TableRow(visibility="filter" if number == 3 else "visible")
        for values, shown in (({"valuetype": "string"}, f"k{number}" if number > 1 else "Key"), (given, text)):
            cell = TableCell(**values)
            cell.addElement(P(text=shown))
            row.addElement(cell)
        table.addElement(row)
    book.save(str(path))
    return path


def test_ods_reads_like_xlsx(tmp_path: Path) -> None:
    """The text is what LibreOffice shows, with ISO dates and plain numbers."""
    seen = read(write_ods(tmp_path / "open.ods"))

    assert seen.layout.format == "ods"
    assert [cells[1] for cells in seen.rows.values()] == [
        "Müller ",
        "491711234567",
        "00123",
        "1234.5",
        "2026-11-23",
        "2026-11-23 08:15:00",
        "08:15:00",
        "TRUE",
    ]
    assert seen.notes == {(4, 1): CellNote(number="123"), (5, 1): CellNote(number="1234.5")}
    assert seen.layout.remarks == ("1 row is hidden (by a filter or by hand), but read like all others.",)


def test_xlsb_reads_like_xlsx(tmp_path: Path) -> None:
    """This includes errors, number formats and hidden rows."""
    rows: list[list[str | float | int | bytes]] = [
        ["Key", "Value"],
        ["Müller", 491711234567.0],
        ["k3", 123],
        ["k4", b"\x17"],
        ["k5", 1234.5],
    ]
    seen = read(write_xlsb(tmp_path / "binary.xlsb", rows, hidden=3))

    assert seen.layout.format == "xlsb"
    assert seen.rows == {2: ["Müller", "491711234567"], 3: ["k3", "00123"], 4: ["k4", "#REF!"], 5: ["k5", "1234.5"]}
    assert seen.notes == {
        (3, 1): CellNote(number="123"),
        (4, 1): CellNote(code="error_cell"),
        (5, 1): CellNote(number="1234.5"),
    }
    assert seen.layout.remarks == ("1 row is hidden (by a filter or by hand), but read like all others.",)


def test_every_kind_of_cell_of_xlsb(tmp_path: Path) -> None:
    """Rounded numbers, shared and rich texts, results of formulas, dates, merged cells."""
    shared = "".join(chr(n) for n in (65, 0x448, 0x1F600)).encode("utf-16-le")
    strings = xlsb_record(19, b"\0" + struct.pack("<I", len(shared) // 2) + shared)
    cells: list[tuple[int, bytes, int, str]] = [
        (2, struct.pack("<I", 123 << 2 | 2), 0, "123"),
        (2, struct.pack("<i", (-123 << 2) | 3), 0, "-1.23"),
        (2, struct.pack("<d", 0.5)[4:], 0, "0.5"),
        (2, struct.pack("<I", 46349 << 2 | 2), 2, "2026-11-23"),
        (4, b"\1", 0, "TRUE"),
        (5, struct.pack("<d", 46349.34375), 2, "2026-11-23 08:15:00"),
        (7, struct.pack("<I", 0), 0, "Aш😀"),
        (62, b"\1" + struct.pack("<I", 2) + "ab".encode("utf-16-le") + bytes(8), 0, "ab"),
        (8, struct.pack("<I", 2) + "cd".encode("utf-16-le") + bytes(6), 0, "cd"),
        (9, struct.pack("<d", 123) + bytes(6), 1, "00123"),
        (10, b"\0" + bytes(6), 0, "FALSE"),
        (11, b"\x2a" + bytes(6), 0, "#N/A"),
        (1, b"", 1, ""),
    ]
    more = b"".join(
        xlsb_row(row) + xlsb_cell(6, 0, struct.pack("<I", 1) + b"k\0") + xlsb_cell(kind, 1, content, style=style)
        for row, (kind, content, style, _) in enumerate(cells, 1)
    ) + xlsb_record(176, struct.pack("<IIII", 1, 2, 0, 0))
    seen = read(write_xlsb(tmp_path / "kinds.xlsb", [["Key", "Value"]], more=more, strings=strings))

    assert [cells[1] for cells in seen.rows.values()] == [text for *_, text in cells]
    assert seen.codes == {(13, 1): "error_cell"}
    assert seen.layout.remarks == ("1 range of merged cells: only the top left cell has the value.",)


def test_a_cell_that_is_given_twice_in_xlsb(tmp_path: Path) -> None:
    """The first of the two would be lost."""
    more = xlsb_row(1) + xlsb_cell(4, 1, b"\1")

    with pytest.raises(InputError, match="has the cell B2 twice"):
        read(write_xlsb(tmp_path / "t.xlsb", [["Key", "Value"], ["k", 1.5]], more=more))


def test_few_cells_far_apart_in_xlsb(tmp_path: Path) -> None:
    """A small file must not ask for millions of empty cells."""
    more = b"".join(xlsb_row(row) + xlsb_cell(4, 1_999, b"\1") for row in range(1, 1_100))

    with pytest.raises(InputError, match="delete what lies right of the table"):
        read(write_xlsb(tmp_path / "w.xlsb", [["Key", "Value"]], more=more))


def test_the_vendors_own_format_in_a_workbook(tmp_path: Path) -> None:
    """It has no header; rows may be shorter than the format, and longer ones are ragged."""
    rows = [[VENDOR_MARK, None, "Nightly", f"K{i}", *[None] * 28, "x"] for i in range(3)]
    seen = read(write(tmp_path / "vendor.xlsx", rows))

    assert seen.layout.vendor
    assert seen.layout.columns == VENDOR_COLUMNS
    assert [cells[3] for cells in seen.rows.values()] == ["K0", "K1", "K2"]

    wider = write(tmp_path / "wider.xlsx", [[*row, *[None] * (len(VENDOR_COLUMNS) - 33), "beyond"] for row in rows])
    (table,) = excel_tables(wider, SourceSettings())
    assert [list(chunk.ragged) for chunk in table.chunks()] == [[1, 2, 3]]


def test_dates_that_no_calendar_has_are_numbers_in_xls(tmp_path: Path) -> None:
    """Excel shows them as ####; an empty sheet beside them is not read."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    book.add_sheet("Empty")
    date = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for row, (key, value) in enumerate([("Key", "Day"), ("k", 5_000_000), ("l", 46349), ("m", 1e300)]):
        sheet.write(row, 0, key)
        sheet.write(row, 1, value, date)
    book.save(str(tmp_path / "far.xls"))

    assert [cells[1] for cells in read(tmp_path / "far.xls").rows.values()] == [
        "5000000",
        "2026-11-23",
        "1" + "0" * 300,
    ]
