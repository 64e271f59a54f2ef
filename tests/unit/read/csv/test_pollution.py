"""Every kind of pollution of CSV files, one at a time, on one table with known cells.

The pollutions are those of the Pollock benchmark (Vitagliano et al., VLDB 2023), and those of exports seen in practice.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read import open_table, open_tables

from ....helpers.csv_files import read

HEADER = ["Date", "Time", "Qty", "ProductID", "Price", "Product", "Description", "Link", "Remark"]
ROWS = [
    ["28/01/2024", "00:15", "2", "MG-8769", "$74.69", "Men's Boots", "Rugged, yet light.", "https://a.example/1", ""],
    ["29/01/2024", "00:30", "0", "RI-3895", "$29.81", "Jacket", "Keeps you visible; warm", "https://a.example/2", ""],
    ["30/01/2024", "00:45", "1", "RI-8070", "$80.08", 'Table, Round 48"', "Made here, oak", "https://a.example/3", ""],
    ["31/01/2024", "01:00", "1", "RI-9546", "$25.55", "Rods", "An 8\\'9\" rod, light", "https://a.example/4", ""],
    ["01/02/2024", "01:15", "9", "CC-9259", "$48.00", "Pillow, Wooden", "Whimsical throw", "https://a.example/5", ""],
    ["02/02/2024", "01:30", "3", "CC-1697", "$34.22", "Suspenders", "Hold, firmly", "https://a.example/6", ""],
]
QUOTED = [2, 5, 6, 7]
"""Columns that are quoted in every row; the others are quoted only where necessary, as in most exports."""


def written(i: int, cell: str, delimiter: str = ",", quote: str = '"', escape: str | None = None) -> str:
    """Write a cell of column ``i``, quoted if necessary or always."""
    if quote in cell or delimiter.strip() in cell or i in QUOTED:
        return quote + cell.replace(quote, (quote if escape is None else escape) + quote) + quote
    return cell


def line(
    cells: Sequence[str], delimiter: str = ",", quote: str = '"', escape: str | None = None, end: str = "\n"
) -> str:
    return delimiter.join(written(i, cell, delimiter, quote, escape) for i, cell in enumerate(cells)) + end


def text(table: Sequence[Sequence[str]] = (HEADER, *ROWS), **signs: str) -> str:
    return "".join(line(cells, **signs) for cells in table)


TABLE = text()


def test_clean_file(tmp_path: Path) -> None:
    """The clean table, before any pollution, is read exactly."""
    found = read(tmp_path, TABLE)

    assert found.columns == HEADER
    assert found.cells == ROWS
    assert list(found.rows) == [2, 3, 4, 5, 6, 7]
    assert not found.ragged
    assert not found.remarks


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", ", " "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    """Delimiter and line end are detected together, and both are shown."""
    found = read(tmp_path, text(delimiter=delimiter, end=end))

    assert found.columns == HEADER
    assert found.cells == ROWS
    assert found.layout.delimiter == delimiter
    assert found.layout.line_end == {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[end]


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize(("name", "escape"), [("double", None), ("backslash", "\\"), ("none", "")])
def test_quotes_and_escapes(tmp_path: Path, quote: str, name: str, escape: str | None) -> None:
    """Quote and escape are detected together, even if quotes inside quotes are not escaped at all."""
    rows = ROWS
    if name == "backslash":  # a writer that escapes by backslash escapes the backslash too, or has none
        rows = [[cell.replace("\\", "") for cell in row] for row in ROWS]
    signs = {"quote": quote} if escape is None else {"quote": quote, "escape": escape}
    found = read(tmp_path, text([HEADER, *rows], **signs))

    assert found.columns == HEADER
    assert found.cells == rows
    assert (found.layout.quote, found.layout.escape) == (quote, name)
    assert not found.ragged


def test_no_final_line_end(tmp_path: Path) -> None:
    assert read(tmp_path, TABLE.rstrip("\n")).cells == ROWS


def test_double_final_line_end(tmp_path: Path) -> None:
    assert read(tmp_path, TABLE + "\n\n").cells == ROWS


def test_mixed_line_ends(tmp_path: Path) -> None:
    """Lines may end in different ways in one file."""
    lines = TABLE.split("\n")
    found = read(tmp_path, lines[0] + "\r\n" + lines[1] + "\r" + "\n".join(lines[2:]))

    assert found.cells == ROWS
    assert found.layout.line_end == "mixed"


def test_header_only(tmp_path: Path) -> None:
    """A list without rows is not an error."""
    found = read(tmp_path, line(HEADER))

    assert found.columns == HEADER
    assert found.cells == []


def test_one_data_row(tmp_path: Path) -> None:
    assert read(tmp_path, text([HEADER, ROWS[0]])).cells == ROWS[:1]


def test_no_payload(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"list\.csv: the file is empty"):
        read(tmp_path, "")


def test_no_header(tmp_path: Path) -> None:
    """Without a header, no row is lost, and the columns get names of their own."""
    found = read(tmp_path, text(ROWS))

    assert found.columns == [f"column_{i}" for i in range(1, 10)]
    assert found.cells == ROWS
    assert found.layout.header_rows == ()


@pytest.mark.parametrize("lines", [2, 3])
def test_header_on_several_lines(tmp_path: Path, lines: int) -> None:
    """The lines of a header are joined by a space."""
    found = read(tmp_path, text([*[HEADER] * lines, *ROWS]))

    assert found.columns == [" ".join([name] * lines) for name in HEADER]
    assert found.cells == ROWS
    assert found.layout.header_rows == tuple(range(1, lines + 1))


@pytest.mark.parametrize(
    "preamble",
    [
        "PREAMBLE,,,,,,,,\n,,,,,,,,\n",
        "Report of orders\n\n",
        "Report of orders\nCreated: 01.02.2024\n",
        "Created,01.02.2024,,,,,,,\nby,Smith,,,,,,,\n",
        "Report, created on 01.02.2024, by Smith\n\n",
    ],
)
def test_preamble(tmp_path: Path, preamble: str) -> None:
    """A title block above the table is left out, and reported."""
    found = read(tmp_path, preamble + TABLE)

    assert found.columns == HEADER
    assert found.cells == ROWS
    assert "above the table" in found.remarks
    assert found.layout.header_rows == (preamble.count("\n") + 1,)


@pytest.mark.parametrize(
    "footnote",
    [
        "FOOTNOTE,,,,,,,,\n",
        "\nFOOTNOTE\n",
        "\nAll prices without tax.\nSource: own survey\n",
        "Total,,18,,$292.35,,,,\n",
        "\nSumme,,18,,,,,,\nStand: 01.02.2024\n",
        "(6 rows affected)\n",
        ",,,,,,,,\nEnde der Liste,,,,,,,,\n",
    ],
)
def test_footnote(tmp_path: Path, footnote: str) -> None:
    """Totals and footnotes below the table are left out, and reported."""
    found = read(tmp_path, TABLE + footnote)

    assert found.cells == ROWS
    assert not found.ragged
    assert "below the table" in found.remarks


BOUNDARIES = ["", "\n", ",,,,,,,,\n", "\nSecond table\n"]


@pytest.mark.parametrize("columns", [8, 10])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_second_table(tmp_path: Path, columns: int, boundary: str) -> None:
    """A second table below, with fewer or more columns, is reported and never mixed in."""
    second = [[*cells, f"more {i}"][:columns] for i, cells in enumerate((HEADER, *ROWS))]
    path = tmp_path / "list.csv"
    path.write_text(TABLE + boundary + text(second), encoding="utf-8")

    (table,) = open_tables(path, SourceSettings())
    (chunk,) = table.chunks()

    assert chunk.frame.to_numpy().tolist() == ROWS
    assert not chunk.ragged
    assert "second table" in " ".join(table.layout.remarks)
    with pytest.raises(InputError, match="second table, with nearly the same columns"):
        open_table(path, SourceSettings())


@pytest.mark.parametrize(
    "again", [text([HEADER]), "\ufeff" + text([HEADER]), text([[f" {n.upper()}" for n in HEADER]])]
)
@pytest.mark.parametrize("boundary", [*BOUNDARIES, "Total,,12\n", "\nTotal,,12\n\nMarch\n"])
def test_header_again(tmp_path: Path, boundary: str, again: str) -> None:
    """Concatenated exports are read to the end; the headers and totals between them are left out."""
    below = TABLE.count("\n") + boundary.count("\n") + 1
    rows = TABLE.partition("\n")[2]
    found = read(tmp_path, TABLE + boundary + again + rows + boundary + again + rows)

    assert found.columns == HEADER
    assert found.cells == ROWS * 3
    assert list(found.rows)[len(ROWS) : len(ROWS) + 1] == [below + 1]
    assert f"repeated in 2 rows, which are left out; the first is row {below}." in found.remarks
    assert ("below the table" in found.remarks) == any(word in boundary for word in ("Second", "Total"))


def test_header_again_far_down(tmp_path: Path) -> None:
    """A repeated header is found far down in a long file."""
    part = "No,Name,Phone\n" + "".join(f"{i},Miller,0171 392{i:04}\n" for i in range(7_001))
    found = read(tmp_path, part * 2)

    assert len(found.rows) == 14_002
    assert list(found.rows)[7_000:7_002] == [7_002, 7_004]
    assert not found.ragged


def test_other_second_table_of_the_same_width(tmp_path: Path) -> None:
    """The header of a second table with other names, behind a blank row, reveals it."""
    other = [["Team", "Lead", "Phone"], ["A", "Smith", "0171 1234567"], ["B", "Jones", "0171 1234568"]]
    first = [["No", "Name", "Amount"], ["1", "Miller", "12.50"], ["2", "Meier", "3.50"]]
    with pytest.raises(InputError, match=r"row 5.*can be the header of a second table or a row of the first"):
        read(tmp_path, text(first) + "\n" + text(other))

    found = read(tmp_path, text(first) + "\nTeams\n" + text(other))

    assert found.cells == first[1:]


@pytest.mark.parametrize(("row", "column"), list(product(range(1, 7), range(9))))
def test_extra_quote(tmp_path: Path, row: int, column: int) -> None:
    """A stray quote before any cell rejects that row, and changes no other cell."""
    table = [list(cells) for cells in (HEADER, *ROWS)]
    lines = [line(cells) for cells in table]
    cells = [written(i, cell) for i, cell in enumerate(table[row])]
    cells[column] = f'""{cells[column][1:]}' if cells[column][:1] == '"' else f'"{cells[column]}'
    lines[row] = ",".join(cells) + "\n"
    table[row][column] = '"' + table[row][column]
    found = read(tmp_path, "".join(lines))

    assert found.cells == table[1:]
    assert list(found.ragged) == [row + 1]
    assert f"unclosed quote: 1, the first is row {row + 1}" in found.remarks


@pytest.mark.parametrize("column", [3, 4, 8])
def test_extra_quote_in_the_header(tmp_path: Path, column: int) -> None:
    """A stray quote in the header neither moves a name nor swallows a row."""
    names = [f'"{name}"' if i in QUOTED else name for i, name in enumerate(HEADER)]
    names[column] = f'"{names[column]}'
    found = read(tmp_path, ",".join(names) + "\n" + text(ROWS))

    assert found.columns == [*HEADER[:column], f'"{HEADER[column]}', *HEADER[column + 1 :]]
    assert found.cells == ROWS


@pytest.mark.parametrize("row", [1, 3, 6])
@pytest.mark.parametrize("column", range(9))
def test_delimiter_too_many(tmp_path: Path, row: int, column: int) -> None:
    """A row with one cell too many is kept and flagged; the others do not move."""
    table = [list(cells) for cells in (HEADER, *ROWS)]
    lines = [line(cells) for cells in table]
    parts = [written(i, cell) for i, cell in enumerate(table[row])]
    parts.insert(column, "")
    lines[row] = ",".join(parts) + "\n"
    table[row].insert(column, "")
    found = read(tmp_path, "".join(lines))

    assert found.cells == table[1:]
    assert found.ragged == {row + 1: tuple(table[row])}


@pytest.mark.parametrize("row", [1, 4, 6])
@pytest.mark.parametrize("column", range(1, 5))
def test_delimiter_missing(tmp_path: Path, row: int, column: int) -> None:
    """A row with one cell too few is kept and flagged; the others do not move."""
    table = [list(cells) for cells in (HEADER, *ROWS)]
    merged = table[row][column - 1] + table[row][column]
    table[row][column - 1 : column + 1] = [merged]
    lines = [line(cells) for cells in (HEADER, *ROWS)]
    parts = [written(i, cell) for i, cell in enumerate(ROWS[row - 1])]
    parts[column - 1 : column + 1] = [merged]
    lines[row] = ",".join(parts) + "\n"
    found = read(tmp_path, "".join(lines))

    assert found.cells == table[1:]
    assert list(found.ragged) == [row + 1]


@pytest.mark.parametrize("row", range(1, 7))
@pytest.mark.parametrize("column", [5, 6, 7, 8])
def test_delimiter_missing_beside_quotes(tmp_path: Path, row: int, column: int) -> None:
    """A comma inside quotes can replace the missing delimiter: the number of cells then shows nothing."""
    lines = [line(cells) for cells in (HEADER, *ROWS)]
    parts = [written(i, cell) for i, cell in enumerate(ROWS[row - 1])]
    parts[column - 1 : column + 1] = [parts[column - 1] + parts[column]]
    lines[row] = ",".join(parts) + "\n"
    found = read(tmp_path, "".join(lines))

    assert [cells for number, cells in found.rows.items() if number != row + 1] == [
        cells for i, cells in enumerate(ROWS, 1) if i != row
    ]
    assert list(found.ragged) == [row + 1]


def test_header_with_a_delimiter_too_many(tmp_path: Path) -> None:
    """If header and rows disagree, no row is accepted."""
    found = read(tmp_path, "," + TABLE)

    assert found.cells == ROWS
    assert list(found.ragged) == list(found.rows)


@pytest.mark.parametrize("row", [1, 3, 6])
def test_row_with_another_delimiter(tmp_path: Path, row: int) -> None:
    """A row with another delimiter is ragged, and the others do not move."""
    lines = [line(cells) for cells in (HEADER, *ROWS)]
    lines[row] = line(ROWS[row - 1], delimiter=" ")
    found = read(tmp_path, "".join(lines))

    assert [cells for number, cells in found.rows.items() if number != row + 1] == [
        cells for i, cells in enumerate(ROWS, 1) if i != row
    ]
    assert list(found.ragged) == [row + 1]


@pytest.mark.parametrize("delimiter", [" ", ";", "\t"])
def test_header_with_another_delimiter(tmp_path: Path, delimiter: str) -> None:
    """A header with another delimiter still names the columns, and is reported."""
    found = read(tmp_path, line(HEADER, delimiter=delimiter) + text(ROWS))

    assert found.columns == HEADER
    assert found.cells == ROWS
    assert "', but the rows by '" in found.remarks


def test_blank_rows(tmp_path: Path) -> None:
    """Blank lines and rows of empty cells are skipped but numbered, as in the spreadsheet program."""
    lines = [line(cells) for cells in (HEADER, *ROWS)]
    found = read(tmp_path, "\n" + lines[0] + "\n\n" + lines[1] + ",,,,,,,,\n" + "".join(lines[2:]))

    assert found.layout.header_rows == (2,)
    assert list(found.rows) == [5, 7, 8, 9, 10, 11]
    assert found.cells == ROWS


def test_trailing_delimiters(tmp_path: Path) -> None:
    """A delimiter at the end of every line is the file's form, not a fault of its rows."""
    found = read(tmp_path, text([[*cells, ""] for cells in (HEADER, *ROWS)]))

    assert found.columns == [*HEADER, ""]
    assert not found.ragged


