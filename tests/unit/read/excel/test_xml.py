"""Workbooks with valid but unusual XML, and cells that calamine alone misreads."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from python_calamine import load_workbook

from dialler_sync.model import CellNote

from ....helpers.excel_files import STYLES, Seen, read, sheet_xml, write_ods, write_xlsx

HEADER = '<row r="1"><c r="A1" t="str"><v>Key</v></c><c r="B1" t="str"><v>Value</v></c></row>'
KEY = '<c r="A2" t="str"><v>k</v></c>'


def read_cell(path: Path, cell: str, **more: str) -> Seen:
    """Read a sheet with one cell B2 to test, beside a key, and a full row below."""
    last = '<row r="3"><c r="A3" t="str"><v>l</v></c><c r="B3" t="str"><v>last</v></c></row>'
    seen = read(write_xlsx(path, sheet_xml(f'{HEADER}<row r="2">{KEY}{cell}</row>{last}'), **more))
    assert seen.rows.pop(3) == ["l", "last"]
    return seen


MISREAD = {
    "error": ('<c r="B2" t="e"><v>#REF!</v></c>', "#REF!", CellNote("error_cell")),
    "error of a formula": ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!", CellNote("error_cell")),
    "formula without a value": ('<c r="B2"><f>X1</f></c>', "", CellNote("formula_without_value")),
    "formula with an empty value": ('<c r="B2"><f>X1</f><v></v></c>', "", CellNote("formula_without_value")),
    "formula with an empty element": ('<c r="B2"><f>X1</f><v/></c>', "", CellNote("formula_without_value")),
    "shared formula without a value": ('<c r="B2"><f t="shared" si="0"/></c>', "", CellNote("formula_without_value")),
    "text formula without a value": ('<c r="B2" t="str"><f>X1</f></c>', "", CellNote("formula_without_value")),
    "leading zeros": ('<c r="B2" s="1"><v>123</v></c>', "00123", CellNote(number="123")),
    "leading zeros of a formula": ('<c r="B2" s="1"><f>X1</f><v>123</v></c>', "00123", CellNote(number="123")),
    "style before reference": ('<c s="1" r="B2" t="n"><v>123</v></c>', "00123", CellNote(number="123")),
    "negative date": ('<c r="B2" s="2"><v>-0.5</v></c>', "-0.5", None),
    "negative date of a formula": ('<c r="B2" s="2"><f>X1</f><v>-5</v></c>', "-5", None),
    "no number": ('<c r="B2"><v>NaN</v></c>', "NaN", CellNote("error_cell")),
    "no date": ('<c r="B2" s="2"><f>X1</f><v>NaN</v></c>', "NaN", CellNote("error_cell")),
    "no number that ends": ('<c r="B2"><v>-Infinity</v></c>', "-Infinity", CellNote("error_cell")),
}


@pytest.mark.parametrize(("cell", "text", "note"), MISREAD.values(), ids=MISREAD)
@pytest.mark.parametrize("regular", [True, False], ids=["searched", "parsed"])
def test_cells_that_calamine_misreads(
    tmp_path: Path, cell: str, text: str, note: CellNote | None, regular: bool
) -> None:
    """The search finds them in regular XML, the parser in irregular XML (here: with a comment)."""
    seen = read_cell(tmp_path / "cell.xlsx", cell if regular else f"<!-- c -->{cell}")

    assert seen.rows == {2: ["k", text]}
    assert seen.notes.get((2, 1), CellNote(number=text)) == (note or CellNote(number=text))


@pytest.mark.parametrize("kind", [kind for kind, (_, text, _) in MISREAD.items() if text])
def test_calamine_alone_still_misreads_them(tmp_path: Path, kind: str) -> None:
    """A failure shows that calamine now reads such a cell, and the scan can drop it."""
    cell, text, _ = MISREAD[kind]
    path = write_xlsx(tmp_path / "cell.xlsx", sheet_xml(f'{HEADER}<row r="2">{KEY}{cell}</row>'))

    assert str(load_workbook(path).get_sheet_by_index(0).to_python()[1][1]) != text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B2" t="str"><f>X1</f><v></v></c>', ""),
        ('<c r="B2" t="str"><f>X1</f><v>abc</v></c>', "abc"),
        ('<c r="B2" t="str"><f>X1</f><v>NaN</v></c>', "NaN"),
        ('<c r="B2" t="b"><f>X1</f><v>1</v></c>', "TRUE"),
        ('<c r="B2"><f>X1</f><v>0</v></c>', "0"),
        ('<c r="B2" s="1"/>', ""),
        ('<c r="B2" s="1" t="str"><v>123</v></c>', "123"),
        ('<c r="B2" t="d"><v>2026-11-23T08:15:00</v></c>', "2026-11-23 08:15:00"),
        ('<c r="B2" t="d"><v>2026-11-23</v></c>', "2026-11-23"),
        ('<c r="B2"><v>4.91711234567E11</v></c>', "491711234567"),
        ('<c r="B2"><v>0.30000000000000004</v></c>', "0.3"),
        ('<c r="B2" t="inlineStr"><is><t xml:space="preserve"> a </t></is></c>', " a "),
        ('<c r="B2" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
        ('<c r="B2" t="s"><v>0</v></c>', "a b"),
        ('<c r="B2" t="s"><v>1</v></c>', "\r_x000D_A"),
        ('<c r="B2" t="str"><v>&lt;&#65;&amp;&#10;</v></c>', "<A&\n"),
    ],
)
def test_cells_that_need_no_care(tmp_path: Path, cell: str, text: str) -> None:
    """A text that a formula made empty is a value; escapes and rich text read as in Excel."""
    strings = (
        '<si><r><t>a</t></r><r><t xml:space="preserve"> b</t></r><rPh sb="0" eb="1"><t>phonetic</t></rPh></si>'
        "<si><t>_x000D__x005F_x000D__x0041_</t></si>"
    )
    seen = read_cell(tmp_path / "cell.xlsx", cell, strings=strings)

    assert seen.rows == {2: ["k", text]}
    assert all(note.code is None for note in seen.notes.values())


def test_a_zero_is_no_value_where_excel_is_told_to_calculate(tmp_path: Path) -> None:
    """Libraries that cannot calculate write 0 for every formula and leave the rest to Excel."""
    zero, one = '<c r="B2"><f>X1</f><v>0</v></c>', '<c r="B2"><f>X1</f><v>1</v></c>'
    told = '<calcPr calcId="124519" fullCalcOnLoad="1"/>'

    assert read_cell(tmp_path / "0.xlsx", zero, workbook=told).codes == {(2, 1): "formula_without_value"}
    assert read_cell(tmp_path / "1.xlsx", one, workbook=told).rows == {2: ["k", "1"]}
    assert read_cell(tmp_path / "2.xlsx", one.replace("1<", "0<"), workbook=told).rows == {2: ["k", ""]}


def test_style_0_may_have_a_number_format_too(tmp_path: Path) -> None:
    """Cells that name no style have style 0."""
    styles = STYLES.replace('<cellXfs count="3"><xf numFmtId="0"/>', '<cellXfs count="3"><xf numFmtId="164"/>')

    assert read_cell(tmp_path / "s.xlsx", '<c r="B2"><v>123</v></c>', styles=styles).rows == {2: ["k", "00123"]}


def test_formulas_of_extensions_are_not_formulas_of_cells(tmp_path: Path) -> None:
    """Conditional formats and drop-down lists of newer Excels hold elements of the same name behind the cells."""
    cells = f'{HEADER}<row r="2">{KEY}<c r="B2" t="e"><v>#N/A</v></c></row>'
    extension = '<extLst><ext><x:f xmlns:x="y">Sheet1!A1</x:f></ext></extLst>'
    path = write_xlsx(tmp_path / "ext.xlsx", sheet_xml(f"<!-- -->{cells}", after=extension))

    assert read(path).codes == {(2, 1): "error_cell"}


@pytest.mark.parametrize("special", ["7", '<!-- --><v>7</v></c><c t="e"><v>#N/A'], ids=["plain", "misread"])
def test_cells_and_rows_without_references_follow_one_another(tmp_path: Path, special: str) -> None:
    """Some programs leave references out, or give a row or a column only now and then."""
    rows = (
        '<row><c t="str"><v>Key</v></c><c r="C1" t="str"><v>Value</v></c><c t="str"><v>Last</v></c></row>'
        '<row r="5"><c t="str"><v>k</v></c><c r="C5"><v>1</v></c><c><v>2</v></c></row>'
        '<row><c t="str"><v>l</v></c><c/><c t="e"><v>#REF!</v></c><c s="1"><v>3</v></c></row>'
    )
    seen = read(write_xlsx(tmp_path / "bare.xlsx", sheet_xml(rows)))

    assert seen.rows == {5: ["k", "", "1", "2"], 6: ["l", "", "#REF!", "00003"]}
    assert seen.notes == {(6, 2): CellNote("error_cell"), (6, 3): CellNote(number="3")}


def test_tags_with_a_namespace_prefix(tmp_path: Path) -> None:
    """Microsoft's own Open XML SDK writes them so."""
    sheet = sheet_xml(f'{HEADER}<row r="2" hidden="1">{KEY}<c r="B2" t="e"><v>#REF!</v></c></row>')
    prefixed = sheet.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    seen = read(write_xlsx(tmp_path / "x.xlsx", prefixed))

    assert seen.rows == {2: ["k", "#REF!"]}
    assert seen.codes == {(2, 1): "error_cell"}
    assert len(seen.layout.remarks) == 1


