"""Whoever can write the journal gets nothing done to the contacts of campaigns that are not the run's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .test_edited_journal import edit

Contacts = Callable[..., Path]

BEFORE = '{"UserData": "B", "Name": "forged", "DiallerCampaignsID": 539, "PhoneNumber1": "+4917100000"}'


@pytest.fixture
def theirs(dialler: SimulatorServer) -> int:
    """A contact of another campaign."""
    return dialler.store.add(UserData="B", Name="B", PhoneNumber1="+491713920012", DiallerCampaignsID=539)


@pytest.mark.parametrize(
    ("command", "action", "before"),
    [
        ("import", "create", None), ("import", "overwrite", BEFORE), ("import", "lock", BEFORE),
        ("import", "unlock", BEFORE), ("import", "delete", BEFORE.replace('"B"', '"C"')),
        ("lock", "create", None), ("delete", "create", None), ("plan", "create", None),
    ],
)  # fmt: skip
def test_undo(
    command: str, action: str, before: str | None, run: Run, configure: Configure, contacts_csv: Contacts,
    dialler: SimulatorServer, theirs: int,
) -> None:  # fmt: skip
    """Neither restored, deleted, locked nor unlocked; and none is made there."""
    configure()
    done = run("import", contacts_csv(1))
    held = {number: dict(contact) for number, contact in dialler.store.contacts.items()}
    edit("UPDATE runs SET command = ?", command)
    edit(
        "UPDATE rows SET user_data = ?, contact_id = ?, action = ?",
        "C" if "C" in (before or "") else "B",
        str(theirs),
        action,
    )
    edit("UPDATE before_images SET contact_id = ?, before = ?, after = '{}'", str(theirs), before)

    run("undo", done.summary["run_id"], "--yes")

    assert dialler.store.contacts == held


@pytest.mark.parametrize("action", ["delete", "lock"])
def test_resume(
    action: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, theirs: int
) -> None:
    """What a mirror was still to do is done to contacts of its own campaign."""
    config = configure()
    config.write_text(config.read_text(encoding="utf-8") + "mirror: {missing: delete}\n", encoding="utf-8")
    run("import", contacts_csv(2), "--limit", "1")
    with sqlite3.connect("state/journal.db") as base:
        columns = [row[1] for row in base.execute("PRAGMA table_info(rows)")]
        forged = {"seq": "7", "file": "-1", "user_data": "'B'", "contact_id": f"'{theirs}'", "action": f"'{action}'"}
        taken = ", ".join(forged.get(name, name) for name in columns)
        base.execute(f"INSERT INTO rows SELECT {taken} FROM rows WHERE state = 'pending'")
    base.close()
    held = dict(dialler.store.contacts[theirs])

    done = run("resume")

    assert dialler.store.contacts[theirs] == held
    assert done.code == ExitCode.OK, done.err
