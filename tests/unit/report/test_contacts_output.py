"""Records in every format: nothing is lost, and nothing runs in a spreadsheet program or a terminal."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError, UsageError
from dialler_sync.fields import VENDOR_COLUMNS
from dialler_sync.read import open_table
from dialler_sync.report.contacts_book import write_xlsx
from dialler_sync.report.contacts_output import (
    CONTACT_COLUMNS,
    Listing,
    cell_text,
    output_file,
    write_csv,
    write_json,
    write_json_lines,
    write_table,
    write_vendor,
)
from dialler_sync.report.sheets import CELL_LENGTH


class Terminal(io.StringIO):
    """Text that is shown on a terminal."""

    def isatty(self) -> bool:
        return True


def listing(*records: dict[str, Any]) -> Listing:
    return Listing(list(dict.fromkeys(name for record in records for name in record)), records)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  as it is ", "  as it is "),
        (None, ""),
        (True, "true"),
        (12, "12"),
        (10**30, "1" + "0" * 30),
        (12.5, "12.5"),
        (1e22, "1" + "0" * 22),
        (1e-7, "0.0000001"),
        ({"Name": "Ärger"}, '{"Name": "Ärger"}'),
        ([1, None], "[1, null]"),
    ],
)
def test_every_value_fits_into_a_cell(value: object, text: str) -> None:
    """Numbers are written without exponent, so that no digit is lost when the file is read again."""
    assert cell_text(value) == text


def test_records_that_differ_in_their_fields_share_one_table() -> None:
    """A field that one record lacks stays empty there."""
    file = io.StringIO(newline="")

    write_csv(listing({"ID": 1, "A": "a"}, {"ID": 2, "B": "=b"}), file)

    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [
        ["ID", "A", "B"],
        ["1", "a", ""],
        ["2", "", "'=b"],
    ]


FORMULAS = ["=1+1", "'=x", "''=x", "a;=1", "a;'=1", "-x", "\u200b=1", "plain", "'n", "-5"]


@pytest.mark.parametrize("columns", [("UserData", "Name"), ("Name",), CONTACT_COLUMNS])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_formulas_in_a_list_of_any_fields_read_back(tmp_path: Path, columns: tuple[str, ...], ending: str) -> None:
    records = [{"ID": at, "UserData": f"K{text}", "Name": text} for at, text in enumerate(FORMULAS)]
    chosen, path = Listing(columns, records, chosen=True), tmp_path / f"list.{ending}"
    if ending == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            write_csv(chosen, file)
    else:
        write_xlsx(chosen, path)

    (chunk,) = open_table(path, SourceSettings()).chunks()
    assert list(chunk.frame["Name"]) == FORMULAS


CELLS = st.one_of(
    st.text(st.sampled_from(list("'\" \\;,|\t\n\r^=KMsep1")), max_size=6),
    st.sampled_from(["'K1'", "K1", "sep=;", "Meier", "0171 3920012"]),
)
COLUMNS = ["UserData", "Name", "Comments", "'Key'", "sep=^", "Amount; net"]


@st.composite
def chosen(draw: st.DrawFn) -> list[list[str]]:
    """A header, and rows of which the last is no footnote."""
    width = draw(st.integers(1, 3))
    row = st.lists(CELLS, min_size=width, max_size=width)
    names = COLUMNS if width > 1 else COLUMNS[:2]  # a single column is known by the dialler's name
    header = draw(st.lists(st.sampled_from(names), min_size=width, max_size=width, unique=True))
    return [
        header,
        ["K0"] * width,
        *draw(st.lists(row.filter(lambda cells: any(map(str.strip, cells))), max_size=3)),
        ["K9"] * width,
    ]


@given(chosen())
@example([["UserData", "Name"], ["'K100'", "Meier"]])
@example([["'UserData'", "Name"], ["K100", "Meier"]])
@example([["sep=^"], ["K1"], ["K2"]])
@example([["Sep=;"], ["K1"], ["K2"]])
@example([["sep=;\nKey", "Name"], ["K1", "A"]])
@example([["Key"], ["''"], ["'t Hart"], ["'"]])
@settings(max_examples=150, deadline=None)
def test_a_list_of_any_fields_reads_back_or_is_refused(table: list[list[str]]) -> None:
    """Never is it another list than it was, with nothing set but where its header stands."""
    names, *rows = table
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            write_csv(Listing(tuple(names), [dict(zip(names, row, strict=True)) for row in rows], chosen=True), file)
        try:
            found = open_table(path, SourceSettings(header=1))
            (chunk,) = found.chunks()
        except InputError:
            return
    assert [list(chunk.frame.columns), *chunk.frame.to_numpy().tolist()] == table


def test_json_is_one_array_and_keeps_every_value() -> None:
    """Also numbers beyond 64 bits, nested values, and half characters."""
    records = [{"ID": 2**70, "Nested": [{"a": None}], "Half": "\ud83d"}, {"ID": 2}]
    array, lines = io.StringIO(), io.StringIO()

    write_json(listing(*records), array)
    write_json_lines(listing(*records), lines)

    assert json.loads(array.getvalue()) == records
    assert [json.loads(line) for line in lines.getvalue().splitlines()] == records
    assert json.loads(array.getvalue().encode("utf-8", "backslashreplace")) == records


def test_the_vendors_columns_are_fixed() -> None:
    """A number that could be read in two ways is written so that it cannot."""
    file = io.StringIO(newline="")

    write_vendor(listing({"UserData": "007", "Amount": 1.234, "Other": "x"}, {"Amount": 1.5}), file)

    first, second = csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=";")
    assert len(first) == len(VENDOR_COLUMNS)
    cells = dict(zip(VENDOR_COLUMNS, first, strict=True))
    assert (cells["DiallerContact"], cells["UserData"], cells["Amount"], cells["Name"]) == (
        *("DiallerContact", "007", "1.2340"),
        "",
    )
    assert dict(zip(VENDOR_COLUMNS, second, strict=True))["Amount"] == "1.5"
    assert file.getvalue().count('"') == 4 * len(VENDOR_COLUMNS)


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_a_table_does_nothing_to_the_terminal(kind: type[io.StringIO]) -> None:
    """Escape sequences in a name are shown, not executed; brackets are not markup."""
    file = kind()

    assert write_table(listing({"Name": "\x1b[31mred\n[bold]b"}), file) == 0

    assert "\x1b[31m" not in file.getvalue()
    assert "[31mred␊[bold]b" in file.getvalue()


def test_a_long_table_is_cut_on_a_terminal_only() -> None:
    """A terminal user is told how many records are left out; a pipe gets them all."""
    records = [{"ID": number} for number in range(1_500)]
    terminal, pipe = Terminal(), io.StringIO()

    assert write_table(listing(*records), terminal) == 500
    assert write_table(listing(*records), pipe) == 0
    assert len(pipe.getvalue().splitlines()) == 1_501


def test_a_workbook_goes_on_in_the_next_sheet(tmp_path: Path) -> None:
    """A full sheet continues in the next; every sheet has the header."""
    write_xlsx(listing(*({"ID": number} for number in range(5))), tmp_path / "a.xlsx", sheet_rows=3)

    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book] == [
        ["ID", 0, 1],
        ["ID", 2, 3],
        ["ID", 4],
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_a_workbook_takes_any_text(tmp_path: Path) -> None:
    """Text that is too long for a cell is cut, with a remark; text that looks like XML of the format stays text."""
    texts = {"Long": "x" * (CELL_LENGTH + 1), "Xml": "<r>a</r>", "Blanks": "  a  ", "Digits": "0017", "Big": 2**60}

    remarks = write_xlsx(listing(texts | {"Fits": "y" * CELL_LENGTH, "Half": "a\ud83d"}), tmp_path / "a.xlsx")

    (names, values) = openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(values_only=True)
    cells = dict(zip(names, values, strict=True))
    assert len(remarks) == 1
    assert remarks[0].startswith("1 texts")
    assert len(cells["Long"]) == len(cells["Fits"]) == CELL_LENGTH
    assert (cells["Xml"], cells["Blanks"], cells["Digits"]) == ("<r>a</r>", "  a  ", "0017")
    assert (cells["Big"], cells["Half"]) == (str(2**60), "a\ufffd")


def test_more_columns_than_excel_has(tmp_path: Path) -> None:
    """They are refused, and not cut, before anything is written: a column for each field of each record would fill the
    disk. A record a line takes them."""
    many = listing({f"F{number}": 1 for number in range(16_385)})
    file = io.StringIO()

    with pytest.raises(UsageError, match="16,384 columns, but the records have 16,385 fields: use -o jsonl"):
        write_xlsx(many, tmp_path / "a.xlsx")
    for write in (write_csv, write_table):
        with pytest.raises(UsageError, match="16,384 columns"):
            write(many, file)
    assert file.getvalue() == ""


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """A failed write leaves the old file in place, and no draft."""
    path = tmp_path / "a.csv"
    path.write_text("before", encoding="utf-8")

    with pytest.raises(RuntimeError), output_file(path) as draft:
        draft.write_text("half", encoding="utf-8")
        raise RuntimeError

    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_choosing_from_no_records_is_no_mistake() -> None:
    """No record shows which fields there would be."""
    assert Listing(["ID"], []).select(["Name"]).columns == ["Name"]
    with pytest.raises(UsageError, match="did you mean 'Name'"):
        listing({"Name": 1}).select(["name"])


def test_on_a_terminal_of_80_columns_no_number_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """IDs, keys, phone numbers and times stay whole; the words of other columns give way."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    record = {
        "ID": 100017, "UserData": "KD-100017", "DiallerCampaignsName": "Trade fair callbacks",
        "Name": "D'Angelo-Schönfelder", "FirstName": "Soňa", "PhoneNumber1": "+4917139200117",
        "dtNextTry": "2026-11-28T10:00:00+01:00",
    }  # fmt: skip
    file = Terminal()

    write_table(listing(record), file)

    shown = file.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    for whole in ("100017", "KD-100017", "+4917139200117", "2026-11-28", "10:00:00+01:00"):
        assert whole in shown
