"""``--mark``: the imported workbook, with colour and notes on the faulty cells, and nothing else changed."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.dom import minidom

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from dialler_sync.config.source import SourceSettings
from dialler_sync.read import open_table
from dialler_sync.report.marked_book import write_marked
from dialler_sync.report.xml_edit import Document, Unedited

from ...helpers.libreoffice import needs_libreoffice, opened_and_saved

RED = "FFFFC7CE"


def by_openpyxl(path: Path) -> None:
    """Formulas, a chart, styles, a note, a second sheet, and a column of text."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.title = "List"
    for row in (["Key", "Name", "Phone", "Sum"], ["K2", "Anna", "12", "=1+2"], ["K3", None, "0171", "=D2*2"]):
        sheet.append(row)
    sheet["C2"].comment = Comment("Call in the morning", "Her")
    sheet["A2"].fill, sheet["A2"].font = PatternFill("solid", fgColor="FFFF00"), Font(bold=True)
    sheet["C3"].number_format = "@"
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=4, min_row=1, max_row=3))
    sheet.add_chart(chart, "G2")
    book.create_sheet("Other")["A1"] = "=List!D2"
    book.save(path)


def by_xlsxwriter(path: Path) -> None:
    """A table that does not begin in A1, rules, a button, pictures in the header, and an existing note."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("List")
    sheet.set_column("D:D", 20, book.add_format({"num_format": "@"}))
    sheet.add_table(3, 2, 5, 5, {"columns": [{"header": name} for name in ("Key", "Name", "Phone", "Sum")]})
    for at, row in enumerate((["K2", "Anna", "12", "=1+2"], ["K3", "", "0171", "=D2*2"]), 4):
        sheet.write_row(at, 2, row)
    sheet.conditional_format("C5:E7", {"type": "duplicate", "format": book.add_format({"bold": True})})
    sheet.data_validation("D5", {"validate": "list", "source": ["a", "b"]})
    sheet.insert_button("H2", {"caption": "Go"})
    sheet.set_footer("&CPage &P")
    sheet.write_comment("J9", "existing")
    book.close()


MAKERS: Mapping[str, tuple[Callable[[Path], None], int, int]] = {
    "openpyxl": (by_openpyxl, 2, 1),
    "xlsxwriter": (by_xlsxwriter, 5, 3),
}
"""The program that writes the workbook, and the first row and column of its data."""


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int, int]:
    maker, row, column = MAKERS[request.param]
    maker(tmp_path / "list.xlsx")
    return tmp_path / "list.xlsx", row, column


def marked(path: Path, notes: dict[tuple[int, int], str], sheet: str = "List") -> Path:
    target = path.with_name("list-marked.xlsx")
    write_marked(path, target, {sheet: notes})
    return target


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def cells(path: Path) -> list[list[str]]:
    table = open_table(path, SourceSettings(sheet="List"))
    return [list(row) for chunk in table.chunks() for row in chunk.frame.itertuples(index=False)]


def edited(path: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """Change one part of a workbook."""
    all_parts = parts(path)
    all_parts[part] = change(all_parts[part])
    with zipfile.ZipFile(path, "w") as package:
        for name, data in all_parts.items():
            package.writestr(name, data)


def test_faulty_cells_are_coloured_and_say_what_is_wrong(made: tuple[Path, int, int]) -> None:
    """A filled cell, an empty one, and one with a note, which stays."""
    path, row, column = made
    wrong = {(row, column + 2): "Too short.\nComplete it.", (row + 1, column + 1): "No <name> & no name."}

    sheet = openpyxl.load_workbook(marked(path, wrong))["List"]

    told = {(cell.row, cell.column): cell.comment.text for line in sheet for cell in line if cell.comment}
    coloured = {(c.row, c.column) for line in sheet for c in line if c.fill.fgColor.rgb == RED}
    assert coloured == wrong.keys()
    assert told[row + 1, column + 1] == "No <name> & no name."
    assert told[row, column + 2].endswith("Too short.\nComplete it.")
    others = {cell: text for cell, text in told.items() if cell not in wrong}
    assert others == ({} if row == 2 else {(9, 10): "existing"})
    assert row != 2 or told[row, column + 2].startswith("Call in the morning\n\ndialler-sync: ")


def test_all_else_is_byte_for_byte_what_it_was(made: tuple[Path, int, int]) -> None:
    path, row, column = made
    before = parts(path)

    after = parts(marked(path, {(row, column + 2): "Wrong."}))

    changed = {name for name in before if before[name] != after[name]}
    assert [*before] == [name for name in after if name in before]
    assert all(re.search(r"styles\.xml|sheet1\.xml|comment|vmlDrawing|Content_Types", name) for name in changed)
    for name in changed | (after.keys() - before.keys()):
        minidom.parseString(after[name])


def test_the_sheet_differs_in_the_marked_cells_alone(made: tuple[Path, int, int]) -> None:
    path, row, column = made
    before = parts(path)["xl/worksheets/sheet1.xml"]

    target = marked(path, {(row, column + 2): "Wrong."})

    after = parts(target)["xl/worksheets/sheet1.xml"]
    first = next(n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    last = next(n for n, (old, new) in enumerate(zip(before[::-1], after[::-1], strict=False)) if old != new)
    assert len(after) - first - last <= len(' s="12"')
    assert cells(target) == cells(path)


def test_a_cell_keeps_its_own_format_and_a_new_one_has_that_of_its_column(made: tuple[Path, int, int]) -> None:
    """Otherwise a number typed into the cell would lose its zeros."""
    path, row, column = made
    wrong = {(row, column): "x", (row + 1, column + 2): "x", (row + 1, column + 1): "x"}
    before = openpyxl.load_workbook(path)["List"]

    sheet = openpyxl.load_workbook(marked(path, wrong))["List"]

    for cell in [*wrong][:2]:
        assert repr(sheet.cell(*cell).font) == repr(before.cell(*cell).font)
        assert sheet.cell(*cell).number_format == before.cell(*cell).number_format
    assert row == 2 or sheet.cell(row + 1, column + 1).number_format == "@"


def test_notes_of_two_sheets_have_drawings_of_their_own(tmp_path: Path) -> None:
    """Excel calls a workbook damaged if two shapes have one number."""
    path = tmp_path / "list.xlsx"
    by_openpyxl(path)

    write_marked(path, tmp_path / "m.xlsx", {"List": {(2, 1): "a", (3, 1): "b"}, "Other": {(1, 1): "c"}})

    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    note = book["Other"]["A1"].comment
    assert note
    assert note.text == "c"
    drawings = [data for name, data in parts(tmp_path / "m.xlsx").items() if name.endswith(".vml")]
    shapes = [shape for drawing in drawings for shape in re.findall(rb'id="(_x0000_s\d+)"', drawing)]
    assert len(shapes) == len(set(shapes)) == 4
    blocks = [block for drawing in drawings for block in re.findall(rb'idmap[^>]*data="([\d,]+)"', drawing)]
    assert sorted(b",".join(blocks).split(b",")) == [b"1", b"2", b"3"]


SHEET = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- by hand --><x:worksheet xmlns:x="{}"><x:sheetData>'
    '<x:row><x:c t="inlineStr"><x:is><x:t>Key</x:t></x:is></x:c></x:row><x:row/>'
    "<x:row spans='1:3' ><x:c><x:v>7</x:v></x:c><x:c   s='0'><!-- c --><x:v>8</x:v></x:c></x:row>"
    "</x:sheetData><x:extLst/></x:worksheet>"
).format("http://schemas.openxmlformats.org/spreadsheetml/2006/main")


def test_prefixes_and_cells_without_a_number_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    openpyxl.Workbook().save(path)
    edited(path, "xl/worksheets/sheet1.xml", lambda _: SHEET.encode())

    target = marked(path, {(2, 2): "a", (3, 2): "b", (3, 4): "c"}, "Sheet")

    sheet = openpyxl.load_workbook(target)["Sheet"]
    assert sheet["D3"].fill.fgColor.rgb == sheet["B2"].fill.fgColor.rgb == RED
    xml = parts(target)["xl/worksheets/sheet1.xml"].decode()
    assert '<x:row><x:c r="B2" s="1"/></x:row>' in xml
    assert '<x:c   s="1"><!-- c --><x:v>8</x:v></x:c><x:c r="D3" s="1"/></x:row>' in xml
    assert re.search(r'<x:legacyDrawing [^>]*r:id="rId2"/><x:extLst/></x:worksheet>\Z', xml)


@pytest.mark.parametrize(
    ("part", "change", "why"),
    [
        ("xl/worksheets/sheet1.xml", lambda xml: xml.decode().encode("utf-16"), "is not XML in UTF-8"),
        ("xl/worksheets/sheet1.xml", lambda xml: xml[:-20], "is not well-formed"),
        ("xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'r="2"', b'r="20"'), "lacks row 2"),
        (
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(b'r="C2"', b'r="C2" s="99"'),
            "has a cell with a style that does not exist",
        ),
        ("xl/worksheets/sheet1.xml", lambda xml: b"<!DOCTYPE x>" + xml, "declares a document type"),
        ("xl/styles.xml", lambda _: b"<styleSheet/>", "lacks the styles of its cells"),
        ("xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"/styles", b"/other"), "lacks its styles"),
        (
            "_rels/.rels",
            lambda xml: xml.replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006", b"http://purl.oclc.org/x"
            ),
            "is a strict Open XML workbook",
        ),
    ],
)
def test_what_cannot_be_marked_without_loss_is_refused(
    part: str, change: Callable[[bytes], bytes], why: str, tmp_path: Path
) -> None:
    path = tmp_path / "list.xlsx"
    by_openpyxl(path)
    edited(path, part, change)

    with pytest.raises(Unedited, match=why):
        marked(path, {(2, 3): "Wrong."})

    assert [file.name for file in tmp_path.iterdir()] == ["list.xlsx"]


def test_a_part_of_too_many_elements_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few KB unpack to millions."""
    monkeypatch.setattr("dialler_sync.report.xml_edit._MOST_ELEMENTS", 5)
    path = tmp_path / "list.xlsx"
    by_openpyxl(path)

    with pytest.raises(Unedited, match="it has too many elements"):
        marked(path, {(2, 3): "Wrong."})


