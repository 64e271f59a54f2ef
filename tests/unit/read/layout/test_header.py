"""The header is a row of words above values; a doubtful one is a question to the user."""

from __future__ import annotations

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.fields import VENDOR_COLUMNS
from dialler_sync.read.layout.header import Header, find_header


def header(text: str, **source: object) -> Header:
    rows = [(number, line.split(";")) for number, line in enumerate(text.splitlines(), 1) if line.strip(";")]
    return find_header(rows, SourceSettings.model_validate(source))


ROWS = "1;Miller;+491711234567\n2;Meier;0172 7654321\n"
WIDE = "1;Miller;0228 1111;0228 2222;0171 3333;0228 4\n2;Meier;0228 5555;0228 6666;0171 7777;0228 8\n"
PHONES = ("Phone home", "Phone work", "Phone mobile", "Phone fax")


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("No;Name;Phone\n" + ROWS, (1,), ("No", "Name", "Phone")),
        ("No;Name;Phone", (1,), ("No", "Name", "Phone")),
        ("List of customers\n\nNo;Name;Phone\n" + ROWS, (3,), ("No", "Name", "Phone")),
        ("List;;\nof 2024-02-01;;\nNo;Name;Phone\n" + ROWS, (3,), ("No", "Name", "Phone")),
        ("No;;Phone\n" + ROWS, (1,), ("No", "", "Phone")),
        ("No;Name;Phone;\n" + ROWS, (1,), ("No", "Name", "Phone")),
        ("Customer;;Contact\nNo;Name;Phone\n" + ROWS, (1, 2), ("Customer No", "Customer Name", "Contact Phone")),
        ("No;Name;Phone;;;\n;;home;work;mobile;fax\n" + WIDE, (1, 2), ("No", "Name", *PHONES)),
        ("No;;Phone;;;\n;Name;home;work;mobile;fax\n" + WIDE, (1, 2), ("No", "Name", *PHONES)),
        (
            "No;Name;Phone;;;\n;;own;;work;\n;;home;mobile;desk;fax\n" + WIDE * 3,
            (1, 2, 3),
            ("No", "Name", "Phone own home", "Phone own mobile", "Phone work desk", "Phone work fax"),
        ),
        ("by;Smith;;;;\nNo;Name;home;work;mobile;fax\n" + WIDE, (2,), ("No", "Name", "home", "work", "mobile", "fax")),
        ("Customer;Last;Phone\nNo;name;number\n" + ROWS, (1, 2), ("Customer No", "Last name", "Phone number")),
        ("PhoneNumber1;Name\n+491711234567;Miller\n", (1,), ("PhoneNumber1", "Name")),
        ("first;last;city\nAnn;Miller;Bonn\nUwe;Meier;Bonn\n", (1,), ("first", "last", "city")),
        (ROWS, (), ("column_1", "column_2", "column_3")),
        ("Ann;Miller;Bonn\nUwe;Meier;Bonn\nEva;Kunz;Ulm\n", (), ("column_1", "column_2", "column_3")),
        ("01711234567", (), ("column_1",)),
    ],
)
def test_header(text: str, rows: tuple[int, ...], columns: tuple[str, ...]) -> None:
    """The header is found on the first line or below a title, on one line or two, or not at all."""
    found = header(text)

    assert found.rows == rows
    assert found.columns == columns
    assert found.first_row == (rows[-1] + 1 if rows else 1)


def test_sparse_first_row_is_not_lost() -> None:
    """Without a header, a first row with empty cells is a row, not a title."""
    assert header(";Miller;\n" + ROWS).first_row == 1


def test_text_in_a_column_of_values_is_not_a_header_line() -> None:
    """A first row with a word in place of the number stays a row."""
    assert header("No;Name;Phone\n1;Miller;unknown\n" + ROWS).rows == (1,)


def test_equally_good() -> None:
    """With as many columns for a header as against it, the user is asked, and the answer is obeyed."""
    text = "Miller;unknown;100\nMeier;01711234567;120\nKunz;01721234567;130\n"

    with pytest.raises(InputError, match=r"row 1 can be the header or the first row of data: set source\.header to 1"):
        header(text)

    assert header(text, header="none").rows == ()
    assert header(text, header="1").columns == ("Miller", "unknown", "100")


def test_configured_rows() -> None:
    """Configured header rows are taken, on one line or several."""
    text = "a;1\nNo;Phone\n1;0171\n"

    assert header(text, header=2).columns == ("No", "Phone")
    assert header(text, header=["1", "2"]).columns == ("a No", "1 Phone")
    with pytest.raises(InputError, match="row 9 is blank or not among"):
        header(text, header=9)


def test_configured_columns() -> None:
    """Configured names need no header; a header of exactly these names is still a header."""
    assert header(ROWS, columns=["a", "b", "c"]) == Header((), ("a", "b", "c"), 1)
    assert header("A;b;C\n" + ROWS, columns=["a", "b", "c"]).first_row == 2
    with pytest.raises(InputError, match=r"names 2 columns, but the rows have 3 cells"):
        header(ROWS, columns=["a", "b"])


