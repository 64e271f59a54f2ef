"""Misreadings of ``.xlsb`` and ``.xls`` by calamine alone: the reasons for our own readers.

A test that fails here shows that calamine has improved, and which workaround can go.
"""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path
from typing import Any

import pytest
import xlwt
from python_calamine import load_workbook

from ....helpers.excel_files import read, write_xlsb, xlsb_cell, xlsb_record, xlsb_row

NO_STRINGS = xlsb_record(159, bytes(8)) + xlsb_record(160)

XLSB = {
    "date": (xlsb_cell(2, 1, struct.pack("<I", 46349 << 2 | 2), style=2), "2026-11-23", 46349),
    "date and time": (xlsb_cell(5, 1, struct.pack("<d", 46349.25), style=2), "2026-11-23 06:00:00", 46349.25),
    "leading zeros": (xlsb_cell(5, 1, struct.pack("<d", 123), style=1), "00123", 123.0),
    "leading zeros of a formula": (xlsb_cell(9, 1, struct.pack("<d", 123) + bytes(6), style=1), "00123", 123.0),
    "error": (xlsb_cell(3, 1, b"\x17"), "#REF!", ""),
    "error of a formula": (xlsb_cell(11, 1, b"\x2a" + bytes(6)), "#N/A", ""),
    "rich text": (xlsb_cell(62, 1, b"\1" + struct.pack("<I", 2) + "ab".encode("utf-16-le") + bytes(8)), "ab", ""),
}


@pytest.mark.parametrize(("cell", "text", "alone"), XLSB.values(), ids=XLSB)
def test_xlsb(tmp_path: Path, cell: bytes, text: str, alone: object) -> None:
    """A date is a number, zeros are lost, and an error or a rich text is an empty cell, without any sign of it."""
    more = xlsb_row(1) + xlsb_cell(6, 0, struct.pack("<I", 1) + b"k\0") + cell
    path = write_xlsb(tmp_path / "c.xlsb", [["Key", "Value"]], more=more, strings=NO_STRINGS)

    assert read(path).rows == {2: ["k", text]}
    assert load_workbook(path).get_sheet_by_index(0).to_python()[1] == ["k", alone]


def test_xlsb_with_a_cell_twice_and_merged_cells(tmp_path: Path) -> None:
    """The first of the two cells is lost, and merged ranges are not reported."""
    more = xlsb_row(1) + xlsb_cell(4, 1, b"\1") + xlsb_record(176, struct.pack("<IIII", 0, 1, 0, 0))
    path = write_xlsb(tmp_path / "t.xlsb", [["Key", "Value"], ["k", 1.5]], more=more, strings=NO_STRINGS)
    sheet = load_workbook(path).get_sheet_by_index(0)

    assert sheet.to_python()[1] == ["k", True]
    assert not sheet.merged_cell_ranges


XLS: dict[str, tuple[Any, str, str, object]] = {
    "leading zeros": (123, "00000", "00123", 123),
    "percentage": (0.075, "0.0%", "7.5%", 0.075),
    "negative date": (-5, "DD.MM.YYYY", "-5", dt.time()),
}


@pytest.mark.parametrize(("value", "code", "text", "alone"), XLS.values(), ids=XLS)
def test_xls(tmp_path: Path, value: float, code: str, text: str, alone: object) -> None:
    """calamine applies number formats only to dates."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for row, (key, given) in enumerate([("Key", "Value"), ("k", value)]):
        sheet.write(row, 0, key)
        sheet.write(row, 1, given, xlwt.easyxf(num_format_str=code))
    book.save(str(tmp_path / "c.xls"))

    assert read(tmp_path / "c.xls").rows == {2: ["k", text]}
    assert load_workbook(tmp_path / "c.xls").get_sheet_by_index(0).to_python()[1] == ["k", alone]


def test_xls_with_errors_and_formulas_without_values(tmp_path: Path) -> None:
    """calamine gives empty cells for both."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for row, key in enumerate(["Key", "k", "l"]):
        sheet.write(row, 0, key)
    sheet.write(0, 1, "Value")
    sheet.row(1).set_cell_error(1, "#REF!")
    sheet.write(2, 1, xlwt.Formula("1+1"))
    book.save(str(tmp_path / "e.xls"))

    assert read(tmp_path / "e.xls").codes == {(2, 1): "error_cell", (3, 1): "formula_without_value"}
    assert load_workbook(tmp_path / "e.xls").get_sheet_by_index(0).to_python()[1:] == [["k", ""], ["l", ""]]
