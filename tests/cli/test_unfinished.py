"""Runs that have not ended are shown as what they are, and a new import of their list says so."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import killed

Contacts = Callable[..., Path]


def listed(run: Run, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("runs", "list", "--json", *options).out)
    return found


def test_a_killed_run_is_shown_as_killed(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """With what it has done so far, and the command that finishes it."""
    configure()
    killed("after", "outcomes", "import", contacts_csv(5))

    (found,) = listed(run, "--failed")
    table = run("runs", "list").out
    shown = run("runs", "show", found["run_id"])
    (finish,) = re.findall(r"killed; 5 of 5 rows settled\. Finish it with: (dialler-sync resume \S+)", shown.err)

    assert (found["state"], found["counts"]["read"], found["counts"]["succeeded"]) == ("killed", 5, 5)
    assert table.splitlines()[1].split()[1:5] == ["import", "killed", "5", "5"]
    assert json.loads(shown.out) == found
    assert run(*shlex.split(finish)[1:]).code == ExitCode.OK
    assert [each["state"] for each in listed(run)] == ["finished"]
    assert not list(Path("state").rglob("run-*.lock"))


def test_a_killed_check_is_shown_as_killed(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """It takes no campaign, and there is nothing to finish."""
    configure()
    killed("after", "read", "validate", contacts_csv(5))

    (found,) = listed(run)

    assert found["state"] == "killed"
    assert "It sends nothing: run the command again" in run("runs", "show", found["run_id"]).err


def test_a_run_at_work_has_not_failed(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """One that an older version began may be either."""
    configure()
    name = run("import", contacts_csv(2)).summary["run_id"]
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        journal.update_run(name, state="running", summary=None)

        with journal.at_work(name):
            assert [each["state"] for each in listed(run)] == ["running"]
            assert listed(run, "--failed") == []
            assert "running; 2 of 2 rows settled\n" in run("runs", "show", name).err
        assert [each["state"] for each in listed(run, "--failed")] == ["running or killed"]
        assert "If it was killed, finish it with: " in run("runs", "show", name).err


def test_an_import_tells_of_an_unfinished_one_of_its_list(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Not of other lists, nor once the list has been imported whole; resume then sends what nobody has settled."""
    configure()
    first, other = contacts_csv(5, name="first.csv"), contacts_csv(4, name="other.csv")
    killed("after", "planned", "import", first)

    assert "has not finished" not in run("import", other).err
    again = run("import", first)
    (resume,) = re.findall(
        r"not finished this list \(killed, 5 rows not settled\).*'dialler-sync (resume \S+)'", again.err
    )

    assert again.code == ExitCode.OK
    assert "has not finished" not in run("import", first).err
    rest = run(*resume.split())
    assert (rest.code, rest.summary["requests"], len(dialler.store.contacts)) == (ExitCode.OK, 0, 5)
