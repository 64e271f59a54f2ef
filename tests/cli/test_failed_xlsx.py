"""``failed.xlsx`` on its way through a spreadsheet program and back: fixed, saved, imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.libreoffice import needs_libreoffice, opened_and_saved

COLUMNS = {
    "UserData": "Key",
    "Name": "Name",
    "PostalCode": "PLZ",
    "PhoneNumber1": "{column: Phone, region: DE}",
    "Comment": "Notes",
}
ROWS = [
    "Key,Name,PLZ,Phone,Notes",
    "00012019,,01099,01713920013,3/4",
    "00012020,Berta,01067,,=SUM(A1)",
    "1-2,Carl,12345,12,+49 is Germany",
]
FIXED = {
    "00012019": ("Anna", "01099", "+491713920013", "3/4"),
    "00012020": ("Berta", "01067", "+491713920014", "=SUM(A1)"),
    "1-2": ("Carl", "12345", "+491713920015", "+49 is Germany"),
}


@pytest.fixture
def failed(run: Run, configure: Configure, tmp_path: Path) -> Done:
    configure(COLUMNS, source="{sheet: Kunden, header: 1, delimiter: ;}")
    path = tmp_path / "list.csv"
    path.write_text("\n".join(ROWS).replace(",", ";") + "\n", encoding="utf-8")
    done = run("import", path)
    assert done.statuses() == {2: "rejected", 3: "rejected", 4: "rejected"}, done.err
    return done


def fix(done: Done, change: Callable[[Any], None]) -> Path:
    """Open failed.xlsx, change its cells, and save it."""
    assert done.reports
    path = done.reports / "failed.xlsx"
    book = openpyxl.load_workbook(path)
    change(book.worksheets[0])
    book.save(path)
    return path


def fill_in(sheet: Any) -> None:
    """What the notes ask for."""
    assert all(sheet[cell].comment for cell in ("B2", "D3", "D4"))
    sheet["B2"], sheet["D3"], sheet["D4"] = "Anna", "01713920014", "0171 3920015"


def held(dialler: SimulatorServer) -> dict[str, tuple[Any, ...]]:
    fields = ("Name", "PostalCode", "PhoneNumber1", "Comment")
    return {str(c["UserData"]): tuple(c.get(name) for name in fields) for c in dialler.store.contacts.values()}


@pytest.mark.parametrize("command", [("import",), ("retry", "--file")])
def test_fixed_rows_are_imported_as_they_are(
    failed: Done, run: Run, dialler: SimulatorServer, command: tuple[str, ...]
) -> None:
    """Whatever source: says of the list that they come from."""
    done = run(*command, fix(failed, fill_in))

    assert done.code == ExitCode.OK, done.rows()
    assert held(dialler) == FIXED


@needs_libreoffice
@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
@pytest.mark.parametrize("to", ["xlsx", "ods", "xls"])
def test_what_a_spreadsheet_program_saves_is_the_same_list(
    failed: Done, run: Run, dialler: SimulatorServer, tmp_path: Path, to: str, locale: str
) -> None:
    """Keys, postal codes and notes that look like numbers, dates or formulas are what they were, without a remark."""
    (saved,) = opened_and_saved([fix(failed, fill_in)], to, tmp_path / "saved", locale=locale)

    done = run("import", saved)

    assert done.code == ExitCode.OK, done.rows()
    assert held(dialler) == FIXED
    assert {row["_warnings"] for row in done.rows()} == {""}


@needs_libreoffice
@pytest.mark.parametrize(("locale", "language"), [("en-US", 1033), ("de-DE", 1031)])
def test_failed_csv_through_a_spreadsheet_program_is_restored(
    failed: Done, run: Run, dialler: SimulatorServer, tmp_path: Path, locale: str, language: int
) -> None:
    """Opened with a double click it loses its zeros, and the journal knows what they were."""
    assert failed.reports
    path = failed.reports / "failed.csv"
    text = path.read_text(encoding="utf-8-sig")
    text = text.replace("00012019,,", "00012019,Anna,").replace(",01067,,", ",01067,01713920014,")
    path.write_text(text.replace(",12345,12,", ",12345,0171 3920015,"), encoding="utf-8-sig")
    opening = f"CSV:44,34,76,1,,{language},false,true"
    (book,) = opened_and_saved([path], "xlsx", tmp_path / "book", locale=locale, open_as=opening)
    (saved,) = opened_and_saved([book], "csv:Text - txt - csv (StarCalc):59,34,76", tmp_path / "saved", locale=locale)
    assert "\n12019;" in saved.read_text(encoding="utf-8")

    done = run("import", saved)

    rows = {row["_user_data"]: row for row in done.rows()}
    assert "restored:UserData" in rows["00012019"]["_warnings"]
    assert rows["00012020"]["_status"] == "rejected"  # its number was typed into failed.csv, and lost its zero
    assert rows["00012020"]["_error_code"] == "phone_leading_zero_lost"
    assert {key: values for key, values in FIXED.items() if key != "00012020"} == held(dialler)


def test_a_text_that_had_to_be_cut_is_whole_again(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """A cell of Excel takes 32,767 signs, and the journal has the others."""
    configure(COLUMNS)
    note = "word " * 8_000 + "end"
    Path("list.csv").write_text(f"Key,Name,PLZ,Phone,Notes\nK2,Anna,01099,12,{note}\n", encoding="utf-8")
    first = run("import", "list.csv")

    done = run("import", fix(first, lambda sheet: sheet.__setitem__("D2", "0171 3920013")))

    assert done.code == ExitCode.OK, done.rows()
    assert held(dialler) == {"K2": ("Anna", "01099", "+491713920013", note)}
    assert done.rows()[0]["_warnings"] == "restored:Comment"
