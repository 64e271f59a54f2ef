"""Files that are not workbooks, are damaged or protected, or attack the reader: refused, soon and clearly."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read.excel.tables import excel_tables

from ....helpers.excel_files import NAMESPACES, read, sheet_xml, write_ods, write_xlsb, write_xlsx

pytestmark = pytest.mark.timeout(20)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER = '<row r="1"><c r="A1" t="str"><v>Key</v></c><c r="B1" t="str"><v>Value</v></c></row>'
ROW = '<row r="2"><c r="A2" t="str"><v>k</v></c><c r="B2"><v>1</v></c></row>'
MB = 1_000_000


def refusal(path: Path, **source: int) -> str:
    """Return the message of the error that reading must raise."""
    with pytest.raises(InputError) as error:
        for table in excel_tables(path, SourceSettings(**source)):
            list(table.chunks())
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert message.count(str(path)) == 1
    return message


@pytest.mark.parametrize("content", [b"", b"a;b\n1;2\n", b"<html><p>1</p></html>", b"\x89PNG\r\n\x1a\n\0\0\0"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    """Some exports carry Excel's suffix without being Excel files."""
    (tmp_path / "list.xlsx").write_bytes(content)

    assert "is not a workbook" in refusal(tmp_path / "list.xlsx")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The message says so, as for any file."""
    assert refusal(tmp_path / "no.xlsx").endswith(": cannot be read: No such file or directory.")


def test_another_zip_archive(tmp_path: Path) -> None:
    """A Word document, a folder of files, an Apple Numbers table."""
    with zipfile.ZipFile(tmp_path / "doc.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<a/>")

    assert "without a workbook" in refusal(tmp_path / "doc.xlsx")


@pytest.mark.parametrize("name", ["EncryptedPackage", "Workbook"])
def test_protected_workbooks_are_told_from_damaged_ones(tmp_path: Path, name: str) -> None:
    """Excel wraps a protected .xlsx in an OLE file."""
    (tmp_path / "p.xlsx").write_bytes(OLE + bytes(2000) + name.encode("utf-16-le") + bytes(2000))
    message = refusal(tmp_path / "p.xlsx")

    assert ("protected by a password" in message) == (name == "EncryptedPackage")
    assert ("is damaged" in message) == (name == "Workbook")


def test_a_protected_ods(tmp_path: Path) -> None:
    """Its parts are encrypted one by one, and the manifest says so."""
    path = write_ods(tmp_path / "p.ods", "", manifest="<manifest:encryption-data/>")

    assert "an .ods protected by a password" in refusal(path)
    assert "save it without one" in refusal(path)


def test_a_protected_zip_archive(tmp_path: Path) -> None:
    """Some programs protect the container."""
    path = write_xlsx(tmp_path / "p.xlsx", sheet_xml(HEADER + ROW))
    content = bytearray(path.read_bytes())
    for at in range(len(content) - 4):
        if content[at : at + 4] == b"PK\x01\x02":
            content[at + 8] |= 1
    path.write_bytes(content)

    assert "protected by a password" in refusal(path)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    middle = content.index(b"xl/worksheets/sheet1.xml") + 200
    return content[:middle] + bytes(byte ^ 255 for byte in content[middle : middle + 20]) + content[middle + 20 :]


@pytest.mark.parametrize("damage", [cut, flip])
def test_a_damaged_archive(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A download that broke off, a disk that failed."""
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>{i * i}</v></c></row>' for i in range(1, 500))
    path = write_xlsx(tmp_path / "d.xlsx", sheet_xml(rows))
    path.write_bytes(damage(path.read_bytes()))

    assert "is damaged" in refusal(path)


@pytest.mark.parametrize(
    "sheet",
    [
        sheet_xml(HEADER + ROW)[:-30],
        sheet_xml(f'{HEADER}<row r="2"><c r="A2" t="s"><v>7</v></c></row>'),
        sheet_xml(f'{HEADER}<row r="x"><c t="e"><v>#REF!</v></c></row>'),
        sheet_xml(f'{HEADER}<row r="9999999"><c r="A9999999"><v>1</v></c></row>'),
        sheet_xml(f'{HEADER}<row r="2"><c r="ZZZ2"><v>1</v></c></row>'),
        sheet_xml(f'<row r="5"><c r="A5" t="e"><v>#N/A</v></c></row>{HEADER.replace("str", "e")}'),
        sheet_xml(HEADER + ROW).encode("utf-16").decode("latin-1"),
        "not XML at all",
        "",
    ],
)
def test_a_sheet_that_is_no_sheet(tmp_path: Path, sheet: str) -> None:
    """A sheet that calamine would misread, or panic on, is an error of the file, not of the program."""
    message = refusal(write_xlsx(tmp_path / "d.xlsx", sheet))

    assert "sheet 'Data'" in message
    assert "save it anew" in message


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("content", ["<a", "\0\0"])
def test_damaged_parts(tmp_path: Path, part: str, content: str) -> None:
    """Any part may be damaged."""
    path = write_xlsx(tmp_path / "d.xlsx", sheet_xml(HEADER + ROW), parts={part: content})

    assert "is damaged" in refusal(path)


