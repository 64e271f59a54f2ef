"""``suppress: {action: number}``: a number that must not be called, from plan to undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import COLUMNS, Configure, Run
from ..helpers.dialler import PHONE, seed
from ..helpers.foreign import Answer, ForeignDialler, served

OTHER = "+493039200121"
TWO = {**COLUMNS, "PhoneNumber2": "{column: Landline, region: DE}"}


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of one contact, whose first number is on the do-not-call list."""
    (tmp_path / "dnc.csv").write_text(f"Number\n{PHONE}\n", encoding="utf-8")
    path = tmp_path / "list.csv"
    path.write_text("Key,Name,Phone,Landline\nK1,Name K1,0171 3920012,030 39200121\n", encoding="utf-8")
    return path


SUPPRESS = "{file: dnc.csv, column: Number, action: number}"


def _numbers(dialler: SimulatorServer) -> list[tuple[object, object]]:
    return [(each.get("PhoneNumber1"), each.get("PhoneNumber2")) for each in dialler.store.contacts.values()]


def test_the_contact_loses_the_number_and_gets_it_back_from_an_undo(
    run: Run, configure: Configure, dialler: SimulatorServer, listed: Path
) -> None:
    """Once it is no longer on the list. A plan after the import finds nothing to do, nor does a reconciliation."""
    configure(TWO, suppress=SUPPRESS)
    seed(dialler, "K1", PhoneNumber2=OTHER)

    planned = run("plan", listed)
    differing = run("reconcile", listed, "--detailed-exitcode")
    done = run("import", listed)
    assert _numbers(dialler) == [(None, OTHER)]
    again = run("plan", listed, "--detailed-exitcode")
    matching = run("reconcile", listed, "--detailed-exitcode")
    refused = run("undo", done.summary["run_id"], "--yes")
    assert _numbers(dialler) == [(None, OTHER)]
    Path("dnc.csv").write_text("Number\n+493039200129\n", encoding="utf-8")
    undone = run("undo", done.summary["run_id"], "--yes")

    assert refused.code == ExitCode.OK
    assert "on a do-not-call list, left out:" in planned.out
    assert done.rows()[0]["_warnings"] == "field_left_out:PhoneNumber1"
    assert (differing.code, again.code, matching.code) == (ExitCode.DIFFERENCES, ExitCode.OK, ExitCode.OK)
    assert undone.code == ExitCode.OK
    assert _numbers(dialler) == [(PHONE, OTHER)]


def test_a_contact_does_not_keep_a_number_that_must_not_be_called(
    run: Run, configure: Configure, dialler: SimulatorServer, listed: Path
) -> None:
    """Whatever ``overwrite:`` says; a number that somebody has put in its place stays."""
    configure({**TWO, "PhoneNumber1": "{column: Phone, region: DE, overwrite: never}"}, suppress=SUPPRESS)
    seed(dialler, "K1", PhoneNumber2=OTHER)

    assert run("reconcile", listed, "--detailed-exitcode").code == ExitCode.DIFFERENCES
    assert run("import", listed).code == ExitCode.OK
    assert _numbers(dialler) == [(None, OTHER)]

    dialler.store.contacts[1]["PhoneNumber1"] = "+491713920099"
    assert run("import", listed).code == ExitCode.OK
    assert _numbers(dialler) == [("+491713920099", OTHER)]


@pytest.mark.parametrize("action", ["contact", "number"])
@pytest.mark.parametrize("listed_by_then", ["", PHONE, OTHER, "both"])
def test_undo_beside_a_number_that_the_run_did_not_send(
    listed_by_then: str, action: str, run: Run, configure: Configure, dialler: SimulatorServer, listed: Path
) -> None:
    """It is the contact's own, and may be on the list by then; the run's own number goes whatever the list has."""
    configure({**TWO, "PhoneNumber1": "{column: Phone, region: DE, overwrite: never}"})
    seed(dialler, "K1", PhoneNumber2=None)
    done = run("import", listed)
    assert _numbers(dialler) == [(PHONE, OTHER)]
    entries = [PHONE, OTHER] if listed_by_then == "both" else [listed_by_then or "+493039200129"]
    Path("dnc.csv").write_text("\n".join(["Number", *entries, ""]), encoding="utf-8")
    suppress = SUPPRESS.replace("action: number", f"action: {action}")
    configure({**TWO, "PhoneNumber1": "{column: Phone, region: DE, overwrite: never}"}, suppress=suppress)

    undone = run("undo", done.summary["run_id"], "--yes")

    (row,) = undone.rows()
    if PHONE in entries:
        assert (row["_status"], row["_action"], _numbers(dialler)) == ("skipped", "suppressed", [(PHONE, OTHER)])
    else:
        assert (row["_status"], row["_error"], _numbers(dialler)) == ("succeeded", "", [(PHONE, None)])


