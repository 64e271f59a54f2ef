"""``calls.html`` beside a list of calls, against a dialler that dials."""

from __future__ import annotations

import csv
from pathlib import Path

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import Clock, SimulatorServer, Store

from ..conftest import Configure, Run

WEEK = 7 * 86_400


def test_a_page_stands_beside_the_list(run: Run, configure: Configure, tmp_path: Path) -> None:
    """It counts the calls of the list, and names all invalid numbers of the campaign, those of earlier nights, too."""
    store = Store(clock=Clock(1_700_000_000, 0))
    for n in range(40):
        store.add(Name="Meier", UserData=f"K-{n}", PhoneNumber1=f"+49301234{n:02}")
    with SimulatorServer(store, dial=0.01, seed=5) as server:
        config = configure(base_url=server.base_url)
        for night, file in enumerate(("first.csv", "second.csv")):
            server.pass_time(WEEK if night else 3600)
            done = run("-c", str(config), "calls", "--since", "last", "--to", str(tmp_path / file))
            assert done.code == ExitCode.OK, done.err

            with (tmp_path / file).open(encoding="utf-8-sig", newline="") as lines:
                calls = list(csv.DictReader(lines))
            reached = {call["UserData"] for call in calls if call["Reached"] == "true"}
            called = {call["UserData"] for call in calls}
            page = (tmp_path / "calls.html").read_text(encoding="utf-8")
            assert f"{len(reached)} of {len(called)} contacts reached" in page
            with (tmp_path / "invalid-numbers.csv").open(encoding="utf-8-sig", newline="") as lines:
                numbers = {row["PhoneNumber"] for row in csv.DictReader(lines)}
            marked = {c["PhoneNumber1"] for c in store.contacts.values() if c.get("bPhoneNumber1Invalid")}
            assert numbers == marked
        assert marked


def test_a_page_that_cannot_be_written_costs_only_itself(run: Run, configure: Configure, tmp_path: Path) -> None:
    """The list is in place, and counts."""
    (tmp_path / "calls.html").mkdir()

    done = run("-c", str(configure()), "calls", "--to", str(tmp_path / "calls.csv"))

    assert done.code == ExitCode.OK
    assert (tmp_path / "calls.csv").exists()
    assert "calls.html is not written" in done.err
