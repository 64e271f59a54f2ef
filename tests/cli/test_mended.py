"""Mended files: what a spreadsheet program did to them is undone or refused, and they are part of a list."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run

COLUMNS = {
    "UserData": "Key",
    "Name": "Name",
    "PostalCode": "PLZ",
    "PhoneNumber1": "{column: Phone, region: DE}",
    "FollowUpDateTime": '{column: Due, formats: ["%d.%m.%Y"]}',
    "Amount": '{column: Betrag, decimal: ","}',
    "Comment": "Notes",
}
HEADER = "Key,Name,PLZ,Phone,Due,Betrag,Notes"
ROWS = [
    '00012019,,01099,01713920013,31.12.2026,"12,50",3/4',
    "00012020,Berta,01067,01713920014,,,fine",
    '+4917,Carl,12345,12,04.03.2026,,"+49 is Germany"',
]


@pytest.fixture
def failed(run: Run, configure: Configure, tmp_path: Path) -> Done:
    """A run of which two rows failed: one without a name, one with half a number."""
    configure(COLUMNS)
    path = tmp_path / "list.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    return run("import", path)


Mend = Callable[..., Path]


def read(done: Done) -> list[list[str]]:
    assert done.reports
    with (done.reports / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def saved(path: Path, lines: list[list[str]], delimiter: str = ";") -> Path:
    """A file as a German Excel saves it."""
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)
    return path


def change(lines: list[list[str]], row: int, **cells: str) -> None:
    for name, cell in cells.items():
        lines[row][lines[0].index(name)] = cell


def by_excel(lines: list[list[str]]) -> list[list[str]]:
    """What a German Excel makes of failed.csv: numbers, dates."""
    change(lines, 1, Key="12019", PLZ="1099", Phone="1713920013", Betrag="12,5", Notes="03. Apr", _key="12019")
    change(lines, 2, Key="4917", _key="4917")
    return lines


def test_what_excel_did_to_failed_csv_is_undone(
    run: Run, failed: Done, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """The key, the postal code and the number are those of the list, and results.csv says which were restored."""
    lines = by_excel(read(failed))
    change(lines, 1, Name="Anna")
    change(lines, 2, Phone="1713920015")
    mended = saved(tmp_path / "mended.csv", lines)

    done = run("import", mended)

    assert [(row["_row"], row["_status"], row["_warnings"]) for row in done.rows()] == [
        (
            "2",
            "succeeded",
            "restored:UserData; restored:PostalCode; restored:Amount; restored:PhoneNumber1; restored:Comment",
        ),
        ("3", "rejected", "restored:UserData"),
    ]
    assert done.rows()[1]["_error_code"] == "phone_leading_zero_lost"
    assert done.summary["warnings"] == {"restored": 2}
    assert re.search(r"^warnings +restored 2$", done.out, re.MULTILINE)
    assert done.summary["parent"] == failed.summary["run_id"]
    (anna,) = (contact for contact in dialler.store.contacts.values() if contact["Name"] == "Anna")
    assert {name: anna[name] for name in ("UserData", "PostalCode", "PhoneNumber1", "Amount", "Comment")} == {
        "UserData": "00012019",
        "PostalCode": "01099",
        "PhoneNumber1": "+491713920013",
        "Amount": 12.5,
        "Comment": "3/4",
    }
    assert len(dialler.store.contacts) == 2