def test_single_quotes_and_line_breaks_in_tags(tmp_path: Path) -> None:
    """XML allows them."""
    row = f'{HEADER}<row\nr="2"\nhidden="true">{KEY}<c\nr="B2"\nt="e"\n><v>#REF!</v></c></row>'
    seen = read(write_xlsx(tmp_path / "q.xlsx", sheet_xml(row.replace('"', "'"))))

    assert seen.codes == {(2, 1): "error_cell"}
    assert len(seen.layout.remarks) == 1


def test_many_misread_cells_across_the_pieces_in_which_a_sheet_is_unpacked(tmp_path: Path) -> None:
    """No cell is lost between two pieces."""
    rows = "".join(
        f'<row r="{i}"><c r="A{i}" t="str"><v>key {i} {"x" * 100}</v></c><c r="B{i}" s="1"><v>{i}</v></c></row>'
        for i in range(2, 15_000)
    )
    path = write_xlsx(tmp_path / "many.xlsx", sheet_xml(HEADER + rows))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 2 << 20

    assert [cells[1] for cells in read(path).rows.values()] == [f"{i:05}" for i in range(2, 15_000)]


def test_a_dimension_that_claims_the_whole_sheet_costs_nothing(tmp_path: Path) -> None:
    """Some exports declare it, whatever the sheet holds."""
    sheet = sheet_xml(
        f'{HEADER}<row r="2">{KEY}<c r="B2"><v>1</v></c></row>' + "<row r='1048576' s='1'/>",
        before='<dimension ref="A1:XFD1048576"/>',
    )

    assert read(write_xlsx(tmp_path / "d.xlsx", sheet)).rows == {2: ["k", "1"]}


