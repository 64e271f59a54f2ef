"""Delimiter, quote and escape follow from the rows that they give; a tie is a question to the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.errors import InputError

from ....helpers.csv_files import read


@pytest.mark.parametrize(
    ("text", "delimiter", "cells"),
    [
        ("Name;Amount\nMiller;1,5\nMeier;2,5\n", ";", ["Miller", "1,5"]),
        ("Name, first;City, country;Phone\nMiller, Ann;Berlin, D;0171\n", ";", ["Miller, Ann", "Berlin, D", "0171"]),
        ("No\tName\n1\tMiller, Ann\n2\tMeier, Uwe\n", "\t", ["1", "Miller, Ann"]),
        ("1,2,3\n4,5,6\n", ",", ["1", "2", "3"]),
        ("1,50\n2,50\n3,75\n", None, ["1,50"]),
        ("Phone\n0171 1234567\n0172 7654321\n", None, ["0171 1234567"]),
        ("Phone\n01711234567\n", None, ["01711234567"]),
        ("Name\nAnn Miller\nUwe Meier\n", None, ["Ann Miller"]),
        ('"Name;City","No"\n"a;b","c;d"\n', ",", ["a;b", "c;d"]),
        ("'Name','No'\n'Miller, Ann','1'\n", ",", ["Miller, Ann", "1"]),
        ("No,Name\n1,O'Brien\n2,D'Angelo\n", ",", ["1", "O'Brien"]),
        ("Time,No\n01/01/2024 00:15,38.72\n01/01/2024 00:30,43.62\n", ",", ["01/01/2024 00:15", "38.72"]),
    ],
)
def test_delimiter(tmp_path: Path, text: str, delimiter: str | None, cells: list[str]) -> None:
    """Commas in numbers and names, and blanks in phone numbers, are not delimiters."""
    found = read(tmp_path, text)

    assert found.layout.delimiter == delimiter
    assert found.cells[0] == cells


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("name;first,city\nMiller;Ann,Berlin\nMeier;Uwe,Bonn\n", "';'", "','"),
        ("First Last\nAnn Miller\nUwe Meier\n", "space", "nothing"),
    ],
)
def test_equally_good_delimiters(tmp_path: Path, text: str, one: str, other: str) -> None:
    """Two delimiters that do equally well give two readings: the user is asked, and the answer is obeyed."""
    with pytest.raises(InputError, match=rf"delimited by {one} or by {other}.*set source\.delimiter"):
        read(tmp_path, text)

    assert read(tmp_path, text, delimiter=" " if one == "space" else ";").layout.columns[0] in {"name", "First"}


@pytest.mark.parametrize(("name", "sign"), [("tab", "\t"), ("\\t", "\t"), ("pipe", "|"), ("^", "^"), (", ", ", ")])
def test_configured_delimiter(tmp_path: Path, name: str, sign: str) -> None:
    """A configured delimiter is taken, by sign or by name, whatever the text holds."""
    found = read(tmp_path, f"a;b{sign}c\n1;2{sign}3\n", delimiter=name)

    assert found.columns == ["a;b", "c"]
    assert found.cells == [["1;2", "3"]]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("sep=:\nNo:Name\n1:Ann\n", ["No", "Name"]),
        ("sep=;\nName\nAnn\n", ["Name"]),
        ("sep= \nFull name\nAnn Schmidt\n", ["Full", "name"]),
        ('sep=,\r\n"No","Phone"\r\n1,01711234567\r\n', ["No", "Phone"]),
    ],
)
def test_a_first_line_that_tells_the_delimiter(tmp_path: Path, text: str, columns: list[str]) -> None:
    """The delimiter that the file declares needs no question."""
    assert read(tmp_path, text).columns == columns


def test_a_first_line_that_tells_another_delimiter(tmp_path: Path) -> None:
    """Another program may save the file with its own delimiter and keep the line: a single column is refused."""
    with pytest.raises(InputError, match=r"first line says that ',' delimits.*set source\.delimiter"):
        read(tmp_path, "sep=,\nNo;Name\n1;Ann\n")


def test_comma_and_space_keeps_further_spaces(tmp_path: Path) -> None:
    """With comma and space, the delimiter takes one space only, and a bare comma is text."""
    found = read(tmp_path, 'a, b, c\nx,  y, "1, 2"\np,q, r, \n', delimiter=", ", header=1)

    assert found.cells == [["x", " y", "1, 2"], ["p,q", "r", ""]]


@pytest.mark.parametrize(
    ("settings", "cells"),
    [
        ({"quote": "none"}, ['"x""y"', "1"]),
        ({"quote": '"', "escape": "double"}, ['x"y', "1"]),
        ({"quote": '"', "escape": "none"}, ['x""y', "1"]),
        ({"quote": "'"}, ['"x""y"', "1"]),
    ],
)
def test_configured_quote(tmp_path: Path, settings: dict[str, str], cells: list[str]) -> None:
    """Configured quote and escape are taken."""
    assert read(tmp_path, 'a;b\n"x""y";1\n', **settings).cells == [cells]


def test_backslashes_that_escape_nothing_are_text(tmp_path: Path) -> None:
    """A backslash escapes only a quote, a delimiter or another backslash."""
    found = read(tmp_path, 'path;no\n"C:\\temp\\new";1\n"5\\" tube";2\n"a\\\\b";3\n', escape="backslash")

    assert found.cells == [["C:\\temp\\new", "1"], ['5" tube', "2"], ["a\\b", "3"]]


def test_lines_in_quotes(tmp_path: Path) -> None:
    """Lines quoted as a whole hide their delimiter; names with a comma in one column do not."""
    with pytest.raises(InputError, match="each line stands in quotes as a whole"):
        read(tmp_path, '"Id,Name,Tel"\n"1,A,0171"\n"2,B,0172"\n')

    assert read(tmp_path, '"Name"\n"Meier, Ann"\n"Kurz, Eva"\n').cells[0] == ["Meier, Ann"]


def test_a_footer_longer_than_the_list(tmp_path: Path) -> None:
    """The quotes of the header are those of several cells, however few rows there are."""
    rows = ['"Contact ID","Last Name","Phone"', *(f'"A{n}","Miller","+44 20 7946 00{n}"' for n in range(10, 13))]
    footer = [f'"{line}"' for line in ("Contacts", "Copyright (c) salesforce.com", "Confidential", "By: Jane", "Acme")]

    found = read(tmp_path, "\n".join([*rows, "", "", *footer, ""]))

    assert found.columns == ["Contact ID", "Last Name", "Phone"]
    assert [cells[0] for cells in found.cells] == ["A10", "A11", "A12"]


@pytest.mark.parametrize("note", ["line one\nline two", "Miller; Ann", 'size 5" tube'])
def test_words_in_single_quotes_are_no_sign_for_text(tmp_path: Path, note: str) -> None:
    """People write them; the cells around them would be read with their real quotes, or cut at them."""
    quoted = note.replace('"', '""')
    rows = "".join(f"K{number};Ann;'VIP'\n" for number in range(20))
    found = read(tmp_path, f'Key;Name;Note\n{rows}K99;Bob;"{quoted}"\n')

    assert found.cells == [*(["K" + str(number), "Ann", "'VIP'"] for number in range(20)), ["K99", "Bob", note]]


@pytest.mark.parametrize(
    "cells", ["'K1';'Ann';'x'", "'K1';'Miller; Ann';5", "1;'Ann';'O''Brien'", "'K1';'Ann';NULL", "1;'Ann';true"]
)
@pytest.mark.parametrize("header", ["Key;Name;Note", "'Key';'Name';'Note'", "Autumn list\nKey;Name;Note"])
def test_single_quotes_that_a_program_writes(tmp_path: Path, header: str, cells: str) -> None:
    """Also if numbers and NULL stand without quotes, or under a title."""
    found = read(tmp_path, f"{header}\n" + f"{cells}\n" * 3)

    assert not any(cell.startswith("'") for row in found.cells for cell in row)


@pytest.mark.parametrize(
    "text",
    [
        "Key;Name;Phone;Note\n'K1';'Ann';030 39200121;NULL\n'K2';'Bob';030 39200122;'x'\n",
        "Key;Name;Phone;Active\n'K1';'Ann';030 39200121;true\n'K2';'Bob';030 39200122;nein\n",
        "Key;Name;Phone\n'K1';'Ann';030 39200121\n'K2';'Bob';030 39200122\nEnd of list\n",
        "Customers\nKey;Name;Phone\n'K1';'Ann';030 39200121\n'K2';'Bob';030 39200122\n",
        "Customers;;\nKey;Name;Phone\n'K1';'Ann';030 39200121\n'K2';'Bob';030 39200122\n",
    ],
)
def test_bare_words_among_texts_in_single_quotes(tmp_path: Path, text: str) -> None:
    """Programs write ``NULL`` and booleans without quotes, and people a title above."""
    found = read(tmp_path, text)

    assert [cells[:2] for cells in found.cells[:2]] == [["K1", "Ann"], ["K2", "Bob"]]


@pytest.mark.parametrize(
    "rows",
    ["K1;Ann;'VIP'\nK2;Bob;'VIP'\n", "1;030 39200121;x\n2;030 39200122;'VIP'\n", "K1;Ann;\nK2;Bob;'VIP'\n"],
)
def test_notes_in_single_quotes_are_content(tmp_path: Path, rows: str) -> None:
    assert read(tmp_path, f"Key;Name;Note\n{rows}").cells[1][2] == "'VIP'"
