"""``.xls`` that is HTML or XML Spreadsheet 2003: what a person sees in the table, and nothing that a page could do."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.model import Table
from dialler_sync.read import open_table, open_tables

HEADER = "<tr><th>Key</th><th>Name</th><th>Phone</th></tr>"


def read(tmp_path: Path, content: str | bytes, **source: object) -> list[Table]:
    path = tmp_path / "list.xls"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_tables(path, SourceSettings.model_validate(source))


def rows(table: Table) -> dict[int, list[str]]:
    chunks = list(table.chunks())
    return {n: row for chunk in chunks for n, row in zip(chunk.frame.index, chunk.frame.values.tolist(), strict=True)}


def one_row(tmp_path: Path, *cells: str) -> list[str]:
    """The cells of a row of HTML."""
    (table,) = read(tmp_path, f"<table>{HEADER}<tr>{''.join(cells)}</tr></table>")
    return rows(table)[2]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<td>M&uuml;ller &amp; S&#246;hne</td>", "Müller & Söhne"),
        ("<td>&lt;b&gt;</td>", "<b>"),
        ("<td>\n  Two \n words  </td>", "Two words"),
        ("<td>one<br>two</td>", "one\ntwo"),
        ("<td><p>one</p><p>two</p></td>", "one\ntwo"),
        ("<td>&nbsp;</td>", ""),
        ("<td>a<script>b</td>c</script>d<!-- </table> -->e</td>", "ade"),
        ("<td><span style='display: none'>20240131</span>31.01.2024</td>", "31.01.2024"),
        ("<td style='mso-number-format:\"\\@\"'>0171 3920011</td>", "0171 3920011"),
        ("<td x:num>0171</td>", "0171"),
        ('<td x:num="491713920011">4,91714E+11</td>', "491713920011"),
        ("<td>4,91714E+11</td>", "4,91714E+11"),
        ("<td>1.234,50</td>", "1.234,50"),
    ],
)
def test_a_cell_is_what_a_browser_shows(tmp_path: Path, cell: str, text: str) -> None:
    """Digits as they are written; entities read; nothing of scripts and hidden elements."""
    assert one_row(tmp_path, "<td>K1</td>", cell, "<td>x</td>") == ["K1", text, "x"]


def test_cells_without_ends_and_in_capitals(tmp_path: Path) -> None:
    """HTML need not close them."""
    (table,) = read(tmp_path, "<TABLE><TR><TH>Key<TH>Name<TR><TD>K1<TD>One<TR><TD>K2<TD>Two</TABLE>")

    assert rows(table) == {2: ["K1", "One"], 3: ["K2", "Two"]}


def test_cells_over_several_rows_and_columns(tmp_path: Path) -> None:
    """The value is in the first; the cells beside and below keep their columns."""
    (table,) = read(
        tmp_path,
        f"<table>{HEADER}<tr><td rowspan=2>K1</td><td colspan=2>One</td></tr><tr><td>Two</td><td>3</td></tr>"
        "<tr></tr><tr><td>K4</td><td>Four</td><td colspan='1000000000'>4</td></tr></table>",
    )

    assert rows(table) == {2: ["K1", "One", ""], 3: ["", "Two", "3"], 5: ["K4", "Four", "4"]}
    assert "merged" in " ".join(table.layout.remarks)


def test_the_table_that_holds_the_data(tmp_path: Path) -> None:
    """Not the layout around it, nor a title."""
    (table,) = read(
        tmp_path,
        f"<table><tr><td>Report</td></tr></table><table><tr><td>Menu</td><td><table>{HEADER}<tr><td>K1</td><td>One"
        "</td><td>1</td></tr></table></td></tr></table>",
    )

    assert rows(table) == {2: ["K1", "One", "1"]}


@pytest.mark.parametrize(
    ("second", "is_asked"),
    [
        ("K2;Two;030 39200123", True),
        ("K2;Two;two@x.org", True),
        ("K2;Two;06.12.34.56.78", True),
        ("K2;Two;0171-39-20012", True),
        ("Page;of;two", False),
        ("1;2", False),
        ("Total;4;1.234.567,50", False),
        ("Export;01.12.2026;Page 1", False),
    ],
)
def test_a_second_table_of_one_row(tmp_path: Path, second: str, is_asked: bool) -> None:
    """It may be the last row of a list that goes on on another page."""
    row = "<table>{}<tr><td>{}</td></tr></table>"
    first = row.format(HEADER, "K1;One;030 39200121".replace(";", "</td><td>"))
    read(tmp_path, first + row.format("", second.replace(";", "</td><td>")))

    if is_asked:
        with pytest.raises(InputError, match="several sheets have data"):
            open_table(tmp_path / "list.xls", SourceSettings())
    else:
        assert rows(open_table(tmp_path / "list.xls", SourceSettings())) == {2: ["K1", "One", "030 39200121"]}


def test_several_tables_are_like_several_sheets(tmp_path: Path) -> None:
    """Named by caption or number."""
    row = "<tr><td>K{}</td><td>x</td><td>1</td></tr></table>"
    page = f"<table><caption>Ost</caption>{HEADER}{row.format(1)}<table>{HEADER}{row.format(2)}"

    assert [table.layout.sheet for table in read(tmp_path, page)] == ["Ost", "Table 2"]
    with pytest.raises(InputError, match="'Ost', 'Table 2'"):
        open_table(tmp_path / "list.xls", SourceSettings())
    (table,) = read(tmp_path, page, sheet="2")
    assert list(rows(table).values()) == [["K2", "x", "1"]]


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ("<meta charset=utf-8>", "utf-8"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', "cp1252"),
        ("<meta charset='windows-1252'>", "cp1252"),
        ("", "cp1252"),
        ("", "utf-16"),
        ("", "utf-8-sig"),
    ],
)
def test_the_encoding_is_what_the_page_says(tmp_path: Path, said: str, encoding: str) -> None:
    """As browsers read it; without a word, what fits."""
    name = "Größe & Söhne, Straße 7 – 80 €"
    page = f"<html><head>{said}</head><body><table>{HEADER}<tr><td>K1</td><td>{name}</td><td>1</td></tr></table></body>"

    (table,) = read(tmp_path, page.encode(encoding))

    assert rows(table)[2] == ["K1", name, "1"]


SPREADSHEET = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>\n<Workbook '
    'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
)


def sheet(name: str, *given: str) -> str:
    return f'<Worksheet ss:Name="{name}"><Table>{"".join(f"<Row{row}</Row>" for row in given)}</Table></Worksheet>'


def data(value: str, kind: str = "String", more: str = "") -> str:
    return f'<Cell{more}><Data ss:Type="{kind}">{value}</Data></Cell>'


def test_xml_spreadsheet(tmp_path: Path) -> None:
    """Gaps, numbers as they are shown, dates, booleans, errors, rich text."""
    styles = '<Styles><Style ss:ID="z"><NumberFormat ss:Format="00000"/></Style></Styles>'
    header = ">" + "".join(map(data, ("Key", "PLZ", "When", "Yes", "Note")))
    rich = '<Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">a<B>b</B>c</ss:Data></Cell>'
    first = (
        f' ss:Index="4">{data("K&amp;1")}{data("1067", "Number", " ss:StyleID=" + chr(34) + "z" + chr(34))}'
        f"{data('2024-02-03T00:00:00.000', 'DateTime')}{data('1', 'Boolean')}{rich}"
    )
    second = f">{data('491713920011', 'Number')}{data('#REF!', 'Error', ' ss:Index=' + chr(34) + '3' + chr(34))}"

    tables = read(tmp_path, f"{SPREADSHEET}{styles}{sheet('A', header, first, second)}{sheet('Empty')}</Workbook>")

    assert [table.layout.sheet for table in tables] == ["A"]
    assert rows(tables[0]) == {
        4: ["K&1", "01067", "2024-02-03", "TRUE", "abc"],
        5: ["491713920011", "", "#REF!", "", ""],
    }
    assert next(tables[0].chunks()).notes[5, 2].code == "error_cell"


LAUGHS = "<!DOCTYPE x [" + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9)) + "]>"
CELLS = "<td>K1</td><td>One</td><td>1</td>"

HOSTILE = {
    "billion laughs": (SPREADSHEET.replace("?>\n", f"?>{LAUGHS}\n") + "</Workbook>", "document type"),
    "an external entity": (
        SPREADSHEET.replace("?>\n", '?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n') + "</Workbook>",
        "document type",
    ),
    "rows out of order": (
        SPREADSHEET + sheet("A", f' ss:Index="9">{data("a")}', f' ss:Index="2">{data("b")}') + "</Workbook>",
        "ss:Index",
    ),
    "a far column": (SPREADSHEET + sheet("A", ">" + data("a", more=' ss:Index="9999"')) + "</Workbook>", "max_columns"),
    "XML that is cut off": (SPREADSHEET + '<Worksheet ss:Name="A"><Table>', "damaged"),
    "NUL": (f"<table>{HEADER}<tr><td>K\0</td></tr></table>", "NUL"),
    "cut off in a tag": (f"<table>{HEADER}<tr>{CELLS}</tr><tr><td", "ends within"),
    "cut off in a comment": (f"<table>{HEADER}<tr>{CELLS}</tr><!-- ", "ends within"),
    "cut off in a script": (f"<table>{HEADER}<tr>{CELLS}</tr></table><script>x", "ends within"),
    "wide": ("<table>" + HEADER + "<tr>" + "<td>x</td>" * 3000 + "</tr></table>", "max_columns"),
    "wide spans": ("<table>" + HEADER + "<tr>" + "<td colspan=1000000000>x</td>" * 9 + "</tr></table>", "columns"),
    "another encoding": (b"<meta charset=utf-8><table><tr><td>M\xfcller</td></tr></table>", "is not in utf-8"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_pages_are_refused(tmp_path: Path, case: str) -> None:
    """Quickly, and with the name of the file."""
    content, said = HOSTILE[case]

    with pytest.raises(InputError, match=rf"list\.xls.*{said}"):
        read(tmp_path, content)


def test_deep_pages_are_read_to_the_end(tmp_path: Path) -> None:
    """A parser with a limit of depth would leave rows out."""
    (table,) = read(tmp_path, f"<table>{HEADER}<tr><td>{'<b><i>' * 5000}x</td></tr><tr>{CELLS}</tr></table>")

    assert [row[0] for row in rows(table).values()] == ["x", "K1"]


def test_entities_of_a_page_read_no_file(tmp_path: Path) -> None:
    """HTML knows no external entities."""
    page = (
        '<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        f"<table>{HEADER}<tr><td>K1</td><td>&e;</td></tr></table>"
    )

    assert "root:" not in str([rows(table) for table in read(tmp_path, page)])


def test_a_table_without_an_end_is_told(tmp_path: Path) -> None:
    """Its last row may not be complete."""
    (table,) = read(tmp_path, f"<table>{HEADER}<tr>{CELLS}</tr>")

    assert any("has no end" in remark for remark in table.layout.remarks)


def test_a_csv_whose_first_column_is_called_id_is_no_sylk_file(tmp_path: Path) -> None:
    """Excel itself takes it for one."""
    (table,) = read(tmp_path, "ID;Phone\nC;1\n")

    assert table.layout.columns == ("ID", "Phone")