ODS_HEADER = (
    '<table:table-row><table:table-cell office:value-type="string"><text:p>Key</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>Value</text:p></table:table-cell></table:table-row>'
)


def ods_row(cell: str, row: str = "") -> str:
    return (
        f'<table:table-row {row}><table:table-cell office:value-type="string"><text:p>k</text:p></table:table-cell>'
        f"{cell}</table:table-row>"
    )


def ods_cell(kind: str, content: str, given: str = "") -> str:
    return f'<table:table-cell office:value-type="{kind}" {given}>{content}</table:table-cell>'


ODS_CELLS = {
    **{
        f"truth value of a formula, {text}": (
            ods_cell("float", f"<text:p>{text}</text:p>", f'table:formula="of:=X" office:value="{value}"'),
            shown,
            None,
        )
        for text, value, shown in (("TRUE", 1, "TRUE"), ("FALSCH", 0, "FALSE"), ("ja", 1, "1"))
    },
    "error": (
        (
            '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
            'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
        ),
        "#DIV/0!",
        CellNote("error_cell"),
    ),
    "error of an older LibreOffice": (
        (
            '<table:table-cell table:formula="of:=X" office:value-type="float" office:value="0">'
            "<text:p>Err:508</text:p></table:table-cell>"
        ),
        "Err:508",
        CellNote("error_cell"),
    ),
    **{
        f"error of a formula, {text}": (
            ods_cell("float", f"<text:p>{text}</text:p>", 'table:formula="of:=X" office:value="0"'),
            text,
            CellNote("error_cell"),
        )
        for text in ("#KALK!", "#ÜBERLAUF!", "########")
    },
    "formula without a value": ('<table:table-cell table:formula="of:=1"/>', "", CellNote("formula_without_value")),
    "leading zeros": (
        '<table:table-cell office:value-type="float" office:value="123"><text:p>00123</text:p></table:table-cell>',
        "00123",
        CellNote(number="123"),
    ),
    "thousands": (
        '<table:table-cell office:value-type="float" office:value="1234"><text:p>1.234</text:p></table:table-cell>',
        "1234",
        None,
    ),
    "percentage": (
        ods_cell("percentage", "<text:p>7,5 %</text:p>", 'office:value="0.075"'),
        "7,5 %",
        CellNote(number="0.075"),
    ),
    "formula with a kind and no value": (
        ods_cell("float", "", 'table:formula="of:=1"'),
        "",
        CellNote("formula_without_value"),
    ),
    "white space of the XML": (
        ods_cell("string", "\n <text:p>\n  Anna\n\t<text:span>Schmidt</text:span>\n </text:p>\n"),
        "Anna Schmidt",
        None,
    ),
    "a blank that was typed at the end": (ods_cell("string", "<text:p>Anna <text:s/></text:p>"), "Anna  ", None),
    "drawing": (
        ods_cell("string", '<draw:frame xmlns:draw="d"><text:p>no</text:p></draw:frame><text:p>a</text:p>'),
        "a",
        None,
    ),
    "text that only the attribute has": (ods_cell("string", "", 'office:string-value="a"'), "a", None),
    "blanks that only the attribute has": (
        ods_cell("string", "<text:p>a b</text:p>", 'office:string-value=" a  b"'),
        " a  b",
        None,
    ),
    "text and another value": (ods_cell("string", "<text:p>a</text:p>", 'office:string-value="b"'), "b", None),
    "date without a value": (ods_cell("date", "<text:p>31.12.26</text:p>"), "31.12.26", None),
    "time without a value": (ods_cell("time", "<text:p>36:15</text:p>"), "36:15", None),
    "true without a value": (ods_cell("boolean", "<text:p>WAHR</text:p>"), "WAHR", None),
    "true as a number": (ods_cell("boolean", "<text:p>WAHR</text:p>", 'office:boolean-value="1"'), "TRUE", None),
    "no number": (ods_cell("float", "<text:p>n</text:p>", 'office:value="NaN"'), "n", CellNote("error_cell")),
    "more than any number": (ods_cell("float", "", 'office:value="1e999"'), "", CellNote("error_cell")),
    "date that no calendar has": (ods_cell("date", "", 'office:date-value="-0044-03-15"'), "-0044-03-15", None),
    "time that is none": (ods_cell("time", "", 'office:time-value="noon"'), "noon", None),
    "negative duration": (ods_cell("time", "", 'office:time-value="-P1DT1H30M00.4S"'), "-25:30:00", None),
    "rounded": (
        '<table:table-cell office:value-type="float" office:value="12.7"><text:p>13</text:p></table:table-cell>',
        "12.7",
        None,
    ),
    "long number": (
        (
            '<table:table-cell office:value-type="float" office:value="4917112345678901"><text:p>4,9E+15</text:p>'
            "</table:table-cell>"
        ),
        "4917112345678900",
        CellNote("precision_lost"),
    ),
    "duration": (
        (
            '<table:table-cell office:value-type="time" office:time-value="PT36H15M00S"><text:p>36:15</text:p>'
            "</table:table-cell>"
        ),
        "36:15:00",
        None,
    ),
    "paragraphs, blanks, tabs and breaks": (
        (
            '<table:table-cell office:value-type="string"><text:p>a<text:s text:c="2"/>b<text:tab/>c</text:p>'
            "<text:p>d<text:line-break/>e</text:p></table:table-cell>"
        ),
        "a  b\tc\nd\ne",
        None,
    ),
    "comment": (
        (
            '<table:table-cell office:value-type="string"><office:annotation><text:p>no</text:p></office:annotation>'
            "<text:p>a<text:tab/>b</text:p></table:table-cell>"
        ),
        "a\tb",
        None,
    ),
}


