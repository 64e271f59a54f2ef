"""See before you send, and send only what changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer, Store

from ..conftest import Configure, Run
from ..helpers.dialler import line, seed

Contacts = Callable[..., Path]


def posts(dialler: SimulatorServer) -> list[str]:
    return [request.user_data or "" for request in dialler.requests if "import" in request.path]


def locked(dialler: SimulatorServer) -> set[int]:
    return {number for number, contact in dialler.store.contacts.items() if contact.get("bLocked")}


def lock_requests(dialler: SimulatorServer) -> int:
    return sum(request.path.endswith("/lock") for request in dialler.requests)


def test_a_plan_names_every_change_field_by_field(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """create, overwrite with from and to, unchanged, ambiguous; and nothing is sent."""
    configure()
    seed(dialler, "SAME", "CHANGED", "TWICE", "TWICE")
    path = contacts_csv(rows=[line("SAME"), line("CHANGED", "New"), line("TWICE"), line("NEW")])

    done = run("plan", path, "--json")

    plan = json.loads(done.out)
    assert done.code == ExitCode.OK
    assert plan["counts"] == {"unchanged": 1, "overwrite": 1, "ambiguous": 1, "create": 1}
    assert plan["changed_fields"] == {"Name": 1}
    changes = {entry["user_data"]: entry["changes"] for entry in plan["entries"]}
    assert changes["CHANGED"] == {"Name": ["Name CHANGED", "New"]}
    assert not posts(dialler)
    assert not Path("reports").exists()
    assert run("plan", path, "--detailed-exitcode").code == ExitCode.DIFFERENCES


def test_the_table_of_a_plan_reads_like_a_diff(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Counts first, then examples."""
    configure()
    seed(dialler, "CHANGED")

    done = run("plan", contacts_csv(rows=[line("CHANGED", "New"), line("NEW")]))

    assert "~ overwrite CHANGED (row 2)" in done.out
    assert "Name: 'Name CHANGED' -> 'New'" in done.out
    assert "+ create NEW (row 3)" in done.out


