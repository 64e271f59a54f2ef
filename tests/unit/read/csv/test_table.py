"""Rows of a CSV file: their numbers, their cells, and the notes on cells."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.fields import VENDOR_COLUMNS
from dialler_sync.own_columns import FAILED_COLUMNS
from dialler_sync.read.csv.table import open_csv

from ....helpers.csv_files import read

HEADER = "No;Name;Phone\n"


def test_row_numbers(tmp_path: Path) -> None:
    """A cell of several lines is one row, and so is a blank line: the numbers match Excel's."""
    found = read(tmp_path, HEADER + '1;"Miller\r\nAnn";0171\n\n2;Meier;0172\n;;\n3;"a\n\nb\rc";0173\n4;Kunz;0174\n')

    assert found.rows == {
        2: ["1", "Miller\r\nAnn", "0171"],
        4: ["2", "Meier", "0172"],
        6: ["3", "a\n\nb\rc", "0173"],
        7: ["4", "Kunz", "0174"],
    }


@pytest.mark.parametrize("rows", [70, 4_999, 100_000])
def test_chunks(tmp_path: Path, rows: int) -> None:
    """Chunks have the requested length wherever they are cut, and nothing is lost between them."""
    lines = [f"{i};O'Brien;0171" if i % 100 else f'{i};"A\nB";0171' for i in range(1, 12_000)]
    found = read(tmp_path, HEADER + "\n".join(lines), rows=rows)

    assert [cells[0] for cells in found.cells] == [str(i) for i in range(1, 12_000)]
    assert list(found.rows) == list(range(2, 12_001))
    assert found.rows[101] == ["100", "A\nB", "0171"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_long_rows_do_not_wait_for_thousands_of_others(tmp_path: Path, quote: str) -> None:
    """A file of a few megabytes, unpacked, would fill the memory."""
    path = tmp_path / "long.csv"
    cell = f"{quote}{'x' * 900_000}{quote}"
    path.write_text("Key;Name\n" + "".join(f"K{n};{cell}\n" for n in range(40)), encoding="utf-8")

    chunks = list(open_csv(path, SourceSettings()).chunks())

    assert len(chunks) == 3
    assert [key for chunk in chunks for key in chunk.frame["Key"]] == [f"K{n}" for n in range(40)]


def test_many_blanks_between_rows_are_no_rows(tmp_path: Path) -> None:
    """However many characters they are."""
    path = tmp_path / "blanks.csv"
    blanks = f"{' ' * 900_000};\n" * 40
    path.write_text(f"Key;Name\nK1;Ann\n{blanks}K2;Bob\n", encoding="utf-8")

    chunks = open_csv(path, SourceSettings(delimiter=";")).chunks()

    assert [key for chunk in chunks for key in chunk.frame["Key"]] == ["K1", "K2"]


def test_long_cell_across_blocks(tmp_path: Path) -> None:
    """A cell longer than a block, of many lines, is one cell, and the rows below keep their places."""
    long = "\n".join(f"line {i}" for i in range(40_000))
    found = read(tmp_path, f'{HEADER}1;Miller;0171\n2;"{long}";0172\n3;Kunz;0173\n')

    assert found.cells == [["1", "Miller", "0171"], ["2", long, "0172"], ["3", "Kunz", "0173"]]
    assert not found.ragged


def test_cells_are_exact(tmp_path: Path) -> None:
    """Blanks, leading zeros, quotes and odd characters in a cell are kept."""
    cells = ["01099", " x ", 'say "hi"', "NaN", "null", "\u2028\x0b\x0c\x85", "1e5", "TRUE"]
    path = tmp_path / "exact.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([[f"c{i}x" for i in range(8)], cells])

    assert read(tmp_path, path.read_bytes(), header=1).cells == [cells]


MARKED = "'=1+1,1\r\n'+49 abc,2\r\n'tis,3\r\n''=x,4\r\nO'Brien,5\r\n'+49171,6\r\n"


@pytest.mark.parametrize("header", ['"Note","No"', "Note,_row", "Note,_change"])
def test_our_marks_before_formulas_are_taken_away(tmp_path: Path, header: str) -> None:
    """The apostrophe before a would-be formula is removed in files of ours; any other apostrophe stays."""
    found = read(tmp_path, f"{header}\r\n{MARKED}", quote='"')

    assert [cells[0] for cells in found.cells] == ["=1+1", "+49 abc", "'tis", "'=x", "O'Brien", "'+49171"]


@pytest.mark.parametrize("header", ["Note,No", '"Note",No', '"Note","No"\r\n"\'=0","0"', "ID,Name", "UserData,Name"])
def test_apostrophes_of_other_programs_stay(tmp_path: Path, header: str) -> None:
    """What looks like our mark is text, in a list that we have not written: whatever it stands before."""
    found = read(tmp_path, f"{header}\r\n{MARKED}", quote='"')

    assert [cells[0] for cells in found.cells][-6:] == ["'=1+1", "'+49 abc", "'tis", "''=x", "O'Brien", "'+49171"]


def test_text_kept_by_a_formula(tmp_path: Path) -> None:
    """A formula that is only a text is read as the text, in quotes or not; any other formula stays as written."""
    found = read(tmp_path, 'No;Phone;Note\n="001";="01711234567";=1+1\n"=""002""";"=""0171""";"=""a""&""b"""\n')

    assert found.cells == [["001", "01711234567", "=1+1"], ["002", "0171", '="a"&"b"']]


def test_ignored_columns(tmp_path: Path) -> None:
    """Columns of our own reports are left out: failed.csv reads as the list that it came from."""
    found = read(tmp_path, "No;_row;Name;_status\n1;2;Miller;failed\n2;3;Meier\n")

    assert found.columns == ["No", "Name"]
    assert found.layout.ignored == ("_row", "_status")
    assert found.rows[2] == ["1", "Miller"]
    assert found.ragged == {3: ("2", "3", "Meier")}


def test_nothing_but_ignored_columns(tmp_path: Path) -> None:
    """If every column of a file is ours, all are read."""
    found = read(tmp_path, "_file;_row\na.csv;2\n")

    assert found.columns == ["_file", "_row"]


def test_same_name_twice(tmp_path: Path) -> None:
    """Columns of the same name stay apart."""
    found = read(tmp_path, "Phone;Phone\n0171;0172\n")

    assert found.columns == ["Phone", "Phone"]
    assert found.cells == [["0171", "0172"]]


def test_vendor_format(tmp_path: Path) -> None:
    """The vendor's own file: no header, every cell quoted."""
    cells = ["DiallerContact", *(f"value {i}" for i in range(1, len(VENDOR_COLUMNS)))]
    line = ";".join(f'"{cell}"' for cell in cells)
    found = read(tmp_path, f"{line}\r\n{line}\r\n")

    assert found.layout.vendor
    assert tuple(found.columns) == VENDOR_COLUMNS
    assert found.rows == {1: cells, 2: cells}


@pytest.mark.parametrize(
    "rows",
    [
        ['1;"Miller;0171', "2;Meier;0172", "3;Kunz;0173"],
        ['1;"Miller;0171', '2;"Meier";0172', "3;Kunz;0173"],
        ["1;Miller;0171", '2;Meier;"0172', "3;Kunz;0173"],
        ["1;Miller;0171", "2;Meier;0172", '"3;Kunz;0173'],
        ['1;"Miller;0171', "2;Meier;0172", '3;"Kunz";0173', '4;"a\nb";1'],
        ["1;Miller;0171", '2;"Zum Anker" Ltd;0172', "3;Kunz;0173"],
        ['1;"Miller;0171', *(f"{i};Meier;0172" for i in range(2, 80_000))],
    ],
)
def test_unclosed_quote(tmp_path: Path, rows: list[str]) -> None:
    """An unclosed quote swallows no row: its own row is flagged and named, every other row is read exactly."""
    found = read(tmp_path, HEADER + "".join(f"{row}\n" for row in rows))

    numbers = [cells[0].lstrip('"') for cells in found.cells]
    assert numbers == [str(i) for i in range(1, len(rows) + 1)]
    broken = next(i for i, row in enumerate(rows, 2) if row.count('"') % 2 or "Anker" in row)
    assert list(found.ragged) == [broken]
    assert f"unclosed quote: 1, the first is row {broken}." in found.remarks


def test_quote_closed_far_below(tmp_path: Path) -> None:
    """A quote opened in one row and closed in another is not a long cell: the lines between are rows."""
    lines = ['1;"Miller;0171', *(f"{i};Meier;0172" for i in range(2, 9)), '9;Kunz";0173', "10;Hinz;0174"]
    found = read(tmp_path, HEADER + "\n".join(lines))

    assert [cells[0] for cells in found.cells] == [str(i) for i in range(1, 11)]
    assert 2 in found.ragged


def test_rows_of_many_cells(tmp_path: Path) -> None:
    """Ragged rows keep their own cells; only the frame cuts or pads them."""
    found = read(tmp_path, HEADER + "1;Miller;0171\n2\n3;Meier;0172;x;y\n4;Kunz;0173\n")

    assert found.ragged == {3: ("2",), 4: ("3", "Meier", "0172", "x", "y")}
    assert "2 of 4, the first is row 3" in found.remarks


@pytest.mark.parametrize(
    ("data", "limits", "message"),
    [
        (";".join("x" * 100_000) + "\n", {}, "row 1 has 100,000 cells; the limit is 2,000"),
        (HEADER + "1;2;3\n" * 1000 + "1;" * 3_000 + "\n", {}, "row 1002 has 3,001 cells"),
        ("x" * 20_000_000, {}, "is longer than 10,000,000 characters"),
        (f"{HEADER}1;{'x' * 1_100_000};0171\n", {}, "row 2 has a cell of more than 1,000,000 characters"),
        (f'{HEADER}1;"{"x" * 1_100_000}";0171\n', {}, "row 2 has a cell of more than 1,000,000 characters"),
        (HEADER + '1;"' + "some text\n" * 200_000 + '";0171\n', {}, "begins with '1;\"some text' is longer than 1,000"),
        (f"{HEADER}1;{'x' * 11};0171\n", {"max_cell_chars": 10}, "row 2 has a cell of more than 10 characters"),
        ("x;y\n" * 600_000, {"max_file_mb": 2}, "2 MB; the limit is 2 MB"),
    ],
)
def test_limits(tmp_path: Path, data: str, limits: dict[str, int], message: str) -> None:
    """Input that would exhaust memory or time is refused, with the place and the setting."""
    with pytest.raises(InputError, match=message + r".*source\.max_"):
        read(tmp_path, data, **limits)


def test_limits_of_quoted_cells(tmp_path: Path) -> None:
    """A cell beyond the csv module's limit is read if it is within ours."""
    cell = "x" * 200_000 + ";" + '"' + "\n" + "y" * 200_000
    found = read(tmp_path, HEADER + '1;"' + cell.replace('"', '""') + '";0171\n2;Meier;0172\n')

    assert found.cells == [["1", cell, "0171"], ["2", "Meier", "0172"]]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (["K1", '"Anna', "0171 392"], ["K2", 'Bernd"', "0171 393"]),
        (['"K1', "Anna", "0171 392"], ["K2", "Bernd", '0171 393"']),
        (["K1", "Anna", '"0171 392'], ["K2", "Bernd", '0171 393"']),
    ],
)
@pytest.mark.parametrize("between", [[], [["K7", "Carla", "0171 394"]]])
def test_two_stray_quotes(tmp_path: Path, first: list[str], last: list[str], between: list[list[str]]) -> None:
    """Stray quotes in two rows do not join them. But what is between may be lines of a cell: all are flagged."""
    others = [[f"K{i}", f"Miller {i}", f"0171 39{i}"] for i in range(10, 16)]
    table = [*others, first, *between, last, *others]
    found = read(tmp_path, "Key;Name;Phone\n" + "".join(";".join(cells) + "\n" for cells in table))

    assert found.cells == table
    assert sorted(found.ragged) == [8, *(9 for _ in between), 9 + len(between)]
    assert "stray or unclosed quote" in found.remarks


