"""A run that stopped was taken into the history, then newer ones were, then it goes on: what it did before is not the
last that is known of its contacts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]
LIST = [f"K{n},Old {n},0171 39200{n}0" for n in (2, 3, 4, 5)]
OTHER = ["K9,Other,0171 3920090"]


def stopped(run: Run, dialler: SimulatorServer, path: Path, after: int) -> str:
    """An import that a dead token stops at this request."""
    dialler.order(FaultPlan.parse(f"401_from:{after}"))
    done = run("import", path)
    dialler.order(FaultPlan())
    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    found: str = done.summary["run_id"]
    return found


@pytest.mark.parametrize("newer", ["import", "delete"])
def test_a_list_is_compared_with_what_was_sent_last(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, newer: str
) -> None:
    configure(concurrency=1)
    old = stopped(run, dialler, contacts_csv(rows=LIST, name="old.csv"), 3)
    if newer == "import":
        run("import", contacts_csv(rows=["K2,New 2,0171 3920020"], name="new.csv"))
    else:
        assert run("contacts", "delete", "--user-data", "K2", "--yes").code == ExitCode.OK
    run("import", contacts_csv(rows=OTHER, name="other.csv"))
    assert run("resume", old).code == ExitCode.OK

    done = run("import", contacts_csv(rows=LIST, name="again.csv"), "--compare", "journal")

    assert {row["_user_data"]: row["_status"] for row in done.rows()} == {
        "K2": "succeeded",
        **dict.fromkeys(("K3", "K4", "K5"), "skipped"),
    }
    assert {contact["Name"] for contact in dialler.store.contacts.values()} == {
        "Other",
        *(f"Old {n}" for n in (2, 3, 4, 5)),
    }


def test_a_contact_that_the_mirror_takes_stays_known(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Both what the run had sent before newer ones, and what it sent after."""
    configure(concurrency=1)
    old = stopped(run, dialler, contacts_csv(rows=LIST, name="old.csv"), 3)
    run("import", contacts_csv(rows=["K2,New 2,0171 3920020"], name="new.csv"))
    run("import", contacts_csv(rows=OTHER, name="other.csv"))
    run("resume", old)
    configure(concurrency=1, mirror="{missing: delete, max_missing: 100%}")

    run("import", contacts_csv(rows=OTHER, name="other.csv"))

    assert [contact["UserData"] for contact in dialler.store.contacts.values()] == ["K9"]


@pytest.mark.parametrize("after", [4, 5])
def test_who_was_unlocked_and_then_locked_by_hand_stays_locked(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, after: int
) -> None:
    configure(concurrency=1, rows="{skip: {Name: {pattern: out}}, skipped_contacts: lock}", retries=0)
    out = [row.replace("Old", "out") for row in LIST[:2]]
    run("import", contacts_csv(rows=LIST[:2], name="first.csv"))
    old = stopped(run, dialler, contacts_csv(rows=out, name="out.csv"), after)
    assert [contact["bLocked"] for contact in dialler.store.contacts.values()] == [True, False]
    run("import", contacts_csv(rows=LIST[:2], name="back.csv"))
    run("import", contacts_csv(rows=OTHER, name="other.csv"))
    run("resume", old)
    for contact in dialler.store.contacts.values():
        contact["bLocked"] = True

    run("import", contacts_csv(rows=LIST[:2], name="again.csv"))

    assert all(contact["bLocked"] for contact in dialler.store.contacts.values())