@pytest.mark.parametrize(("cell", "text", "note"), ODS_CELLS.values(), ids=ODS_CELLS)
def test_cells_of_libreoffice(tmp_path: Path, cell: str, text: str, note: CellNote | None) -> None:
    """The text is what a person sees; calamine gives something else or nothing."""
    seen = read(write_ods(tmp_path / "c.ods", ODS_HEADER + ods_row(cell)))

    assert seen.rows == {2: ["k", text]}
    assert seen.notes.get((2, 1), CellNote(number=text)) == (note or CellNote(number=text))


ODS_READ_RIGHT = frozenset(
    {
        *("formula without a value", "formula with a kind and no value", "a blank that was typed at the end"),
        *("text that only the attribute has", "date that no calendar has", "time that is none"),
        *("rounded", "thousands", "long number", "blanks that only the attribute has", "text and another value"),
    }
)
"""Cells of which calamine gives the value too; the note on it may be missing."""


@pytest.mark.parametrize("kind", sorted(ODS_CELLS.keys() - ODS_READ_RIGHT))
def test_calamine_alone_still_misreads_cells_of_libreoffice(tmp_path: Path, kind: str) -> None:
    """A failure shows that calamine now reads such a cell."""
    cell, text, _ = ODS_CELLS[kind]
    path = write_ods(tmp_path / "c.ods", ODS_HEADER + ods_row(cell))

    assert str(load_workbook(path).get_sheet_by_index(0).to_python()[1][1]) != text