def test_an_import_makes_the_requests_that_its_plan_named(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """import --plan does exactly what the plan says."""
    configure(concurrency=1)
    seed(dialler, *(f"K{n}" for n in range(2, 30)))
    path = contacts_csv(rows=[line(f"K{n}", "New" if n % 5 == 0 else None) for n in range(2, 40)])
    plan = json.loads(run("plan", path, "--json", "-o", "plan.json").out)

    done = run("import", "--plan", "plan.json")

    assert done.code == ExitCode.OK, done.err
    named = [entry["user_data"] for entry in plan["entries"] if entry["action"] in {"create", "overwrite"}]
    assert posts(dialler) == named
    assert done.summary["actions"]["create"] == plan["counts"]["create"]
    assert done.summary["actions"]["overwrite"] == plan["counts"]["overwrite"]


def test_a_plan_counts_every_row_of_the_file(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Rejected and superseded rows too, each with its reason."""
    configure()

    done = run("plan", contacts_csv(rows=[line("K2"), line("K2"), "K4,,0171 3920012"]), "--json")

    plan = json.loads(done.out)
    assert plan["counts"] == {"create": 1, "superseded": 1, "rejected": 1}
    reasons = {entry["action"]: entry["reason"] for entry in plan["entries"]}
    assert "row 3" in reasons["superseded"]
    assert "no Name" in reasons["rejected"]


def test_a_plan_is_carried_out_with_the_limits_that_it_was_made_with(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What --adopt and --max-missing allowed is in the plan; another --compare is refused."""
    seed(dialler, "FOREIGN", "OTHER")
    configure(mirror=MIRROR)
    path = contacts_csv(3)
    run("plan", path, "--adopt", "--max-missing", "2", "-o", "plan.json")

    assert run("import", "--plan", "plan.json", "--compare", "journal").code == ExitCode.USAGE
    done = run("import", "--plan", "plan.json")

    assert done.code == ExitCode.OK, done.err
    assert done.summary["actions"]["delete"] == 2
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {"K2", "K3", "K4"}


def test_a_plan_is_refused_where_the_dialler_has_moved(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Somebody changed a contact since: nothing is sent, and the message names it."""
    configure()
    (contact,) = seed(dialler, "K2")
    path = contacts_csv(rows=[line("K2", "New"), line("K3")])
    run("plan", path, "-o", "plan.json")
    dialler.store.contacts[contact]["Name"] = "Somebody else's"

    done = run("import", "--plan", "plan.json", "--compare", "dialler")

    assert done.code == ExitCode.USAGE
    assert "K2" in done.err
    assert not posts(dialler)


def test_a_plan_is_refused_where_the_file_or_the_configuration_has_changed(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The message says which."""
    configure()
    path = contacts_csv(3)
    run("plan", path, "-o", "plan.json")
    configure(rows="{phone_format: digits}")
    changed_config = run("import", "--plan", "plan.json", "--compare", "dialler")
    configure()
    contacts_csv(4)
    changed_file = run("import", "--plan", "plan.json", "--compare", "dialler")

    assert (changed_config.code, changed_file.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "rows.phone_format" in changed_config.err
    assert "the files are not the ones the plan was made from: make a new plan" in changed_file.err
    assert not posts(dialler)


@pytest.mark.parametrize(
    "edit",
    [
        {"entries": []},
        {"entries": [{"row": 2, "action": "delete", "user_data": "K2", "contact_id": "", "changes": {}, "reason": ""}]},
        {"entries": [{}]},
        {"entries": [1]},
        {"entries": None},
        {"counts": None},
        {"counts": {"create": 2}},
        {"files": "contacts.csv"},
        {"files": [{}]},
        {"config": {}},
        {"config": None},
        {"suppress": None},
        {"max_missing": "lots"},
        {"format": 1},
        {"format": None},
        {"compare": "loosely"},
    ],
    ids=str,
)
def test_a_plan_that_somebody_has_edited_is_refused(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, edit: dict[str, object]
) -> None:
    """Whatever was changed in it: it does what it was made for, or nothing."""
    configure()
    run("plan", contacts_csv(3), "-o", "plan.json")
    made = json.loads(Path("plan.json").read_text(encoding="utf-8"))
    Path("edited.json").write_text(json.dumps({**made, **edit}), encoding="utf-8")

    done = run("import", "--plan", "edited.json")

    assert done.code == ExitCode.USAGE
    assert "plan" in done.err
    assert not posts(dialler)
    assert run("runs", "list").code == ExitCode.OK


@pytest.mark.parametrize("compare", ["dialler", "journal"])
def test_only_what_changed_costs_a_request(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, compare: str
) -> None:
    """With 1 % changed: at most one request a changed row, and one more."""
    configure()
    rows = [line(f"K{n}") for n in range(200)]
    run("import", contacts_csv(rows=rows))
    rows[50], rows[150] = line("K50", "New"), line("K150", "New")
    before = len(dialler.requests)

    done = run("import", contacts_csv(rows=rows), "--compare", compare)

    assert done.code == ExitCode.OK
    assert done.summary["actions"]["unchanged"] == 198
    assert done.summary["counts"]["succeeded"] == 2
    assert len(dialler.requests) - before <= 3
    assert done.summary["requests"] <= 3


def test_how_old_the_knowledge_of_the_journal_is_is_said_once(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """In summary.json, in the page and on the terminal; also when the run is resumed, and by a plan."""
    configure(rows="{compare: journal}")
    first = run("import", contacts_csv(3))
    second = run("import", contacts_csv(6), "--limit", 2)
    sent = sorted(row["_sent_at"] for done in (first, second) for row in done.rows() if row["_sent_at"])
    assert second.summary["compared"] == {"from": sent[0], "to": sent[2]}

    resumed = run("resume")
    third = run("import", contacts_csv(6))
    plan = run("plan", contacts_csv(6), "--compare", "journal")

    assert resumed.summary["compared"] == second.summary["compared"]
    assert third.summary["compared"]["from"] == sent[0]
    assert third.reports
    page = (third.reports / "report.html").read_text(encoding="utf-8")
    assert all(
        "Compared with what was sent between" in text or "Compared with what was sent at" in text
        for text in (third.out, page, plan.out)
    )
    assert "compared" in first.summary
    assert first.summary["compared"] == {}


def test_planning_again_after_an_import_finds_nothing_to_do(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Applying a plan and planning again gives only unchanged."""
    configure()
    path = contacts_csv(30)
    run("import", path)

    done = run("plan", path, "--detailed-exitcode")

    assert done.code == ExitCode.OK
    assert "Nothing would change" in done.out


def test_protected_contacts_are_not_overwritten(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A contact with an appointment, a reservation or a lock is left alone."""
    configure(protect="{follow_up: true, locked: true}")
    seed(dialler, "APPOINTMENT", FollowUpDateTime="2027-01-01 10:00:00")
    seed(dialler, "RESERVED", ReservedUsersUID="anna")
    seed(dialler, "LOCKED", bLocked=True)
    seed(dialler, "FREE")

    done = run("import", contacts_csv(rows=[line(k, "New") for k in ("APPOINTMENT", "RESERVED", "LOCKED", "FREE")]))

    assert posts(dialler) == ["FREE"]
    assert Counter(row["_action"] for row in done.rows()) == {"protected": 3, "overwrite": 1}
    assert done.code == ExitCode.OK


def test_suppressed_rows_are_never_sent_and_locked_where_they_are(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """By phone number, in whatever way it is written."""
    configure(suppress="{file: dnc.csv, column: Number, region: DE, lock: true}")
    Path("dnc.csv").write_text("Number\n0049 171 3920013\n0171/3920014\n", encoding="utf-8")
    (there,) = seed(dialler, "THERE", PhoneNumber1="+491713920014")

    done = run("import", contacts_csv(rows=["A,A,0171 3920012", "B,B,+49 171 3920013", "THERE,C,0171 3920014"]))

    assert posts(dialler) == ["A"]
    assert [row["_action"] for row in done.rows()] == ["create", "suppressed", "suppressed"]
    assert [(row["_contact_id"], row["_action"]) for row in done.rows("mirror.csv")] == [(str(there), "lock")]
    assert dialler.store.contacts[there]["bLocked"]
    assert done.code == ExitCode.OK


def test_every_contact_on_a_do_not_call_list_is_locked(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Also where tonight's file does not have it, and all that share a key; one that is locked costs no request."""
    for name, entry in (("dnc", "0171 3920014"), ("keys", "TWICE"), ("mails", "Anna@Example.com")):
        Path(f"{name}.csv").write_text(f"Who\n{entry}\n", encoding="utf-8")
    rules = (("dnc", "phone, region: DE"), ("keys", "user_data"), ("mails", "email"))
    configure(suppress="[" + ",".join(f"{{file: {n}.csv, column: Who, lock: true, by: {by}}}" for n, by in rules) + "]")
    wanted = {
        *seed(dialler, "SECOND", PhoneNumber2="+491713920014"),
        *seed(dialler, "NATIONAL", PhoneNumber1="0171/392 0014"),
        *seed(dialler, "TWICE", "TWICE"),
        *seed(dialler, "MAIL", Email="anna@example.COM"),
        *seed(dialler, "", PhoneNumber3="491713920014"),
    }
    (already,) = seed(dialler, "LOCKED", PhoneNumber1="+491713920014", bLocked=True)
    seed(dialler, "ELSEWHERE", PhoneNumber1="+491713920014", DiallerCampaignsID=539)
    seed(dialler, "FREE")
    path = contacts_csv(rows=[line("FREE"), line("TWICE")])

    plan = json.loads(run("plan", path, "--json").out)
    rehearsed = run("import", path, "--dry-run")
    assert locked(dialler) == {already}
    done = run("import", path)

    assert plan["counts"] == {"unchanged": 1, "suppressed": 1, "lock": 6}
    assert rehearsed.summary["actions"]["lock"] == done.summary["actions"]["lock"] == 6
    assert locked(dialler) == {already, *wanted}
    assert lock_requests(dialler) == 6
    assert {row["_user_data"] for row in done.rows("mirror.csv")} == {"SECOND", "NATIONAL", "TWICE", "MAIL", ""}

    again = run("import", path)

    assert again.summary["actions"]["lock"] == 0
    assert lock_requests(dialler) == 6


def test_a_contact_that_could_not_be_locked_is_no_success(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Every row may be fine, and the run is not."""
    Path("dnc.csv").write_text("Who\nTHERE\n", encoding="utf-8")
    (there,) = seed(dialler, "THERE")
    configure(
        suppress="{file: dnc.csv, column: Who, by: user_data, lock: true}",
        endpoints='{lock_by_id: "PUT /dialler/contacts/contact/lock?userData={id}"}',
    )

    done = run("import", contacts_csv(3))

    assert done.code == ExitCode.ROWS_FAILED
    assert done.summary["mirror"] == {"failed": 1}
    assert "1 contact could not be locked" in done.out
    assert not dialler.store.contacts[there].get("bLocked")


def test_a_plan_does_not_delete_a_contact_that_has_changed_since(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """An agent has agreed on a call with it."""
    (contact,) = seed(dialler, "GONE")
    configure(mirror=MIRROR)
    path = contacts_csv(3)
    run("plan", path, "--adopt", "--max-missing", "2", "-o", "plan.json")
    dialler.store.update(contact, FollowUpDateTime="2027-01-31 10:00:00")

    done = run("import", "--plan", "plan.json")

    assert done.code == ExitCode.USAGE
    assert "GONE" in done.err
    assert contact in dialler.store.contacts


MIRROR = "{missing: delete, max_missing: 20%}"


def test_mirror_deletes_what_the_file_no_longer_has(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Only contacts that this tool has sent, by their ID; others and those without UserData stay."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(20)]))
    seed(dialler, "FOREIGN", "")
    configure(mirror=MIRROR)

    done = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(18)]))

    assert done.code == ExitCode.OK, done.err
    left = {contact.get("UserData", "") for contact in dialler.store.contacts.values()}
    assert left == {*(f"K{n}" for n in range(18)), "FOREIGN", ""}
    assert done.summary["actions"]["delete"] == 2
    assert done.summary["counts"]["read"] == 18
    assert {row["_user_data"] for row in done.rows("mirror.csv")} == {"K18", "K19"}
    deletes = [request.path for request in dialler.requests if request.method == "DELETE"]
    assert len(deletes) == 2
    assert all("userData" not in path for path in deletes)


@pytest.mark.parametrize("kept", [0, 1, 10, 15])
def test_a_much_shorter_file_deletes_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, kept: int
) -> None:
    """Half a file must not empty a campaign: exit 8, with the figures and the flag that allows it."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(20)]))
    configure(mirror=MIRROR)

    done = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(kept)]))

    assert done.code == ExitCode.SAFETY_LIMIT, done.err
    assert f"{20 - kept} of 20" in done.err
    assert f"--max-missing {20 - kept}" in done.err
    assert len(dialler.store.contacts) == 20

    allowed = run("import", "contacts.csv", "--max-missing", 20 - kept)

    assert allowed.code == ExitCode.OK
    assert len(dialler.store.contacts) == kept


def test_a_row_that_is_rejected_is_not_missing(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The file still has it, though it is wrong."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(20)]))
    configure(mirror=MIRROR)

    run("import", contacts_csv(rows=[*(line(f"K{n}") for n in range(19)), "K19,,"]))

    assert len(dialler.store.contacts) == 20


@pytest.mark.parametrize("row", ["K1\ufffd9,Name K19,0171 3920012", ",,0171 3920012"])
def test_a_rejected_row_whose_key_is_damaged_may_be_any_contact(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, row: str
) -> None:
    """Which contact the file no longer has is not known then: none is deleted."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(20)]))
    configure(mirror=MIRROR)

    done = run("import", contacts_csv(rows=[*(line(f"K{n}") for n in range(19)), row]))

    assert done.code == ExitCode.SAFETY_LIMIT
    assert "no readable UserData, so it is not known which contacts" in done.err
    assert len(dialler.store.contacts) == 20


@pytest.mark.parametrize(("limit", "code"), [("1,50%", 8), ("5,5%", 8), ("2,10%", 0)])
def test_a_number_and_a_percentage_limit_the_mirror_together(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, limit: str, code: int
) -> None:
    """Two of twenty contacts go only where both allow it."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(20)]))
    configure(mirror=f'{{missing: delete, max_missing: "{limit}"}}')

    done = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(18)]))

    assert done.code == code
    assert len(dialler.store.contacts) == (20 if code else 18)


def test_several_do_not_call_files_count_together(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Each by what its column holds."""
    Path("phones.csv").write_text("Number\n0171 3920013\n", encoding="utf-8")
    Path("keys.csv").write_text("Key\nK3\n", encoding="utf-8")
    configure(suppress="[{file: phones.csv, column: Number, region: DE}, {file: keys.csv, column: Key, by: user_data}]")

    done = run("import", contacts_csv(rows=["K2,Name,0171 3920013", line("K3"), line("K4")]))

    assert [row["_action"] for row in done.rows()] == ["suppressed", "suppressed", "create"]
    assert posts(dialler) == ["K4"]


def test_a_do_not_call_file_that_has_changed_is_noticed(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """By a plan that is carried out and by a resume: nothing is sent, and the message names the file."""
    configure(suppress="{file: dnc.csv, column: Who, by: user_data}")
    Path("dnc.csv").write_text("Who\nK2\n", encoding="utf-8")
    path = contacts_csv(5)
    run("plan", path, "-o", "plan.json")
    run("import", path, "--limit", 1)
    assert posts(dialler) == ["K3"]
    Path("dnc.csv").write_text("Who\nK2\nK4\n", encoding="utf-8")

    by_plan, resumed = run("import", "--plan", "plan.json"), run("resume")

    assert (by_plan.code, resumed.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "dnc.csv (suppress) is not the do-not-call file that the plan was made with" in by_plan.err
    assert "dnc.csv (suppress) is not the do-not-call file that run" in resumed.err
    assert posts(dialler) == ["K3"]

    Path("dnc.csv").write_text("Who\nK2\n", encoding="utf-8")
    assert run("resume").code == ExitCode.OK
    assert posts(dialler) == ["K3", "K4", "K5", "K6"]


def test_an_import_whose_do_not_call_file_is_missing_leaves_nothing_behind(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """There is no run to be resumed, and no empty folder."""
    configure(suppress="{file: dnc.csv, column: Who}")

    assert run("import", contacts_csv(2)).code == ExitCode.INPUT
    assert not Path("reports").exists()
    assert "nothing to resume" in run("resume").err


def test_mirror_can_lock(run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> None:
    """missing: lock leaves the contact and its history there."""
    configure()
    run("import", contacts_csv(rows=[line(f"K{n}") for n in range(10)]))
    configure(mirror="{missing: lock, max_missing: 50%}")

    done = run("import", contacts_csv(rows=[line(f"K{n}") for n in range(8)]))

    locked = {contact["UserData"] for contact in dialler.store.contacts.values() if contact.get("bLocked")}
    assert locked == {"K8", "K9"}
    assert done.summary["actions"]["lock"] == 2


def test_the_mirror_leaves_alone_whom_a_row_names_that_is_taken_for_a_footnote(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    configure(mirror="{missing: lock, max_missing: 50%}")
    run("import", contacts_csv(rows=[line(key) for key in ("Ann", "Bob", "Eva", "Tom")]))

    done = run("import", contacts_csv(rows=[line("Ann"), line("Bob"), "", "Without a number,,,", "Eva,,,"]))

    assert "below the table" in done.err
    assert {contact["UserData"] for contact in dialler.store.contacts.values() if contact.get("bLocked")} == {"Tom"}


ALL, FEWER = ([line(f"K{n}") for n in range(count)] for count in (10, 8))


@pytest.mark.parametrize("compare", ["none", "journal", "dialler"])
def test_what_the_mirror_locked_is_called_again_when_the_file_has_it_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, compare: str
) -> None:
    """Its lock protects it from nothing, and comes off; a lock of somebody else stays."""
    configure(mirror="{missing: lock, max_missing: 50%}", protect="{locked: true}", rows=f"{{compare: {compare}}}")
    run("import", contacts_csv(rows=ALL))
    run("import", contacts_csv(rows=FEWER))
    numbers = {contact["UserData"]: number for number, contact in dialler.store.contacts.items()}
    dialler.store.contacts[numbers["K0"]]["bLocked"] = True
    assert locked(dialler) == {numbers["K8"], numbers["K9"], numbers["K0"]}
    assert run("import", contacts_csv(rows=FEWER)).summary["actions"]["lock"] == 0

    back = [*ALL[:9], line("K9", "New")]
    plan = json.loads(run("plan", contacts_csv(rows=back), "--json").out)
    rehearsed = run("import", "contacts.csv", "--dry-run")
    done = run("import", "contacts.csv")

    assert plan["counts"]["unlock"] == rehearsed.summary["actions"]["unlock"] == done.summary["actions"]["unlock"] == 2
    assert "unlock 2 contacts" in rehearsed.out
    assert locked(dialler) == {numbers["K0"]}
    assert dialler.store.contacts[numbers["K9"]]["Name"] == "New"
    assert [row["_action"] for row in done.rows("mirror.csv")] == ["unlock", "unlock"]

    assert run("import", contacts_csv(rows=ALL)).summary["actions"]["unlock"] == 0
    assert run("import", contacts_csv(rows=FEWER)).summary["actions"]["lock"] == 2


def test_what_somebody_did_with_the_lock_of_the_mirror_is_left_alone(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Unlocked and locked again by hand, or on the do-not-call list by now: it stays locked."""
    mirror = "{missing: lock, max_missing: 50%}"
    configure(mirror=mirror)
    run("import", contacts_csv(rows=ALL))
    run("import", contacts_csv(rows=FEWER))
    both = locked(dialler)
    run("contacts", "unlock", "--user-data", "K8", "--yes")
    run("contacts", "lock", "--user-data", "K8", "--yes")
    Path("dnc.csv").write_text("Who\nK9\n", encoding="utf-8")
    configure(mirror=mirror, suppress="{file: dnc.csv, column: Who, by: user_data}")

    done = run("import", contacts_csv(rows=ALL))

    assert done.summary["actions"]["unlock"] == 0
    assert locked(dialler) == both


def test_a_row_that_is_rejected_unlocks_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Nobody is called by what the file has wrong; and a return that is undone is locked again."""
    configure(mirror="{missing: lock, max_missing: 50%}")
    run("import", contacts_csv(rows=ALL))
    run("import", contacts_csv(rows=FEWER))
    both = locked(dialler)

    done = run("import", contacts_csv(rows=[*ALL[:9], "K9,,"]))
    assert (done.summary["actions"]["unlock"], len(locked(dialler))) == (1, 1)

    undone = run("undo", done.summary["run_id"], "--yes")
    assert undone.code == ExitCode.OK, undone.err
    assert locked(dialler) == both


def test_the_mirror_leaves_protected_contacts_alone(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """An appointment that an agent has made is kept, also where the file no longer has the contact."""
    configure()
    run("import", contacts_csv(rows=ALL))
    numbers = {contact["UserData"]: number for number, contact in dialler.store.contacts.items()}
    dialler.store.contacts[numbers["K9"]]["FollowUpDateTime"] = "2027-01-01 10:00:00"
    configure(mirror="{missing: delete, max_missing: 50%}", protect="{follow_up: true}")

    done = run("import", contacts_csv(rows=FEWER))

    assert done.summary["actions"]["delete"] == 1
    assert numbers.keys() - {contact["UserData"] for contact in dialler.store.contacts.values()} == {"K8"}


def test_a_contact_whose_own_number_must_not_be_called_stays_locked(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """The file has it again, with a number that may be called; its number in the dialler may not.

    The row is sent and unlocks nothing: a row that overwrites can fail, and the contact would be called.
    """
    mirror = "{missing: lock, max_missing: 50%}"
    configure(mirror=mirror)
    run("import", contacts_csv(rows=ALL))
    run("import", contacts_csv(rows=FEWER))
    numbers = {contact["UserData"]: number for number, contact in dialler.store.contacts.items()}
    dialler.store.contacts[numbers["K9"]]["PhoneNumber1"] = "+491713920099"
    Path("dnc.csv").write_text("Number\n+49 171 3920099\n", encoding="utf-8")
    configure(mirror=mirror, suppress="{file: dnc.csv, column: Number, region: DE}")

    done = run("import", contacts_csv(rows=ALL))

    assert done.summary["actions"]["unlock"] == 1
    assert locked(dialler) == {numbers["K9"]}


def test_a_contact_that_somebody_else_has_locked_is_not_the_mirrors(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It is not locked once more when the file no longer has it, and stays locked when the file has it again."""
    configure(mirror="{missing: lock, max_missing: 50%}")
    run("import", contacts_csv(rows=ALL))
    (number,) = dialler.store.matches("K9")
    dialler.store.update(number, bLocked=True)

    gone = run("import", contacts_csv(rows=FEWER))
    assert lock_requests(dialler) == 1
    back = run("import", contacts_csv(rows=ALL))

    assert (gone.summary["actions"]["lock"], back.summary["actions"]["unlock"]) == (1, 1)
    assert locked(dialler) == {number}


def test_a_contact_that_somebody_has_unlocked_costs_no_request_when_the_file_has_it_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Nothing is done, and so nothing is counted or undone."""
    configure(mirror="{missing: lock, max_missing: 50%}")
    run("import", contacts_csv(rows=ALL))
    run("import", contacts_csv(rows=FEWER))
    dialler.store.update(*dialler.store.matches("K9"), bLocked=False)

    back = run("import", contacts_csv(rows=ALL))

    assert back.summary["actions"]["unlock"] == 1
    assert sum(request.function == "unlock_by_id" for request in dialler.requests) == 1
    assert not locked(dialler)


class Silent(Store):
    """Its records do not tell whether a contact is locked."""

    def record(self, contact_id: int) -> dict[str, Any]:
        return {name: value for name, value in super().record(contact_id).items() if name != "bLocked"}


def test_the_mirror_knows_what_it_has_locked_where_the_dialler_does_not_tell(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """A contact that is gone is locked in one night, and not in every night that follows."""
    with Silent({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        configure(base_url=dialler.base_url, mirror="{missing: lock, max_missing: 50%}")
        run("import", contacts_csv(rows=ALL))

        nights = [run("import", contacts_csv(rows=FEWER)).summary["actions"]["lock"] for _ in range(2)]

    assert nights == [2, 0]


def test_the_mirror_takes_what_a_run_on_the_whole_account_has_sent(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A run by a column has sent to this campaign, too."""
    configure(
        campaign="{column: Phone}",
        columns={"UserData": "Key", "Name": "Name", "PhoneNumber1": "{value: '+491713920012'}"},
    )
    run("import", contacts_csv(rows=[f"K{n},Name K{n},538" for n in range(10)]))
    assert len(dialler.store.contacts) == 10
    configure(mirror="{missing: delete, max_missing: 50%}")

    done = run("import", contacts_csv(rows=FEWER))

    assert done.summary["actions"]["delete"] == 2, done.err
    assert len(dialler.store.contacts) == 8


def test_rows_that_are_rejected_for_their_twins_do_not_stop_the_mirror(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Their key can be read: it is not missing, and no other contact can be meant."""
    configure()
    run("import", contacts_csv(rows=ALL))
    configure(mirror="{missing: delete, max_missing: 50%}", rows="{duplicate_keys: reject}")

    done = run("import", contacts_csv(rows=[*FEWER, line("K0", "Twin")]))

    assert Counter(done.statuses().values())["rejected"] == 2, done.err
    assert done.summary["actions"]["delete"] == 2
    assert dialler.store.matches("K0")


def test_a_plan_of_no_file_is_none(run: Run, configure: Configure, contacts_csv: Callable[..., Path]) -> None:
    """With a mirror, each contact of the dialler would be missing."""
    configure()
    run("plan", contacts_csv(2), "-o", "plan.json")
    path = Path("plan.json")
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"files": []}), encoding="utf-8")

    done = run("import", "--plan", path)

    assert done.code == ExitCode.USAGE
    assert "is not a plan" in done.err