@pytest.mark.parametrize("action", ["contact", "number"])
def test_undo_of_a_contacts_only_number(
    action: str, run: Run, configure: Configure, dialler: SimulatorServer, listed: Path
) -> None:
    """The dialler requires one, so it stays; once it is on the list, nothing is sent with it."""
    configure()
    seed(dialler, "K1", PhoneNumber1=None)
    done = run("import", listed)
    configure(suppress=SUPPRESS.replace("action: number", f"action: {action}"))
    sent = len(dialler.requests)

    refused = run("undo", done.summary["run_id"], "--yes")
    asked = [request for request in dialler.requests[sent:] if "import" in str(request)]
    configure()
    undone = run("undo", done.summary["run_id"], "--yes")

    assert (refused.rows()[0]["_action"], asked) == ("suppressed", [])
    assert "keeps its phone number" in undone.rows()[0]["_error"]


def test_a_number_that_comes_onto_the_list_is_a_change(
    run: Run, configure: Configure, dialler: SimulatorServer, listed: Path
) -> None:
    """Also where only the journal is compared; an interrupted run does not send it either."""
    configure(TWO, suppress=SUPPRESS, rows="{compare: journal}")
    Path("dnc.csv").write_text("Number\n+491713920099\n", encoding="utf-8")
    run("import", listed)
    assert _numbers(dialler) == [(PHONE, OTHER)]

    Path("dnc.csv").write_text(f"Number\n{PHONE}\n", encoding="utf-8")
    with listed.open("a", encoding="utf-8") as file:
        file.write("K2,Name K2,0171 3920012,030 39200121\n")
    stopped = run("import", listed, "--limit", "1")
    resumed = run("resume")

    assert stopped.code != ExitCode.OK
    assert resumed.code == ExitCode.OK, resumed.err
    assert _numbers(dialler) == [(None, OTHER), (None, OTHER)]


@pytest.mark.parametrize("rows", ["{}", "{compare: dialler}", "{mode: update}"])
@pytest.mark.parametrize(
    "columns",
    [
        {**COLUMNS, "PhoneNumber1": "{column: Landline, region: DE, overwrite: never}"},
        {**COLUMNS, "PhoneNumber1": "{column: Landline, region: DE, overwrite: if_empty}"},
        {"UserData": "Key", "Name": "Name", "PhoneNumber2": "{column: Landline, region: DE}"},
    ],
    ids=["never", "if_empty", "unmapped"],
)
def test_who_keeps_a_number_that_must_not_be_called_is_not_imported(
    run: Run, configure: Configure, dialler: SimulatorServer, listed: Path, columns: dict[str, str], rows: str
) -> None:
    """Nor reset. The list has the dialler's number, which the row does not show."""
    configure({**columns, "ResetContact": '{value: "true"}'}, rows=rows, suppress="{file: dnc.csv, column: Number}")
    seed(dialler, "K1")
    before = dict(dialler.store.contacts[1])

    planned = run("plan", listed, "-o", "plan.json")
    tried = ("import", listed, "--dry-run", "--compare", "dialler")
    for done in (run("import", "--plan", "plan.json"), run("import", listed), run(*tried)):
        (row,) = done.rows()
        assert (row["_status"], row["_action"], row["_contact_id"]) == ("skipped", "suppressed", "1")
        assert row["_error"] == "contact 1 in the dialler: 491713920012 is in dnc.csv"

    assert "contact 1 in the dialler: 491713920012 is in dnc.csv" in planned.out
    assert (
        "suppressed, but not locked in the dialler"
        in run("reconcile", listed).rows("reconciliation.csv")[0]["_differences"]
    )
    assert dialler.store.contacts[1] == before


def test_a_run_that_goes_on_looks_whom_the_dialler_would_call_by_now(
    run: Run, configure: Configure, dialler: SimulatorServer, listed: Path
) -> None:
    columns = {"UserData": "Key", "Name": "Name", "PhoneNumber2": "{column: Landline, region: DE}"}
    configure(columns, suppress="{file: dnc.csv, column: Number}", journal="{before_images: false}")
    with listed.open("a", encoding="utf-8") as file:
        file.write("K2,Name K2,,030 39200122\n")
    seed(dialler, "K1", "K2")
    for each in dialler.store.contacts.values():
        each["PhoneNumber1"] = "+491713920099"
    assert run("import", listed, "--limit", "1").code != ExitCode.OK

    dialler.store.contacts[2]["PhoneNumber1"] = PHONE
    first, second = run("resume").rows()

    assert (first["_status"], second["_action"]) == ("succeeded", "suppressed")