def test_a_workbook_whose_sheets_are_not_where_it_says(tmp_path: Path) -> None:
    """The relationships of the workbook lead nowhere."""
    path = write_xlsx(tmp_path / "d.xlsx", sheet_xml(HEADER), parts={"xl/_rels/workbook.xml.rels": "<Relationships/>"})

    assert "is damaged" in refusal(path)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"]
)
def test_entity_bombs(tmp_path: Path, part: str) -> None:
    """No part may declare entities: they grow without bounds when expanded."""
    path = write_xlsx(tmp_path / "bomb.xlsx", sheet_xml(HEADER + ROW))
    with zipfile.ZipFile(path) as archive:
        content = archive.read(part).decode().replace("?>", f"?>{ENTITIES}", 1)

    assert "document type" in refusal(write_xlsx(tmp_path / "bomb.xlsx", sheet_xml(""), parts={part: content}))


def test_entity_bombs_in_ods(tmp_path: Path) -> None:
    """The same in LibreOffice's format."""
    path = write_ods(tmp_path / "bomb.ods", "")
    with zipfile.ZipFile(path) as archive:
        content = archive.read("content.xml").decode().replace("?>", f"?>{ENTITIES}", 1)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", content)

    assert "document type" in refusal(path)


def test_a_zip_bomb_is_known_by_how_well_it_packs(tmp_path: Path) -> None:
    """Nothing of it is unpacked."""
    path = write_xlsx(tmp_path / "bomb.xlsx", sheet_xml(ROW + " " * 70 * MB))

    assert "zip bomb" in refusal(path)


def test_the_unpacked_size_is_limited(tmp_path: Path) -> None:
    """The configuration sets the limit, and it is checked before anything is unpacked."""
    path = write_xlsx(tmp_path / "big.xlsx", sheet_xml(HEADER + " " * 3 * MB))

    assert "source.max_file_mb" in refusal(path, max_file_mb=2)


def test_an_archive_that_lies_about_its_sizes(tmp_path: Path) -> None:
    """zipfile stops at the declared size, even if the checksum fits; calamine would unpack everything."""
    sheet = sheet_xml(HEADER + ROW + " " * 3 * MB)
    path = write_xlsx(tmp_path / "lie.xlsx", sheet)
    content = path.read_bytes()
    for honest, lie in ((len(sheet), 1000), (zlib.crc32(sheet.encode()), zlib.crc32(sheet[:1001].encode()))):
        content = content.replace(honest.to_bytes(4, "little"), lie.to_bytes(4, "little"))
    path.write_bytes(content)

    assert "longer than the archive says" in refusal(path)


def test_two_parts_of_one_name(tmp_path: Path) -> None:
    """Two readers might each read a different one."""
    path = write_xlsx(tmp_path / "two.xlsx", sheet_xml(HEADER + ROW))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("XL/worksheets/Sheet1.xml", sheet_xml(HEADER))

    assert "two parts of one name" in refusal(path)


@pytest.mark.parametrize(
    ("sheets", "said"),
    [(2, "two of its sheets are the same part"), (1_001, "has more than 1,000 sheets")],
)
def test_sheets_again_and_again(tmp_path: Path, sheets: int, said: str) -> None:
    """A few bytes declare one more sheet, and each sheet is read."""
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    numbers = range(1, sheets + 1)
    named = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    targets = ["worksheets/sheet1.xml"] * 2 if sheets == 2 else [f"{n}.xml" for n in numbers]
    parts = "".join(
        f'<Relationship Id="r{n}" Type="{related}/worksheet" Target="{target}"/>' for n, target in enumerate(targets, 1)
    )
    path = write_xlsx(
        tmp_path / "many.xlsx",
        sheet_xml(HEADER + ROW),
        parts={
            "xl/workbook.xml": f"<workbook {NAMESPACES}><sheets>{named}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": "<Relationships "
            f'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{parts}</Relationships>',
            **{f"xl/{target}": sheet_xml(HEADER) for target in targets},
        },
    )

    assert said in refusal(path)


def test_one_stray_cell_far_out(tmp_path: Path) -> None:
    """calamine would fill the rectangle up to it in memory, and crash the process."""
    far = '<row r="1048576"><c r="ALL1048576"><v>1</v></c></row>'
    message = refusal(write_xlsx(tmp_path / "far.xlsx", sheet_xml(HEADER + ROW + far)))

    assert "ALL1048576" in message
    assert "source.max_file_mb" in message


