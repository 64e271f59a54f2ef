"""Comma lists are not read as one column; a doubtful list is a question to the user, and the answer is obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.errors import InputError

from ....helpers.csv_files import read

PHONES = "".join(f"{1000 + i},+49171123450{i}\n" for i in range(10))


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        (
            '"CustomerNo","Phone"\n1001,01711234567\n1002,01711234568\n',
            ["CustomerNo", "Phone"],
            ["1001", "01711234567"],
        ),
        ("CustomerNo,Phone\n" + PHONES, ["CustomerNo", "Phone"], ["1000", "+491711234500"]),
        ("a,b,c\n123,456,789\n321,654,987\n", ["a", "b", "c"], ["123", "456", "789"]),
        ("Age,Points\n42,50\n37,12\n51,99\n", ["Age", "Points"], ["42", "50"]),
        (
            "url,ID,Name\nhttps://x.example/?a=1,2019221,Ann\n",
            ["url", "ID", "Name"],
            ["https://x.example/?a=1", "2019221", "Ann"],
        ),
        (
            "url;ID\nhttps://x.example/?a=1,2|3;7\nhttps://x.example/?a=2,2|3;8\n",
            ["url", "ID"],
            ["https://x.example/?a=1,2|3", "7"],
        ),
        ("No;Kontakt\n1;Meier, Ann\n2;Kunz, Uwe\n", ["No", "Kontakt"], ["1", "Meier, Ann"]),
        ("Seit;Name\nJan 5, 2024;Ann\nFeb 6, 2024;Uwe\n", ["Seit", "Name"], ["Jan 5, 2024", "Ann"]),
        ('No,Betrag\n1,"1.234,50"\n2,"99,00"\n', ["No", "Betrag"], ["1", "1.234,50"]),
        ('No;meta\n1;{"a":1,"b":2}\n2;{"a":3,"b":4}\n', ["No", "meta"], ["1", '{"a":1,"b":2}']),
        ("1001,01711234567\n1002,01711234568\n", ["column_1", "column_2"], ["1001", "01711234567"]),
        ("Id,Phone\n", ["Id", "Phone"], None),
        ("No^Name\n1^Ann, Eva\n", ["No", "Name"], ["1", "Ann, Eva"]),
        ("No§City\n1§Kiel, Nord\n2§Ulm, West\n", ["No", "City"], ["1", "Kiel, Nord"]),
        ("List of customers\n\nNo,Phone\n" + PHONES, ["No", "Phone"], ["1000", "+491711234500"]),
    ],
)
def test_lists_of_several_columns(tmp_path: Path, text: str, columns: list[str], first: list[str] | None) -> None:
    """A sign in the header and in every row is a delimiter, even if whole lines look like values."""
    found = read(tmp_path, text)

    assert found.columns == columns
    assert found.cells[:1] == ([first] if first else [])


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Betrag\n1,50\n2,75\n", "Betrag"),
        ("Betrag\n1.234,50\n2.234,75\n", "Betrag"),
        ("Since\r\nJan 5, 2024\r\nFeb 6, 2024\r\n", "Since"),
        ("Tags\nnew\nold;late\nnew;old;late\nlate\n", "Tags"),
        ("Link\nhttps://maps.example/@52.5,13.4,15z\nhttps://maps.example/@48.1,11.5,15z\n", "Link"),
        ('"Name, first"\n"Meier, Ann"\n"Kunz, Uwe"\n', "Name, first"),
    ],
)
def test_lists_of_one_column(tmp_path: Path, text: str, column: str) -> None:
    """A header without delimiters over decimal numbers or addresses, or quotes around each line, means one column."""
    assert read(tmp_path, text).columns == [column]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Name\nMeier, Ann\nKunz, Uwe\nBerg, Eva\n", 1),
        ("Meier, Ann\nKunz, Uwe\n", 1),
        ("Since\r\nJan 5, 2024\r\nFeb 6, 2024\r\nMar 7, 2024\r\n", 1),
        ("Anschrift\nWeg 1, 24103 Kiel\nWeg 2, 24105 Kiel\nWeg 3, 24107 Kiel\n", 1),
        ("Name Telefon\nMeier 01714840972\n", 1),
        ("Telefon Saldo\n01714840972 16.04.1953\n", 1),
        ("Company in full\nAcme Trading Ltd\nBig Box Inc\n", 1),
        ("Date of birth\nJun 14, 1959\nApr 27, 1980\n", 1),
        ("Tags\nold;late\nnew;old;late\nnew;late\nlate;old\n", 1),
        ("Amount, net\n1,50\n2,75\n", 1),
        ("123,456,789\n321,654,987\n", 1),
        ("https://x.example/?a=1|b=2\nhttps://x.example/?a=2|b=3\n", 1),
        ("user:shell:home\nann:zsh:x\nuwe:sh:y\n", 1),
        ("No#Name\n1#Ann\n2#Uwe\n", 1),
        ("No||Name\n1||Ann\n2||Uwe\n", 1),
        ("Name - Phone\nAnn - 0171 1\nEva - 0171 2\n", 1),
        ("No•Name\n1•Ann\n2•Eva\n", 1),
        ("No\u00a0Name\n1\u00a0Ann\n2\u00a0Eva\n", 1),
        ("No，Name\n1，Ann\n2，Eva\n", 1),
        ("No/Name/City\n1/Ann/Kiel\n2/Eva/Ulm\n", 1),
        ("No    Name    City\n1     Ann     Kiel\n2     Otto    Ulm\n", 1),
        ("No~|~Name\n1~|~Ann\n2~|~Uwe\n", 1),
    ],
)
def test_what_can_be_one_column_or_several_is_asked(tmp_path: Path, text: str, columns: int) -> None:
    """The message names the setting, and ``none`` makes it one column."""
    with pytest.raises(InputError, match=r"list\.csv: .*source\.delimiter"):
        read(tmp_path, text)

    assert len(read(tmp_path, text, delimiter="none", header=1).columns) == columns


def test_the_answer_to_a_rare_delimiter(tmp_path: Path) -> None:
    """A sign that is text in most lists delimits if it is configured."""
    assert read(tmp_path, "No#Name\n1#Ann\n", delimiter="#").cells == [["1", "Ann"]]


@pytest.mark.parametrize("cell", ["a,b c,d " * 20_000, '"' + "a,b,c\n" * 20_000 + '"'], ids=["line", "lines in quotes"])
def test_a_first_cell_longer_than_the_sample(tmp_path: Path, cell: str) -> None:
    """The sample grows beyond one long cell, so that the delimiter is found among rows."""
    found = read(tmp_path, f"Text;Name;Phone\n{cell};Ann;0171 1234567\n" + "x;Otto;0171 1234568\n" * 20)

    assert found.columns == ["Text", "Name", "Phone"]
    assert found.cells[0] == [cell.strip('"'), "Ann", "0171 1234567"]


@pytest.mark.parametrize(("end", "remarks"), [("\n", 0), ("", 1)])
def test_a_last_line_without_its_end(tmp_path: Path, end: str, remarks: int) -> None:
    """The upload may be incomplete; but many programs omit the last line end, so this is only a remark."""
    found = read(tmp_path, f"No;Name\n1;Ann\n2;Uwe{end}")

    assert found.cells == [["1", "Ann"], ["2", "Uwe"]]
    assert len(found.layout.remarks) == remarks
    assert ("the last line does not end" in found.remarks.casefold()) == bool(remarks)