def test_a_signed_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    by_openpyxl(path)
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("_xmlsignatures/sig1.xml", "<Signature/>")

    with pytest.raises(Unedited, match="signature would be lost"):
        marked(path, {(2, 3): "Wrong."})


def test_a_note_that_stands_for_a_thread_stays_as_it_is(tmp_path: Path) -> None:
    """The thread itself is kept in another part, and Excel shows that one."""
    path = tmp_path / "list.xlsx"
    by_openpyxl(path)
    thread = b'<Relationship Id="rId9" Type="http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"'
    rels = "xl/worksheets/_rels/sheet1.xml.rels"
    edited(path, rels, lambda xml: xml.replace(b"</Rel", thread + b' Target="/xl/threadedComments/t.xml"/></Rel'))

    sheet = openpyxl.load_workbook(marked(path, {(2, 3): "Wrong.", (3, 2): "Empty."}))["List"]

    assert (sheet["C2"].comment.text, sheet["B3"].comment.text) == ("Call in the morning", "Empty.")
    assert sheet["C2"].fill.fgColor.rgb == RED


def test_of_merged_cells_the_first_is_marked(tmp_path: Path) -> None:
    """The others are not shown."""
    path = tmp_path / "list.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Key", "Name", "Phone"])
    sheet.append(["K2", "12", None])
    sheet.append(["K3"])
    sheet.merge_cells("B2:C3")
    book.save(path)

    target = marked(path, {(2, 3): "Phone?", (3, 2): "Name?", (3, 1): "Key?"}, "Sheet")

    sheet = openpyxl.load_workbook(target).worksheets[0]
    told = {cell.coordinate: cell.comment.text for row in sheet for cell in row if cell.comment}
    assert told == {"B2": "Phone?\n\nName?", "A3": "Key?"}