def test_vendor_format() -> None:
    """The dialler vendor's own format has no header; its first field reveals it."""
    found = header("DiallerContact;;Nightly;K1\n")

    assert found.vendor
    assert found.columns == VENDOR_COLUMNS
    assert found.rows == ()
    assert header(";".join(VENDOR_COLUMNS) + "\nDiallerContact;;Nightly;K1\n").rows == (1,)


def test_nothing() -> None:
    with pytest.raises(InputError, match="no rows"):
        header(";;\n\n")


@pytest.mark.parametrize(
    "text",
    [
        "Agent;City;Note\nAnn Schmidt;Berlin;new\nOtto Maier;City;old\n",
        "Agent;City;Note\nAnn Schmidt;Berlin;Note\nNote;Kiel;Note\n",
        "Agent;Ort;Bemerkung\n" + "Ann;Kiel;neu\n" * 9 + "Agent;Ulm;alt\n",
        "Agent;City;Phone\nAnn Schmidt;Berlin;0171 1234567\nOtto Maier;City;0171 7654321\n",
        "Agent;City;Note\nAnn Schmidt;Berlin;new\nOtto Maier;Kiel;old\n\nLegend;;\nAgent;who calls;\nNote;free text;\n",
    ],
)
def test_a_header_whose_words_come_again_stays_the_header(text: str) -> None:
    """Usual names of columns make a header, even if the same words are among the data."""
    assert header(text).rows == (1,)


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("between", ["\nNew in May:\n\n", "New in May:\n", "\n"])
def test_a_header_that_comes_again_is_the_first_one(rows: int, between: str) -> None:
    """The rows above the second one are rows, however few they are."""
    listed = "".join(f"K{number};Victim;0171 392009{number}\n" for number in range(rows))
    assert header(f"Key;Name;Phone\n{listed}{between}Key;Name;Phone\nK9;New;0171 3920097\n").rows == (1,)


def test_a_small_table_above_another_header_is_asked() -> None:
    text = "Key;Name;Phone\nK1;Victim;0171 3920091\n\nNew in May:\n\nKey;Customer;Phone\nK9;New;0171 3920097\n"
    with pytest.raises(InputError, match="rows 1 to 4, above the header in row 6, can be a table of their own"):
        header(text)
    assert header(text, header=6).rows == (6,)


@pytest.mark.parametrize("first", ["Name;Phone", "Name;Phone;Note"])
def test_the_first_of_two_lists_is_no_title(first: str) -> None:
    """Its header shares most of its names with the second one."""
    rows = "".join(f"Ann {number};0171 392009{number}\n" for number in range(9))
    with pytest.raises(InputError, match="can be a table of their own"):
        header(f"{first}\n{rows}Name;Phone;Zip\nBob;0171 3920077;53111\nEva;0171 3920078;53111\n")


@pytest.mark.parametrize("gap", ["", "\n", "\nOthers:\n"])
@pytest.mark.parametrize(
    "above",
    [
        "Key;Name;Phone\nK1;Ann;0171 3920091\nK2;Bob;0171 3920092\n",
        "Key,Name,Phone\nK1,Ann,0171 3920091\nK2,Bob,0171 3920092\n",
        "'Key';'Name';'Phone'\n'K1';'Ann';'0171 3920091'\n",
        '"Key,Name,Phone"\n"K1,Ann,0171 3920091"\n',
    ],
)
def test_the_first_of_two_lists_is_no_title_however_it_is_written(above: str, gap: str) -> None:
    """With fewer columns, another delimiter or other quotes."""
    rows = "".join(f"K{n};Eva {n};0171 39201{n};Ulm;new;x;1;2\n" for n in range(10, 40))
    with pytest.raises(InputError, match=r"rows 1 to [0-9]+, above the header in row [0-9]+, can be a table"):
        header(f"{above}{gap}Key;Name;Phone;City;State;Note;One;Two\n{rows}")


def test_a_word_that_comes_again_now_and_then_is_asked() -> None:
    """Unusual words, one of them repeated in its column, may be data or a header."""
    with pytest.raises(InputError, match="row 1 can be the header or the first row of data"):
        header("Foo;Bar;Baz\n" + "Ann;Kiel;x\n" * 9 + "Eva;Bar;y\n")


def test_a_first_row_that_comes_again_is_asked() -> None:
    """Without usual names of columns, a repeated first row may be a second header, or a row that the list has twice."""
    with pytest.raises(InputError, match="row 1 can be the header or the first row of data"):
        header("Eva;Bonn\nOtto;Ulm\nEva;Bonn\nUwe;Kiel\n")


def test_a_sparse_first_row_of_values_is_not_a_title() -> None:
    assert header("0420 / 199160;;\n0714 / 98406;offer;x\n0358 / 837763;later;y\n").first_row == 1
