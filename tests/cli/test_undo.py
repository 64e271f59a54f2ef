"""A wrong upload at 9:00 is gone by 9:05."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import line, seed

Contacts = Callable[..., Path]


def state(dialler: SimulatorServer) -> dict[str, dict[str, Any]]:
    """The dialler's contacts by UserData, but for its own time stamps and IDs."""
    own = {"ID", "dtImported", "dtModified", "dtChanged"}
    return {
        contact["UserData"]: {name: value for name, value in contact.items() if name not in own and value is not None}
        for contact in deepcopy(dialler.store.contacts).values()
    }


def test_undo_restores_and_deletes(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """After import and undo the dialler is as it was, field by field, also where a field was empty."""
    configure(
        {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}", "City": "{value: Ulm}"}
    )
    seed(dialler, "OLD", City="Köln")
    seed(dialler, "EMPTY", "UNTOUCHED")
    before = state(dialler)
    imported = run("import", contacts_csv(rows=[line("OLD", "Wrong"), line("EMPTY", "Wrong"), line("NEW")]))
    assert state(dialler) != before

    done = run("undo", imported.summary["run_id"], "--yes")

    assert done.code == ExitCode.OK, done.err
    assert state(dialler) == before
    assert "1 to delete" in done.out
    assert "2 to restore" in done.out
    assert done.summary["actions"]["delete"] == 1
    assert done.summary["actions"]["overwrite"] == 2


@pytest.mark.parametrize("fault", ["503:#1", "429:#1-2"])
def test_undo_sends_again_what_was_certainly_not_done(
    fault: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    configure()
    seed(dialler, "OLD", City="Köln")
    before = state(dialler)
    imported = run("import", contacts_csv(rows=[line("OLD", "Wrong")]))
    dialler.order(FaultPlan.parse(f"{fault}:on=import"))

    done = run("undo", imported.summary["run_id"], "--yes")

    assert done.code == ExitCode.OK, done.err
    assert state(dialler) == before


def test_undo_leaves_alone_what_somebody_changed_since(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Unless --force."""
    configure()
    (old,) = seed(dialler, "OLD")
    imported = run("import", contacts_csv(rows=[line("OLD", "Wrong"), line("NEW")]))
    dialler.store.contacts[old]["Name"] = "Mended by an agent"

    done = run("undo", imported.summary["run_id"], "--yes")

    assert done.code == ExitCode.ROWS_FAILED
    assert dialler.store.contacts[old]["Name"] == "Mended by an agent"
    (failed,) = [row for row in done.rows() if row["_status"] == "failed"]
    assert failed["_error_code"] == "contact_changed"
    assert "Name" in failed["_error"]
    (shown,) = done.rows("failed.csv")
    assert (shown["UserData"], shown["ID"]) == ("OLD", str(old))
    run("runs", "report", done.summary["run_id"])
    assert done.rows("failed.csv") == [shown]

    forced = run("undo", imported.summary["run_id"], "--yes", "--force")

    assert forced.code == ExitCode.OK
    assert dialler.store.contacts[old]["Name"] == "Name OLD"


def test_undo_shows_its_plan_first(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without --yes and without anybody to ask, nothing is done."""
    configure()
    imported = run("import", contacts_csv(3))

    shown = run("undo", imported.summary["run_id"], "--dry-run")
    monkeypatch.setattr("sys.stdin", StringIO(""))
    asked = run("undo", imported.summary["run_id"])

    assert "3 to delete" in shown.out
    assert asked.code == ExitCode.USAGE
    assert len(dialler.store.contacts) == 3


def test_undo_brings_back_what_the_mirror_took(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A locked contact is unlocked; a deleted one is made again, and the report says what is lost."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    before = state(dialler)
    configure(mirror="{missing: delete, max_missing: 50%}")
    mirrored = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(8)]), "--compare", "dialler")
    assert len(dialler.store.contacts) == 8

    done = run("undo", mirrored.summary["run_id"], "--yes")

    assert done.code == ExitCode.OK, done.err
    assert state(dialler) == before
    assert "history" in done.rows()[0]["_error"]


def test_without_before_images_undo_says_what_it_cannot(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """journal.before_images: false is for those who may not keep data; then undo is honest."""
    configure().write_text(
        configure().read_text(encoding="utf-8") + "journal: {before_images: false}\n", encoding="utf-8"
    )
    imported = run("import", contacts_csv(3))
    assert imported.summary["actions"]["import"] == 3

    done = run("undo", imported.summary["run_id"], "--yes")

    assert done.code == ExitCode.ROWS_FAILED
    assert {row["_error_code"] for row in done.rows()} == {"no_before_image"}
    assert len(dialler.store.contacts) == 3


@pytest.mark.parametrize("by", ["phone", "user_data"])
def test_undo_has_nobody_called_who_is_on_a_do_not_call_list_by_now(
    by: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Who was locked or deleted stays so, and who had a listed number keeps the new one."""
    rows = [f"K{n},Ann,0171 123450{n}" for n in range(5)]
    configure()
    run("import", contacts_csv(rows=rows))
    Path("dnc.csv").write_text(f"X\n{'0171 1234504' if by == 'phone' else 'K4'}\n", encoding="utf-8")
    suppress = f"{{file: dnc.csv, column: X, by: {by}, region: DE}}"
    for missing in ("lock", "delete"):
        configure(mirror=f"{{missing: {missing}, max_missing: 50%}}", suppress=suppress)
        taken = run("import", contacts_csv(rows=rows[:3]), "--compare", "dialler")

        undone = run("undo", taken.summary["run_id"], "--yes")

        assert undone.code == ExitCode.OK, undone.err
        assert undone.summary["counts"]["succeeded"] == 1
        (left,) = [row for row in undone.rows() if row["_action"] == "suppressed"]
        assert (left["_user_data"], left["_status"]) == ("K4", "skipped")
        assert "dnc.csv" in left["_error"]
        assert {key for key, contact in state(dialler).items() if not contact.get("bLocked")} == {
            "K0",
            "K1",
            "K2",
            "K3",
        }


def test_undo_restores_no_number_that_is_on_a_do_not_call_list_by_now(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    configure()
    run("import", contacts_csv(rows=["K1,Ann,0171 1234501"]))
    changed = run("import", contacts_csv(rows=["K1,Ann,0171 7654321"]))
    Path("dnc.csv").write_text("X\n0171 1234501\n", encoding="utf-8")
    configure(suppress="{file: dnc.csv, column: X, region: DE, action: number}")

    undone = run("undo", changed.summary["run_id"], "--yes")

    assert undone.summary["actions"]["suppressed"] == 1
    assert state(dialler)["K1"]["PhoneNumber1"] == "+491717654321"


def test_undo_unlocks_nobody_with_a_number_that_a_list_leaves_out(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Unlocking takes no number away: the listed one could be called. Nor does the mirror unlock such a contact."""
    columns = {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"}
    lists = {"mirror": "{missing: lock, max_missing: 90%}"}
    configure(columns, **lists)
    rows = [f"K{n},Ann,0171 123450{n}" for n in range(3)]
    run("import", contacts_csv(rows=rows))
    for contact in dialler.store.contacts.values():
        contact["PhoneNumber3"] = f"+49171999000{contact['UserData'][1]}"
    taken = run("import", contacts_csv(rows=rows[:1]))
    Path("dnc.csv").write_text("X\n0171 9990002\n", encoding="utf-8")
    configure(columns, **lists, suppress="{file: dnc.csv, column: X, region: DE, action: number}")

    undone = run("undo", taken.summary["run_id"], "--yes")

    actions = undone.summary["actions"]
    assert (actions["unlock"], actions["suppressed"]) == (1, 1)
    assert [key for key, contact in state(dialler).items() if contact.get("bLocked")] == ["K2"]
    back = run("import", contacts_csv(rows=rows), "--compare", "journal")
    assert back.summary["actions"]["unchanged"] == 2, back.err  # not K0, which the undo found as it was
    assert [key for key, contact in state(dialler).items() if contact.get("bLocked")] == ["K2"]


@pytest.mark.parametrize("by", ["mirror", "contacts delete"])
def test_a_locked_contact_that_is_made_again_is_locked(
    by: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It was locked for a reason that the import does not know; a second undo locks what the first could not."""
    configure(mirror="{missing: delete, max_missing: 60%}", retries=0)
    rows = [f"K{n},Ann,0171 123450{n}" for n in range(3)]
    run("import", contacts_csv(rows=rows))
    (theirs,) = [contact for contact in dialler.store.contacts.values() if contact["UserData"] == "K2"]
    theirs["bLocked"] = True
    if by == "mirror":
        taken = run("import", contacts_csv(rows=rows[:2]))
    else:
        taken = run("contacts", "delete", "--user-data", "K2", "--yes")
    assert "K2" not in state(dialler)
    dialler.order(FaultPlan.parse("400:#1:on=lock_by_id"))

    failed = run("undo", taken.summary["run_id"], "--yes")
    dialler.order(FaultPlan())
    undone = run("undo", taken.summary["run_id"], "--yes")

    assert failed.summary["counts"]["failed"] == 1, failed.err
    (row,) = [row for row in failed.rows() if row["_status"] == "failed"]
    assert f"contact {row['_contact_id']} is there again, but not locked" in row["_error"]
    assert undone.code == ExitCode.OK, undone.err
    assert state(dialler)["K2"]["bLocked"] is True


def test_a_lock_whose_answer_is_lost_is_in_doubt(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The contact is made again, and locked; nobody knows."""
    configure(mirror="{missing: delete, max_missing: 60%}", retries=0, give_up_after=1)
    rows = [line(f"K{n}") for n in range(2)]
    run("import", contacts_csv(rows=rows))
    (theirs,) = [contact for contact in dialler.store.contacts.values() if contact["UserData"] == "K1"]
    theirs["bLocked"] = True
    taken = run("import", contacts_csv(rows=rows[:1]))
    dialler.order(FaultPlan.parse("502_after:1:on=lock_by_id"))

    undone = run("undo", taken.summary["run_id"], "--yes")

    (row,) = [row for row in undone.rows() if row["_user_data"] == "K1"]
    assert (row["_status"], undone.code) == ("unknown", ExitCode.SAFETY_LIMIT), undone.err
    assert "is there again, perhaps not locked, as it was" in row["_error"]


def test_where_nobody_can_be_locked_one_contact_is_made_again_at_most(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """And the report names it."""
    configure(retries=0, endpoints="{lock_by_id: 'PATCH /nowhere/{id}'}")
    rows = [f"K{n},Ann,0171 123450{n}" for n in range(8)]
    run("import", contacts_csv(rows=rows))
    for contact in dialler.store.contacts.values():
        contact["bLocked"] = True
    taken = run("contacts", "delete", "--from", contacts_csv(rows=rows), "--column", "Key", "--yes")
    assert taken.summary["counts"]["succeeded"] == 8, taken.err

    undone = run("undo", taken.summary["run_id"], "--yes")

    (there,) = dialler.store.contacts
    assert undone.code == ExitCode.SAFETY_LIMIT, undone.err
    assert f"contact {there} is there again, but not locked, as it was" in undone.err
    assert (undone.summary["counts"]["failed"], undone.summary["counts"]["unprocessed"]) == (1, 7)


@pytest.mark.parametrize("fault", ["502_after:#1", "400:#1:on=lock_by_id"])
def test_a_locked_contact_without_a_key_is_made_again_once(
    fault: str, run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """The answer is lost, or it is not locked: the undo stops after the first, and a second one makes no other."""
    configure(retries=0)
    for number in range(3):
        dialler.store.add(Name="A", PhoneNumber1=f"+49171392001{number}", DiallerCampaignsID=538, bLocked=True)
    taken = run("contacts", "delete", *(f"--id={number}" for number in list(dialler.store.contacts)), "--yes")
    dialler.order(FaultPlan.parse(fault))

    first = run("undo", taken.summary["run_id"], "--yes")
    dialler.order(FaultPlan())
    second = run("undo", taken.summary["run_id"], "--yes")

    assert first.code == ExitCode.SAFETY_LIMIT, first.err
    assert "there again, but not locked" in first.err
    assert (first.summary["counts"]["unknown"], first.summary["counts"]["unprocessed"]) == (1, 2)
    assert (second.summary["counts"]["unknown"], second.summary["counts"]["succeeded"]) == (1, 2), second.err
    assert sorted(bool(contact.get("bLocked")) for contact in dialler.store.contacts.values()) == [False, True, True]


def test_resume_unlocks_nobody_who_is_on_a_do_not_call_list_by_now(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The unlock was planned before the run was stopped; the contact has got a listed number since."""
    Path("dnc.csv").write_text("X\n+493039200155\n", encoding="utf-8")
    configure(mirror="{missing: lock, max_missing: 60%}", suppress="{file: dnc.csv, column: X}")
    rows = [f"K{n},Ann,0171 123450{n}" for n in range(3)]
    run("import", contacts_csv(rows=rows))
    run("import", contacts_csv(rows=rows[:2]))
    run("import", contacts_csv(rows=rows), "--limit", "1")
    (theirs,) = [contact for contact in dialler.store.contacts.values() if contact["UserData"] == "K2"]
    assert theirs["bLocked"]
    theirs["PhoneNumber3"] = "+493039200155"

    done = run("resume")

    assert theirs["bLocked"], done.err
    assert (done.code, done.summary["actions"]["unlock"]) == (ExitCode.OK, 0)
    assert done.summary["mirror"] == {"skipped": 1}


def test_undo_puts_back_what_has_the_host_of_a_webhook_in_it_but_nothing_with_a_secret(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The secret of a webhook comes after its host. What is masked in the journal is never written to a contact."""
    hook = "https://www.firma-nord.invalid/hooks/a8f7e6d5c4b3a291"
    fields = {"Email": "{value: new@x.org}", "Website": "{value: x.org}", "Comment": "{value: new}"}
    configure(
        {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}", **fields},
        notify=f"{{webhook: '{hook}'}}",
    )
    seed(dialler, "OLD", Email="night@firma-nord.invalid", Website="https://www.firma-nord.invalid/kontakt")
    seed(dialler, "BAD", Comment=f"see {hook}")
    before = state(dialler)
    imported = run("import", contacts_csv(rows=[line("OLD"), line("BAD")]))

    undone = run("undo", imported.summary["run_id"], "--yes")

    assert {row["_user_data"]: row["_error_code"] for row in undone.rows()} == {"OLD": "", "BAD": "no_before_image"}
    assert state(dialler)["OLD"] == before["OLD"]
    assert state(dialler)["BAD"]["Comment"] == "new"


def test_an_undo_cannot_be_undone(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """It is refused with what to do in its place, and not tried row by row."""
    configure()
    imported = run("import", contacts_csv(3))
    undone = run("undo", imported.summary["run_id"], "--yes")

    done = run("undo", undone.summary["run_id"], "--yes")

    assert done.code == ExitCode.USAGE
    assert "import the file again" in done.err


def test_a_night_that_left_out_what_had_not_changed_can_be_undone(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What is sent after a comparison with the journal is looked up first; what the answer lacks, once more."""
    configure(rows="{compare: journal}")
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    before = state(dialler)
    wrong = run(
        "import", contacts_csv(rows=[*(line(f"K{n}") for n in range(1, 10)), "K0,Wrong,0171 3920012", line("K10")])
    )
    assert wrong.summary["actions"] | {"unchanged": 9, "overwrite": 1, "create": 1} == wrong.summary["actions"]
    assert wrong.summary["requests"] == 4

    done = run("undo", wrong.summary["run_id"], "--yes")

    assert done.code == ExitCode.OK, done.err
    assert state(dialler) == before


def test_a_lock_that_is_put_back_is_still_the_mirrors(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A contact that returned, whose return was undone, is unlocked when it returns again."""
    configure(mirror='{missing: lock, max_missing: "100%"}')
    both, one = contacts_csv(2), contacts_csv(1, "one.csv")
    run("import", both)
    run("import", one)
    back = run("import", both)
    undone = run("undo", back.summary["run_id"], "--yes")
    locked = [contact["bLocked"] for contact in dialler.store.contacts.values()]

    again = run("import", both)

    assert undone.code == ExitCode.OK, undone.err
    assert sorted(locked) == [False, True]
    assert again.code == ExitCode.OK, again.err
    assert [contact["bLocked"] for contact in dialler.store.contacts.values()] == [False, False]


def undo_row(run: Run, run_id: str, key: str) -> dict[str, str]:
    """The line about a key in the report of an undo that leaves it alone; the exit code follows from its status."""
    done = run("undo", run_id, "--yes")
    (row,) = (row for row in done.rows() if row["_user_data"] == key)
    assert done.code == (ExitCode.ROWS_FAILED if row["_status"] == "failed" else ExitCode.OK), done.err
    return row


def test_undo_keeps_a_new_contact_that_somebody_has_changed_since(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """An agent has worked on it: it is not deleted, unless --force."""
    configure()
    imported = run("import", contacts_csv(rows=[line("NEW"), line("OTHER")]))
    ids = {contact["UserData"]: number for number, contact in dialler.store.contacts.items()}
    dialler.store.update(ids["NEW"], Name="Corrected by an agent")

    row = undo_row(run, imported.summary["run_id"], "NEW")

    assert (row["_status"], row["_error_code"]) == ("failed", "contact_changed")
    assert dialler.store.contacts.keys() == {ids["NEW"]}
    assert run("undo", imported.summary["run_id"], "--yes", "--force").code == ExitCode.OK
    assert not dialler.store.contacts


@pytest.mark.parametrize(
    ("name", "value", "keeps"),
    [
        ("Comment", "calls back", True),
        ("FollowUpDateTime", "2026-12-24 10:00:00", True),
        ("PhoneNumber2", "+493039200121", True),
        ("nTries", 1, True),
        ("dtLastTry", "2026-11-30 10:00:00", True),
        ("bLocked", True, True),
        ("nTries", 0, False),
        ("dtLastTry", "0000-00-00 00:00:00", False),
        ("Comment", "", False),
        ("bLocked", "0", False),
        ("RandomSortOrder", 812, False),
        ("Country", "DE", False),
        ("nTriesPhoneNumber1", -1, False),
        ("ReservedUsersUID", "-1", False),
        ("dtPhoneNumber1LastTry", "0001-01-01T00:00:00", False),
        ("bDone", True, True),
        ("FollowUpDateTime", "11/12/2026 10:00", True),
        ("dtLastTry", "today", True),
        ("dtLastTry", "01/01/1970 00:00:00", False),
    ],
)
def test_undo_keeps_a_new_contact_in_whose_other_fields_is_something_by_now(
    name: str, value: object, keeps: bool, run: Run, configure: Configure, contacts_csv: Contacts,
    dialler: SimulatorServer,
) -> None:  # fmt: skip
    """An agent's note would go with it. What a dialler fills by itself is no change."""
    configure()
    imported = run("import", contacts_csv(1))
    dialler.store.contacts[1][name] = value

    done = run("undo", imported.summary["run_id"], "--yes")

    assert done.code == (ExitCode.ROWS_FAILED if keeps else ExitCode.OK), done.err
    assert bool(dialler.store.contacts) is keeps
    if keeps:
        assert f"changed since the run: {name}" in done.rows()[0]["_error"]
        assert run("undo", imported.summary["run_id"], "--yes", "--force").code == ExitCode.OK
        assert not dialler.store.contacts


def test_undo_of_both_lists_takes_back_what_the_newer_one_deleted(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The undo of the newer one has made the contacts again: under other IDs they are those of the older one."""
    configure(mirror="{missing: delete, max_missing: 90%}", rows="{overwrite_duplicates: true}")
    seed(dialler, "OLD")
    before = state(dialler)
    run("import", contacts_csv(rows=[line("OLD", "Wrong"), line("K1"), line("K2"), line("K3")]))
    run("import", contacts_csv(rows=[line("K1")]))
    assert state(dialler).keys() == {"K1"}

    assert run("undo", "--yes").code == ExitCode.OK
    assert state(dialler).keys() == {"OLD", "K1", "K2", "K3"}
    (noted,) = dialler.store.matches("K3")
    dialler.store.update(noted, Comment="calls back")
    assert run("undo", "--yes").code == ExitCode.ROWS_FAILED
    assert state(dialler).keys() == {"OLD", "K3"}
    assert state(dialler)["OLD"] == before["OLD"]


def test_undo_takes_back_a_contact_that_was_made_again_without_an_answer(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A second undo of the newer list finds it there, under the ID that it has by now."""
    configure(mirror="{missing: delete, max_missing: 90%}", retries=0)
    run("import", contacts_csv(rows=[line("K1"), line("K2")]))
    run("import", contacts_csv(rows=[line("K1")]))
    dialler.order(FaultPlan.parse("500_after:1:for=K2,500_before:#2-9:on=lookup:for=K2"))
    made = run("undo", "--yes")
    assert made.summary["counts"]["unknown"] == 1, made.err
    assert dialler.store.matches("K2")
    dialler.order(FaultPlan())

    for _ in range(3):
        run("undo", "--yes")

    assert not dialler.store.contacts


def test_undo_takes_back_a_contact_without_a_key_that_was_made_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """More than once: the runs know under which IDs."""
    configure()
    imported = run("import", contacts_csv(rows=[line("")])).summary["run_id"]
    (other,) = seed(dialler, "")
    for _ in range(2):
        number = next(each for each in dialler.store.contacts if each != other)
        assert run("contacts", "delete", "--id", number, "--yes").code == ExitCode.OK
        assert run("undo", "--yes").code == ExitCode.OK
    assert len(dialler.store.contacts) == 2

    (row,) = run("undo", imported, "--yes").rows()

    assert (row["_status"], row["_action"]) == ("succeeded", "delete")
    assert list(dialler.store.contacts) == [other]


@pytest.mark.parametrize(("change", "before"), [("lock", False), ("unlock", True)])
def test_undo_of_a_lock_finds_the_contact_that_was_made_again(
    change: str, before: bool, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Who was locked before must not stay unlocked, whatever ID the contact has by now."""
    configure()
    (number,) = seed(dialler, "K1", bLocked=before)
    assert run("contacts", change, "--user-data", "K1", "--yes").code == ExitCode.OK
    assert run("contacts", "delete", "--user-data", "K1", "--yes").code == ExitCode.OK

    assert run("undo", "--yes").code == ExitCode.OK
    assert state(dialler)["K1"]["bLocked"] is not before
    assert run("undo", "--yes").code == ExitCode.OK
    assert state(dialler)["K1"]["bLocked"] is before
    assert number not in dialler.store.contacts


def test_undo_unlocks_no_contact_made_again_that_was_locked_by_hand(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The lock by hand named the ID that the contact had before it was deleted."""
    configure(mirror="{missing: lock, max_missing: 90%}")
    run("import", contacts_csv(rows=[line("K1"), line("K2")]))
    locking = run("import", contacts_csv(rows=[line("K1")])).summary["run_id"]
    for change in ("lock", "delete"):
        assert run("contacts", change, "--user-data", "K2", "--yes").code == ExitCode.OK
    assert run("undo", "--yes").code == ExitCode.OK

    assert undo_row(run, locking, "K2")["_error_code"] == "contact_changed"
    assert state(dialler)["K2"]["bLocked"]


def test_undo_keeps_a_contact_that_carries_another_key_by_now(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Its ID is the one that was made, but it is another customer: not even --force deletes it."""
    configure()
    imported = run("import", contacts_csv(rows=[line("NEW")]))
    (number,) = dialler.store.contacts
    dialler.store.update(number, UserData="SOMEBODY ELSE")

    row = undo_row(run, imported.summary["run_id"], "NEW")
    run("undo", imported.summary["run_id"], "--yes", "--force")

    assert row["_status"] == "skipped"
    assert dialler.store.contacts.keys() == {number}


@pytest.mark.parametrize("same", [False, True], ids=["two carry the key", "a new one carries it"])
def test_undo_overwrites_only_the_contact_that_the_run_has_overwritten(
    same: bool, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The dialler chooses by the key, and might choose the other one: not even --force lets it."""
    configure()
    (old,) = seed(dialler, "OLD")
    imported = run("import", contacts_csv(rows=[line("OLD", "Wrong")]))
    seed(dialler, "OLD", Name="Second")
    if same:
        dialler.store.delete(old)
    now = deepcopy(dialler.store.contacts)

    row = undo_row(run, imported.summary["run_id"], "OLD")
    run("undo", imported.summary["run_id"], "--yes", "--force")

    assert (row["_status"], row["_error_code"]) == ("failed", "contact_changed")
    assert dialler.store.contacts == now


def test_undo_sends_nothing_for_a_contact_that_is_as_it_was(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Somebody has put it right already."""
    configure()
    (old,) = seed(dialler, "OLD")
    before = deepcopy(dialler.store.contacts)
    imported = run("import", contacts_csv(rows=[line("OLD", "Wrong")]))
    dialler.store.contacts[old]["Name"] = "Name OLD"
    dialler.requests.clear()

    row = undo_row(run, imported.summary["run_id"], "OLD")

    assert (row["_status"], row["_action"]) == ("skipped", "unchanged")
    assert not [request for request in dialler.requests if request.function == "import"]
    assert dialler.store.contacts[old]["Name"] == before[old]["Name"]


def test_what_an_undo_found_done_is_sent_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A try that was killed may have done it: then the journal's last word on the contact is not what it holds."""
    configure(rows="{compare: journal}")
    old, _ = seed(dialler, "OLD", "OTHER")
    rows = [line("OLD", "New"), line("OTHER", "New"), line("K1"), line("K2")]
    imported = run("import", contacts_csv(rows=rows))
    after = state(dialler)
    dialler.store.contacts[old]["Name"] = "Name OLD"
    (made,) = [number for number, each in dialler.store.contacts.items() if each["UserData"] == "K1"]
    dialler.store.delete(made)

    undone = run("undo", imported.summary["run_id"], "--yes")
    again = run("import", contacts_csv(rows=rows))

    assert undone.summary["counts"]["skipped"] == 2, undone.err
    assert again.summary["actions"]["unchanged"] == 0
    assert state(dialler) == after


def test_a_contact_that_was_gone_when_it_was_to_be_deleted_is_sent_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    configure(rows="{compare: journal}")
    run("import", contacts_csv(rows=[line("K1")]))
    (number,) = dialler.store.contacts
    Path("gone.csv").write_text(f"ID,UserData\n{number},K1\n", encoding="utf-8")
    dialler.store.delete(number)
    run("contacts", "delete", "--from", "gone.csv", "--yes")

    run("import", contacts_csv(rows=[line("K1")]))

    assert [*state(dialler)] == ["K1"]


@pytest.mark.parametrize(
    ("name", "status", "code"), [("Name K9", "skipped", ""), ("A new one", "failed", "contact_changed")]
)
def test_undo_makes_no_contact_beside_one_that_carries_its_key(
    name: str, status: str, code: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The mirror had deleted it, and somebody has made it anew since."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    configure(mirror="{missing: delete, max_missing: 50%}")
    mirrored = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(9)]), "--compare", "dialler")
    seed(dialler, "K9", Name=name, PhoneNumber1="+491713920012")
    now = deepcopy(dialler.store.contacts)

    row = undo_row(run, mirrored.summary["run_id"], "K9")

    assert (row["_status"], row["_error_code"]) == (status, code)
    assert dialler.store.contacts == now


def test_undo_unlocks_no_contact_that_carries_another_key_by_now(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Whoever it is now may have been locked for a reason."""
    configure(mirror="{missing: lock, max_missing: 50%}")
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    mirrored = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(9)]))
    (number,) = dialler.store.matches("K9")
    dialler.store.update(number, UserData="SOMEBODY ELSE")

    row = undo_row(run, mirrored.summary["run_id"], "K9")

    assert row["_status"] == "skipped"
    assert dialler.store.contacts[number]["bLocked"]


def test_undo_has_nothing_to_unlock_where_the_contact_is_gone(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Its row says so, and is no success."""
    configure(mirror="{missing: lock, max_missing: 50%}")
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    mirrored = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(9)]))
    dialler.store.delete(*dialler.store.matches("K9"))

    row = undo_row(run, mirrored.summary["run_id"], "K9")

    assert row["_status"] == "skipped"


@pytest.mark.parametrize("by", ["mirror", "filter"])
def test_undo_unlocks_no_contact_that_somebody_has_locked_by_hand_since(
    by: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It was locked already, and is meant to stay so, unless --force."""
    configure(mirror="{missing: lock, max_missing: 50%}", rows="{skip: {Name: [out]}, skipped_contacts: lock}")
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    out = [] if by == "mirror" else [line("K8", "out"), line("K9", "out")]
    taken = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(8)] + out)).summary["run_id"]
    assert run("contacts", "lock", "--user-data", "K9", "--yes").summary["actions"]["unchanged"] == 1

    row = undo_row(run, taken, "K9")

    assert (row["_status"], row["_error_code"]) == ("failed", "contact_changed")
    assert [c["UserData"] for c in dialler.store.contacts.values() if c["bLocked"]] == ["K9"]
    assert run("undo", taken, "--yes", "--force").code == ExitCode.OK
    assert not any(c["bLocked"] for c in dialler.store.contacts.values())


@pytest.mark.parametrize("since", ["unlock", "dry run", "undone"])
def test_undo_unlocks_who_is_not_locked_by_hand_any_more(
    since: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The newest command counts, unless it is a dry run or was undone itself."""
    configure(mirror="{missing: lock, max_missing: 50%}")
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    taken = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(9)])).summary["run_id"]
    by_hand = ("--user-data", "K9", "--yes")
    if since == "unlock":
        run("contacts", "lock", *by_hand)
        run("contacts", "unlock", *by_hand)
    elif since == "dry run":
        run("contacts", "lock", "--user-data", "K9", "--dry-run")
    else:
        dialler.store.update(*dialler.store.matches("K9"), bLocked=False)
        lock = run("contacts", "lock", *by_hand).summary["run_id"]
        assert run("undo", lock, "--yes").code == ExitCode.OK

    assert undo_row(run, taken, "K9")["_status"] == "succeeded"
    assert not any(c["bLocked"] for c in dialler.store.contacts.values())


def test_a_retry_of_locks_is_no_later_lock(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """What it leaves as settled is undone with the run that has locked it."""
    configure(retries=0)
    seed(dialler, "A")
    first = run("contacts", "lock", "--user-data", "A", "--user-data", "GONE", "--yes")
    assert first.code == ExitCode.ROWS_FAILED
    run("retry", first.summary["run_id"])

    assert undo_row(run, first.summary["run_id"], "A")["_status"] == "succeeded"
    assert not any(c["bLocked"] for c in dialler.store.contacts.values())


@pytest.mark.parametrize("made", [True, False])
def test_undo_looks_for_a_new_contact_of_which_the_run_could_not_know(
    made: bool, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The answer was lost and no lookup worked, so that the row is unknown and has no contact ID."""
    configure(timeout=0.3, retries=0)
    fault = "500_after" if made else "500_before"
    dialler.order(FaultPlan.parse(f"{fault}:1:for=LOST,500_before:1:on=lookup:for=LOST"))
    imported = run("import", contacts_csv(rows=[line("FIRST"), line("LOST")]))
    assert [row["_status"] for row in imported.rows()] == ["succeeded", "unknown"]
    assert len(dialler.store.matches("LOST")) == made
    dialler.order(FaultPlan())

    row = undo_row(run, imported.summary["run_id"], "LOST")

    assert row["_status"] == ("succeeded" if made else "skipped"), row
    assert not dialler.store.contacts


def test_undo_restores_a_contact_that_had_no_number(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The dialler takes no contact without one: it keeps the number, and gets back all else."""
    configure()
    (old,) = seed(dialler, "OLD", PhoneNumber1=None)
    imported = run("import", contacts_csv(rows=[line("OLD", "Wrong")]))

    row = undo_row(run, imported.summary["run_id"], "OLD")

    assert (row["_status"], "phone number" in row["_error"]) == ("succeeded", True)
    assert dialler.store.contacts[old]["Name"] == "Name OLD"
    assert dialler.store.contacts[old]["PhoneNumber1"] == "+491713920012"


def test_undo_sends_again_what_was_lost(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """To restore a contact twice does no harm."""
    configure(timeout=0.3)
    (old,) = seed(dialler, "OLD")
    imported = run("import", contacts_csv(rows=[line("OLD", "Wrong")]))
    dialler.order(FaultPlan.parse("500_before:#1"))

    row = undo_row(run, imported.summary["run_id"], "OLD")

    assert row["_status"] == "succeeded"
    assert dialler.store.contacts[old]["Name"] == "Name OLD"


def test_undo_asks_which_of_two_new_contacts_to_delete(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The run does not know the ID of its own, and somebody has made another one with this key since."""
    configure(timeout=0.3, retries=0)
    dialler.order(FaultPlan.parse("500_after:1:for=LOST,500_before:1:on=lookup"))
    imported = run("import", contacts_csv(rows=[line("FIRST"), line("LOST")]))
    dialler.order(FaultPlan())
    seed(dialler, "LOST", Name="Second")

    row = undo_row(run, imported.summary["run_id"], "LOST")

    assert (row["_status"], row["_error_code"]) == ("failed", "contact_changed")
    assert len(dialler.store.matches("LOST")) == 2
