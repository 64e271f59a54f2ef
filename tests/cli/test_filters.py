"""Rows that ``rows: {only:, skip:}`` leaves out, through all commands."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import dialler_sync
from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import COLUMNS, Configure, Run
from ..helpers.blocks import ROOT, blocks
from ..helpers.dialler import seed

LOCK = "{skip: {Out: [x]}, skipped_contacts: lock}"
KEEP = "{skip: {Out: [x]}}"
PAGE = ROOT / "docs" / "rows.md"


def write(*rows: str, name: str = "list.csv") -> Path:
    """A list: key, name and what stands in the column Out."""
    cells = (row.split(",") for row in rows)
    lines = [f"{key},{who},0171 39200{place},{out}" for place, (key, who, out) in enumerate(cells, 10)]
    Path(name).write_text("\n".join(["Key,Name,Phone,Out", *lines]) + "\n", encoding="utf-8")
    return Path(name)


def locked(dialler: SimulatorServer) -> set[str]:
    return {str(contact["UserData"]) for contact in dialler.store.contacts.values() if contact.get("bLocked")}


def sent(dialler: SimulatorServer) -> list[str]:
    return [request.user_data or "" for request in dialler.requests if "import" in request.path]


def test_a_plan_shows_what_is_left_out_and_locked(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """With the rule, and the plan is carried out as it stands."""
    configure(rows=LOCK)
    seed(dialler, "K1", "K2")
    path = write("K1,Ann,x", "K2,Name K2,", "K3,Cid,X")

    shown = run("plan", path, "-o", "plan.json")
    done = run("import", "--plan", "plan.json")

    assert "! lock K1 (contact 1): row left out by rows.only or rows.skip" in shown.out
    assert "= filtered K3 (row 4): rows.skip: Out is 'X'" in shown.out
    assert done.code == ExitCode.OK, done.err
    assert locked(dialler) == {"K1"}
    assert done.summary["actions"]["filtered"] == 2
    assert done.summary["actions"]["lock"] == 1


def test_a_dry_run_tells_what_an_import_would_leave_out(run: Run, configure: Configure) -> None:
    """In its forecast, and in results.csv."""
    configure(rows=KEEP)

    done = run("import", write("K1,Ann,x", "K2,Bob,"), "--dry-run")

    assert [row["_action"] for row in done.rows()] == ["filtered", "create"]
    assert "leave out 1 filtered" in (done.reports or Path()).joinpath("report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("journal", ["{before_images: true}", "{before_images: false}"])
@pytest.mark.parametrize("rows", [KEEP, "{skip: {Out: [x]}, overwrite_duplicates: false}"])
def test_contacts_that_can_still_be_called_are_counted_whatever_else_is_looked_at(
    run: Run, configure: Configure, dialler: SimulatorServer, rows: str, journal: str
) -> None:
    """Also where nothing but that needs the dialler's contacts, and no row is to be sent."""
    configure(rows=rows, journal=journal)
    seed(dialler, "K1")

    done = run("import", write("K1,Ann,x"))

    assert (
        "of rows left out by rows.only or rows.skip can still be called; rows.skipped_contacts: lock would lock"
        in done.err
    )
    assert done.code == ExitCode.OK