@pytest.mark.parametrize("row", [0, 3])
def test_nul_bytes(tmp_path: Path, row: int) -> None:
    """A NUL byte is kept: validation rejects it."""
    table = [list(cells) for cells in (HEADER, *ROWS)]
    table[row][5] = "Me\0n"
    found = read(tmp_path, text(table))

    assert [found.columns, *found.cells] == table


@pytest.mark.parametrize("told", ["sep=,\n", '"sep=,"\r\n', "\ufeffSEP=,\n"])
def test_sep_line(tmp_path: Path, told: str) -> None:
    """Excel's line about the delimiter is obeyed; Excel hides it, so it has no row number."""
    found = read(tmp_path, told + TABLE)

    assert found.columns == HEADER
    assert list(found.rows) == [2, 3, 4, 5, 6, 7]


def test_column_that_is_called_sep(tmp_path: Path) -> None:
    """Only a line with nothing else declares the delimiter."""
    assert read(tmp_path, "sep=a;No\nx;1\n").columns == ["sep=a", "No"]


@pytest.mark.parametrize("shift", range(0, 32, 3))
def test_second_table_wherever_it_begins(tmp_path: Path, shift: int) -> None:
    """A second table is seen even if a block of text ends right before it."""
    first = "No;Name;Phone\n" + "".join(f"{i:05};Miller;017\n" for i in range(4095 - shift))
    found = read(tmp_path, first + "\nTeam;Lead;Deputy\n" + "0171 12345;0172 12345;0173 12345\n" * 3_000)

    assert len(found.rows) == 4095 - shift
    assert "second table" in found.remarks


