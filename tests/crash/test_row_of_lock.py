"""A run locks or unlocks a contact, and its row is not sent: the lock does not settle the row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Done, Run

Contacts = Callable[..., Path]
FILTER = "{skip: {Name: {pattern: out}}, skipped_contacts: lock}"


def again(run: Run, how: str, done: Done) -> Done:
    """Send what is left of a run."""
    name = done.summary["run_id"]
    return run("import", Path("reports", name, "failed.csv")) if how == "import" else run(how, name)


def people(dialler: SimulatorServer) -> list[tuple[str, bool]]:
    return [(contact["Name"], contact["bLocked"]) for contact in dialler.store.contacts.values()]


@pytest.mark.parametrize("how", ["retry", "import"])
@pytest.mark.parametrize("lost", [False, True])
def test_a_row_that_failed_is_sent_although_its_contact_was_unlocked(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, how: str, lost: bool
) -> None:
    """Unlocked for certain, or perhaps."""
    configure(rows=FILTER, retries=0)
    run("import", contacts_csv(1))
    run("import", contacts_csv(rows=["K2,out,0171 3920012"]))
    dialler.order(FaultPlan.parse("400_for:K2,500_after:100%:on=unlock" if lost else "400_for:K2"))
    failed = run("import", contacts_csv(rows=["K2,Again,0171 3920012"]))
    dialler.order(FaultPlan())
    assert people(dialler) == [("Name 2", False)], failed.err

    done = again(run, how, failed)

    assert done.code == ExitCode.OK, done.err
    assert [row["_action"] for row in done.rows()] == ["overwrite"]
    assert people(dialler) == [("Again", False)]


def test_a_row_that_is_let_in_later_is_sent_although_its_contact_was_locked(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """By a filter; then somebody changes the row in the list."""
    configure(rows=FILTER)
    run("import", contacts_csv(1))
    older = run("import", contacts_csv(rows=["K2,out,0171 3920012", "K3,Bob,damaged"]))
    contacts_csv(rows=["K2,Ann,0171 3920012", "K3,Bob,damaged"])

    done = run("retry", older.summary["run_id"])

    assert done.rows()[0]["_action"] == "overwrite", done.rows()
    assert people(dialler)[0][0] == "Ann"


def test_a_row_stays_in_force_although_an_undo_locked_its_contact_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The undo left the row as it is, as somebody had changed the contact: it is newer than that of an older list."""
    configure(rows=FILTER)
    run("import", contacts_csv(1))
    run("import", contacts_csv(rows=["K2,out,0171 3920012"]))
    dialler.order(FaultPlan.parse("401_from:1"))
    older = run("import", contacts_csv(rows=["K2,Older,0171 3920012"], name="older.csv")).summary["run_id"]
    dialler.order(FaultPlan())
    newer = run("import", contacts_csv(rows=["K2,Newer,0171 3920012"], name="newer.csv")).summary["run_id"]
    for contact in dialler.store.contacts.values():
        contact["Name"] = "Edited"
    undone = run("undo", newer, "--yes")
    assert sorted(undone.statuses().values()) == ["failed", "succeeded"], undone.rows()

    done = run("resume", older)

    assert [row["_action"] for row in done.rows()] == ["superseded"], done.err
    assert people(dialler) == [("Edited", True)]