@pytest.mark.parametrize("reference", ['r="XFD1"', ""])
def test_too_many_columns(tmp_path: Path, reference: str) -> None:
    """The limit holds even if the cells have no references."""
    cells = f"<c {reference}><v>1</v></c>" if reference else "<c><v>1</v></c>" * 3000
    message = refusal(write_xlsx(tmp_path / "wide.xlsx", sheet_xml(f'<row r="1">{cells}</row>')))

    assert ("XFD" if reference else "DKJ") in message
    assert "source.max_columns" in message


@pytest.mark.parametrize(
    "before", ["", f"<!-- {'<si>' * 3} --><si/>"], ids=["plain", "a comment that looks like strings"]
)
def test_a_short_text_again_and_again(tmp_path: Path, before: str) -> None:
    """A shared string is stored once, but read at every reference."""
    long = before.count("<si/>")
    rows = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>{long}</v></c></row>' for i in range(1, 3001))
    path = write_xlsx(tmp_path / "again.xlsx", sheet_xml(rows), strings=f"{before}<si><t>{'x' * 10_000}</t></si>")

    assert "zip bomb" in refusal(path, max_file_mb=20)
    assert len(read(path, max_file_mb=60, header="none").rows) == 3000


def test_long_texts_that_few_cells_use_are_no_bomb(tmp_path: Path) -> None:
    """One long remark among many short texts."""
    rows = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>{int(i == 7)}</v></c></row>' for i in range(1, 3001))
    strings = f"<si><t>short</t></si><si><t>{'x' * 10_000}</t></si>"

    path = write_xlsx(tmp_path / "long.xlsx", sheet_xml(rows), strings=strings)
    assert len(read(path, max_file_mb=5, header="none").rows) == 3000


@pytest.mark.parametrize("shared", [True, False])
def test_a_cell_that_is_too_long(tmp_path: Path, shared: bool) -> None:
    """The message names its row."""
    text = "x" * 2000
    cell = '<c r="B2" t="s"><v>0</v></c>' if shared else f'<c r="B2" t="str"><v>{text}</v></c>'
    sheet = sheet_xml(f'{HEADER}<row r="2">{cell}</row>')
    path = write_xlsx(tmp_path / "long.xlsx", sheet, strings=f"<si><t>{text}</t></si>")

    assert "a cell of row 2 has 2,000 characters" in refusal(path, max_cell_chars=1000)


@pytest.mark.parametrize("shared", [True, False])
def test_a_giant_cell(tmp_path: Path, shared: bool) -> None:
    """It is refused while it is unpacked, before calamine holds it."""
    text = "x" * (37 * MB)
    sheet = sheet_xml(HEADER + (ROW if shared else f'<row r="2"><c r="A2" t="str"><v>{text}</v></c></row>'))
    path = write_xlsx(tmp_path / "giant.xlsx", sheet, strings=f"<si><t>{text}</t></si>" if shared else "")

    assert "source.max_cell_chars" in refusal(path, max_cell_chars=1000)


def test_long_lists_behind_the_cells_are_no_giant_cell(tmp_path: Path) -> None:
    """Conditional formats, links and drop-down lists may be long."""
    tail = "x" * (37 * MB)
    path = write_xlsx(tmp_path / "tail.xlsx", sheet_xml(HEADER + ROW, after=f"<a>{tail}</a>"))

    assert read(path, max_cell_chars=1000).rows == {2: ["k", "1"]}


def test_repeated_cells_in_ods(tmp_path: Path) -> None:
    """A few bytes can ask for a billion cells."""
    cell = (
        '<table:table-cell office:value-type="string" table:number-columns-repeated="{}"><text:p>{}</text:p>'
        "</table:table-cell>"
    )
    row = '<table:table-row table:number-rows-repeated="{}">{}</table:table-row>'

    wide = write_ods(tmp_path / "wide.ods", row.format(1, cell.format(16_000, "x")))
    assert "source.max_columns" in refusal(wide)
    far = write_ods(tmp_path / "far.ods", row.format(1_000_000, "<table:table-cell/>" * 999 + cell.format(1, "x")))
    assert "ALL1000000" in refusal(far)
    long = write_ods(tmp_path / "long.ods", row.format(1_000_000, cell.format(1, "x" * 10_000)))
    assert "zip bomb" in refusal(long)


@pytest.mark.parametrize("count", ["0", "-1", "x", "9" * 5_000])
@pytest.mark.parametrize("what", ["rows", "columns"])
def test_what_is_repeated_less_than_once_in_ods(tmp_path: Path, what: str, count: str) -> None:
    """Its cells would be lost, or stand in the place of others."""
    cell = '<table:table-cell office:value-type="string" {}><text:p>x</text:p></table:table-cell>'
    row = "<table:table-row {}>{}</table:table-row>"
    given = f'table:number-{what}-repeated="{count}"'
    rows = row.format("", cell.format("")) + row.format(
        given if what == "rows" else "", cell.format(given if what == "columns" else "")
    )

    assert "is damaged" in refusal(write_ods(tmp_path / "r.ods", rows))