@pytest.mark.parametrize("title", ["Legend,,,\n", "Legend\n", '"Legend:",,,\n'])
def test_legend_below(tmp_path: Path, title: str) -> None:
    """A legend (a title behind a blank row, terms and meanings below it) is left out and reported."""
    found = read(
        tmp_path,
        f"Agent,City,Note\nAnn Schmidt,Berlin,new\nOtto Maier,Kiel,old\n\n{title}Agent,who calls,\nNote,text,\n",
    )

    assert found.columns == ["Agent", "City", "Note"]
    assert list(found.rows) == [2, 3]
    assert "Rows 5 to 7 are below the table and not part of it, beginning with 'Legend" in found.remarks


OTHERWISE = [
    "K8,Meier 8,0171 3920098,Bad Homburg",
    "K8\tMeier 8\t0171 3920098\tBad Homburg",
    "8;Meier 8;0171 3920098;Bad Homburg",
    "Meier 8,K8,,Bad Homburg vor der Höhe",
    "K8,Meier 8,Bad Homburg vor der Höhe",
    "K8,Meier 8,0171 3920098,Bad Homburg,new,more of it",
    "'K8','Meier 8','0171 3920098','Bad Homburg'",
    '"K8;Meier 8;0171 3920098;Bad Homburg"',
]
"""Rows that another program has appended to a list."""


