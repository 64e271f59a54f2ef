"""Workbooks of a few KB, made to take hours or gigabytes, or to hide rows: refused, or read at the pace of others."""

from __future__ import annotations

import errno
import resource
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from dialler_sync.cli.main import cli
from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.read.excel import biff, package, xls
from dialler_sync.read.excel.beginning import beginning_of

from ..conftest import Run
from ..helpers.excel_files import (
    biff_number,
    biff_record,
    biff_text,
    compound,
    read,
    sheet_xml,
    write_biff,
    write_ods,
    write_xlsb,
    write_xlsx,
    xlsb_cell,
    xlsb_row,
)
from .limited import configuration, run_limited

pytestmark = pytest.mark.timeout(120)  # each took at least an hour, or more memory than a machine has

HEADER = '<row r="1"><c r="A1" t="str"><v>Key</v></c><c r="B1" t="str"><v>Name</v></c></row>'
ROW = '<row r="2"><c r="A2" t="str"><v>K1</v></c><c r="B2" t="str"><v>Ann</v></c></row>'
READ = {2: ["K1", "Ann"]}
DATES = "<styleSheet><cellXfs><xf numFmtId='14'/><xf numFmtId='14'/></cellXfs></styleSheet>"
MANY = 300_000


@pytest.mark.parametrize(
    "rows",
    [
        '<row hidden="1">' * MANY,
        "<row " * MANY,
        "<row hidden=" * MANY,
        '<row r="3">' + "<v " * MANY,
        '<row r="3">' + "<c " * MANY + "<v>nan",
        '<row r="3"><c ' + "a" * 1_000_000 + " <c><v>nan</v></c></row>",
        '<row r="3"><c ' + 's="1" ' * MANY,
        '<row r="3"><c r="A3" s="1">' + " " * 1_000_000 + "<v>5",
        '<row r="3"><c r="A3" t="s">' + " " * 1_000_000 + "<v>5",
        '<row r="3"><c r="A3" t="str"><v>' + 't="s" ' * MANY,
        '<row r="3"><c r="A3" t="str"><v>' + 's="1" ' * MANY,
    ],
)
def test_markup_that_does_not_end_takes_no_time(tmp_path: Path, rows: str) -> None:
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(HEADER + ROW + rows), styles=DATES)

    with pytest.raises(InputError, match="is damaged"):
        read(path)


def test_hidden_rows_are_counted_each_by_itself(tmp_path: Path) -> None:
    empty = "".join(f'<row r="{row}" hidden="1"/>' for row in range(3, 6))
    hidden = '<row r="7" hidden="true"><c r="A7" t="str"><v>K2</v></c><c r="B7" t="str"><v>Bob</v></c></row>'
    seen = read(write_xlsx(tmp_path / "list.xlsx", sheet_xml(HEADER + ROW + empty + hidden)))

    assert seen.rows == {**READ, 7: ["K2", "Bob"]}
    assert any("1 row is hidden" in remark for remark in seen.layout.remarks)


def test_merged_cells_behind_a_large_sheet_that_do_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialler_sync.read.excel.slices.LARGE", 0)
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(HEADER + ROW, after="<mergeCells " * MANY))

    assert read(path).rows == READ


def test_the_beginning_of_a_workbook_with_cells_that_do_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialler_sync.read.excel.slices.LARGE", 0)
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(HEADER + ROW + '<row r="3">' + '<c t="s">' * MANY))

    assert beginning_of(path, SourceSettings())


def test_a_long_text_that_many_cells_name_takes_no_memory(tmp_path: Path) -> None:
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(3, 203))
    path = write_xlsx(
        tmp_path / "list.xlsx", sheet_xml(HEADER + ROW + cells), strings=f"<si><t>{'x' * 900_000}</t></si>"
    )

    with pytest.raises(InputError, match="repeats texts to more than 64 MB"):
        read(path)


