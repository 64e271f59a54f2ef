"""``validate --mapped``: what each row becomes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.model import Chunk
from dialler_sync.prepare.sources import Source
from dialler_sync.report.mapped_file import MappedFile

from ..conftest import COLUMNS, Configure, Run

Contacts = Callable[..., Path]


@pytest.fixture
def path(configure: Configure, contacts_csv: Contacts) -> Path:
    """A row of each outcome."""
    configure({**COLUMNS, "Comment": '{column: Name, replace: [{pattern: "^Anna$", with: "=1+1"}]}'},
              rows="{skip: {Name: [Nobody]}}")  # fmt: skip
    return contacts_csv(
        rows=["007,Anna,0171 3920011", "B,Bo,12", "C,Nobody,0171 3920012", "D,Old,0171 3920013", "D,New,0171 3920014"]
    )


def test_every_row_is_there_with_its_outcome_and_fields(run: Run, path: Path) -> None:
    """As it would be sent; a rejected or filtered row becomes nothing."""
    done = run("validate", path, "--mapped", "mapped.jsonl")

    lines = [json.loads(text) for text in Path("mapped.jsonl").read_text(encoding="utf-8").splitlines()]
    assert done.code == ExitCode.ROWS_FAILED, done.err
    assert [(line["_row"], line["_status"], line["_action"]) for line in lines] == [
        (2, "succeeded", ""), (3, "rejected", ""), (4, "skipped", "filtered"), (5, "skipped", "superseded"),
        (6, "succeeded", ""),
    ]  # fmt: skip
    assert lines[0]["fields"] == {
        "DiallerCampaignsID": 538, "UserData": "007", "Name": "Anna", "PhoneNumber1": "+491713920011",
        "Comment": "=1+1",
    }  # fmt: skip
    assert lines[1]["fields"] == lines[2]["fields"] == {}
    assert lines[1]["_error_code"]
    assert Path("mapped.jsonl").stat().st_mode & 0o077 == 0


def test_the_list_is_read_once(run: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list takes minutes."""
    checked, check = [], Source.check

    def counted(source: Source, chunk: Chunk) -> object:
        checked.append(len(chunk.frame))
        return check(source, chunk)

    monkeypatch.setattr(Source, "check", counted)

    assert run("validate", path, "--mapped", "mapped.csv").code == ExitCode.ROWS_FAILED
    assert sum(checked) == 5


def test_spreadsheets_have_text_and_no_formula(run: Run, path: Path) -> None:
    """Zeros and signs stay."""
    run("validate", path, "--mapped", "mapped.csv")
    run("validate", path, "--mapped", "mapped.xlsx")

    with Path("mapped.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    sheet = openpyxl.load_workbook("mapped.xlsx").active
    assert sheet
    header, first, *_ = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert lines[0]["UserData"] == "007"
    assert lines[0]["Comment"] == "'=1+1"
    assert lines[0]["PhoneNumber1"] == "+491713920011"
    assert header == list(lines[0])
    assert first[header.index("Comment")] == "'=1+1"
    assert first[header.index("UserData")] == "007"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mapped.pdf", "the name must end in .csv, .xlsx or .jsonl"),
        ("contacts.csv", "this file is to be read: name another one"),
        ("nowhere/mapped.csv", "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_written_is_said(name: str, said: str, run: Run, path: Path) -> None:
    """And the list itself is never overwritten."""
    before = path.read_bytes()

    done = run("validate", path, "--mapped", name)

    assert done.code == ExitCode.USAGE
    assert said in done.err
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("name", ["mapped.csv", "mapped.xlsx", "mapped.jsonl"])
def test_no_room_for_the_temporary_file(run: Run, path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noticed when the file is closed at the latest: a line, and no traceback."""

    def full(path: Path) -> MappedFile:
        return MappedFile(path, _rows=Path("/dev/full").open("wb"))

    monkeypatch.setattr("dialler_sync.jobs.mapped.MappedFile", full)

    done = run("validate", path, "--mapped", name)

    assert done.code == ExitCode.USAGE
    assert f"--mapped {name}: cannot be written: No space left on device" in done.err
    assert not Path(name).exists()
