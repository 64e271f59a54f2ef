"""A workbook reads alike, whole and in slices, whatever its cells hold and whoever wrote it."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.helpers.sliced import cut_finely, everything

QUICK, LONG = 40, 2_000

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8) | st.sampled_from(
    ["01099", " a ", "a\nb", "_x0041_", "<row>", "&amp;", "</sheetData>", "4,9E+10", "#N/A", "TRUE", "'0"]
)
NUMBER = st.integers(-(10**15), 10**15) | st.floats(-1e12, 1e12) | st.sampled_from([0, 0.1, 491711234567])
DAYS = dt.datetime(1904, 1, 3), dt.datetime(9999, 1, 1)  # noqa: DTZ001 - dates in spreadsheets have no zone
MOMENT = st.dates(dt.date(1904, 1, 3)) | st.datetimes(*DAYS) | st.times()
CELL = st.one_of(
    st.tuples(st.just("text"), TEXT),
    st.tuples(st.just("number"), NUMBER),
    st.tuples(st.just("digits"), st.integers(0, 99_999)),
    st.tuples(st.just("moment"), MOMENT),
    st.tuples(st.just("boolean"), st.booleans()),
    st.tuples(st.just("formula"), st.sampled_from(["", 0, 7.5, "x", "#DIV/0!"])),
    st.tuples(st.just("rich"), st.lists(TEXT.filter(bool), min_size=2, max_size=3)),
    st.tuples(st.just("styled"), st.none()),
    st.tuples(st.just("none"), st.none()),
)
ROWS = st.lists(st.lists(CELL, max_size=4), min_size=1, max_size=14)
BOOK = st.fixed_dictionaries(
    {
        "epoch": st.booleans(),
        "inline": st.booleans(),
        "hidden": st.sets(st.integers(0, 13), max_size=3),
        "merged": st.sets(st.integers(0, 6), max_size=2),
        "corner": st.tuples(st.integers(0, 3), st.integers(0, 2)),
    }
)


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "list.xlsx"


def by_xlsxwriter(path: Path, rows: list[list[Any]], how: dict[str, Any]) -> None:
    options = {"default_date_format": "dd.mm.yyyy hh:mm", "date_1904": how["epoch"], "constant_memory": how["inline"]}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("Data")
        digits, bold, top, left = (
            book.add_format({"num_format": "00000"}),
            book.add_format({"bold": True}),
            *how["corner"],
        )
        for row, cells in enumerate(rows, top):
            if row - top in how["hidden"]:
                sheet.set_row(row, None, None, {"hidden": True})
            for column, (kind, value) in enumerate(cells, left):
                if kind == "text":
                    sheet.write_string(row, column, value)
                elif kind in ("number", "digits"):
                    sheet.write_number(row, column, value, digits if kind == "digits" else None)
                elif kind == "moment":
                    sheet.write_datetime(row, column, value)
                elif kind == "boolean":
                    sheet.write_boolean(row, column, value)
                elif kind == "formula":
                    sheet.write_formula(row, column, "=A1", None, value)
                elif kind == "rich" and not how["inline"]:
                    sheet.write_rich_string(row, column, *[part for text in value for part in (bold, text)], "end")
                elif kind == "styled":
                    sheet.write_blank(row, column, None, digits)
        for row in () if how["inline"] else how["merged"]:
            sheet.merge_range(30 + 2 * row, 0, 31 + 2 * row, 1, f"merged {row}")


def by_openpyxl(path: Path, rows: list[list[Any]], how: dict[str, Any]) -> None:
    book = Workbook()
    if how["epoch"]:
        book.epoch = CALENDAR_MAC_1904
    sheet: Any = book.active
    top, left = how["corner"]
    for row, cells in enumerate(rows, top + 1):
        sheet.row_dimensions[row].hidden = row - top - 1 in how["hidden"]
        for column, (kind, value) in enumerate(cells, left + 1):
            cell = sheet.cell(row, column)
            if kind == "formula":
                cell.value = "#REF!" if value == "#DIV/0!" else "=A1"
            elif kind == "rich":
                cell.value = CellRichText(value[0], *(TextBlock(InlineFont(b=True), text) for text in value[1:]))
            elif kind != "styled":
                cell.value = value
            if kind in ("digits", "styled"):
                cell.number_format = "00000"
    for row in how["merged"]:
        sheet.merge_cells(start_row=30 + 2 * row, end_row=31 + 2 * row, start_column=1, end_column=2)
    book.save(path)


def check(path: Path, rows: list[list[Any]], how: dict[str, Any], write: Any) -> None:
    write(path, rows, how)
    whole = everything(path)
    with pytest.MonkeyPatch.context() as patch:
        cut_finely(patch)
        assert everything(path) == whole


@given(ROWS, BOOK, st.sampled_from([by_xlsxwriter, by_openpyxl]))
@settings(max_examples=QUICK, deadline=None)
def test_reading_in_slices(path: Path, rows: list[list[Any]], how: dict[str, Any], write: Any) -> None:
    check(path, rows, how, write)


@pytest.mark.long
@pytest.mark.timeout(900)
@given(ROWS, BOOK, st.sampled_from([by_xlsxwriter, by_openpyxl]))
@settings(max_examples=LONG, deadline=None)
def test_reading_in_slices_longer(path: Path, rows: list[list[Any]], how: dict[str, Any], write: Any) -> None:
    check(path, rows, how, write)
