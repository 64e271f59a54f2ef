"""Whoever can write the journal gets nothing done to the contacts of campaigns that are not the run's own."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("unchecked", [False, True])
@pytest.mark.parametrize("by", ["id", "user_data"])
@pytest.mark.parametrize(("command", "go_on"), [("delete", "resume"), ("lock", "resume"), ("delete", "retry RUN")])
def test_a_forged_change_of_contacts(
    command: str, go_on: str, by: str, unchecked: bool, run: Run, configure: Configure, dialler: SimulatorServer,
    theirs: int,
) -> None:  # fmt: skip
    """Which contacts a run deletes or locks stands only in the journal, and nobody is asked once more."""
    configure(retries=0)
    ours = dialler.store.add(UserData="A", Name="A", PhoneNumber1="+491713920012", DiallerCampaignsID=538)
    typed = f"--id={ours}" if by == "id" else "--user-data=A"
    done = run("contacts", command, typed, "--yes", *["--unchecked"] * unchecked)
    assert done.code == ExitCode.OK, done.err
    named = {"ids": [str(theirs)]} if by == "id" else {"user_data": ["B"]}
    edit("UPDATE rows SET state = 'failed'" if go_on != "resume" else "DELETE FROM rows")
    with sqlite3.connect("state/journal.db") as base:
        ((options, summary),) = base.execute("SELECT options, summary FROM runs")
    base.close()
    failed = json.loads(summary)
    failed["counts"] |= {"succeeded": 0, "failed": 1}
    edit(
        "UPDATE runs SET options = ?, rows = NULL, summary = ?, state = ?",
        json.dumps(json.loads(options) | named), json.dumps(failed), "stopped" if go_on == "resume" else "finished",
    )  # fmt: skip
    held = dict(dialler.store.contacts[theirs])

    ended = run(*go_on.replace("RUN", done.summary["run_id"]).split())

    assert dialler.store.contacts[theirs] == held
    assert ended.code == ExitCode.ROWS_FAILED, ended.err
    assert ended.summary["counts"]["failed"] == 1, ended.err


def test_the_limit_of_a_mirror_is_the_configuration_s(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A run that is not planned yet is planned within it, whatever limit the journal has for it."""
    config = configure()
    config.write_text(
        config.read_text(encoding="utf-8") + "mirror: {missing: delete, max_missing: 5%}\n", encoding="utf-8"
    )
    for number in range(10):
        dialler.store.add(UserData=f"B{number}", Name="B", PhoneNumber1="+491713920012", DiallerCampaignsID=538)
    assert run("import", contacts_csv(2), "--limit", "1").code == ExitCode.ROWS_FAILED
    edit("DELETE FROM rows")
    edit(
        "UPDATE runs SET options = json_set(options, '$.max_missing', '100%', '$.adopt', json('true')), planned = 0,"
        " rows = NULL, summary = NULL, state = 'stopped'"
    )
    held = dict(dialler.store.contacts)

    done = run("resume")

    assert done.code == ExitCode.SAFETY_LIMIT, done.err
    assert "mirror.max_missing allows 5%" in done.err
    assert dialler.store.contacts == held


@pytest.mark.parametrize("command", ["resume", "retry RUN"])
def test_a_change_that_lacks_what_it_changes_is_damage(
    command: str, run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """One sentence."""
    configure()
    done = run("import", contacts_csv(2), "--limit", "1")
    edit(
        "UPDATE runs SET command = 'delete', files = '[]', state = ?", "stopped" if command == "resume" else "finished"
    )

    ended = run(*command.replace("RUN", done.summary["run_id"]).split())

    assert ended.code == ExitCode.USAGE
    assert "the journal is damaged: run" in ended.err