def test_repeated_cells_and_rows_of_libreoffice(tmp_path: Path) -> None:
    """Equal neighbours are written once; a million empty rows at the end are ignored."""
    cell = ODS_CELLS["leading zeros"][0].replace(
        "<table:table-cell", '<table:table-cell table:number-columns-repeated="2"'
    )
    rows = (
        ODS_HEADER
        + '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        + ods_row(cell, 'table:number-rows-repeated="2"')
        + '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    )
    seen = read(write_ods(tmp_path / "r.ods", rows))

    assert seen.rows == {5: ["k", "00123", "00123"], 6: ["k", "00123", "00123"]}
    assert len(seen.notes) == 4


def test_hidden_sheets_and_merged_cells_of_libreoffice(tmp_path: Path) -> None:
    """A style hides a sheet; a cell gives the number of rows it spans; tables within the sheets' links are ignored."""
    path = write_ods(tmp_path / "h.ods", "")
    merged = '<table:table-cell table:number-rows-spanned="2"><text:p>x</text:p></table:table-cell>'
    table = f'<table:table table:name="{{}}" table:style-name="{{}}">{ODS_HEADER}{ods_row(merged)}</table:table>'
    with zipfile.ZipFile(path) as archive:
        content = archive.read("content.xml").decode()
    styles = (
        '<style:style xmlns:style="s" style:name="ta2"><style:table-properties table:display="false"/></style:style>'
        '<style:style xmlns:style="s" style:name="ta1"><style:table-properties table:display="true"/></style:style>'
    )
    content = content.replace("<office:body>", f"{styles}<office:body>")
    content = content.replace("<office:spreadsheet>", f"<office:spreadsheet>{table.format('Hidden', 'ta2')}")
    content = content.replace(
        "</office:spreadsheet>",
        f"{table.format('Shown', 'ta1')}<table:links>{table}</table:links></office:spreadsheet>",
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    seen = read(path)

    assert seen.layout.sheet == "Shown"
    assert seen.rows == {2: ["k", "x"]}
    assert seen.layout.remarks == ("1 range of merged cells: only the top left cell has the value.",)
    assert read(path, sheet="Hidden").rows == {2: ["k", "x"]}


def test_ods_of_google(tmp_path: Path) -> None:
    """An .ods without the entry that declares its type is read."""
    cell = '<table:table-cell office:value-type="string"><text:p>Miller</text:p></table:table-cell>'

    assert read(write_ods(tmp_path / "g.ods", ODS_HEADER + ods_row(cell), mimetype=False)).rows[2][1] == "Miller"
