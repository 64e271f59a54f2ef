"""However resume, retry and mended files are combined: no row without UserData is sent twice, and none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.commands import killed
from ..helpers.worlds import KEYLESS

Contacts = Callable[..., Path]

ROWS = ["1,A,0171 3920011", "2,B,0171 3920012", "3,C,0171 3920013", "4,C,0171 3920013", "5,D,abc"]
"""Two of them say the same; the last one is to be fixed."""


@pytest.fixture
def stopped(run: Run, configure: Configure, contacts_csv: Contacts) -> Done:
    """An import that has sent the first three rows."""
    configure(KEYLESS)
    done = run("import", contacts_csv(rows=ROWS), "--limit", "3")
    assert Counter(done.statuses().values()) == {"succeeded": 3, "unprocessed": 1, "rejected": 1}
    return done


def names(dialler: SimulatorServer) -> dict[str, int]:
    return dict(Counter(contact["Name"] for contact in dialler.store.contacts.values()))


def mended(done: Done, *changes: tuple[str, str], leave: str = "") -> Path:
    """``failed.csv`` of a run with these changes, without the lines that have ``leave``."""
    assert done.reports
    path = done.reports / "failed.csv"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    text = "\n".join(line for line in lines if not leave or leave not in line)
    for before, now in changes:
        text = text.replace(before, now)
    to = Path("mended.csv")
    to.write_text(text + "\n", encoding="utf-8-sig")
    return to


@pytest.mark.parametrize("again", ["retry", "failed.csv", "failed.csv by retry", "list", "plan"])
def test_a_resumed_run_leaves_out_what_another_has_sent(
    again: str, run: Run, stopped: Done, dialler: SimulatorServer
) -> None:
    """A retry, a mended file, and the whole list (which makes every contact again, as it is asked to)."""
    path = mended(stopped)
    name = stopped.summary["run_id"]
    if again == "plan":
        run("plan", path, "-o", "plan.json")
    commands = {
        "retry": ("retry", name),
        "failed.csv": ("import", path),
        "failed.csv by retry": ("retry", "--file", path),
        "list": ("import", "contacts.csv"),
        "plan": ("import", "--plan", "plan.json", path),
    }
    second = run(*commands[again])
    assert second.code == ExitCode.ROWS_FAILED, second.err
    assert names(dialler) == ({"A": 2, "B": 2, "C": 3} if again == "list" else {"A": 1, "B": 1, "C": 2})
    before = names(dialler)

    done = run("resume", name)

    assert names(dialler) == before
    assert done.statuses()[5] == "skipped"
    assert f"settled by run {second.summary['run_id']}" in {row["_error"] for row in done.rows()}


def test_a_resumed_run_sends_what_a_mended_file_does_not_have(
    run: Run, stopped: Done, dialler: SimulatorServer
) -> None:
    """Also where another row of it was changed to say the same."""
    path = mended(stopped, (",abc,", ",0171 3920013,"), (",D,", ",C,"), leave="unprocessed")
    assert run("import", path).summary["counts"]["succeeded"] == 1

    assert run("resume", stopped.summary["run_id"]).statuses()[5] == "succeeded"
    assert names(dialler) == {"A": 1, "B": 1, "C": 3}


@pytest.mark.parametrize("command", [("resume",), ("retry",)], ids=lambda each: str(each[0]))
def test_a_row_that_was_changed_in_a_mended_file_is_the_same_row(
    command: tuple[str], run: Run, stopped: Done, dialler: SimulatorServer
) -> None:
    """Also where the mended file was itself mended, and its copy imported."""
    first = run("import", mended(stopped, (",C,", ",Cora,"), (",abc,", ",def,")))
    assert run("import", mended(first, (",def,", ",0171 3920014,"))).code == ExitCode.OK
    assert names(dialler) == {"A": 1, "B": 1, "C": 1, "Cora": 1, "D": 1}

    run(*command, stopped.summary["run_id"])

    assert names(dialler) == {"A": 1, "B": 1, "C": 1, "Cora": 1, "D": 1}


@pytest.mark.parametrize("fix", [False, True], ids=["same file", "fixed once more"])
def test_a_second_retry_leaves_out_what_the_first_has_sent(
    fix: bool, run: Run, stopped: Done, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    name = stopped.summary["run_id"]
    fixed = [*ROWS[:4], "5,D,0171 3920014"]
    contacts_csv(rows=fixed)
    assert run("retry", name).code == ExitCode.OK
    if fix:
        contacts_csv(rows=[*fixed, "6,E,0171 3920015"])

    assert run("retry", name).code == ExitCode.OK

    assert names(dialler) == {"A": 1, "B": 1, "C": 2, "D": 1} | ({"E": 1} if fix else {})


def test_a_run_that_is_resumed_after_a_retry_of_another_list(
    run: Run, stopped: Done, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Rows go by what is sent, where they stand in another list."""
    name = stopped.summary["run_id"]
    contacts_csv(rows=[*ROWS[:4], "5,D,0171 3920014", "6,E,0171 3920015"])
    assert run("retry", name).code == ExitCode.OK
    contacts_csv(rows=ROWS)

    assert run("resume", name).code == ExitCode.ROWS_FAILED
    assert names(dialler) == {"A": 1, "B": 1, "C": 2, "D": 1, "E": 1}


def test_a_retry_that_is_resumed_after_its_parent(run: Run, stopped: Done, dialler: SimulatorServer) -> None:
    """It was killed when it had planned, so it knows nothing of what its parent has sent since."""
    name = stopped.summary["run_id"]
    killed("after", "planned", "retry", name)
    assert run("resume", name).statuses()[5] == "succeeded"

    done = run("resume")

    assert done.summary["parent"] == name
    assert {row["_error"] for row in done.rows() if row["_row"] != "6"} == {f"settled by run {name}"}
    assert names(dialler) == {"A": 1, "B": 1, "C": 2}