@pytest.mark.parametrize("row", OTHERWISE)
@pytest.mark.parametrize("between", ["", "\n", "\nMore of them\n"])
def test_rows_that_are_delimited_otherwise_are_no_footnotes(tmp_path: Path, between: str, row: str) -> None:
    """Each stays a row, and is rejected."""
    rows = "".join(f"K{n}|Meier {n}|0171 392009{n}|Bad Homburg\n" for n in range(8))

    found = read(tmp_path, f"Key|Name|Phone|City\n{rows}{between}{row}\n{row}\n")

    last = 9 + between.count("\n")
    assert {last + 1, last + 2} <= set(found.rows) & set(found.ragged)


def test_a_header_that_is_delimited_otherwise_is_no_footnote(tmp_path: Path) -> None:
    """Nor is what stands below it."""
    rows = "".join(f"K{n};Meier {n};0171 392009{n};Ulm\n" for n in range(8))

    found = read(tmp_path, f"Key;Name;Phone;City\n{rows}\nKey,Name\nEIGHT,Ann\nNINE,Bob\n")

    assert {11, 12, 13} <= set(found.rows)


@pytest.mark.parametrize("name", ["A total", "Name"])
def test_rows_with_a_code_where_the_table_has_one_are_no_legend(tmp_path: Path, name: str) -> None:
    rows = "".join(f"K{n};Meier {n};0171 392009{n}\n" for n in range(8))

    found = read(tmp_path, f"Key;Name;Phone\n{rows}\nWithout a number;;\nK8;{name};\nK9;Moser;\n")

    assert {12, 13} <= set(found.rows)


