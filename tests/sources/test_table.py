"""The same twenty lists give the same results from each kind of source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..conftest import Configure, Done, Run
from .conftest import Pipe, Place
from .kinds import CONTAINERS, LISTS, PASSWORD, PRINTS_IT, TABLES, WORKBOOKS

Results = list[tuple[str, ...]]


def told(done: Done) -> Results:
    """What results.csv says of each row, but for what the source is called, and when and as what it was sent."""
    left_out = ("_file", "_sheet", "_sent_at", "_contact_id")
    return [tuple(cell for name, cell in row.items() if name not in left_out) for row in done.rows()]


@pytest.fixture
def folders(configure: Configure, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A folder for each list, and a configuration that opens what is protected."""
    configure(source=json.dumps({"password_command": PRINTS_IT}))

    def folder(name: str) -> Path:
        (tmp_path / name).mkdir(exist_ok=True)
        return tmp_path / name

    yield folder


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run gave."""

    code: int
    told: Results
    hashes: list[str]


@pytest.fixture(scope="module")
def given() -> list[Expected]:
    """What the plain CSV files gave to the first test that asked."""
    return []


@pytest.fixture
def expected(run: Run, folders: Callable[[str], Path], given: list[Expected]) -> Expected:
    """What the plain CSV files give."""
    if not given:
        paths = []
        for name, content in LISTS.items():
            paths.append(folders(name) / "plain.csv")
            paths[-1].write_bytes(content)
        assert len(paths) == 20
        done = run("validate", *paths)
        given.append(Expected(done.code, told(done), hashes(done)))
    return given[0]


def hashes(done: Done) -> list[str]:
    """Those of the files' content."""
    return [entry["sha256"] for entry in done.summary["files"]]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_packed_lists(run: Run, folders: Callable[[str], Path], expected: Expected, kind: str) -> None:
    """Their bytes are the same, and so is their hash."""
    done = run("validate", *(CONTAINERS[kind](folders(name), content) for name, content in LISTS.items()))

    assert done.code == expected.code, done.err
    assert told(done) == expected.told
    assert hashes(done) == expected.hashes
    assert PASSWORD not in done.err + done.out


def test_lists_at_addresses(run: Run, expected: Expected, place: Place) -> None:
    """Of each kind of server."""
    done = run("validate", *(place(f"{name}.csv", content) for name, content in LISTS.items()))

    assert done.code == expected.code, done.err
    assert told(done) == expected.told


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_workbooks(run: Run, folders: Callable[[str], Path], expected: Expected, kind: str) -> None:
    """Cells that are text."""
    done = run("validate", *(WORKBOOKS[kind](folders(name), table) for name, table in TABLES.items()))

    assert done.code == expected.code, done.err
    assert told(done) == expected.told


def test_the_sheets_of_one_workbook(run: Run, tmp_path: Path, expected: Expected) -> None:
    """All lists in one file."""
    import xlsxwriter

    path = tmp_path / "all.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, table in TABLES.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(table):
                for place, cell in enumerate(row):
                    sheet.write_string(number, place, cell)

    done = run("validate", path, "--all-sheets")

    assert told(done) == expected.told
    assert list(dict.fromkeys(row["_sheet"] for row in done.rows())) == list(TABLES)


@pytest.mark.parametrize("name", LISTS)
def test_standard_input(run: Run, configure: Configure, tmp_path: Path, pipe: Pipe, name: str) -> None:
    """One list each time; it has no name."""
    configure()
    (tmp_path / "list.csv").write_bytes(LISTS[name])
    expected = run("validate", tmp_path / "list.csv")
    pipe(LISTS[name])

    done = run("validate", "-")

    assert done.code == expected.code, done.err
    assert told(done) == told(expected) != []