@pytest.mark.parametrize("count", [50_000, 200_000])
def test_many_cell_styles(tmp_path: Path, count: int) -> None:
    cells = "".join(f'<row r="{row}"><c r="A{row}" s="9"><v>{row}</v></c></row>' for row in range(3, 20_000))
    used = "<xf numFmtId='14'/>" * count
    styles = f"<styleSheet><cellXfs>{used}</cellXfs></styleSheet>"
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(HEADER + ROW + cells), styles=styles)

    if count > 100_000:
        with pytest.raises(InputError, match="more than 100,000 cell styles"):
            read(path)
    else:
        assert len(read(path).rows) == 19_998


def test_number_formats_without_end(tmp_path: Path) -> None:
    code = "0" * 990
    formats = "".join(f"<numFmt numFmtId='{200 + n}' formatCode='{code}'/>" for n in range(20_000))
    styles = f"<styleSheet><numFmts>{formats}</numFmts></styleSheet>"

    with pytest.raises(InputError, match="number formats have more than 500,000 signs"):
        read(write_xlsx(tmp_path / "list.xlsx", sheet_xml(HEADER + ROW), styles=styles))


def test_a_record_that_is_longer_than_its_part_hides_no_rows(tmp_path: Path) -> None:
    """What followed it was taken for its content, and left out without a word."""
    path = write_xlsb(tmp_path / "list.xlsb", [["Key", "Name"], ["K1", "Ann"]], more=b"\0\x7f")

    assert read(write_xlsb(tmp_path / "sound.xlsb", [["Key", "Name"], ["K1", "Ann"]])).rows == READ
    with pytest.raises(InputError, match="longer than what is left"):
        read(path)


def records(folder: Path, cells: bytes = b"", before: bytes = b"") -> Path:
    head = b"".join(biff_text(0, column, text) for column, text in enumerate((b"Key", b"Name")))
    return write_biff(
        folder / "list.xls", head + biff_text(1, 0, b"K1") + biff_text(1, 1, b"Ann") + cells, before=before
    )


def test_an_xls_sheet_that_is_listed_many_times_is_read_once(tmp_path: Path) -> None:
    """xlrd read it again for each time: 1 MB of names and 1 MB of cells took weeks."""
    listed = biff_record(0x85, struct.pack("<IBB", 10, 0, 0) + b"\1a")

    with pytest.raises(InputError, match="two of its sheets"):
        read(records(tmp_path, before=listed * 2))