WRITTEN = "please,at,noon\nK9,x,Victim,0171 3920099\nz,y"


@pytest.mark.parametrize(("end", "inside"), [("\r\n", "\n"), ("\n", "\r\n")])
def test_cell_of_lines_that_end_otherwise(tmp_path: Path, end: str, inside: str) -> None:
    """What somebody wrote into a cell is no row, although it looks like one: rows end otherwise."""
    cell = WRITTEN.replace("\n", inside)
    rows = [
        ["K1", "ok", "Meier", "0171 3920011"],
        ["K2", cell, "Huber", "0171 3920012"],
        ["K3", "ok", "Li", "0171 392"],
    ]
    text = StringIO()
    csv.writer(text, lineterminator=end).writerows([["Key", "Note", "Name", "Phone"], *rows])
    found = read(tmp_path, text.getvalue())

    assert found.cells == rows
    assert not found.ragged


def test_one_row_that_ends_otherwise_than_the_first_proves_no_cell(tmp_path: Path) -> None:
    """It was pasted in; two stray quotes would swallow the rows between."""
    first = "Key,Note,Name,Phone\nK1,ok,Meier,0171 3920011\n"
    stray = 'K2,"ok,Huber,0171 3920012\nK3,x,Li,0171 3920013\nK4,ok",Kurz,0171 3920014\r\n'
    found = read(tmp_path, f"{first}{stray}K5,ok,Maus,0171 3920015\n")

    assert [cells[0] for cells in found.cells] == ["K1", "K2", "K3", "K4", "K5"]
    assert {3, 4, 5} >= {*found.ragged} >= {4}