def test_names_of_parts_differ_in_case(tmp_path: Path) -> None:
    """Two parts whose names differ only in case are one, and a workbook with both is damaged."""
    path = tmp_path / "list.xlsx"
    by_openpyxl(path)
    with zipfile.ZipFile(path) as package:
        all_parts = {name.replace("_rels/sheet1", "_rels/SHEET1"): package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w") as package:
        for name, data in all_parts.items():
            package.writestr(name, data)

    after = parts(marked(path, {(2, 3): "Wrong."}))

    assert after.keys() == all_parts.keys()


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    by_openpyxl(tmp_path / "list.xlsx")

    target = marked(tmp_path / "list.xlsx", {(2, 3): "Wrong."})

    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_byte_order_mark_moves_nothing() -> None:
    document = Document(b"\xef\xbb\xbf<?xml version='1.0'?><a><b/></a>")
    (b,) = document.elements(lambda name, *_: name == "b")

    document.set(b, s=1)

    assert document.edited() == b"\xef\xbb\xbf<?xml version='1.0'?><a><b s=\"1\"/></a>"


@needs_libreoffice
def test_libreoffice_sees_the_notes_and_all_that_was_there(made: tuple[Path, int, int]) -> None:
    path, row, column = made
    target = marked(path, {(row, column + 2): "Too short.", (row + 1, column + 1): "No name."})

    saved: Any = openpyxl.load_workbook(opened_and_saved([target], "xlsx", path.parent / "saved")[0])["List"]

    assert saved.cell(row, column + 2).fill.fgColor.rgb == RED
    assert "Too short." in saved.cell(row, column + 2).comment.text
    assert "No name." in saved.cell(row + 1, column + 1).comment.text
    assert saved.cell(row, column + 3).value == "=1+2"