class Noting(ForeignDialler):
    """A dialler that notes what is sent to it."""

    def _import(self, body: dict[str, Any], *, overwrite: bool) -> Answer:
        self.bodies = [*getattr(self, "bodies", ()), body]
        return super()._import(body, overwrite=overwrite)


@pytest.mark.parametrize("rows", ["{overwrite_duplicates: false}", "{mode: create}", "{mode: upsert}"])
def test_a_new_contact_is_made_without_the_field(run: Run, configure: Configure, listed: Path, rows: str) -> None:
    with served(Noting()) as dialler:
        configure(TWO, suppress=SUPPRESS, rows=rows, base_url=dialler.base_url)
        plan = run("plan", listed)

        assert run("import", listed).code == ExitCode.OK
        assert "on a do-not-call list, left out:" in plan.out
        (body,) = dialler.bodies
    assert body["PhoneNumber2"] == OTHER
    assert "PhoneNumber1" not in body


@pytest.mark.parametrize("action", ["contact", "number"])
@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("030 39200121", "type: mobile"),
        ("030 39200121 ext. 5", "extension: reject"),
        ("030 39200121 Frau Meier", "type: any"),
        ("030 39200129; 030 39200121", "several: reject"),
    ],
)
def test_a_bad_cell_that_is_left_out_hides_nobody(
    action: str, cell: str, rule: str, run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """``invalid: empty`` leaves out the field; the list still knows whose number stands in the cell."""
    (tmp_path / "dnc.csv").write_text("Number\n030 39200121\n", encoding="utf-8")
    path = tmp_path / "list.csv"
    path.write_text(f"Key,Name,Phone,Other\nK1,Ann,{cell},0171 3920012\nK2,Bob,none,0171 3920013\n", encoding="utf-8")
    columns = {
        "UserData": "Key",
        "Name": "Name",
        "PhoneNumber1": f"{{column: Phone, region: DE, invalid: empty, {rule}}}",
        "PhoneNumber2": "{column: Other, region: DE}",
    }
    configure(columns, suppress=f"{{file: dnc.csv, column: Number, region: DE, action: {action}}}")
    seed(dialler, "K1", PhoneNumber1=OTHER)

    first, second = run("import", path).rows()

    assert first["_warnings"] == second["_warnings"] == "field_left_out:PhoneNumber1"
    assert second["_status"] == "succeeded"
    if action == "contact":
        assert (first["_status"], first["_action"]) == ("skipped", "suppressed")
    (ann,) = (each for each in dialler.store.contacts.values() if each["UserData"] == "K1")
    assert ann.get("PhoneNumber1") == (OTHER if action == "contact" else None)


def test_an_address_that_is_left_out_hides_nobody(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    (tmp_path / "dnc.csv").write_text("Mail\nann@example.com\n", encoding="utf-8")
    path = tmp_path / "list.csv"
    path.write_text("Key,Name,Phone,Mail\nK1,Ann,0171 3920012,Ann <ann@example.com>\n", encoding="utf-8")
    columns = {**COLUMNS, "Email": "{column: Mail, invalid: empty}"}
    configure(columns, suppress="{file: dnc.csv, column: Mail, by: email}")

    (row,) = run("import", path).rows()

    assert row["_action"] == "suppressed"
    assert not dialler.store.contacts


@pytest.mark.parametrize(("by", "field"), [("user_data", "UserData"), ("email", "Email")])
def test_a_list_that_is_compared_with_a_field_of_no_column_is_refused(
    by: str, field: str, run: Run, configure: Configure, dialler: SimulatorServer, listed: Path
) -> None:
    """It would suppress nobody; one that locks finds who is in the dialler. Any rule for the field will do."""
    columns = {name: rule for name, rule in COLUMNS.items() if name != field}
    suppress = f"file: dnc.csv, column: Number, by: {by}"
    Path("dnc.csv").write_text("Number\nann@example.com\n", encoding="utf-8")
    told = f"suppress.by: {by} needs {field}, but columns: does not map it, so dnc.csv would suppress nobody."

    configure(columns, suppress=f"{{{suppress}}}")
    done = run("import", listed)
    assert (done.code, dialler.store.contacts) == (ExitCode.USAGE, {})
    assert told in done.err
    assert told in run("config", "check").err
    assert told in run("doctor").out

    configure(columns, suppress=f"{{{suppress}, lock: true}}")
    assert run("validate", listed).code == ExitCode.OK
    configure({**columns, field: '{template: "{Name}@example.com"}'}, suppress=f"{{{suppress}}}")
    assert told not in run("validate", listed).err