def test_lines_that_may_be_of_a_cell_or_rows(tmp_path: Path) -> None:
    """Nothing tells whether somebody wrote rows into a cell, or two quotes are stray: no line of it is imported."""
    text = StringIO()
    rows = [
        ["K1", "ok", "Meier", "0171 3920011"],
        ["K2", WRITTEN, "Huber", "0171 3920012"],
        ["K3", "ok", "Li", "0171 3"],
    ]
    csv.writer(text, lineterminator="\n").writerows([["Key", "Note", "Name", "Phone"], *rows])
    found = read(tmp_path, text.getvalue())

    assert sorted(found.ragged) == [3, 4, 5]


@pytest.mark.parametrize("cell", ["Main St 1; 53111 Bonn\nRoom 2; left", "Bonn\nBeuel", "a;b;c\nd;e;f"])
def test_cell_of_several_lines(tmp_path: Path, cell: str) -> None:
    """A cell over several lines stays one, even if each of its lines has as many cells as a row."""
    others = [[f"K{i}", f"Miller {i}", f"0171 39{i}"] for i in range(10, 16)]
    text = "".join(";".join(cells) + "\n" for cells in others)
    found = read(tmp_path, f'Key;Name;Phone\n{text}K1;"{cell}";0171 1234\n{text}')

    assert found.rows[8] == ["K1", cell, "0171 1234"]
    assert not found.ragged


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("inside", ["\r\n", "\n"])
def test_what_looks_like_rows_in_a_cell_of_ours(tmp_path: Path, end: str, inside: str) -> None:
    """A fixed file keeps its rows, whatever is written into a cell, and however an editor ends its lines."""
    cell = WRITTEN.replace("\n", inside)
    names = ["Key", "Note", "Name", "Phone", *FAILED_COLUMNS]
    mark = ["run", "2", "K1", "rejected", "number_wrong", "", "", ""]
    rows = [["K1", "ok", "Meier", "0171"], ["K2", cell, "Huber", "0172"], ["K3", "ok", "Li", "0173"]]
    text = StringIO()
    csv.writer(text, lineterminator=end).writerows([names, *([*row, *mark] for row in rows)])
    found = read(tmp_path, text.getvalue())

    assert found.cells == rows
    assert not found.ragged
