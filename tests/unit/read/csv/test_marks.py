"""Byte order marks inside a file are not text: another file was appended there (``copy /b``)."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from dialler_sync.errors import InputError

from ....helpers.csv_files import read, read_file

MARK = "\ufeff"
HEADER = ["Kundennr", "Nachname", "Telefon", "Notiz"]


def lines(first: int, *, header: bool = True, quote: str = "") -> str:
    rows = [[f"E{i}", "Ng", f"0171 23456{i}", "x"] for i in range(first, first + 5)]
    return "".join(
        ";".join(quote + cell + quote for cell in row) + "\r\n" for row in ([HEADER, *rows] if header else rows)
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("header", [True, False])
def test_files_that_were_joined(tmp_path: Path, encoding: str, quote: str, header: bool) -> None:
    """The rows of both files are read, with or without a second header between them, and no key has a mark."""
    text = MARK + lines(40, quote=quote) + MARK + lines(50, header=header, quote=quote)
    found = read(tmp_path, text.encode(encoding))

    assert found.columns == HEADER
    assert [cells[0] for cells in found.cells] == [f"E{i}" for i in (*range(40, 45), *range(50, 55))]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("last", ["x", ""])
def test_files_that_were_joined_within_a_line(tmp_path: Path, quote: str, header: bool, last: str) -> None:
    """Without a line end between two files, the last row of one would join the first of the other: it is refused."""
    above = MARK + lines(40, quote=quote).rstrip().removesuffix(f"{quote}x{quote}") + quote + last + quote

    with pytest.raises(InputError, match=r"list\.csv: row 6 holds a byte order mark.*appended without a line end"):
        read(tmp_path, above + MARK + lines(50, header=header, quote=quote))


def test_a_broken_upload_within_a_key(tmp_path: Path) -> None:
    """A row that ends in its first cell is not joined to the next file's first row."""
    with pytest.raises(InputError, match="row 7 holds a byte order mark"):
        read(tmp_path, lines(40) + "E4" + MARK + lines(50, header=False))


def test_a_single_column_within_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 3 holds a byte order mark"):
        read(tmp_path, f"Key\nE1\nE2{MARK}Key\nE3\n")


def test_a_mark_in_a_cell(tmp_path: Path) -> None:
    """A mark pasted into a cell is dropped: no other file can begin there."""
    assert read(tmp_path, f"No;Name\n1;{MARK}Ann\n2;Eva{MARK}\n").cells == [["1", "Ann"], ["2", "Eva"]]


def test_a_mark_between_blocks(tmp_path: Path) -> None:
    """A mark at the beginning of a line is found wherever a block ends."""
    row = "1234567;Ann\n"
    text = "No;Name\n" + (row * 5_500 + MARK) * 3 + row

    assert {cells[0] for cells in read(tmp_path, text).cells} == {"1234567"}


def test_a_mark_in_a_workbook(tmp_path: Path) -> None:
    """A mark at the start of a text cell is dropped."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in ([f"{MARK}Key", "Name"], [f"{MARK}E1", "Ann"]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    found = read_file(tmp_path / "list.xlsx")

    assert (found.columns, found.cells) == (["Key", "Name"], [["E1", "Ann"]])
