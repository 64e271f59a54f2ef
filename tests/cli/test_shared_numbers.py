"""``rows: {duplicate_phones:, duplicate_phones_in_dialler:, phones_in:}``, through the commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from ..helpers.dialler import seed
from ..helpers.foreign import Answer, ForeignDialler, served

Contacts = Callable[..., Path]
ONE, TWO, THREE = "0171 3920012", "0171 3920013", "0171 3920014"


def plain(number: str) -> str:
    return "49" + number.replace(" ", "")[1:]


@pytest.fixture
def import_(run: Run, configure: Configure, contacts_csv: Contacts) -> Callable[..., Run]:
    def imported(rows: str, *lines: str, command: str = "import", **sections: str) -> Run:
        configure(rows=f"{{{rows}}}", **sections)
        return run(command, contacts_csv(rows=[*lines]))  # type: ignore[return-value]

    return imported


def test_numbers_shared_within_a_run_leave_one_row_and_no_mirror_takes_the_other(
    import_: Callable[..., Run], run: Run, dialler: SimulatorServer
) -> None:
    """Nor does a reconciliation call its contact extra, nor a retry send it."""
    seed(dialler, "K2", PhoneNumber1=plain(ONE))
    rows = "duplicate_phones: first"

    done = import_(rows, f"K1,Ann,{ONE}", f"K2,Bob,{ONE}", mirror="{missing: delete, max_missing: 100%}")
    side = run("reconcile", "contacts.csv", "--detailed-exitcode")

    assert [(row["_status"], row["_action"]) for row in done.rows()] == [
        ("succeeded", "create"),
        ("skipped", "superseded"),
    ]
    assert (
        done.rows()[1]["_error"] == "row 2 has the same number with a different key (PhoneNumber1) and is used instead"
    )
    assert {contact["UserData"] for contact in dialler.store.contacts.values()} == {"K1", "K2"}
    assert side.summary["classes"]["extra"] == 0
    assert run("retry").code == ExitCode.OK


@pytest.mark.parametrize("policy", ["first", "last", "reject"])
@pytest.mark.parametrize(
    "lines",
    [
        (f"K1,Ann,{ONE}", f"K1,Ann,{ONE}", f"K2,Bob,{ONE}"), (f"K1,Ann,{ONE}", f"K2,Bob,{ONE}", f"K1,Ann,{TWO}"),
        (f"K1,Ann,{ONE}", f",Bob,{ONE}", f"K1,Ann,{ONE}"),
    ],
)  # fmt: skip
def test_reconcile_counts_rows_that_share_a_key_and_a_number(
    import_: Callable[..., Run], run: Run, lines: tuple[str, ...], policy: str
) -> None:
    """Each row of a file is in one class, or is left out with its key."""
    import_(f"duplicate_phones: {policy}", *lines, command="validate")

    done = run("reconcile", "contacts.csv")

    assert done.code in {ExitCode.OK, ExitCode.ROWS_FAILED}, done.err
    assert not done.err.count("Traceback")


def test_all_rows_that_share_are_rejected_or_warned_of(import_: Callable[..., Run]) -> None:
    rejected = import_("duplicate_phones: reject", f"K1,Ann,{ONE}", f"K2,Bob,{ONE}", f"K3,Cid,{TWO}")
    warned = import_("duplicate_phones: warn", f"K1,Ann,{ONE}", f"K2,Bob,{ONE}", f"K3,Cid,{TWO}")

    assert [row["_error_code"] for row in rejected.rows()] == ["shared_number", "shared_number", ""]
    assert rejected.code == ExitCode.ROWS_FAILED
    assert [row["_warnings"] for row in warned.rows()] == ["shared_number:PhoneNumber1"] * 2 + [""]
    assert warned.summary["warnings"] == {"shared_number": 2}


def test_a_number_known_under_another_key_is_skipped_or_warned_of(
    import_: Callable[..., Run], run: Run, dialler: SimulatorServer
) -> None:
    """Written with ``+`` or without, also of a contact without a key; plan, dry run and import agree."""
    seed(dialler, "OLD", PhoneNumber1="", PhoneNumber3=plain(ONE))
    seed(dialler, "", PhoneNumber1=f"+{plain(TWO)}")
    lines = f"K1,Ann,{ONE}", f"K2,Bob,{TWO}", f"K3,Cid,{THREE}"
    skip = "duplicate_phones_in_dialler: skip"

    plan = import_(skip, *lines, command="plan")
    dry = run("import", "contacts.csv", "--dry-run")
    done = run("import", "contacts.csv")
    warned = import_("duplicate_phones_in_dialler: warn", *lines)

    assert "= known_number K1 (row 2): contact 1 (UserData OLD) has the same number (PhoneNumber1)" in plan.out
    for each in (dry, done):
        assert {name: n for name, n in each.summary["actions"].items() if n} == {"known_number": 2, "create": 1}
    assert [row["_warnings"] for row in warned.rows()] == ["known_number:PhoneNumber1"] * 2 + [""]


def test_a_number_that_the_run_moves_from_key_to_key_is_free(
    import_: Callable[..., Run], dialler: SimulatorServer
) -> None:
    """K1 gives its number to K2; what a mirror takes away gives its number, too. Planned again, nothing is to do."""
    seed(dialler, "K1", PhoneNumber1=plain(ONE))
    seed(dialler, "GONE", PhoneNumber1=plain(THREE))
    rows = "duplicate_phones_in_dialler: skip, compare: dialler"
    lines = f"K1,Name K1,{TWO}", f"K2,Bob,{ONE}", f"K3,Cid,{THREE}"
    mirror = "{missing: lock, max_missing: 100%}"

    import_(rows, f"GONE,Gone,{THREE}", f"K1,Name K1,{ONE}", mirror=mirror)
    done = import_(rows, *lines, mirror=mirror)
    again = import_(rows, *lines, mirror=mirror)

    assert {name: n for name, n in done.summary["actions"].items() if n} == {"overwrite": 1, "create": 2, "lock": 1}
    assert {name: n for name, n in again.summary["actions"].items() if n} == {"unchanged": 3}


def test_a_contact_that_keeps_its_number_holds_it(import_: Callable[..., Run], dialler: SimulatorServer) -> None:
    """One that is protected, though the run has its key."""
    seed(dialler, "K1", PhoneNumber1=plain(ONE), bLocked=True)

    done = import_("duplicate_phones_in_dialler: skip", f"K1,Ann,{TWO}", f"K2,Bob,{ONE}", protect="{locked: true}")

    assert [row["_action"] for row in done.rows()] == ["protected", "known_number"]


@pytest.mark.parametrize("action", ["exists", "suppressed"])
def test_a_contact_that_is_there_already_holds_its_number(
    action: str, import_: Callable[..., Run], run: Run, dialler: SimulatorServer
) -> None:
    """With ``mode: create`` no row changes it, nor where its key is suppressed; a reconciliation knows that, too."""
    seed(dialler, "K1", PhoneNumber1=plain(ONE))
    Path("dnc.csv").write_text("Key\nK1\n", encoding="utf-8")
    mode = "create" if action == "exists" else "upsert"
    more = {} if action == "exists" else {"suppress": "{file: dnc.csv, column: Key, by: user_data}"}
    rows = f"mode: {mode}, duplicate_phones_in_dialler: skip"

    done = import_(rows, f"K1,Ann,{TWO}", f"K2,Bob,{ONE}", **more)
    told = run("reconcile", "contacts.csv")

    assert [row["_action"] for row in done.rows()] == [action, "known_number"]
    assert told.summary["expected_missing"] == 1


@pytest.mark.parametrize(("where", "action"), [("campaign", "create"), ("account", "known_number")])
def test_numbers_of_other_campaigns_count_with_account(
    import_: Callable[..., Run], dialler: SimulatorServer, where: str, action: str
) -> None:
    dialler.store.campaigns[539] = "Other"
    seed(dialler, "OLD", PhoneNumber1=plain(ONE), DiallerCampaignsID=539)

    done = import_(f"duplicate_phones_in_dialler: skip, phones_in: {where}", f"K1,Ann,{ONE}")

    assert [row["_action"] for row in done.rows()] == [action]


def test_without_the_list_nothing_is_sent(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    class Silent(ForeignDialler):
        def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
            if method == "GET" and path.endswith("/dialler/contacts"):
                return 400, {"status": 400, "error": "Name a campaign"}
            return super().answer(method, path, query, body)

    with served(Silent()) as dialler:
        configure(base_url=dialler.base_url, rows="{duplicate_phones_in_dialler: skip}", retries=0, give_up_after=0)
        done = run("import", contacts_csv(rows=[f"K1,Ann,{ONE}"]))

        assert dialler.imports == 0
    assert done.code in {ExitCode.UNAVAILABLE, ExitCode.NO_ROW_CAN_SUCCEED}
    assert "duplicate_phones_in_dialler" in done.err


def test_a_setting_without_effect_is_refused(import_: Callable[..., Run]) -> None:
    done = import_("phones_in: account", f"K1,Ann,{ONE}")

    assert done.code == ExitCode.USAGE
    assert "phones_in: account has no effect without duplicate_phones_in_dialler" in done.err


def test_the_plan_file_is_carried_out_as_it_stands(
    import_: Callable[..., Run], run: Run, dialler: SimulatorServer
) -> None:
    seed(dialler, "OLD", PhoneNumber1=plain(ONE))
    import_(
        "duplicate_phones_in_dialler: warn, duplicate_phones: last",
        f"K1,A,{ONE}",
        f"K2,B,{TWO}",
        f"K3,C,{TWO}",
        command="plan",
    )

    assert run("plan", "contacts.csv", "-o", "plan.json").code == ExitCode.OK
    done = run("import", "--plan", "plan.json")

    assert json.loads(Path("plan.json").read_text())["warnings"] == {"known_number": 1}
    assert [row["_action"] for row in done.rows()] == ["create", "superseded", "create"]


def test_the_story_of_the_page_is_true(import_: Callable[..., Run], run: Run, dialler: SimulatorServer) -> None:
    """docs/rows.md: a customer known under a second key."""
    crm = "mirror_of_the_crm"
    both = "C1,Ann Miller,030 39200121", f"{crm},Bob,{TWO}"
    mirror = "{missing: lock, max_missing: 100%}"
    shop = "S9,Ann Miller,030 39200121"
    rows = "duplicate_phones_in_dialler: skip"

    import_("", *both, mirror=mirror)
    plan = import_(rows, shop, command="plan")
    first = run("import", "contacts.csv")
    import_("", both[1], mirror=mirror)
    second = import_(rows, shop)

    assert "= known_number S9 (row 2): contact 1 (UserData C1) has the same number (PhoneNumber1)" in plan.out
    assert [each.rows()[0]["_action"] for each in (first, second)] == ["known_number", "create"]


def test_a_reconciliation_says_why_a_row_is_missing(
    import_: Callable[..., Run], run: Run, dialler: SimulatorServer
) -> None:
    """As an import would leave it out; of a contact that the mirror takes, the number is free."""
    seed(dialler, "OLD", PhoneNumber1=plain(ONE))
    rows = "duplicate_phones_in_dialler: skip"
    lines = f"K1,Ann,{ONE}", f"K2,Bob,{TWO}"
    import_(rows, *lines)

    told = run("reconcile", "contacts.csv", "--detailed-exitcode")
    import_("", *lines, command="validate")
    untold = run("reconcile", "contacts.csv")
    import_(rows, *lines, mirror="{missing: lock, max_missing: 100%}", command="validate")
    taken = run("reconcile", "contacts.csv")

    (missing,) = (line for line in told.rows("reconciliation.csv") if line["_class"] == "missing")
    assert missing["_differences"] == "known_number: contact 1 (UserData OLD) has the same number (PhoneNumber1)"
    assert [each.summary["expected_missing"] for each in (told, untold, taken)] == [1, 0, 0]


def test_a_retry_decides_anew_what_a_rule_left_out(
    import_: Callable[..., Run], run: Run, dialler: SimulatorServer
) -> None:
    """Such a row was never sent: it is not unchanged, and goes where its number is free by now."""
    old = seed(dialler, "OLD", PhoneNumber1=plain(ONE))[0]
    seed(dialler, "OTHER", PhoneNumber1=plain(TWO))
    import_("duplicate_phones_in_dialler: skip", f"K1,Ann,{ONE}", f"K2,Bob,{TWO}", f"K3,Cid,{THREE}", "K4,Dan,1")

    del dialler.store.contacts[old]
    done = run("retry")

    assert [(row["_status"], row["_action"]) for row in done.rows()] == [
        ("succeeded", "create"), ("skipped", "known_number"), ("skipped", "unchanged"), ("rejected", ""),
    ]  # fmt: skip