def test_an_xls_sheet_that_lies_where_none_begins(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the sheet is not where the workbook says"):
        read(records(tmp_path, before=biff_record(0x85, struct.pack("<IBB", 10, 0, 0) + b"\1a")))


def test_cells_right_of_any_xls_sheet_take_no_memory(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = records(tmp_path, b"".join(biff_number(row, 65_535, 1) for row in range(2, 60_000)))

    with pytest.raises(InputError, match=r"has a cell in row 3, column 65,536"):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


def test_an_xls_that_is_larger_than_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xls, "_MOST_MB", 1)
    path = records(tmp_path)
    with path.open("ab") as file:
        file.truncate(2_000_001)

    with pytest.raises(InputError, match=r"has 2 MB, and an \.xls of more than 1 MB is not read"):
        read(path)


def test_too_many_open_files_are_told(
    monkeypatch: pytest.MonkeyPatch, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(**_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(cli, "main", fails)
    done = run("runs", "list")

    assert (done.code, caplog.text.count("too many files are open")) == (2, 1)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "the memory is used up"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "the memory is used up"),
        (ImportError("x.so: failed to map segment from shared object"), "the memory is used up"),
        (RuntimeError("can't start new thread"), "no more threads can be started"),
    ],
)
@pytest.mark.parametrize("within", [False, True])
def test_too_little_memory_is_told(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    said: str,
    within: bool,
) -> None:
    def fails_within(**_: object) -> None:
        raise ValueError("it made the clean-up fail") from error

    def fails_so(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", fails_within if within else fails_so)
    done = run("runs", "list")

    assert (done.code, caplog.text.count(said)) == (2, 1)


def test_a_damaged_xls_is_not_called_so_if_the_memory_is_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(xls, "survey_biff", fails)

    with pytest.raises(MemoryError):
        read(records(tmp_path))


SPREADSHEET = (
    '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
)


def xml_2003(folder: Path, rows: str, styles: str = "") -> Path:
    path = folder / "list.xls"
    named = "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in ("Key", "Name"))
    table = f'<Worksheet ss:Name="a"><Table><Row>{named}</Row>{rows}</Table></Worksheet>'
    path.write_text(f"{SPREADSHEET}<Styles>{styles}</Styles>{table}</Workbook>", encoding="utf-8")
    return path


@pytest.mark.parametrize("number", ["\N{ARABIC-INDIC DIGIT THREE}", "9" * 5_000, "abc", "1_0", ""])
@pytest.mark.parametrize("attribute", ["ss:Index", "ss:MergeAcross"])
def test_a_place_that_is_no_number(tmp_path: Path, attribute: str, number: str) -> None:
    """``int`` reads the digits of all scripts, which no other reader does, and has words of its own for long ones."""
    row = f'<Row><Cell {attribute}="{number}"><Data ss:Type="String">K</Data></Cell></Row>'

    with pytest.raises(InputError, match="is no whole number") as told:
        read(xml_2003(tmp_path, row))
    assert len(str(told.value)) < 300


def test_number_formats_of_xml_2003_without_end(tmp_path: Path) -> None:
    code = "0" * 980
    styles = "".join(
        f'<Style ss:ID="s{n}"><NumberFormat ss:Format="{code}{n:05}"/></Style>' for n in range(5_000, 25_000)
    )

    with pytest.raises(InputError, match="number formats have more than 500,000 signs"):
        read(xml_2003(tmp_path, "", styles))


def test_a_number_format_of_many_styles_is_parsed_once(tmp_path: Path) -> None:
    """A program may give each cell a style of its own."""
    styles = "".join(f'<Style ss:ID="s{n}"><NumberFormat ss:Format="0000000000"/></Style>' for n in range(60_000))
    cells = '<Cell ss:StyleID="s59999"><Data ss:Type="Number">7</Data></Cell>'

    assert read(xml_2003(tmp_path, f"<Row>{cells}</Row>", styles)).rows == {2: ["0000000007", ""]}


def test_number_formats_of_xls_without_end(tmp_path: Path) -> None:
    def code(number: int) -> bytes:
        text = b"0" * 245 + b"%05d" % number
        shown = biff_record(0x41E, struct.pack("<HB", 164 + number, len(text)) + text)
        return shown + biff_record(0xE0, struct.pack("<HH", 0, 164 + number).ljust(16, b"\0"))

    with pytest.raises(InputError, match="number formats have more than 500,000 signs"):
        read(records(tmp_path, before=b"".join(map(code, range(5_000)))))


def test_many_parts_that_are_each_below_the_size_of_a_bomb(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(HEADER + ROW))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for part in range(4):
            archive.writestr(f"xl/worksheets/more{part}.xml", b" " * 40_000_000)

    with pytest.raises(InputError, match="a zip bomb"):
        read(path)


def test_xls_rows_with_a_cell_far_right_take_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biff, "_MOST_CELLS", 20_000)
    far = b"".join(biff_number(row, 255, 1) for row in range(2, 100))

    with pytest.raises(InputError, match="cells far right"):
        read(records(tmp_path, far))
    assert len(read(records(tmp_path, far[: len(far) // 2])).rows) == 50


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (b"<a>" + b"<b/>" * 1_000_000 + b"</a>", "is made to do harm"),
        (b"<a/>".ljust(5_000), "cannot be opened with its password"),
        (b'<!DOCTYPE a [<!ENTITY e "<b/>">]><a>&e;&e;</a>'.ljust(5_000), "is made to do harm"),
    ],
    ids=["elements", "nothing", "entities"],
)
def test_how_a_workbook_is_encrypted(described: bytes, said: str, tmp_path: Path) -> None:
    """It is XML, which is read whole; without its password the workbook would be refused anyway."""
    config = configuration(tmp_path / "dialler-sync.yaml")
    config.write_text(f"{config.read_text()}\nsource: {{password_command: echo s3cret-of-the-workbook}}\n")
    head = struct.pack("<HHI", 4, 4, 0x40)
    (tmp_path / "list.xlsx").write_bytes(compound(EncryptionInfo=head + described, EncryptedPackage=bytes(5_000)))

    done = run_limited("validate", "list.xlsx")

    assert done.returncode == ExitCode.INPUT
    assert said in done.stderr
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<cols><col min="3" max="400000000" style="0" width="9"/></cols>', ""),
        ("", '<mergeCells count="1"><mergeCell ref="E5:F400000000"/></mergeCells>'),
    ],
    ids=["columns", "merged cells"],
)
def test_marking_believes_no_counts(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    book = openpyxl.Workbook()
    for cells in (["Key", "Name", "Phone"], ["K1", "Ann", "017"], ["K2", "Bob", "0x"]):
        book.worksheets[0].append(cells)
    book.save(path)
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    sheet = sheet.replace("<sheetData>", f"{before}<sheetData>").replace("</sheetData>", f"</sheetData>{after}")
    with zipfile.ZipFile(path, "w") as package:
        for name, content in (parts | {"xl/worksheets/sheet1.xml": sheet.encode()}).items():
            package.writestr(name, content)
    configuration(tmp_path / "dialler-sync.yaml")

    done = run_limited("validate", "--mark", path)

    assert done.returncode == ExitCode.ROWS_FAILED, done.stderr
    assert list(tmp_path.rglob("list-marked.xlsx"))


def ods_row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def ods_text(inside: str) -> str:
    return f'<table:table-cell office:value-type="string">{inside}</table:table-cell>'


ODS_HEAD = ods_row(*(ods_text(f"<text:p>{name}</text:p>") for name in ("Key", "Name")))
ODS_ROW = ods_row(*(ods_text(f"<text:p>{text}</text:p>") for text in ("K1", "Ann")))


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ('<text:s text:c="1000000"/>' * 4_000, "a cell of more than"),
        ("<text:s/>" * 800_000, "a cell of more than"),
        ("</text:p><text:p>" * 800_000, "a cell of more than"),
        (f'<text:span text:style-name="{"x" * 40_000_000}"/>', "a tag that does not end"),
        (f"<!--{'x' * 40_000_000}-->", "a tag that does not end"),
    ],
    ids=["long blanks", "blanks", "paragraphs", "an attribute", "a comment"],
)
def test_an_ods_cell_without_end_takes_no_memory(tmp_path: Path, inside: str, said: str) -> None:
    """1 KB of blanks was a cell of 4 GB."""
    path = write_ods(tmp_path / "list.ods", ODS_HEAD + ODS_ROW + ods_row(ods_text(f"<text:p>{inside}</text:p>")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(InputError, match=said):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KB


def test_numbers_that_an_ods_repeats(tmp_path: Path) -> None:
    """A few hundred bytes were 90 million cells: a gigabyte each for what is marked, and for the disk."""
    cells = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="{}"/>'

    with pytest.raises(InputError, match="repeats cells to more than 64 MB"):
        read(write_ods(tmp_path / "list.ods", ODS_HEAD + ODS_ROW + ods_row(cells.format(90), repeated=1_000_000)))
    found = read(write_ods(tmp_path / "filled.ods", ODS_HEAD + ods_row(cells.format(2), repeated=3_000)))
    assert len(found.rows) == 3_000


def test_an_ods_of_a_million_sheets(tmp_path: Path) -> None:
    rows = f"</table:table>{'<table:table/>' * 1_000_000}<table:table>"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(InputError, match="more than 1,000 sheets"):
        read(write_ods(tmp_path / "list.ods", rows))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


def test_an_ods_row_without_end(tmp_path: Path) -> None:
    """The cells of a row are held until it ends; 180 KB were 800 MB."""
    cells = '<table:table-cell office:value-type="a"/>' * 500_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(InputError, match="at most 2,000 columns"):
        read(write_ods(tmp_path / "list.ods", ODS_HEAD + ODS_ROW + ods_row(cells)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KB


@pytest.mark.parametrize("kind", ["xlsb", "xls", "xml"])
def test_merged_cells_without_end(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "_MOST_MERGED", 1_000)
    path = tmp_path / "list.xls"
    if kind == "xlsb":
        ranges = b"".join(b"\xb0\1\x10" + struct.pack("<4I", row, row, 0, 1) for row in range(5, 1_500))
        path = write_xlsb(tmp_path / "list.xlsb", [["Key", "Name"], ["K1", "Ann"]], more=ranges)
    elif kind == "xls":
        ranges = struct.pack("<H", 100) + b"".join(struct.pack("<4H", row, row, 0, 1) for row in range(5, 105))
        records(tmp_path, biff_record(0xE5, ranges) * 15)
    else:
        declared = (
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table>'
        )
        rows = '<Row><Cell MergeDown="1"/></Row>' * 1_500
        path.write_text(f"{declared}{rows}</Table></Worksheet></Workbook>", encoding="utf-8")

    with pytest.raises(InputError, match="more than 1,000 ranges of merged cells"):
        read(path)


def test_an_xml_2003_of_a_million_sheets(tmp_path: Path) -> None:
    path = tmp_path / "list.xls"
    declared = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
    path.write_text(f"{declared}{'<Worksheet/>' * 1_000_000}</Workbook>", encoding="utf-8")

    with pytest.raises(InputError, match="more than 1,000 sheets"):
        read(path)


def test_an_xls_of_more_sheets_than_any(tmp_path: Path) -> None:
    listed = (biff_record(0x85, struct.pack("<IBB", 10_000 + at, 0, 0) + b"\1a") for at in range(1_001))

    with pytest.raises(InputError, match="more than 1,000 sheets"):
        read(records(tmp_path, before=b"".join(listed)))


@pytest.mark.parametrize("rows", [2_000, 500])
def test_a_long_text_that_many_xls_cells_share(tmp_path: Path, rows: int) -> None:
    """3 MB became reports of 40 GB."""
    text = b"x" * 60_000
    pieces = [text[at : at + 8_000] for at in range(0, len(text), 8_000)]
    shared = biff_record(0xFC, struct.pack("<IIHB", 1, 1, len(text), 0) + pieces[0])
    shared += b"".join(biff_record(0x3C, b"\0" + piece) for piece in pieces[1:])
    cells = b"".join(biff_record(0xFD, struct.pack("<HHHI", row, 0, 0, 0)) for row in range(rows))
    path = write_biff(tmp_path / "list.xls", cells, before=shared, version=0x0600)

    if rows > 1_000:
        with pytest.raises(InputError, match="repeats texts to more than 64 MB"):
            read(path, header="none")
    else:
        assert len(read(path, header="none").rows) == rows


@pytest.mark.parametrize("rows", [3_000, 300])
def test_a_long_text_that_many_xlsb_cells_share(tmp_path: Path, rows: int) -> None:
    text = "x" * 30_000
    content = b"\0" + struct.pack("<I", len(text)) + text.encode("utf-16-le")
    size = bytes([len(content) & 127 | 128, len(content) >> 7 & 127 | 128, len(content) >> 14])
    cells = b"".join(xlsb_row(row) + xlsb_cell(7, 0, struct.pack("<I", 0)) for row in range(2, rows + 2))
    path = write_xlsb(
        tmp_path / "list.xlsb", [["Key", "Name"], ["K1", "Ann"]], more=cells, strings=b"\x13" + size + content
    )

    if rows > 1_000:
        with pytest.raises(InputError, match="repeats texts to more than 64 MB"):
            read(path)
    else:
        assert len(read(path).rows) == rows + 1


def test_an_xlsb_sheet_that_is_listed_many_times_is_read_once(tmp_path: Path) -> None:
    """Each of 1,000 bytes read a sheet of any size again."""
    path = write_xlsb(tmp_path / "once.xlsb", [["Key", "Name"], ["K1", "Ann"]])
    with zipfile.ZipFile(path) as once, zipfile.ZipFile(tmp_path / "twice.xlsb", "w") as twice:
        for name in once.namelist():
            content = once.read(name)
            if name == "xl/workbook.bin":
                at = content.index(b"\x9c\x01")  # a sheet
                content = content[: at + 3 + content[at + 2]] + content[at:]
            twice.writestr(name, content)

    with pytest.raises(InputError, match="two of its sheets are the same part"):
        read(tmp_path / "twice.xlsb")