@pytest.mark.parametrize("between", ["", "\n", "\nMore of them;;;\n"])
@pytest.mark.parametrize(
    "header", ["NAME1;KUNNR;ORT01;TELF1", "NAME1;KUNNR;;", "NAME1;KUNNR;Note;TELF1", "'KUNNR';'NAME1';'TELF1';'ORT01'"]
)
def test_the_names_of_the_header_in_other_columns_are_refused(tmp_path: Path, between: str, header: str) -> None:
    """Also behind a blank row, and if some are missing or new."""
    rows = "C100;Ann;030 1234567;Ulm\nC101;Bob;030 1234568;Bonn\n"

    with pytest.raises(InputError, match=r"row [0-9]+ (has the names of the header|begins a second|, after a blank)"):
        read(tmp_path, f"KUNNR;NAME1;TELF1;ORT01\n{rows}{between}{header}\nCid;C102;Ulm;030 1234569\n")


@pytest.mark.parametrize(
    "row", ["Eva Kunz,0171 1234567,\n", "Eva Kunz,eva@mail.example,\n", "Eva Kunz,Ulm,new\n", "Eva Kunz,7,\n"]
)
def test_rows_behind_a_title_are_no_legend(tmp_path: Path, row: str) -> None:
    """A row with a phone number, an e-mail address or as many cells as the table's remains a row."""
    found = read(tmp_path, f"Agent,City,Note\nAnn Schmidt,Berlin,new\nOtto Maier,Kiel,old\n\nMore,,\n{row}")

    assert 6 in found.rows
