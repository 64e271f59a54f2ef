"""``.xls`` files as programs other than Excel write them, record by record."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import xlwt

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read import open_tables

from ....helpers.excel_files import Seen, biff_formula, biff_number, biff_record, biff_text, read, write_biff

IVANOV, PETROV = "Иванов".encode("cp1251"), "Петров".encode("cp1251")
TABLE = biff_text(0, 0, b"No") + biff_text(0, 1, b"Name") + biff_number(1, 0, 7) + biff_text(1, 1, IVANOV)
EMPTY_TEXT = b"\x03\0\0\0\0\0\xff\xff"
TEXT = b"\x00\0\0\0\0\0\xff\xff"


def code_page(number: int) -> bytes:
    return biff_record(0x42, struct.pack("<H", number))


def font(charset: int) -> bytes:
    name = b"Arial"
    return biff_record(0x31, struct.pack("<HHHHHBBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, charset, 0, len(name)) + name)


def refusal(path: Path, **source: str) -> str:
    with pytest.raises(InputError) as error:
        open_tables(path, SourceSettings(**source))
    return str(error.value)


class TestCodePages:
    """Excel 95 wrote single-byte text, and not every program named the code page."""

    def test_the_file_says_it(self, tmp_path: Path) -> None:
        """The named code page is used."""
        seen = read(write_biff(tmp_path / "x.xls", TABLE, before=code_page(1251)))

        assert seen.rows == {2: ["7", "Иванов"]}
        assert seen.layout.remarks == ()

    def test_the_fonts_say_it(self, tmp_path: Path) -> None:
        """All fonts have one character set; a remark names the code page."""
        seen = read(write_biff(tmp_path / "x.xls", TABLE, before=font(0) + font(204)))

        assert seen.rows == {2: ["7", "Иванов"]}
        assert "cp1251" in seen.layout.remarks[0]

    @pytest.mark.parametrize("before", [b"", font(0), font(204) + font(238)])
    def test_nothing_says_it(self, tmp_path: Path, before: bytes) -> None:
        """The text is not guessed: the message shows it in several readings and names the setting."""
        path = write_biff(tmp_path / "x.xls", TABLE, before=before)
        message = refusal(path)

        assert "'Èâàíîâ' (cp1252)" in message
        assert "'Иванов' (cp1251)" in message
        assert "source.encoding" in message
        assert read(path, encoding="cp1251").rows == {2: ["7", "Иванов"]}

    def test_plain_text_needs_none(self, tmp_path: Path) -> None:
        """ASCII is the same in all code pages."""
        cells = TABLE.replace(IVANOV, b"Ivanov")

        assert read(write_biff(tmp_path / "x.xls", cells)).rows == {2: ["7", "Ivanov"]}

    def test_an_encoding_that_does_not_read_the_text(self, tmp_path: Path) -> None:
        """The setting is wrong, not the file."""
        path = write_biff(tmp_path / "x.xls", TABLE.replace(IVANOV, b"\x81\x8d\x8f\x90\x9d!"))

        assert "source.encoding" in refusal(path, encoding="utf-8")


class TestFormulas:
    """A formula that was never calculated has no value, whatever is stored."""

    def read_formulas(self, tmp_path: Path, formulas: bytes, before: bytes = b"") -> Seen:
        cells = biff_text(0, 0, b"No") + biff_text(0, 1, b"Sum") + formulas
        for row in range(1, 5):
            cells += biff_text(row, 0, b"k%d" % row)
        return read(write_biff(tmp_path / "f.xls", cells, before=before))

    def test_an_empty_text_or_a_zero_in_all_of_them(self, tmp_path: Path) -> None:
        """Libraries that cannot calculate write this."""
        formulas = biff_formula(1, 1, EMPTY_TEXT) + biff_formula(2, 1, 0.0, flags=3)
        seen = self.read_formulas(tmp_path, formulas)

        assert seen.codes == {(2, 1): "formula_without_value", (3, 1): "formula_without_value"}
        assert [cells[1] for cells in seen.rows.values()] == ["", "", "", ""]

    def test_a_workbook_in_which_another_formula_has_a_result(self, tmp_path: Path) -> None:
        """The workbook was calculated, so an empty text and a zero are results."""
        formulas = biff_formula(1, 1, EMPTY_TEXT) + biff_formula(2, 1, 0.0, flags=2) + biff_formula(3, 1, 5.0, flags=2)
        seen = self.read_formulas(tmp_path, formulas)

        assert seen.codes == {}
        assert [cells[1] for cells in seen.rows.values()] == ["", "0", "5", ""]

    def test_a_workbook_that_names_the_excel_that_calculated_it(self, tmp_path: Path) -> None:
        """Then an empty text is a result; a zero that is still to be calculated is not."""
        formulas = biff_formula(1, 1, EMPTY_TEXT) + biff_formula(2, 1, 0.0) + biff_formula(3, 1, 0.0, flags=2)
        seen = self.read_formulas(tmp_path, formulas, biff_record(0x1C1, struct.pack("<HHI", 0x1C1, 0, 124519)))

        assert seen.codes == {(4, 1): "formula_without_value"}
        assert [cells[1] for cells in seen.rows.values()] == ["", "0", "", ""]

    def test_xlwt_writes_none(self, tmp_path: Path) -> None:
        """Most programs write .xls with this library."""
        book = xlwt.Workbook()
        sheet = book.add_sheet("Data")
        for row, cells in enumerate([("Key", "Sum"), ("k", xlwt.Formula("1+1")), ("l", 5)]):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
        book.save(str(tmp_path / "w.xls"))

        assert read(tmp_path / "w.xls").codes == {(2, 1): "formula_without_value"}


@pytest.mark.parametrize("again", [biff_text(1, 1, PETROV), biff_number(1, 1, 5), biff_formula(1, 1, 5.0)])
def test_a_cell_that_is_given_twice(tmp_path: Path, again: bytes) -> None:
    """One of two rows with the same number would be lost in silence."""
    path = write_biff(tmp_path / "t.xls", TABLE + again, before=code_page(1251))

    assert "has the cell B2 twice" in refusal(path)


def test_records_that_a_table_does_not_need_do_no_harm(tmp_path: Path) -> None:
    """Comments, names and runs of rich text for which xlrd would reject the whole file."""
    rich = biff_text(2, 1, PETROV, kind=0xD6)
    cells = TABLE + biff_number(2, 0, 8) + rich + biff_record(0x1C, b"\xff" * 9)
    path = write_biff(tmp_path / "r.xls", cells, before=code_page(1251) + biff_record(0x18, b"\xff" * 30))

    assert read(path).rows == {2: ["7", "Иванов"], 3: ["8", "Петров"]}


@pytest.mark.parametrize("told", [0, 1, 3, 4, 60_000, 4_000_000_000])
@pytest.mark.parametrize(("cut", "flags"), [(None, b""), (5, b"\0"), (7, b""), (16, b"\1"), (24, b"")])
def test_a_wrong_count_of_shared_strings(tmp_path: Path, told: int, cut: int | None, flags: bytes) -> None:
    """The strings that exist count; their table may continue in another record, even within a text."""
    strings = (
        struct.pack("<HB", 4, 0) + b"Name" + struct.pack("<HBH", 6, 9, 1) + "Иванов".encode("utf-16-le") + bytes(4)
    )
    strings += struct.pack("<HBI", 2, 4, 3) + b"No" + bytes(3)
    table = biff_record(0xFC, struct.pack("<II", 9, told) + strings[:cut])
    if cut:
        table += biff_record(0x3C, flags + strings[cut:])
    places = ((0, 0, 0, 2), (0, 1, 0, 0), (1, 1, 0, 1))
    cells = b"".join(biff_record(0xFD, struct.pack("<HHHI", *place)) for place in places)
    seen = read(write_biff(tmp_path / "s.xls", cells + biff_number(1, 0, 7), before=table, version=0x0600))

    assert seen.layout.columns == ("No", "Name")
    assert seen.rows == {2: ["7", "Иванов"]}


@pytest.mark.parametrize(
    ("head", "version"),
    [(b"\x09\0\x04\0\x02\0\x10\0", "2"), (b"\x09\x02\x06\0", "3"), (b"\x09\x04\x06\0\0\0\x10\0", "4")],
)
def test_workbooks_that_are_too_old(tmp_path: Path, head: bytes, version: str) -> None:
    """The message says which Excel wrote them, and what to do."""
    (tmp_path / "old.xls").write_bytes(head + bytes(60))
    message = refusal(tmp_path / "old.xls")

    assert f"in the format of Excel {version}" in message
    assert "save it as .xlsx" in message
