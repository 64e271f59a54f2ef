"""Scenarios: a folder is a test. Anyone can add one.

``<name>/input.*`` (one or several files) is imported through ``<name>/config.yaml`` into an empty dialler. What must
come of it stands in ``<name>/expected/``; every file there is optional:

=====================  ==============================================================================================
``results.csv``        some columns of results.csv; every line must be there, in this order
``contacts.json``      the dialler's contacts in the order of their UserData; only the fields that are named count
``exit_code``          the exit code (without the file: 0)
``message``            text that must stand in stderr
``inspect.csv``        what ``inspect --to`` writes of the first file
=====================  ==============================================================================================
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from dialler_sync.simulator import SimulatorServer

from ..conftest import Run

HERE = Path(__file__).parent
SCENARIOS = sorted(path.parent for path in HERE.glob("*/config.yaml"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_scenario(scenario: Path, run: Run, dialler: SimulatorServer, tmp_path: Path) -> None:
    """What the spreadsheet says is what the dialler holds, or the row is rejected with the reason."""
    here = tmp_path / scenario.name
    shutil.copytree(scenario, here)
    config = here / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("http://127.0.0.1:8080/rest/v1.0", dialler.base_url)
    config.write_text(text, encoding="utf-8")
    inputs = sorted(here.glob("input*"))
    expected = here / "expected"

    done = run("-c", config, "import", *inputs)

    wanted_code = expected / "exit_code"
    assert done.code == (int(wanted_code.read_text(encoding="utf-8")) if wanted_code.exists() else 0), done.err
    if (expected / "message").exists():
        assert (expected / "message").read_text(encoding="utf-8").strip() in done.err
    if (expected / "results.csv").exists():
        with (expected / "results.csv").open(encoding="utf-8", newline="") as file:
            wanted = list(csv.DictReader(file))
        found = [{name: row[name] for name in wanted[0]} for row in done.rows()]
        assert found == wanted
    if (expected / "contacts.json").exists():
        wanted = json.loads((expected / "contacts.json").read_text(encoding="utf-8"))
        held = sorted(dialler.store.contacts.values(), key=lambda contact: str(contact.get("UserData")))
        assert len(held) == len(wanted)
        assert [
            {name: contact.get(name) for name in want} for contact, want in zip(held, wanted, strict=True)
        ] == wanted
    if (expected / "inspect.csv").exists():
        run("-c", config, "inspect", inputs[0], "--to", tmp_path / "seen")
        seen = tmp_path / "seen" / f"{inputs[0].name}.csv"
        assert seen.read_text(encoding="utf-8") == (expected / "inspect.csv").read_text(encoding="utf-8")
