"""A fixed file is known by our columns, with whatever delimiter a program saved it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.own_columns import FAILED_COLUMNS
from dialler_sync.read import open_table
from dialler_sync.read.layout.mended import mended_at, own_form

ALL = "_file{0}_sheet{0}" + "{0}".join(FAILED_COLUMNS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["Note", "_error_code{0}_error_field", f"x{{0}}{ALL}{{0}}y", ALL])
@pytest.mark.parametrize("other", [",", ";", "|", "\t"])
def test_a_name_that_looks_like_several_of_ours_tells_no_delimiter(
    tmp_path: Path, delimiter: str, name: str, other: str
) -> None:
    """An author of a list could choose how its cells are read, and what becomes of their quotes."""
    path = tmp_path / "failed.csv"
    names = ["Key", name.format(other), *FAILED_COLUMNS]
    row = ["K1", "'Zum Hirschen'", "run", "2", "K1", "rejected", "name_missing", "Name", "no name", "write one"]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([names, row])

    form = own_form(path, SourceSettings())
    assert form is not None
    assert form.delimiter == delimiter
    (chunk,) = open_table(path, form).chunks()
    assert chunk.frame.iloc[0].tolist() == row[:2]


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([["Key", "Name", "_run"], ["K1", "Li", "r"]], 0),
        ([["", "", ""], ["Key", "Name", "_run"]], 1),
        ([["List of May", "", ""], ["Key", "_run", "_row"]], 1),
        ([["Key", "Name", "Note"], ["K1", "_run", "_row"]], None),
        ([["Key", "Name"], ["K1", "_run"], ["K2", "Li"]], None),
        ([["K1", ""], ["K2", "_run"]], None),
        ([["Title", "", ""], ["Key", "Name", "Note"], ["K1", "_run", "_row"]], None),
    ],
)
def test_our_names_in_a_cell_make_no_header(rows: list[list[str]], at: int | None) -> None:
    """Rows above a header are left out: whoever writes into a cell could choose them."""
    assert mended_at(rows) == at


@pytest.mark.parametrize("cells", [("_run", "Li"), ("_run", "_row"), ("_row", "_status")])
def test_our_names_in_a_cell_of_ours(tmp_path: Path, cells: tuple[str, str]) -> None:
    """The first line of a file of ours is its header, whatever its rows hold."""
    path = tmp_path / "list.csv"
    path.write_text(f'"UserData","Name"\r\nK1,Meier\r\n{cells[0]},{cells[1]}\r\nK2,Huber\r\n', encoding="utf-8")

    (chunk,) = open_table(path, SourceSettings()).chunks()
    assert chunk.frame["UserData"].tolist() == ["K1", cells[0], "K2"]


CALLS = ["UserData", "ContactID", "Name", "CallID", "_change", "Note"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_calls_are_read_as_they_were_written(tmp_path: Path, delimiter: str) -> None:
    """Single quotes around all texts are part of them, and so is a last row of one cell."""
    path = tmp_path / "calls.csv"
    rows = [["'K1'", "1", "Li", "7", "new", "'a'"], ["'K2'", "", "", "", "", ""]]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([CALLS, *rows])

    (chunk,) = open_table(path, SourceSettings()).chunks()
    assert chunk.frame["UserData"].tolist() == ["'K1'", "'K2'"]


DATA = [(f"K{i}", "Meier", f"0171 39200{i}") for i in range(10, 16)]


def written(delimiter: str) -> str:
    return "".join(delimiter.join(row) + "\r\n" for row in DATA)


@pytest.mark.parametrize(
    "text",
    [
        '"Key;Name, first;Tel"\r\n' + written(";"),
        '"Key","Name","Tel"\r\n' + written(";"),
        '"Key","Name","Tel"\r\n' + written(",") + "\r\nTotal: 6\r\n",
        '"List","of May"\r\n\r\nKey,Name,Tel\r\n' + written(","),
        '"List"\r\n\r\nKey;Name;Tel\r\n' + written(";"),
        '"List, May"\r\nKey,Name,Tel\r\n' + written(","),
        '"","Who",""\r\n"Key","Name","Tel"\r\n' + written(","),
        '"sep=;"\r\nKey;Name;Tel\r\n' + written(";"),
        ('"Key","Name","Tel"\r\n' + written(",")) * 2,
    ],
)
def test_a_foreign_list_is_none_of_ours(tmp_path: Path, text: str) -> None:
    """All names of its first line are in quotes, as in ours. But its rows are others than we would write."""
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode())

    (chunk,) = open_table(path, SourceSettings()).chunks()
    assert [tuple(row) for row in chunk.frame.itertuples(index=False)] == DATA * (text.count("K10"))
    assert not chunk.ragged


def test_a_list_whose_first_row_needs_its_quotes_is_none_of_ours(tmp_path: Path) -> None:
    """It has no header."""
    path = tmp_path / "list.csv"
    path.write_bytes(b'"Li, Anna","a,b"\r\nMeier,c\r\nHuber,d\r\n')

    assert open_table(path, SourceSettings(header="none")).layout.columns == ("column_1", "column_2")
