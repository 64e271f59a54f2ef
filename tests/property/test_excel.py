"""Whatever a workbook holds: what was written is what is read, and no file breaks the reader."""

from __future__ import annotations

import datetime as dt
import io
import re
import time
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read.excel.tables import excel_tables
from dialler_sync.text.spreadsheet import harmless

from ..helpers.excel_files import write_ods, write_xlsb

ESCAPED = re.compile(r"_x[0-9a-fA-F]{4}_|\r")
"""What openpyxl does not escape, as the format wants it: it would be read as another character."""

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
    lambda text: text.strip() and not ILLEGAL_CHARACTERS_RE.search(text) and not ESCAPED.search(text)
)
integers = st.integers(-(10**15) + 1, 10**15 - 1)
decimals = st.decimals(-(10**9), 10**9, places=4)
moments = st.datetimes(dt.datetime.fromisoformat("1900-03-01"), dt.datetime.fromisoformat("9999-12-30"))
cells = st.one_of(
    texts.map(lambda text: (harmless(text), text)),
    integers.map(lambda number: (number, str(number))),
    decimals.map(lambda number: (float(number), f"{number.normalize() + 0:f}")),
    st.booleans().map(lambda value: (value, "TRUE" if value else "FALSE")),
    moments.map(lambda moment: moment.replace(microsecond=0)).map(
        lambda moment: (moment, str(moment).removesuffix(" 00:00:00"))
    ),
    st.dates(dt.date(1900, 3, 1)).map(lambda day: (day, day.isoformat())),
    st.times().map(lambda moment: moment.replace(microsecond=0)).map(lambda moment: (moment, moment.isoformat())),
    st.none().map(lambda _: (None, "")),
)
"""(what is written, what is to be read)."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_table_reads_back_as_it_was_written(tmp_path: Path, table: list[list[tuple[Any, str]]]) -> None:
    """Texts, numbers, dates, times, booleans and blanks, between two columns that are always filled."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["Key", "A", "B", "C", "Last"])
    for number, row in enumerate(table, 2):
        sheet.append([f"key {number}", *[written for written, _ in row], "last"])
    book.save(tmp_path / "table.xlsx")

    (read,) = excel_tables(tmp_path / "table.xlsx", SourceSettings(header="1"))
    frames = [chunk.frame for chunk in read.chunks(3)]
    rows = {
        number: row[1:-1]
        for frame in frames
        for number, row in zip(frame.index, frame.to_numpy().tolist(), strict=True)
    }
    assert rows == {number: [text for _, text in row] for number, row in enumerate(table, 2)}


@cache
def xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["Key", "Zip", "Day", "Sum"])
    for number in range(12):
        sheet.append([f"k{number}", 1067 + number, dt.date(2026, 11, 23), "=1+1" if number % 2 else "#REF!"])
        sheet.cell(number + 2, 2).number_format = "00000"
    sheet.row_dimensions[3].hidden = True
    sheet.merge_cells("A5:A6")
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@cache
def xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    style = xlwt.easyxf(num_format_str="00000")
    for number in range(12):
        for column, value in enumerate((f"k{number}", 1067 + number, dt.date(2026, 11, 23), xlwt.Formula("1+1"))):
            sheet.write(number, column, value, style)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@cache
def ods() -> bytes:
    row = (
        '<table:table-row table:number-rows-repeated="3">'
        '<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="7"><text:p>007</text:p></table:table-cell>'
        "</table:table-row>"
    )
    content = io.BytesIO()
    write_ods(content, row)
    return content.getvalue()


@cache
def xlsb() -> bytes:
    content = io.BytesIO()
    write_xlsb(content, [["Key", "Value"], ["k", 1.5], ["l", 123], ["m", b"\x17"]], hidden=3)
    return content.getvalue()


pieces = st.sampled_from(
    (
        b"A0",
        b"XFD1048576",
        b"-1",
        b"1e999",
        b"nan",
        b"&#0;",
        b"<!-- -->",
        b"<![CDATA[x]]>",
        b"</",
        b"<row r='3'>",
        b"\xff\xfe",
    )
)
changes = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=0, max_size=4) | pieces), min_size=1, max_size=6
)
"""(where, in parts of the whole, and what is written there)."""


def changed(content: bytes, where: list[tuple[float, bytes]]) -> bytes:
    for place, new in where:
        at = int(place * len(content))
        content = content[:at] + (new + content[at + len(new) :] if new else content[at + 1 :])
    return content


def repacked(content: bytes, part: int, where: list[tuple[float, bytes]]) -> bytes:
    """Change one part of a zip archive, so that the archive itself stays sound."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        names = [name for name in old.namelist() if "docProps" not in name and "theme" not in name]
        for i, name in enumerate(names):
            new.writestr(name, changed(old.read(name), where) if i == part % len(names) else old.read(name))
    return result.getvalue()


files = st.one_of(
    *(st.builds(changed, st.builds(make), changes) for make in (xlsx, xls, ods, xlsb)),
    *(st.builds(repacked, st.builds(make), st.integers(0, 20), changes) for make in (xlsx, ods, xlsb)),
    st.binary(max_size=200).map(lambda rest: b"PK\x03\x04" + rest),
    st.binary(max_size=200).map(lambda rest: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + rest),
)


def read_or_refuse(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    began = time.monotonic()
    try:
        for table in excel_tables(path, SourceSettings(max_file_mb=50)):
            for chunk in table.chunks():
                assert chunk.frame.map(lambda cell: isinstance(cell, str)).all(axis=None)
    except InputError as error:
        assert str(path) in str(error)
    assert time.monotonic() - began < 10


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files)
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    """Never a traceback, never a hang, never a word of a library on standard error."""
    read_or_refuse(tmp_path / "damaged.xlsx", content)

    assert not capfd.readouterr().err


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files)
def test_many_damaged_files_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """The same at length."""
    read_or_refuse(tmp_path / "damaged.xlsx", content)
