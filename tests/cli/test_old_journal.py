"""A journal of an earlier version: its runs are listed, reported, resumed and undone.

That version wrote ``tests/journals/version_7/journal.sql``; folder and port are placeholders. It holds an import of
first.csv, another of it with ``--compare journal`` after a change, and one of second.csv that an outage stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Run

OLD = Path(__file__).parent.parent / "journals" / "version_7"
THERE = ("A1 Anna", "A2 Ben", "A4 Dan", "A5 Eve", "B10 Name 10", "B11 Name 11", "B12 Name 12", "B27 Name 27")
NUMBERS = dict(zip(("A1", "A2", "A4", "A5"), ("01", "02", "04", "05"), strict=True))


@pytest.fixture
def runs(tmp_path: Path, dialler: SimulatorServer) -> tuple[str, str, str]:
    """The IDs of its runs; folder, files and dialler are as these left them."""
    for each in THERE:
        key, _, name = each.partition(" ")
        dialler.store.add(UserData=key, Name=name, PhoneNumber1=f"+4917139200{NUMBERS.get(key, key[1:])}")
    port = dialler.base_url.rpartition(":")[2].partition("/")[0]

    def as_it_was(name: str) -> str:
        return (OLD / name).read_text(encoding="utf-8").replace("@HOME@", str(tmp_path)).replace("@PORT@", port)

    for name in ("first.csv", "second.csv"):
        shutil.copy(OLD / name, tmp_path)
    Path("dialler-sync.yaml").write_text(as_it_was("dialler-sync.yaml"), encoding="utf-8")
    state = Path(os.environ["DIALLER_SYNC_STATE"])
    state.parent.mkdir()
    with closing(sqlite3.connect(state)) as base:
        base.executescript(as_it_was("journal.sql"))
        first, second, third = (row[0] for row in base.execute("SELECT id FROM runs ORDER BY id"))
    return first, second, third


def test_its_runs_are_listed_and_reported(run: Run, runs: tuple[str, str, str]) -> None:
    listed = run("runs", "list", "-o", "json")
    reported = run("runs", "report", runs[0])

    assert {entry["run_id"] for entry in json.loads(listed.out)} == set(runs)
    assert reported.code == ExitCode.OK, reported.err
    (row,) = (row for row in reported.rows() if row["_status"] == "rejected")
    assert row["_error_code"] == "name_missing; phone_too_short"


def test_its_runs_are_resumed(run: Run, runs: tuple[str, str, str], dialler: SimulatorServer) -> None:
    resumed = run("resume", runs[2])

    assert resumed.code == ExitCode.OK, resumed.err
    assert resumed.summary["counts"]["succeeded"] == 20
    keys = [contact["UserData"] for contact in dialler.store.contacts.values()]
    assert len(keys) == len(set(keys)) == 24


def test_its_runs_are_undone(run: Run, runs: tuple[str, str, str], dialler: SimulatorServer) -> None:
    undone = run("undo", runs[1], "--yes")

    assert undone.code == ExitCode.OK, undone.err
    names = {contact["UserData"]: contact["Name"] for contact in dialler.store.contacts.values()}
    assert names["A1"] == "Ann"
    assert "A5" not in names


def test_what_it_sent_counts_for_the_next_night(run: Run, runs: tuple[str, str, str], dialler: SimulatorServer) -> None:
    """Both unchanged rows are left out; the one whose faults stand in the old journal as sentences is rejected anew."""
    before = len(dialler.requests)

    done = run("import", "first.csv", "--compare", "journal")

    assert done.code == ExitCode.ROWS_FAILED
    unchanged = [row["_error"] for row in done.rows() if row["_action"] == "unchanged"]
    assert [error.rpartition("T")[0] for error in unchanged] == ["sent as it is on 2026-11-29"] * 2
    assert not [request for request in dialler.requests[before:] if request.function == "import"]
