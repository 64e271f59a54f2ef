"""Scenarios: a folder is a test. Anyone can add one.

``<name>/input*`` (one or several files) is imported through ``<name>/config.yaml``, which begins with a sentence on
what is shown, into an empty dialler with the campaigns 538 Nightly and 539 Trade fair callbacks. Optional beside them:

=====================  ==============================================================================================
``before.json``        contacts that the dialler holds already
``command``            other words for the command line than ``import input…``
``mend.csv``           ``find,replace``: how failed.csv is mended, which then is imported as it is
=====================  ==============================================================================================

What must come of it stands in ``<name>/expected/``; every file there is optional:

=====================  ==============================================================================================
``exit_code``          the exit code (without the file: 0)
``message``            lines that must each be found in stderr
``output``             lines that must each be found in stdout
``results.csv``        some columns of results.csv; every line must be there, in this order
``failed.csv``         some columns of failed.csv; likewise
``mended.csv``         some columns of results.csv of the import of the mended failed.csv; likewise
``contacts.json``      in the end, the dialler's contacts in the order of their UserData and Name; of each, the fields
                       that are named count, and null is a field that it does not have
``layout.json``        what ``inspect`` and summary.json say of the first file; only what is named counts
``inspect.csv``        what ``inspect --to`` writes of the first file
=====================  ==============================================================================================
"""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dialler_sync.error_codes import ERROR_CODES
from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer
from dialler_sync.text.spreadsheet import restore

from ..conftest import Done, Run

HERE = Path(__file__).parent
SCENARIOS = sorted(path.parent for path in HERE.glob("*/config.yaml"))

Rows = list[dict[str, str]]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_scenario(
    scenario: Path, run: Run, dialler: SimulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the spreadsheet says is what the dialler holds, or the row is rejected with the reason."""
    here = tmp_path / scenario.name
    shutil.copytree(scenario, here)
    monkeypatch.chdir(here)
    config = Path("config.yaml")
    config.write_text(_text(config).replace("http://127.0.0.1:8080/rest/v1.0", dialler.base_url), encoding="utf-8")
    for contact in _json(Path("before.json")) or ():
        dialler.store.add(**contact)
    inputs = sorted(Path().glob("input*"))
    command = Path("command")
    words = shlex.split(_text(command)) if command.exists() else ["import", *map(str, inputs)]
    expected = Path("expected")

    done = run("-c", config, *words)
    if Path("mend.csv").exists():
        mended = run("-c", config, "import", _mended(done))
        assert _columns_of(mended.rows(), expected / "mended.csv") == _rows(expected / "mended.csv")

    wanted_code = expected / "exit_code"
    assert done.code == (int(_text(wanted_code)) if wanted_code.exists() else ExitCode.OK), done.err
    _check_books(done, dialler)
    for name, said in (("message", done.err), ("output", done.out)):
        for line in _text(expected / name).splitlines() if (expected / name).exists() else ():
            assert line in said
    for name in ("results.csv", "failed.csv"):
        if (expected / name).exists():
            assert _columns_of(done.rows(name), expected / name) == _rows(expected / name)
    if (wanted := _json(expected / "contacts.json")) is not None:
        held = sorted(dialler.store.contacts.values(), key=lambda c: (str(c.get("UserData")), str(c.get("Name"))))
        assert [
            {name: contact.get(name) for name in want} for contact, want in zip(held, wanted, strict=False)
        ] == wanted
        assert len(held) == len(wanted)
    if wanted := _json(expected / "layout.json"):
        (found, *_) = json.loads(run("-c", config, "inspect", inputs[0], "-o", "json").out)
        for layout in (found, done.summary["files"][0]["layout"]):
            assert {name: layout.get(name) for name in wanted} == wanted
    if (expected / "inspect.csv").exists():
        run("-c", config, "inspect", inputs[0], "--to", "seen")
        assert _text(Path("seen", f"{inputs[0].name}.csv")) == _text(expected / "inspect.csv")


def test_every_reason_for_a_rejection_is_met() -> None:
    """Each code that reading, mapping and validation can give is in some scenario, as a user would meet it."""
    found = {
        code
        for path in HERE.glob("*/expected/results.csv")
        for row in _rows(path)
        for code in row.get("_error_code", "").split("; ")
    }
    before_sending = set(takewhile(lambda code: code != "bad_request", ERROR_CODES))

    assert before_sending <= found


def _check_books(done: Done, dialler: SimulatorServer) -> None:
    """The promises that hold whatever the scenario: every row is counted once, and what is refused sends nothing."""
    if done.code in {ExitCode.USAGE, ExitCode.INPUT}:
        assert not dialler.requests
    if done.reports:
        counts = {name: count for name, count in done.summary["counts"].items() if count}
        read = counts.pop("read", 0)
        assert read == len(done.rows()) == sum(counts.values())
        assert counts == Counter(row["_status"] for row in done.rows())
        _check_workbook(done.reports)


def _check_workbook(reports: Path) -> None:
    """failed.xlsx holds, cell by cell, what failed.csv holds."""
    book = openpyxl.load_workbook(reports / "failed.xlsx", read_only=True)
    cells = [["" if value is None else str(value) for value in row] for row in book.worksheets[0].values]
    book.close()
    with (reports / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [[_as_read(cell) for cell in row] for row in cells] == [
            [_as_read(cell) for cell in row] for row in csv.reader(file)
        ]


def _as_read(cell: str) -> str:
    """The text of a cell: what cannot run in a workbook has no apostrophe there, and control characters an escape."""
    text = re.sub("_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), cell)
    return restore(text) if text[:1] == "'" else text


def _mended(done: Done) -> Path:
    """failed.csv after its user has gone through it."""
    assert done.reports
    text = (done.reports / "failed.csv").read_text(encoding="utf-8-sig")
    for change in _rows(Path("mend.csv")):
        assert change["find"] in text
        text = text.replace(change["find"], change["replace"])
    mended = Path("mended.csv")
    mended.write_text(text, encoding="utf-8-sig")
    return mended


def _columns_of(rows: Rows, wanted: Path) -> Rows:
    """Only the columns that the expectation names."""
    with wanted.open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    return [{name: row[name] for name in names} for row in rows]


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _json(path: Path) -> Any:
    return json.loads(_text(path)) if path.exists() else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
