"""A process is killed, and what goes on in its place is stopped: what the first may have done stays open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.commands import killed
from ..helpers.dialler import seed
from ..helpers.worlds import KEYLESS

Contacts = Callable[..., Path]

STOPS = ["401_from:1", "400:#1-99", "503:#1-99"]


def keys(dialler: SimulatorServer) -> list[str]:
    return sorted(contact.get("UserData") or contact["Name"] for contact in dialler.store.contacts.values())


@pytest.mark.parametrize("stop", STOPS)
def test_an_import(stop: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> None:
    """Its rows are not called failed or unprocessed, and an undo takes back what was done."""
    configure(retries=0, give_up_after=1, rows="{compare: journal}")
    path = contacts_csv(6)
    killed("before", "outcomes", "import", path)
    made = keys(dialler)
    assert made
    dialler.order(FaultPlan.parse(stop + ":on=import"))
    again = run("resume")

    assert again.code != ExitCode.OK
    assert all(row["_status"] == "unknown" for row in again.rows("results.csv") if row["_user_data"] in made)

    dialler.order(FaultPlan())
    undone = run("undo", "--yes")
    assert undone.code == ExitCode.OK, undone.err
    assert not dialler.store.contacts
    assert run("import", path).code == ExitCode.OK
    assert keys(dialler) == [f"K{n}" for n in range(2, 8)]


@pytest.mark.parametrize("stop", STOPS)
def test_an_undo(stop: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> None:
    """The next import sends again what the killed one has deleted, also by what the journal knows."""
    configure(retries=0, give_up_after=1, rows="{compare: journal}")
    path = contacts_csv(6)
    assert run("import", path).code == ExitCode.OK
    killed("before", "outcomes", "undo", "--yes")
    assert len(dialler.store.contacts) < 6
    dialler.order(FaultPlan.parse(",".join(f"{stop}:on={name}" for name in ("get", "lookup", "batch", "delete_by_id"))))
    resumed = run("resume")
    assert resumed.code != ExitCode.OK
    assert "still be processing rows of the killed run" in resumed.err
    dialler.order(FaultPlan())

    assert run("import", path).code == ExitCode.OK

    assert keys(dialler) == [f"K{n}" for n in range(2, 8)]


def test_contacts_without_a_key_are_made_again_once(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A resumed undo does not make them a second time, and tells which it left."""
    configure(KEYLESS, concurrency=2)
    assert run("import", contacts_csv(rows=[f"{n},N{n},0171 39200{n}" for n in range(10, 22)])).code == ExitCode.OK
    everybody = keys(dialler)
    numbers = [word for number in dialler.store.contacts for word in ("--id", number)]
    assert run("contacts", "delete", *numbers, "--yes").code == ExitCode.OK
    killed("before", "outcomes", "undo", "--yes")

    resumed = run("resume")

    there = Counter(keys(dialler))
    assert set(there.values()) == {1}
    told = Counter(row["_status"] for row in resumed.rows("results.csv"))
    assert told["succeeded"] + told["unknown"] + told["failed"] == 12
    assert set(there) <= set(everybody)
    assert len(there) >= told["succeeded"]


@pytest.mark.parametrize("named", [True, False])
def test_an_undo_that_is_given_again_makes_nobody_twice(
    named: bool, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Whether the first one failed for a single contact, or for none."""
    configure(KEYLESS)
    assert run("import", contacts_csv(rows=[f"{n},N{n},0171 39200{n}" for n in range(10, 16)])).code == ExitCode.OK
    everybody = keys(dialler)
    numbers = [word for number in dialler.store.contacts for word in ("--id", number)]
    deleted = run("contacts", "delete", *numbers, "--yes").summary["run_id"]
    dialler.order(FaultPlan.parse("" if named else "400:#3:on=import"))
    first = run("undo", "--yes")
    dialler.order(FaultPlan())

    second = run("undo", "--yes", *([deleted] if named else []))

    assert (first.code, second.code) == (ExitCode.OK if named else ExitCode.ROWS_FAILED, ExitCode.OK)
    assert keys(dialler) == everybody
    if named:
        assert "all of it was undone" in second.out + second.err


def test_an_undo_that_is_given_again_leaves_what_people_did_since(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    configure()
    seed(dialler, "K1", "K2", "K3")
    numbers = [word for number in dialler.store.contacts for word in ("--id", number)]
    assert run("contacts", "lock", *numbers, "--yes").code == ExitCode.OK
    dialler.order(FaultPlan.parse("400:#1:on=unlock_by_id"))
    assert run("undo", "--yes").code == ExitCode.ROWS_FAILED
    dialler.order(FaultPlan())
    opened = [number for number, each in dialler.store.contacts.items() if not each["bLocked"]]
    assert len(opened) == 2
    for number in opened:
        dialler.store.update(number, bLocked=True)

    assert run("undo", "--yes").code == ExitCode.OK

    assert sorted(number for number, each in dialler.store.contacts.items() if each["bLocked"]) == sorted(opened)
