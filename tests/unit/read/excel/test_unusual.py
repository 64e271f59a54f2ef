"""Sound ``.xlsx`` files in forms that Excel does not write, but every XML parser reads."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.model import CellNote
from dialler_sync.read.excel.tables import excel_tables

from ....helpers.excel_files import STYLES, read, sheet_xml, write_xlsx

HEADER = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="str"><v>Day</v></c></row>'
ROW = '<row r="2"><c r="A2" t="inlineStr"><is><t>Müller</t></is></c><c r="B2" s="2"><v>46349</v></c></row>'
STRINGS = "<si><t>Größe</t></si>"
Parts = dict[str, str | bytes]


def parts_of(path: Path) -> Parts:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def text(parts: Parts, name: str) -> str:
    part = parts[name]
    assert isinstance(part, str)
    return part


def in_encoding(parts: Parts, encoding: str) -> Parts:
    return {
        name: text(parts, name).replace("UTF-8", encoding).encode(encoding, "xmlcharrefreplace")
        for name in parts
        if not name.startswith("[")
    }


def prefixed(parts: Parts, name: str) -> Parts:
    content = text(parts, name).replace("<", "<p:").replace("<p:/", "</p:").replace("<p:?", "<?")
    return {name: content.replace(" xmlns=", " xmlns:p=")}


def moved(parts: Parts) -> Parts:
    """Move all parts to other names, with targets in every notation."""
    related, workbook = text(parts, "_rels/.rels"), text(parts, "xl/_rels/workbook.xml.rels")
    return {
        "_rels/.rels": related.replace("xl/workbook.xml", "/book/My%20Book.xml"),
        "book/_rels/My Book.xml.rels": workbook.replace("worksheets/sheet1.xml", r".\Sheets\First.XML")
        .replace("styles.xml", "/book/Looks.xml")
        .replace("/xl/sharedStrings.xml", "../strings.xml"),
        "book/My Book.xml": text(parts, "xl/workbook.xml"),
        "book/sheets/first.xml": text(parts, "xl/worksheets/sheet1.xml"),
        "book/looks.xml": text(parts, "xl/styles.xml"),
        "strings.xml": text(parts, "xl/sharedStrings.xml"),
        "xl/sharedStrings.xml": "<none/>",
    }


def one_moved(parts: Parts, name: str, related: str = "xl/_rels/workbook.xml.rels", **decoy: str) -> Parts:
    """Move one part to another name, and put a part that nothing refers to in its place."""
    other = name.replace(".xml", "-2.xml")
    content = text(parts, name)
    for sound, wrong in decoy.items():
        content = content.replace(sound, wrong)
    return {
        other: text(parts, name),
        name: content,
        related: text(parts, related).replace(name.rpartition("/")[2], other.rpartition("/")[2]),
    }


def with_another_workbook(parts: Parts) -> Parts:
    """Add a workbook part of the usual name that refers to another sheet."""
    related, sheet = text(parts, "xl/_rels/workbook.xml.rels"), text(parts, "xl/worksheets/sheet1.xml")
    return {
        **one_moved(parts, "xl/workbook.xml", "_rels/.rels"),
        "xl/_rels/workbook-2.xml.rels": related,
        "xl/_rels/workbook.xml.rels": related.replace("sheet1", "sheet2"),
        "xl/worksheets/sheet2.xml": sheet.replace("Müller", "Wrong"),
    }


def with_macro_sheet(parts: Parts) -> Parts:
    return {
        "xl/workbook.xml": text(parts, "xl/workbook.xml").replace(
            "<sheets>", '<sheets><sheet name="Macro" sheetId="7" r:id="r7" state="veryHidden"/>'
        ),
        "xl/_rels/workbook.xml.rels": text(parts, "xl/_rels/workbook.xml.rels").replace(
            "<Relationship ",
            '<Relationship Id="r7" Type="http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet" '
            'Target="macrosheets/sheet1.xml"/><Relationship ',
            1,
        ),
        "xl/macrosheets/sheet1.xml": "<macrosheet/>",
    }


UNUSUAL: dict[str, Callable[[Parts], Parts]] = {
    "UTF-16": lambda parts: in_encoding(parts, "UTF-16"),
    "ISO-8859-1": lambda parts: in_encoding(parts, "ISO-8859-1"),
    "only the strings in UTF-16": lambda parts: {
        "xl/sharedStrings.xml": in_encoding(parts, "UTF-16")["xl/sharedStrings.xml"]
    },
    "only the styles in UTF-16": lambda parts: {"xl/styles.xml": in_encoding(parts, "UTF-16")["xl/styles.xml"]},
    "prefixed relationships": lambda parts: prefixed(parts, "_rels/.rels"),
    "prefixed relationships of the workbook": lambda parts: prefixed(parts, "xl/_rels/workbook.xml.rels"),
    "prefixed workbook": lambda parts: prefixed(parts, "xl/workbook.xml"),
    "prefixed strings": lambda parts: prefixed(parts, "xl/sharedStrings.xml"),
    "prefixed styles": lambda parts: prefixed(parts, "xl/styles.xml"),
    "other names": moved,
    "another name of the strings": lambda parts: one_moved(parts, "xl/sharedStrings.xml", Größe="Wrong"),
    "another name of the styles": lambda parts: one_moved(parts, "xl/styles.xml", cellXfs="none"),
    "another name of the workbook": with_another_workbook,
    "macro sheet": with_macro_sheet,
    "no relationships of the package": lambda _: {"_rels/.rels": ""},
    "no content types": lambda _: {"[Content_Types].xml": ""},
}


@pytest.mark.parametrize("change", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_forms_mean_the_same(tmp_path: Path, change: Callable[[Parts], Parts]) -> None:
    """Text, shared text and a date: each depends on another part."""
    parts = parts_of(write_xlsx(tmp_path / "usual.xlsx", sheet_xml(HEADER + ROW), strings=STRINGS))
    changed = change(parts)
    path = write_xlsx(tmp_path / "unusual.xlsx", sheet_xml(HEADER + ROW), strings=STRINGS, parts=changed)
    seen = read(path)

    assert seen.layout.columns == ("Größe", "Day")
    assert seen.rows == {2: ["Müller", "2026-11-23"]}


def test_parts_in_capitals(tmp_path: Path) -> None:
    """Names of parts are compared without regard to case."""
    parts = parts_of(write_xlsx(tmp_path / "usual.xlsx", sheet_xml(HEADER + ROW), strings=STRINGS))
    with zipfile.ZipFile(tmp_path / "capitals.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.upper().replace("/", "\\"), content)

    assert read(tmp_path / "capitals.xlsx").rows == {2: ["Müller", "2026-11-23"]}


@pytest.mark.parametrize(
    "extent",
    [
        *("A0:AZ48943", "", "A1:", "0", "A1:A9999999", "A1:XFD1048577", "B7:A1", "$A$1:$B$2", "Sheet1!A1"),
        *("A1", "D9:F12", "A1:A99999999999", "A1:ZZZZ3"),
    ],
)
def test_what_a_sheet_claims_of_its_extent_does_not_count(tmp_path: Path, extent: str) -> None:
    """The cells, not the declared dimension, tell how far a sheet reaches."""
    sheet = sheet_xml(HEADER + ROW, before=f'<dimension ref="{extent}"/>')

    assert read(write_xlsx(tmp_path / "d.xlsx", sheet, strings=STRINGS)).rows == {2: ["Müller", "2026-11-23"]}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('t="inlineStr"><is><r><t>Anna</t></r><r><t> Schmidt</t></r></is>', "Anna Schmidt"),
        ('t="inlineStr"><is><r><rPr><b/></rPr><t>Anna </t></r><r><t>Schmidt</t></r></is>', "Anna Schmidt"),
        ('t="inlineStr"><is><r><t>Anna</t></r><r><t> </t></r><r><t>Schmidt</t></r></is>', "Anna Schmidt"),
        ('t="s"><v>1</v>', "Anna Schmidt"),
        ('t="str"><v>is <![CDATA[<kept>]]></v>', "is <kept>"),
        ('t="inlineStr"><is><t>is <![CDATA[<kept>]]></t></is>', "is <kept>"),
        ("><v>1<!-- not cut -->2</v>", "12"),
        ('t="inlineStr"><is><t xml:space="preserve"> a<!-- --> b </t></is>', " a b "),
        ('t="inlineStr"><is><t> a<!-- --> b </t></is>', "a b"),
    ],
)
def test_values_that_calamine_would_tear(tmp_path: Path, value: str, shown: str) -> None:
    """It trims each run of a rich text, and ends a number at a comment and the result of a formula at CDATA."""
    strings = STRINGS + ("<si><r><t>Anna</t></r><r><rPr/><t> Schmidt</t></r></si>" if 't="s"' in value else "")
    sheet = sheet_xml(f'{HEADER}<row r="2"><c r="A2" {value}</c><c r="B2" t="e"><v>#N/A</v></c></row>')
    seen = read(write_xlsx(tmp_path / "torn.xlsx", sheet, strings=strings))

    assert seen.rows == {2: [shown, "#N/A"]}
    assert seen.notes == {(2, 1): CellNote("error_cell")}


def test_the_copy_keeps_what_a_workbook_says(tmp_path: Path) -> None:
    """Days from 1904, hidden sheets, number formats, formulas to be calculated."""
    cells = '<c r="A2" s="1"><v>123</v></c><c r="B2" s="2"><v>44887</v></c><c r="C2"><f>A1</f><v>0</v></c>'
    header = f'{HEADER[:-6]}<c r="C1" t="str"><v>Sum</v></c></row>'
    sheet = sheet_xml(f'{header}<row r="2">{cells}</row>', before='<dimension ref="A0"/>')
    workbook = '<workbookPr date1904="1"/><calcPr fullCalcOnLoad="1"/>'
    seen = read(write_xlsx(tmp_path / "k.xlsx", sheet, strings=STRINGS, workbook=workbook, styles=STYLES))

    assert seen.rows == {2: ["00123", "2026-11-23", ""]}
    assert seen.codes == {(2, 2): "formula_without_value"}


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="3"><c r="A3"><v>2</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c><c r="A3"><v>2</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="4"/><row r="3"><c><v>2</v></c></row>',
    ],
)
def test_a_cell_that_is_given_twice(tmp_path: Path, rows: str) -> None:
    """One of the two would be lost in silence."""
    path = write_xlsx(tmp_path / "t.xlsx", sheet_xml(HEADER + ROW + rows), strings=STRINGS)

    with pytest.raises(InputError, match="has the cell A3 twice"):
        excel_tables(path, SourceSettings())


def test_a_row_in_two_pieces_is_whole(tmp_path: Path) -> None:
    """Nothing is lost if no cell comes twice."""
    rows = '<row r="3"><c r="A3"><v>1</v></c></row><row r="3"><c r="A3" s="1"/><c r="B3"><v>2</v></c></row>'
    path = write_xlsx(tmp_path / "p.xlsx", sheet_xml(HEADER + ROW + rows), strings=STRINGS)

    assert read(path).rows[3] == ["1", "2"]


def test_few_cells_far_apart(tmp_path: Path) -> None:
    """A small file must not ask for millions of empty cells."""
    rows = "".join(f'<row r="{i}"><c r="BXX{i}"><v>1</v></c></row>' for i in range(3, 2003))
    path = write_xlsx(tmp_path / "w.xlsx", sheet_xml(HEADER + ROW + rows), strings=STRINGS)

    with pytest.raises(InputError, match="delete what lies right of the table"):
        excel_tables(path, SourceSettings())


def test_formulas_above_the_table_are_said_not_to_be_read(tmp_path: Path) -> None:
    """A title made by a formula, in a file that was never calculated."""
    rows = (
        '<row r="1"><c r="A1"><f>TODAY()</f></c></row><row r="3"><c r="A3" t="str"><v>Name</v></c>'
        '<c r="B3" t="str"><v>Phone</v></c></row><row r="4"><c r="A4" t="str"><v>Anna</v></c>'
        '<c r="B4" t="str"><v>0171 2345678</v></c></row>'
    )
    seen = read(write_xlsx(tmp_path / "f.xlsx", sheet_xml(rows)))

    assert seen.rows == {4: ["Anna", "0171 2345678"]}
    assert seen.layout.remarks == ("Row 1 is above the table and not part of it.",)


def test_a_number_too_large_for_a_duration_is_named(tmp_path: Path) -> None:
    """A duration in Python has fewer days than a phone number."""
    rows = HEADER + '<row r="2"><c r="A2" s="2"><v>1</v></c><c r="B2" s="2"><v>1712345678</v></c></row>'
    styles = STYLES.replace('formatCode="00000"', 'formatCode="[h]:mm"').replace('"14"', '"164"')
    path = write_xlsx(tmp_path / "long.xlsx", sheet_xml(rows), styles=styles, strings=STRINGS)

    with pytest.raises(InputError, match=r"row 2: .* number format 0\."):
        read(path)
