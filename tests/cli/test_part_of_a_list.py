"""What is only a part of a list, or not the whole of a run, and what must not follow from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.run import begin
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import line, seed
from .test_plan import ALL, FEWER, locked, posts

Contacts = Callable[..., Path]

MIRROR = "{missing: delete, max_missing: 100%}"
LOCKING = "{missing: lock, max_missing: 50%}"


def keys(dialler: SimulatorServer) -> set[str]:
    return {contact["UserData"] for contact in dialler.store.contacts.values()}


def two_locked(run: Run, contacts_csv: Contacts, dialler: SimulatorServer) -> set[int]:
    """K8 and K9, which the mirror has locked."""
    for rows in (ALL, FEWER):
        run("import", contacts_csv(rows=rows))
    return locked(dialler)


def test_a_retry_deletes_nobody_that_its_own_file_lacks(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A list that somebody has cut down to the rows that failed has no column of ours that says so."""
    configure(mirror=MIRROR)
    dialler.order(FaultPlan.parse("400_for:K3"))
    failed = run("import", contacts_csv(rows=ALL)).summary["run_id"]
    dialler.order(FaultPlan())

    done = run("retry", failed, "--file", contacts_csv(rows=[line("K3")], name="part.csv"))

    assert done.code == ExitCode.OK, done.err
    assert not done.summary["mirror"]
    assert keys(dialler) == {f"K{n}" for n in range(10)}