def test_texts_of_an_attribute_that_are_repeated_in_ods(tmp_path: Path) -> None:
    """They count as those that are shown."""
    cell = f'<table:table-cell office:value-type="string" office:string-value="{"x" * 10_000}"/>'
    row = f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>'

    assert "zip bomb" in refusal(write_ods(tmp_path / "long.ods", row))


def test_one_stray_cell_far_out_in_xlsb(tmp_path: Path) -> None:
    """The same in Excel's binary format."""
    path = write_xlsb(tmp_path / "wide.xlsb", [["x"] * 2001])

    assert "source.max_columns" in refusal(path)


@pytest.mark.parametrize("part", ["xl/workbook.bin", "xl/styles.bin", "xl/worksheets/sheet1.bin"])
def test_damaged_parts_of_xlsb(tmp_path: Path, part: str) -> None:
    """A part that is cut off within a record."""
    path = write_xlsb(tmp_path / "whole.xlsb", [["Key", "Value"], ["k", 1]])
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "cut.xlsb", "w") as damaged:
        for name in whole.namelist():
            content = whole.read(name)
            damaged.writestr(name, content[:-1] + b"\x9c" if name == part else content)

    assert "is damaged" in refusal(tmp_path / "cut.xlsb")


def test_relationships_to_the_outside_are_not_followed(tmp_path: Path) -> None:
    """Nothing outside the file is read."""
    related = (
        f"<Relationships {NAMESPACES}>"
        '<Relationship Id="rworksheet" Type="x/worksheet" Target="file:///etc/passwd" TargetMode="External"/>'
        "</Relationships>"
    )
    path = write_xlsx(tmp_path / "out.xlsx", sheet_xml(HEADER), parts={"xl/_rels/workbook.xml.rels": related})

    assert "is damaged" in refusal(path)


def test_a_cell_that_is_too_long_is_found_before_a_row_is_given(tmp_path: Path) -> None:
    """Its row may be far down."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    for row in [["Key", "Value"], *[[f"k{i}", "x"] for i in range(500)], ["k", "y" * 3000]]:
        sheet.append(row)
    book.save(tmp_path / "late.xlsx")

    assert "row 502" in refusal(tmp_path / "late.xlsx", max_cell_chars=1000)


def test_sectors_in_a_circle_in_xls(tmp_path: Path) -> None:
    """An .xls with a circular chain of sectors is refused, not followed for ever."""

    def entry(name: str, kind: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le")
        head = text.ljust(64, b"\0") + struct.pack("<HBBiii", len(text) + 2, kind, 1, -1, -1, 1 if kind == 5 else -1)
        return head.ljust(116, b"\0") + struct.pack("<iII", start, size, 0)

    def sector(*numbers: int) -> bytes:
        return struct.pack("<128i", *numbers, *[-1] * (128 - len(numbers)))

    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head = (
        head.ljust(44, b"\0")
        + struct.pack("<iiIIiiii", 1, 1, 0, 4096, 2, 1, -2, 0)
        + struct.pack("<109i", 0, *[-1] * 108)
    )
    folder = entry("Root Entry", 5, 3, 512) + entry("Workbook", 2, 0, 1000)
    path = tmp_path / "circle.xls"
    path.write_bytes(head + sector(-3, -2, -2, -2) + folder.ljust(512, b"\0") + sector(1, 0) + bytes(512))

    with pytest.raises(InputError, match="damaged"):
        read(path)


@pytest.mark.parametrize("number", ["-1e300", "-1e12", "-1e400", "-Infinity"])
def test_a_date_before_all_dates(tmp_path: Path, number: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The message names the cell; calamine would write a trace of its own."""
    cell = f'<row r="2"><c r="A2" s="2"><v>{number}</v></c></row>'
    path = write_xlsx(tmp_path / "d.xlsx", sheet_xml(HEADER + cell))

    assert f"row 2: the cell in column 1 is formatted as a date but holds {number}" in refusal(path)
    assert not capfd.readouterr().err


def test_a_sheet_of_an_xlsb_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The message names the sheet, and nothing else is written."""
    path = write_xlsb(tmp_path / "whole.xlsb", [["Key", "Value"], ["k", 1]])
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "cut.xlsb", "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, b"<Relationships/>" if "workbook.bin.rels" in name else whole.read(name))

    with pytest.raises(InputError, match="the sheet 'Data' is not where the workbook says"):
        read(tmp_path / "cut.xlsb")

    assert not capfd.readouterr().err
