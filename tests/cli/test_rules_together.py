"""Rules of rows that meet: none hides what another one asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import COLUMNS, Configure, Run
from ..helpers.dialler import seed

NUMBER, OTHER = "030 39200140", "030 39200141"


def listed(*rows: str, header: str = "Key,Name,Phone,Opt") -> Path:
    path = Path("list.csv")
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rules", "more"),
    [
        ("suppress", ""),
        ("protect", ""),
        ("rows", "duplicate_phones_in_dialler: skip"),
        ("rows", "duplicate_phones: last"),
    ],
)
@pytest.mark.parametrize("what", ["lock", "keep"])
def test_a_row_that_is_not_sent_hides_no_opt_out(
    run: Run, configure: Configure, dialler: SimulatorServer, rules: str, more: str, what: str
) -> None:
    """The contact of a filtered row is locked, or counted, whatever becomes of another row with its key."""
    Path("dnc.csv").write_text(f"Phone\n{OTHER}\n", encoding="utf-8")
    sections = {
        "suppress": "{file: dnc.csv, column: Phone, region: DE}",
        "protect": "{follow_up: true}",
        "rows": f"{{skip: {{Opt: [yes]}}, skipped_contacts: {what}{', ' if more else ''}{more}}}",
    }
    configure(**{name: sections[name] for name in {rules, "rows"}})
    (contact,) = seed(dialler, "E", PhoneNumber1="+493039200140", FollowUpDateTime="2030-01-01 10:00:00")
    seed(dialler, "O", PhoneNumber1="+493039200141")
    path = listed(f"E,Eve,{NUMBER},yes", f"E,Eve,{OTHER},", f"F,Fay,{OTHER},")

    done = run("import", path)
    if what == "lock":
        assert "lock E" not in run("plan", path).out

    assert done.rows()[1]["_status"] == "skipped"
    assert bool(dialler.store.contacts[contact].get("bLocked")) is (what == "lock")
    assert (
        "of rows left out by rows.only or rows.skip can still be called; rows.skipped_contacts: lock would lock"
        in done.err
    ) is (what == "keep")


def test_a_retry_keeps_to_the_limits_of_the_configuration(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """Else the command that follows a stopped run would send what the limit held back; a plan says so before."""
    path = listed(f"P,Pam,{NUMBER},", f"Q,Pam,{NUMBER},")
    configure(rows="{duplicate_phones: warn, max_warnings: 0}")

    planned = run("plan", path, "-o", "plan.json")
    stopped = run("import", path)
    again = run("retry")

    assert planned.code == ExitCode.OK
    assert "An import would stop before sending anything (exit 8): 2 of 2 rows have warnings" in planned.out
    assert "+ create P (row 2)" in planned.out
    assert json.loads(Path("plan.json").read_text())["stops"]
    assert stopped.code == again.code == run("import", "--plan", "plan.json").code == ExitCode.SAFETY_LIMIT
    assert not dialler.store.contacts
    configure(rows="{max_errors: 0}")
    faulty = listed(f"P,Pam,{NUMBER},", "Q,Pam,12,")
    assert run("import", faulty).code == run("retry").code == ExitCode.SAFETY_LIMIT
    assert "1 of 2 rows are rejected" in run("plan", faulty).out
    assert not dialler.store.contacts


def test_a_number_that_is_sent_of_nobody_is_not_shared(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """A contact that has it loses it, whichever row of that number comes first."""
    Path("dnc.csv").write_text(f"Phone\n{OTHER}\n", encoding="utf-8")
    configure(
        {**COLUMNS, "PhoneNumber2": "{column: Mobile, region: DE}"},
        rows="{duplicate_phones: first}",
        suppress="{file: dnc.csv, column: Phone, region: DE, action: number}",
    )
    (contact,) = seed(dialler, "D", PhoneNumber1="+493039200130", PhoneNumber2="+493039200141")
    path = listed(f"A,Ann,{OTHER},{NUMBER}", f"D,Dee,030 39200130,{OTHER}", header="Key,Name,Phone,Mobile")

    done = run("import", path)

    assert [row["_status"] for row in done.rows()] == ["succeeded", "succeeded"]
    assert dialler.store.contacts[contact].get("PhoneNumber2") is None
    assert run("reconcile", path, "--detailed-exitcode").code == ExitCode.OK


def test_reconcile_says_why_a_protected_contact_is_not_as_in_the_list(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    configure(protect="{locked: true}")
    seed(dialler, "A", Name="Old", bLocked=True)

    done = run("reconcile", listed("A,New,0171 3920012,"), "--detailed-exitcode")

    assert done.code == ExitCode.OK, done.out
    assert done.rows("reconciliation.csv")[0]["_class"] == "matching"
    assert done.rows("reconciliation.csv")[0]["_differences"].startswith("protected (the contact is locked)")