def test_nobody_is_told_to_set_what_is_refused(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """With rows for several campaigns, contacts of left-out rows cannot be locked."""
    configure(rows=KEEP, campaign='{column: Name, routes: [{pattern: ".", to: 538}]}')
    seed(dialler, "K1")

    done = run("import", write("K1,Ann,x"))

    assert "1 contact of rows left out by rows.only or rows.skip can still be called\n" in done.err
    assert "skipped_contacts" not in done.err


def test_a_contact_whose_row_goes_again_is_unlocked(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """As one that a mirror has locked; whom somebody else has locked stays so."""
    configure(rows=LOCK)
    seed(dialler, "K1", "K2")
    dialler.store.contacts[2]["bLocked"] = True
    run("import", write("K1,Ann,x", "K2,Bob,x"))
    assert locked(dialler) == {"K1", "K2"}

    done = run("import", write("K1,Ann,", "K2,Bob,"))

    assert done.summary["actions"]["unlock"] == 1
    assert locked(dialler) == {"K2"}


@pytest.mark.parametrize("changed", [False, True])
def test_a_contact_whose_unchanged_row_goes_again(
    changed: bool, run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """It is unlocked although its row is not sent, also beside a row that is; but not if it has a number that is on a
    do-not-call list by now, in a field that no column fills."""
    suppress = "{file: dnc.csv, column: X, by: phone}"
    Path("dnc.csv").write_text("X\n+493039200177\n", encoding="utf-8")
    configure(rows=LOCK, suppress=suppress)
    run("import", write("K1,Ann,", "K2,Bob,", "K3,Cid,"))
    run("import", write("K1,Ann,", "K2,Bob,x", "K3,Cid,x"), "--compare", "journal")
    assert locked(dialler) == {"K2", "K3"}
    dialler.store.contacts[3]["PhoneNumber5"] = "+493039200177"

    done = run("import", write(f"K1,{'Zoe' if changed else 'Ann'},", "K2,Bob,", "K3,Cid,"), "--compare", "journal")

    assert (done.summary["actions"]["unlock"], done.summary["actions"]["unchanged"]) == (1, 2 + (not changed)), done.err
    assert locked(dialler) == {"K3"}


def test_a_row_that_is_left_out_unlocks_nobody(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """The mirror has locked the contact; a row with its key that is left out does not bring it back."""
    mirror = "{missing: lock, max_missing: 100%}"
    configure(rows=KEEP, mirror=mirror)
    run("import", write("K1,Ann,", "K2,Bob,"))
    run("import", write("K2,Bob,"))
    assert locked(dialler) == {"K1"}

    run("import", write("K1,Ann,x", "K2,Bob,"))

    assert locked(dialler) == {"K1"}


def test_undo_unlocks_what_the_run_has_locked(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """The contacts of rows that are left out are put back like others."""
    configure(rows=LOCK)
    seed(dialler, "K1")
    done = run("import", write("K1,Ann,x", "K2,Bob,"))

    undone = run("undo", done.summary["run_id"], "--yes")

    assert undone.code == ExitCode.OK, undone.err
    assert locked(dialler) == set()


def test_resume_leaves_out_what_the_run_left_out(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """A row that is left out is settled; the others are sent, and the contact is locked at the end."""
    configure(rows=LOCK)
    seed(dialler, "K2")
    stopped = run("import", write("K1,Ann,", "K2,Bob,x", "K3,Cid,"), "--limit", "1")
    assert stopped.code == ExitCode.ROWS_FAILED

    done = run("resume")

    assert done.code == ExitCode.OK, done.err
    assert sent(dialler) == ["K1", "K3"]
    assert [row["_action"] for row in done.rows()] == ["create", "filtered", "create"]
    assert locked(dialler) == {"K2"}


def test_a_retry_sends_a_row_whose_key_another_row_had_that_was_left_out(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """To be left out settles nothing for other rows with the key."""
    configure(rows=KEEP)
    run("import", write("K1,Ann,x", "K1,,", "K2,Bob,"))
    write("K1,Ann,x", "K1,Anna,", "K2,Bob,")

    done = run("retry")

    assert [(row["_status"], row["_action"]) for row in done.rows()] == [
        ("skipped", "filtered"),
        ("succeeded", "create"),
        ("skipped", "unchanged"),
    ]
    assert sent(dialler) == ["K2", "K1"]


def test_a_retry_locks_nobody_whom_a_later_list_has_sent(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """The older list says that the contact must not be called, the newer one that it may be."""
    configure(rows=LOCK)
    older = run("import", write("K1,Ann,x", "K2,,", "K3,Cid,x"))
    run("import", write("K1,Ann,", name="newer.csv"))
    seed(dialler, "K3")

    done = run("retry", older.summary["run_id"])

    assert [row["_action"] for row in done.rows()] == ["filtered", "", "filtered"]
    assert locked(dialler) == {"K3"}


def test_a_move_counts_as_a_warning(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """It is known when the run is planned, and nothing was sent then."""
    configure()
    seed(dialler, "K1", DiallerCampaignsID=539)
    path = write("K1,Ann,", "K2,Bob,")

    stopped = run("import", path, "--max-warnings", "0")

    assert stopped.code == ExitCode.SAFETY_LIMIT
    assert "1 of 2 rows have warnings; --max-warnings 0 allows no more; nothing was sent" in stopped.err
    assert not sent(dialler)


def test_a_mended_filter_cell_is_read_again(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """In failed.xlsx the cell is marked; the mended file knows the filter, and a mirror is not for it."""
    configure(rows="{only: {Out: {min: 5}}}", mirror="{missing: delete, max_missing: 100%}")
    done = run("import", write("K1,Ann,five", "K2,Bob,7", "K3,Cid,what"))
    assert [row["_error_code"] for row in done.rows("failed.csv")] == ["filter_unreadable"] * 2
    text = (done.reports or Path()).joinpath("failed.csv").read_text(encoding="utf-8-sig")
    Path("mended.csv").write_text(text.replace("five", "5").replace("what", "3"), encoding="utf-8-sig")

    mended = run("import", "mended.csv")

    assert [(row["_user_data"], row["_action"]) for row in mended.rows()] == [("K1", "create"), ("K3", "filtered")]
    assert len(dialler.store.contacts) == 2


@pytest.mark.parametrize("extras", ["--extras", "--no-extras"])
@pytest.mark.parametrize(("rows", "kind"), [(KEEP, "matching"), (LOCK, "differing")])
def test_a_row_that_is_left_out_is_no_missing_contact(
    run: Run, configure: Configure, dialler: SimulatorServer, rows: str, kind: str, extras: str
) -> None:
    """Nor is its contact an extra one; it differs only where it is to be locked and is not."""
    configure(rows=rows)
    seed(dialler, "K1", "K2")
    dialler.store.contacts[2]["bLocked"] = True

    done = run("reconcile", write("K1,Ann,x", "K2,Bob,x", "K3,Cid,x"), extras)

    lines = {line["_user_data"]: line for line in done.rows("reconciliation.csv")}
    assert {key: line["_class"] for key, line in lines.items()} == {"K1": kind, "K2": "matching"}
    assert lines["K1"]["_differences"].endswith("rows.skip: Out is 'x'")
    assert done.summary["counts"]["skipped"] == done.summary["actions"]["filtered"] == 3


def test_rows_that_have_not_changed_are_left_out_beside(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """``compare: journal`` knows a row that was left out before as one that was never sent."""
    configure(rows="{skip: {Out: [x]}, compare: journal}")
    run("import", write("K1,Ann,x", "K2,Bob,"))

    done = run("import", write("K1,Ann,", "K2,Bob,"))

    assert [row["_action"] for row in done.rows()] == ["create", "unchanged"]
    assert sent(dialler) == ["K2", "K1"]


def test_a_plan_is_refused_where_its_lookup_file_has_changed(run: Run, configure: Configure) -> None:
    """What is looked up decides what is sent."""
    configure({**COLUMNS, "Region": "{column: Out, lookup: {file: table.csv, key: Key, value: Value}}"})
    Path("table.csv").write_text("Key,Value\na,North\nb,South\n", encoding="utf-8")
    path = write("K1,Ann,a")
    run("plan", path, "-o", "plan.json")
    Path("table.csv").write_text("Key,Value\na,East\nb,South\n", encoding="utf-8")

    done = run("import", "--plan", "plan.json")

    assert done.code == ExitCode.USAGE
    assert "columns.Region.lookup.sha256 was" in done.err


def test_locking_needs_one_campaign_and_a_key(run: Run, configure: Configure) -> None:
    """Else contacts of others would be locked, or nobody could be found."""
    path = write("K1,Ann,x")
    configure(rows=LOCK, campaign="{column: Out}")
    by_column = run("import", path)
    configure({name: rule for name, rule in COLUMNS.items() if name != "UserData"}, rows=LOCK)
    keyless = run("import", path)

    assert by_column.code == keyless.code == ExitCode.USAGE
    assert "rows: skipped_contacts: lock applies to a whole campaign" in by_column.err
    assert "rows.skipped_contacts: lock needs UserData, but columns: does not map it" in keyless.err


def test_the_python_api_knows_filters_and_the_limit_of_warnings(configure: Configure, dialler: SimulatorServer) -> None:
    """As the command line does."""
    config = configure({**COLUMNS, "Email": "{column: Out, invalid: empty}"}, rows="{skip: {Name: [Ann]}}")
    path = write("K1,Ann,x", "K2,Bob,no mail", "K3,Cid,")

    stopped = dialler_sync.import_files(path, config, max_warnings="0")
    done = dialler_sync.import_files(path, config)

    assert stopped.summary.exit_code == ExitCode.SAFETY_LIMIT
    assert done.summary.actions["filtered"] == 1
    assert done.summary.warnings == {"field_left_out": 1}
    assert sent(dialler) == ["K2", "K3"]


def test_the_configuration_may_limit_warnings(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """``rows.max_warnings`` for import and validate; the command line wins."""
    configure({**COLUMNS, "Email": "{column: Out, invalid: empty}"}, rows="{max_warnings: 30%}")
    path = write("K1,Ann,x", "K2,Bob,")

    assert run("import", path).code == run("validate", path).code == ExitCode.SAFETY_LIMIT
    assert not sent(dialler)
    assert run("import", path, "--max-warnings", "1").code == ExitCode.OK


def test_rows_that_are_left_out_keep_the_warnings_of_their_cells(run: Run, configure: Configure) -> None:
    """They tell what is to be mended in the source, and count for the limit; a filter comes before all checks."""
    configure(
        {**COLUMNS, "Email": "{column: Out, invalid: empty}"},
        rows="{skip: {Key: F3}, max_warnings: 2}",
    )
    path = write("K1,Ann,x", "K1,Ann,", "K2,Bob,x", "F3,Cid,x")

    done = run("import", path)

    assert [(row["_action"], row["_warnings"]) for row in done.rows()] == [
        ("superseded", "field_left_out:Email"), ("create", ""),
        ("create", "field_left_out:Email"), ("filtered", ""),
    ]  # fmt: skip
    assert done.summary["warnings"] == {"field_left_out": 2}
    assert run("import", path, "--max-warnings", "1").code == ExitCode.SAFETY_LIMIT


def test_the_reports_name_the_rows_that_are_left_out(run: Run, configure: Configure) -> None:
    """Who of them should have been called is for a person to see."""
    configure(rows=KEEP)

    done = run("import", write("K1,Ann,x", "K2,Bob,"))

    assert "1 succeeded, 1 left out (1 filtered)" in done.reports.joinpath("report.html").read_text(encoding="utf-8")
    with done.reports.joinpath("failed.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 1
    assert json.loads(done.reports.joinpath("summary.json").read_text(encoding="utf-8"))["counts"]["skipped"] == 1


@pytest.mark.parametrize("part", [block.text for block in blocks(PAGE) if block.text.startswith("columns:")])
def test_the_rules_of_the_page_are_rules(part: str) -> None:
    """Each with what every configuration has."""
    always = 'dialler: {base_url: "http://127.0.0.1/rest", clients_id: 1}\ncampaign: {id: 538}\n'
    Path("part.yaml").write_text(always + part + "  Name: Name\n", encoding="utf-8")

    assert dialler_sync.load_config("part.yaml").columns


def test_the_story_of_the_page_is_true(run: Run, dialler: SimulatorServer) -> None:
    """docs/rows.md, three nights with its list, its table and its configuration."""
    page = blocks(PAGE)
    nightly, table = (block.text for block in page if block.language == "csv")
    (config,) = (block.text for block in page if block.text.startswith("dialler:"))
    Path("zip.csv").write_text(table, encoding="utf-8")
    Path("dialler-sync.yaml").write_text(config.replace("http://127.0.0.1:8080/rest/v1.0", dialler.base_url))
    Path("nightly.csv").write_text(nightly, encoding="utf-8")

    first = run("import", "nightly.csv")
    mended = (first.reports or Path()).joinpath("failed.csv").read_text(encoding="utf-8-sig").replace("1234,", "12345,")
    Path("mended.csv").write_text(mended, encoding="utf-8")
    fifth = run("import", "mended.csv")
    Path("nightly.csv").write_text(nightly.replace("open,\nC2", "open,Yes\nC2").replace(",1234,", ",12345,"))
    dee = next(contact for contact in dialler.store.contacts.values() if contact["UserData"] == "C4")
    assert dee["Comment"] == "met at the fair"
    dee["Comment"] = "call after 5 pm"
    planned = run("plan", "nightly.csv")
    second = run("import", "nightly.csv")
    held = locked(dialler)
    compared = run("reconcile", "nightly.csv", "--detailed-exitcode")
    Path("nightly.csv").write_text(nightly.replace(",1234,", ",12345,"))
    third = run("import", "nightly.csv")

    assert first.code == ExitCode.ROWS_FAILED
    assert [(row["_status"], row["_error_code"], row["_warnings"]) for row in first.rows()] == [
        ("succeeded", "", "zero_restored:PhoneNumber2"),
        ("succeeded", "", "field_left_out:Email"),
        ("skipped", "", ""),
        ("succeeded", "", ""),
        ("rejected", "pattern_mismatch", ""),
    ]
    assert first.rows()[2]["_error"] == "rows.only: Status is 'closed'"
    assert "rows.skip, Opt-out: no row has 'yes'. Is it spelled as in the list?" in first.err
    regions = [contact.get("Region") for contact in dialler.store.contacts.values()]
    assert regions[:3] == ["Berlin", "Bavaria", "unknown"]
    assert fifth.code == second.code == compared.code == third.code == ExitCode.OK
    assert "! lock C1" in planned.out
    assert "= filtered C1 (row 2): rows.skip: Opt-out is 'Yes'" in planned.out
    assert "= unchanged C4 (row 5): kept: Comment 'call after 5 pm'" in planned.out
    assert dee["Comment"] == "call after 5 pm"
    assert held == {"C1"}
    assert not locked(dialler)
