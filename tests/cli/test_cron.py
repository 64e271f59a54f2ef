"""The cron line of docs/operations.md, as a process without a terminal: cron mails every word that is printed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure

Contacts = Callable[..., Path]


def night(redirection: str = "") -> subprocess.CompletedProcess[str]:
    line = f"{sys.executable} -m dialler_sync -q import --inbox inbox --quiet-for 0 --metrics-file m.prom {redirection}"
    environment = {name: value for name, value in os.environ.items() if name.startswith(("DIALLER_SYNC", "COVERAGE"))}
    return subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", **environment}
    )


@pytest.mark.usefixtures("warm")
def test_a_night_that_did_its_work_prints_nothing(configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """No file, a good one, and one with a rejected row."""
    configure()
    (tmp_path / "inbox").mkdir()
    nights = [night()]
    contacts_csv(2, "inbox/a.csv")
    nights.append(night())
    contacts_csv(rows=["K1,,0171 3920012", "K2,Anna,0171 3920013"], name="inbox/b.csv")
    nights.append(night())

    assert [done.returncode for done in nights] == [0, 0, ExitCode.ROWS_FAILED]
    assert [done.stdout + done.stderr for done in nights] == ["", "", ""]


@pytest.mark.usefixtures("warm")
def test_a_night_that_failed_says_why_in_a_line(
    configure: Configure, contacts_csv: Contacts, tmp_path: Path, dialler: SimulatorServer
) -> None:
    """On stderr, with the folder of the reports."""
    configure()
    (tmp_path / "inbox").mkdir()
    contacts_csv(2, "inbox/a.csv")
    dialler.order(FaultPlan.parse("401_from:1"))

    done = night()

    assert done.returncode == ExitCode.NO_ROW_CAN_SUCCEED
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert "exit 7" in line
    assert "reports" in line
    assert ".." not in line


@pytest.mark.usefixtures("warm")
def test_what_a_person_must_know_is_said_on_a_good_night_too(
    configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """Nobody else hears of metrics that nobody can read."""
    configure()
    (tmp_path / "inbox").mkdir()
    contacts_csv(2, "inbox/a.csv")
    (tmp_path / "m.prom").mkdir()

    done = night()

    assert done.returncode == ExitCode.OK, done.stderr
    assert "m.prom cannot be written" in done.stderr


@pytest.mark.parametrize("redirection", ["<&- >&- 2>&-", "<&-", "2>&-", "<&- 2>&-"])
@pytest.mark.parametrize("fault", ["", "401_from:1"])
def test_closed_streams_change_nothing(
    redirection: str,
    fault: str,
    configure: Configure,
    contacts_csv: Contacts,
    tmp_path: Path,
    dialler: SimulatorServer,
    request: pytest.FixtureRequest,
) -> None:
    """The exit code is that of the run, and no word lands in a file that took the place of a stream."""
    configure()
    if redirection != "<&- >&- 2>&-":  # an interpreter that starts without any is a real one
        request.getfixturevalue("warm")
    (tmp_path / "inbox").mkdir()
    contacts_csv(2, "inbox/a.csv")
    if fault:
        dialler.order(FaultPlan.parse(fault))

    done = night(redirection)

    assert done.returncode == (ExitCode.NO_ROW_CAN_SUCCEED if fault else ExitCode.OK)
    journal = sqlite3.connect(tmp_path / "state" / "journal.db")
    assert journal.execute("pragma integrity_check").fetchone() == ("ok",)
    journal.close()
    said = b"exit 7: "
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if said in path.read_bytes()]