def test_a_limit_leaves_missing_contacts_to_the_resume(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Contacts are deleted once every row of the list has been taken."""
    configure(mirror=MIRROR)
    run("import", contacts_csv(rows=ALL))

    some = run("import", contacts_csv(rows=FEWER), "--limit", 2)
    assert keys(dialler) == {f"K{n}" for n in range(10)}
    rest = run("resume", some.summary["run_id"])

    assert rest.code == ExitCode.OK, rest.err
    assert keys(dialler) == {f"K{n}" for n in range(8)}


@pytest.mark.parametrize(
    ("protect", "since"), [("follow_up", {"ReservedUsersUID": "agent"}), ("locked", {"bLocked": True})]
)
@pytest.mark.parametrize("missing", ["lock", "delete"])
def test_a_contact_protected_since_the_plan_is_not_taken_away(
    missing: str,
    protect: str,
    since: dict[str, Any],
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:
    """Nor does undo touch it: the run has not."""
    configure(mirror=f"{{missing: {missing}, max_missing: 50%}}", protect=f"{{{protect}: true}}")
    run("import", contacts_csv(rows=ALL))
    some = run("import", contacts_csv(rows=FEWER), "--limit", 2)
    (number,) = dialler.store.matches("K9")
    dialler.store.update(number, **since)
    now = dict(dialler.store.contacts[number])

    rest = run("resume", some.summary["run_id"])

    assert rest.code == ExitCode.OK, rest.err
    assert rest.summary["mirror"] == {"succeeded": 1, "skipped": 1}
    assert rest.summary["actions"]["protected"] == 1
    assert dialler.store.contacts[number] == now
    gone = dialler.store.matches("K8")
    assert not gone or dialler.store.contacts[gone[0]]["bLocked"]

    assert run("undo", some.summary["run_id"], "--yes").code == ExitCode.OK
    assert dialler.store.contacts[number] == now


def test_a_deleted_contact_comes_back_as_it_was_just_before(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Not as it was when the rows were planned: an agent has written a note, taken a number away, and locked it."""
    configure(mirror="{missing: delete, max_missing: 50%}")
    run("import", contacts_csv(rows=ALL))
    (number,) = dialler.store.matches("K9")
    dialler.store.update(number, PhoneNumber2="+493039200121", City="Berlin")
    some = run("import", contacts_csv(rows=FEWER), "--limit", 2)
    dialler.store.update(number, Comment="calls back", bLocked=True, PhoneNumber2=None, City="")

    assert run("resume", some.summary["run_id"]).code == ExitCode.OK
    assert not dialler.store.matches("K9")
    assert run("undo", some.summary["run_id"], "--yes").code == ExitCode.OK

    (number,) = dialler.store.matches("K9")
    contact = dialler.store.contacts[number]
    assert (contact["Comment"], contact["bLocked"]) == ("calls back", True)
    assert not contact.get("PhoneNumber2")
    assert not contact.get("City")


@pytest.mark.parametrize("odd", [[], ["vip"], {"a": 1}])
def test_a_contact_with_a_list_in_a_field_is_deleted_and_comes_back(
    odd: object, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Without that field: no import can set it."""
    configure(mirror="{missing: delete, max_missing: 50%}")
    run("import", contacts_csv(rows=ALL))
    (number,) = dialler.store.matches("K9")
    dialler.store.contacts[number]["Tag"] = odd

    done = run("import", contacts_csv(rows=FEWER))
    assert done.code == ExitCode.OK, done.err
    assert not dialler.store.matches("K9")
    assert run("undo", done.summary["run_id"], "--yes").code == ExitCode.OK
    assert dialler.store.matches("K9")


def test_the_newest_lock_or_unlock_by_hand_counts(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it names the contact, and whatever the ID of its run within one second."""
    descending = iter(range(0xFFFFFF, 0, -1))
    monkeypatch.setattr(begin, "secrets", SimpleNamespace(token_hex=lambda _: f"{next(descending):06x}"))
    configure(mirror=LOCKING)
    run("import", contacts_csv(rows=ALL))
    locking = run("import", contacts_csv(rows=FEWER)).summary["run_id"]
    (number,) = dialler.store.matches("K9")
    assert run("contacts", "unlock", "--user-data", "K9", "--yes").code == ExitCode.OK
    assert run("contacts", "lock", "--user-data", "K9", "--yes", "--unchecked").code == ExitCode.OK

    run("undo", locking, "--yes")

    assert dialler.store.contacts[number]["bLocked"]


@pytest.mark.parametrize("how", [(), ("--unchecked",)])
def test_a_lock_by_hand_stays_although_the_mirror_had_locked_the_contact(
    how: tuple[str, ...], run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The other contact of the mirror is unlocked as its row is back."""
    configure(mirror=LOCKING)
    both = two_locked(run, contacts_csv, dialler)

    by_hand = run("contacts", "lock", "--user-data", "K9", "--yes", *how)
    back = run("import", contacts_csv(rows=ALL))

    assert (by_hand.code, back.code) == (ExitCode.OK, ExitCode.OK), back.err
    assert len(both) == 2
    assert locked(dialler) == {*dialler.store.matches("K9")}


def test_what_is_done_by_hand_while_a_run_is_interrupted_stays(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Who is to be unlocked as the row is back stays locked; who is to be locked stays unlocked."""
    configure(mirror=LOCKING)
    two_locked(run, contacts_csv, dialler)
    some = run("import", contacts_csv(rows=ALL[2:]), "--limit", 2).summary["run_id"]
    for command, key in (("lock", "K9"), ("unlock", "K1")):
        assert run("contacts", command, "--user-data", key, "--yes").summary["actions"]["unchanged"] == 1

    rest = run("resume", some)

    assert rest.code == ExitCode.OK, rest.err
    assert locked(dialler) == {*dialler.store.matches("K9"), *dialler.store.matches("K0")}
    assert run("import", contacts_csv(rows=ALL)).code == ExitCode.OK
    assert locked(dialler) == {*dialler.store.matches("K9")}


def test_a_run_that_stops_deletes_nobody(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What stopped it may be a fault of the list."""
    configure(mirror=MIRROR, concurrency=1)
    run("import", contacts_csv(rows=ALL))
    dialler.order(FaultPlan.parse("400_for:K7"))

    done = run("import", contacts_csv(rows=FEWER), "--max-errors", 0)

    assert done.code == ExitCode.SAFETY_LIMIT
    assert keys(dialler) == {f"K{n}" for n in range(10)}


def test_a_row_with_a_number_that_must_not_be_called_unlocks_nobody(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The file has a contact again that the mirror had locked, and the row is left out: its lock stays."""
    configure(mirror=LOCKING)
    both = two_locked(run, contacts_csv, dialler)
    Path("dnc.csv").write_text("Number\n+49 171 3920099\n", encoding="utf-8")
    configure(mirror=LOCKING, suppress="{file: dnc.csv, column: Number, region: DE}")

    done = run("import", contacts_csv(rows=[*ALL[:8], "K8,Name K8,0171 3920099", "K9,Name K9,0171 3920099"]))

    assert done.summary["actions"]["suppressed"] == 2
    assert locked(dialler) == both


def test_a_lock_of_the_mirror_ends_no_other_contacts_protection(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The contact that the mirror had locked was deleted, and another one with its key was locked by somebody."""
    configure(mirror=LOCKING, protect="{locked: true}")
    two_locked(run, contacts_csv, dialler)
    (number,) = dialler.store.matches("K9")
    dialler.store.delete(number)
    (other,) = seed(dialler, "K9", bLocked=True)

    done = run("import", contacts_csv(rows=[*ALL[:9], line("K9", "New")]))

    assert [row["_action"] for row in done.rows() if row["_user_data"] == "K9"] == ["protected"]
    assert dialler.store.contacts[other]["Name"] == "Name K9"


def test_a_contact_locked_for_a_do_not_call_list_is_not_left_to_a_newer_list(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A newer list of contacts says nothing of who must not be called: a resumed run locks them."""
    Path("dnc.csv").write_text("Who\nOTHER\n", encoding="utf-8")
    list_of = "{file: dnc.csv, column: Who, by: user_data, lock: true}"
    configure(suppress=list_of)
    (there,) = seed(dialler, "OTHER")
    old = run("import", contacts_csv(rows=ALL), "--limit", 2).summary["run_id"]
    configure()
    run("import", contacts_csv(rows=FEWER, name="newer.csv"))
    configure(suppress=list_of)

    done = run("resume", old)

    assert done.code == ExitCode.OK, done.err
    assert locked(dialler) == {there}


def test_a_rehearsal_has_settled_no_row(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """There is nothing of it to be sent again; of a mended file, every row is sent."""
    configure()
    rehearsed = run("import", contacts_csv(rows=[line("K1"), "K2,,0171 3920013"]), "--dry-run").summary["run_id"]
    mended = contacts_csv(rows=[line("K1"), line("K2")])

    refused = run("retry", rehearsed)

    assert refused.code == ExitCode.OK
    assert "was a dry run, which sends nothing: there is nothing to retry" in refused.out + refused.err
    assert not posts(dialler)

    done = run("retry", rehearsed, "--file", mended)

    assert done.code == ExitCode.OK, done.err
    assert sorted(posts(dialler)) == ["K1", "K2"]


def test_a_resume_that_is_refused_loses_no_run(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Rows that another version reads otherwise are not sent, and what the run did is still known."""
    configure()
    stopped = run("import", contacts_csv(rows=ALL), "--limit", 2).summary["run_id"]
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        rows = list(journal.rows(journal.run(stopped)))
        journal.update_run(stopped, rows=len(rows))
        with journal._begin() as connection:
            connection.exec_driver_sql("UPDATE rows SET payload = 'other' WHERE seq = 5")

    refused = run("resume", stopped)

    assert refused.code == ExitCode.USAGE, refused.err
    assert "row 7 is read differently" in refused.err
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        assert journal.run(stopped).state == "stopped"
        assert len(list(journal.rows(journal.run(stopped)))) == 10
    assert len(posts(dialler)) == 2
