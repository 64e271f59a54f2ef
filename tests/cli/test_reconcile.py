"""Is what we sent what the dialler has, and what came of it?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dialler_sync.errors import JournalError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.run.reports import Summary
from dialler_sync.simulator import SimulatorServer, Store
from dialler_sync.simulator.faults import FaultPlan

from ..conftest import Configure, Done, Run

Contacts = Callable[..., Path]

PHONE = "+491713920012"
ODD = ["a&b=c/d#e?f %+äöü\"'", "x" * 64, "0001", " K", "K ", "=1+1", "100%", "..", "%2F", "日本"]


def line(key: str, name: str | None = None, phone: str = "0171 3920012") -> str:
    return f'"{key.replace(chr(34), 2 * chr(34))}",{name or "Meier"},{phone}'


def seed(dialler: SimulatorServer, key: str, **fields: object) -> int:
    known = {"DiallerCampaignsID": 538, "UserData": key, "Name": "Meier", "PhoneNumber1": PHONE}
    return dialler.store.add(**{**known, **fields})


def classes(done: Done) -> dict[str, str]:
    """UserData → class."""
    return {entry["_user_data"]: entry["_class"] for entry in done.rows("reconciliation.csv")}


def differences(done: Done) -> dict[str, str]:
    return {entry["_user_data"]: entry["_differences"] for entry in done.rows("reconciliation.csv")}


@pytest.fixture
def both_sides(configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer) -> Path:
    """One key of every kind."""
    configure()
    seed(dialler, "SAME", nTriesPhoneNumber1=3, bPhoneNumber1Invalid=True, LastAcdAgentEndReasonsID=4)
    seed(dialler, "OTHER", Name="Müller")
    seed(dialler, "TWICE")
    seed(dialler, "TWICE", Name="Müller")
    seed(dialler, "EXTRA")
    seed(dialler, "REJECTED")
    seed(dialler, "ELSEWHERE", DiallerCampaignsID=539)
    rows = ["SAME", "OTHER", "TWICE", "NEW", "ELSEWHERE", "ROWS", "ROWS"]
    return contacts_csv(rows=[*map(line, rows), line("REJECTED", phone="")])


def test_every_class_and_what_differs(run: Run, both_sides: Path) -> None:
    """A line a contact, in the order of the file, then what the file does not have; nothing is changed."""
    done = run("reconcile", both_sides)

    assert done.code == ExitCode.OK, done.err
    assert [(entry["_class"], entry["_user_data"], entry["_row"]) for entry in done.rows("reconciliation.csv")] == [
        ("matching", "SAME", "2"),
        ("differing", "OTHER", "3"),
        ("duplicate", "TWICE", "4"),
        ("duplicate", "TWICE", "4"),
        ("missing", "NEW", "5"),
        ("missing", "ELSEWHERE", "6"),
        ("duplicate", "ROWS", "8"),
        ("extra", "EXTRA", ""),
        ("differing", "REJECTED", ""),
    ]
    assert differences(done)["OTHER"] == "Name: dialler Müller ≠ file Meier"
    assert differences(done)["REJECTED"] == "rejected: row 9, phone_missing in PhoneNumber1"
    assert done.summary["classes"] == {"matching": 1, "differing": 2, "missing": 2, "extra": 1, "duplicate": 3}
    assert done.summary["rows"] == {"matching": 1, "differing": 1, "missing": 2, "extra": 0, "duplicate": 3}
    assert done.summary["contacts"] == {"matching": 1, "differing": 2, "missing": 0, "extra": 1, "duplicate": 2}
    assert done.summary["changed_fields"] == {"Name": 2}
    assert {entry["_error_code"] for entry in done.rows("failed.csv")} == {"phone_missing"}
    counts = done.summary["counts"]
    assert (counts["read"], counts["succeeded"], counts["rejected"], counts["skipped"]) == (8, 6, 1, 1)


def test_what_the_dialler_says_stands_beside_it(run: Run, both_sides: Path) -> None:
    """Only fields that its records have."""
    (same, *_) = run("reconcile", both_sides).rows("reconciliation.csv")

    assert (same["nTriesPhoneNumber1"], same["bPhoneNumber1Invalid"], same["bLocked"]) == ("3", "true", "false")
    assert (same["LastAcdAgentEndReasonsID"], same["dtNextTry"]) == ("4", "")
    assert "CustomField01" not in same


def test_records_with_more_fields_than_a_table_has_columns(
    run: Run, both_sides: Path, dialler: SimulatorServer
) -> None:
    """A column for each in each line could fill the disk."""
    seed(dialler, "MANY", **{f"F{number}": 1 for number in range(16_000)})

    done = run("reconcile", both_sides)

    assert done.code == ExitCode.UNAVAILABLE
    assert "the dialler's answer is not usable" in done.err


def test_exit_codes_tell_whether_anything_differs(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """6 only where that is asked for, and something does."""
    configure()
    path = contacts_csv(3)
    differing = run("reconcile", path, "--detailed-exitcode")
    run("import", path)
    before = len(dialler.requests)

    matching = run("reconcile", path, "--detailed-exitcode")

    assert (differing.code, matching.code) == (ExitCode.DIFFERENCES, ExitCode.OK)
    assert (differing.summary["exit_code"], matching.summary["exit_code"]) == (6, 0)
    assert [request.function for request in dialler.requests[before:]] == ["list"]


def test_json_goes_to_stdout_as_one_object(run: Run, both_sides: Path) -> None:
    """The summary, and the lines that do not match, as reconciliation.csv names them."""
    done = run("reconcile", both_sides, "-o", "json")

    found = json.loads(done.out)
    assert found["summary"]["classes"]["missing"] == 2
    assert found["lines"][0] == {
        "_class": "differing",
        "_user_data": "OTHER",
        "_contact_id": "2",
        "_row": 3,
        "_differences": "Name: dialler Müller ≠ file Meier",
        "_in_dialler": "Name: Müller",
        "_in_file": "Name: Meier",
        "_file": "contacts.csv",
    }
    assert (len(found["lines"]), found["more_lines"]) == (8, 0)


def test_the_workbook_has_a_summary_and_a_sheet_a_class(run: Run, both_sides: Path, dialler: SimulatorServer) -> None:
    """With filters, a header that stays, widths, and a chart."""
    dialler.store.add_call(1, ResultCode="Sale", dtStart="2026-01-02 10:00:00")
    done = run("reconcile", both_sides, "--with-history")

    assert done.reports
    book: Any = openpyxl.load_workbook(done.reports / "reconciliation.xlsx")
    assert book.sheetnames == ["Summary", "Matching", "Differing", "Missing", "Extra", "Duplicate", "Calls"]
    assert len(book["Summary"]._charts) == 1
    sheet = book["Differing"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:{sheet.cell(1, sheet.max_column).column_letter}3")
    assert [cell.value for cell in sheet[2][:5]] == ["differing", "OTHER", "2", 3, "Name: dialler Müller ≠ file Meier"]
    assert sheet.column_dimensions["E"].width > 20
    assert ("result code", "Sale", 1, 1, 0) in list(book["Calls"].iter_rows(values_only=True))


def test_the_page_lists_what_does_not_match(run: Run, both_sides: Path) -> None:
    """Its text is safe, and it links to the other reports."""
    both_sides.write_text(both_sides.read_text() + line("</script><script>alert(1)") + "\n")

    done = run("reconcile", both_sides)

    assert done.reports
    page = (done.reports / "reconciliation.html").read_text(encoding="utf-8")
    assert "9 of 10 contacts do not match" in page
    assert "Name: dialler Müller ≠ file Meier" in page
    assert 'href="reconciliation.csv"' in page
    assert "<script>alert" not in page


def test_the_page_can_hide_phone_numbers(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Also a UserData that is one."""
    configure()
    seed(dialler, "+491713920012", PhoneNumber1="+491713920013")

    done = run("reconcile", contacts_csv(rows=[line("+491713920012")]), "--mask")

    assert done.reports
    page = (done.reports / "reconciliation.html").read_text(encoding="utf-8")
    assert "≠" in page
    assert "4917139200" not in page
    book: Any = openpyxl.load_workbook(done.reports / "reconciliation.xlsx")
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert not any("4917139200" in cell for cell in cells)
    assert any("•" in cell for cell in cells)


@pytest.mark.parametrize("batch", [True, False])
def test_what_came_of_the_contacts(run: Run, configure: Configure, contacts_csv: Contacts, batch: bool) -> None:
    """Through the batch lookup, or one by one where the dialler has none: the same."""
    with Store({538: "Nightly"}) as store, SimulatorServer(store, batch=batch) as dialler:
        configure(base_url=dialler.base_url)
        sold, called = seed(dialler, "SOLD"), seed(dialler, "CALLED")
        seed(dialler, "NEVER")
        store.add_call(sold, ResultCode="Busy", dtStart="2026-01-01 10:00:00")
        store.add_call(sold, ResultCode="Sale", dtStart="2026-01-02 10:00:00", UsersUID="anna")
        store.add_call(called, ResultCode="Refused", dtStart="2026-01-02 11:00:00", LastAcdAgentEndReasonsID=4)

        done = run("reconcile", contacts_csv(rows=[line("SOLD"), line("CALLED"), line("NEVER")]), "--with-history")

        assert done.code == ExitCode.OK, done.err
        history = done.summary["history"]
        assert ("one by one" in history["asked"]) is not batch
        assert (history["contacts"], history["called"], history["reached"], history["calls"]) == (3, 2, 2, 3)
        assert history["by_result_code"]["Refused"] == {"calls": 1, "contacts": 1, "reached": 1}
        assert list(history["by_day"]) == ["2026-01-01", "2026-01-02"]
        assert list(history["by_campaign"]) == ["538"]
        told = {row["_user_data"]: row for row in done.rows("reconciliation.csv")}
        assert (told["SOLD"]["_calls"], told["SOLD"]["_last_result_code"]) == ("2", "Sale")
        assert (told["SOLD"]["_reached"], told["SOLD"]["_done"]) == ("true", "")
        assert (told["NEVER"]["_calls"], told["NEVER"]["_last_call"]) == ("0", "")


def test_nested_calls_were_answered(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """A call whose record is nested counts as what it says it was."""
    with Store({538: "Nightly"}) as store, SimulatorServer(store) as dialler:
        configure(base_url=dialler.base_url)
        contact = seed(dialler, "SOLD")
        start = "2026-01-02 10:00:00"
        store.calls[contact] = [
            {
                "StatisticsPartA": {"ID": 9, "dtCallStart": start, "dtCallConnect": start},
                "ResultCodes": {"ExportKey": "S"},
            }
        ]

        done = run("reconcile", contacts_csv(rows=[line("SOLD")]), "--with-history")

        assert done.code == ExitCode.OK, done.err
        history = done.summary["history"]
        assert (history["called"], history["reached"], history["calls"]) == (1, 1, 1)
        assert list(history["by_result_code"]) == ["S"]


def test_calls_that_cannot_be_read_leave_the_comparison(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """The message names the line of the configuration; the classes are there all the same."""
    with Store({538: "Nightly"}) as store, SimulatorServer(store, batch=False) as dialler:
        configure(base_url=dialler.base_url, endpoints='{history_by_id: "GET /dialler/no/{id}/history"}')
        seed(dialler, "SAME")

        done = run("reconcile", contacts_csv(rows=[line("SAME")]), "--with-history")

        assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
        assert "history_by_id" in done.err
        assert classes(done) == {"SAME": "matching"}


@pytest.mark.parametrize(
    ("batch", "arguments", "way"),
    [(True, [], "list"), (True, ["--no-extras"], "batch"), (False, ["--no-extras"], "single")],
)
def test_odd_userdata_is_the_same_whichever_way_is_asked(
    run: Run, configure: Configure, contacts_csv: Contacts, batch: bool, arguments: list[str], way: str
) -> None:
    """Nothing is trimmed, decoded, or read as a number, a formula or a path."""
    with Store({538: "Nightly", 539: "Other"}) as store, SimulatorServer(store, batch=batch) as dialler:
        configure(
            {"UserData": "{column: Key, trim: false}", "Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"},
            base_url=dialler.base_url,
        )
        for key in ODD:
            seed(dialler, key)
        seed(dialler, "1")
        seed(dialler, "K", Name="Another")
        seed(dialler, "NEW", DiallerCampaignsID=539)

        done = run("reconcile", contacts_csv(rows=[line(key) for key in (*ODD, "NEW")]), *arguments)

        assert done.code == ExitCode.OK, done.err
        found = {key.removeprefix("'") if key == "'=1+1" else key: kind for key, kind in classes(done).items()}
        extra = {} if arguments else {"1": "extra", "K": "extra"}
        assert found == {**dict.fromkeys(ODD, "matching"), "NEW": "missing", **extra}
        assert done.summary["source_of_truth"]["way"] == way
        assert done.summary["classes"]["extra"] == (None if arguments else 2)


def test_many_rows_are_asked_for_by_list_also_where_extras_are_not_wanted(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """What else the list has is left aside."""
    with Store({538: "Nightly"}) as store, SimulatorServer(store, batch=False) as dialler:
        configure(base_url=dialler.base_url)
        seed(dialler, "K2", Name="Name 2", PhoneNumber1="+491713920012")
        seed(dialler, "EXTRA")

        done = run("reconcile", contacts_csv(201), "--no-extras")

        assert done.summary["source_of_truth"]["way"] == "list"
        assert done.summary["classes"] == {"matching": 1, "differing": 0, "missing": 200, "extra": None, "duplicate": 0}


def test_campaigns_by_column_are_compared_row_by_row(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Contacts of campaigns that the file does not name are no extras; one that moved differs."""
    configure(
        {"UserData": "Key", "Name": "Name", "PhoneNumber1": "{value: '+491713920012'}"}, campaign="{column: Phone}"
    )
    seed(dialler, "STAYED")
    seed(dialler, "MOVED", DiallerCampaignsID=539)
    seed(dialler, "EXTRA")
    seed(dialler, "FOREIGN", DiallerCampaignsID=539)

    done = run("reconcile", contacts_csv(rows=["STAYED,Meier,538", "MOVED,Meier,Nightly"]))

    assert classes(done) == {"STAYED": "matching", "MOVED": "differing", "EXTRA": "extra"}
    assert differences(done)["MOVED"] == "DiallerCampaignsName: dialler Trade fair callbacks ≠ file Nightly"


def test_a_campaign_by_name_is_looked_up(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """And one that is not there is no empty campaign."""
    configure(campaign="{name: Nightly}")
    seed(dialler, "SAME")
    path = contacts_csv(rows=[line("SAME")])

    assert classes(run("reconcile", path)) == {"SAME": "matching"}
    configure(campaign="{name: Nowhere}")
    assert run("reconcile", path).code == ExitCode.NO_ROW_CAN_SUCCEED
    configure(campaign="{id: 999}")
    assert run("reconcile", path).code == ExitCode.NO_ROW_CAN_SUCCEED


def test_suppressed_rows_are_missing_on_purpose(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """They are no reason for exit 6; a suppressed contact that the dialler may call is."""
    configure(suppress="{file: dnc.csv, column: Number, region: DE}")
    Path("dnc.csv").write_text("Number\n0171 3920013\n", encoding="utf-8")
    path = contacts_csv(rows=[line("A", phone="0171 3920013")])

    absent = run("reconcile", path, "--detailed-exitcode")
    seed(dialler, "A", PhoneNumber1="+491713920013")
    there = run("reconcile", path, "--detailed-exitcode")

    assert (absent.code, classes(absent), absent.summary["expected_missing"]) == (0, {"A": "missing"}, 1)
    assert (there.code, classes(there)) == (ExitCode.DIFFERENCES, {"A": "differing"})
    assert "dnc.csv" in differences(there)["A"]


def test_since_tells_what_moved(run: Run, both_sides: Path, dialler: SimulatorServer) -> None:
    """Lines whose class or differences changed, that are new, or that have gone; and no others."""
    first = run("reconcile", both_sides)
    dialler.store.update(1, Name="Schmidt")
    dialler.store.update(2, Name="Weber")
    dialler.store.delete(5)
    seed(dialler, "NEW")
    seed(dialler, "LATER")

    done = run("reconcile", both_sides, "--since", first.summary["run_id"])

    moved = {(row["_user_data"], row["_was"], row["_now"]) for row in done.rows("moved.csv")}
    assert moved == {
        ("SAME", "matching", "differing"),
        ("OTHER", "differing", "differing"),
        ("NEW", "missing", "matching"),
        ("LATER", "", "extra"),
        ("EXTRA", "extra", ""),
    }
    assert done.summary["moved"]["since"] == first.summary["run_id"]
    assert done.summary["moved"]["changes"]["missing → matching"] == 1
    still = run("reconcile", both_sides, "--since", "last")
    assert still.rows("moved.csv") == []
    assert still.summary["moved"]["since"] == done.summary["run_id"]


def test_since_needs_a_reconciliation_of_this_campaign(
    run: Run, configure: Configure, both_sides: Path, contacts_csv: Contacts
) -> None:
    """With 'last' the first one has nothing to be compared with."""
    first = run("reconcile", both_sides, "--since", "last")
    imported = run("import", contacts_csv(1, name="one.csv"))
    wrong = run("reconcile", both_sides, "--since", imported.summary["run_id"])
    configure(campaign="{id: 539}")
    elsewhere = run("reconcile", both_sides, "--since", first.summary["run_id"])

    assert (first.code, first.summary["moved"]) == (ExitCode.OK, None)
    assert (wrong.code, elsewhere.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "not a finished reconciliation" in wrong.err
    assert first.reports
    (first.reports / "reconciliation.csv").write_text("something else\n")
    configure()
    assert run("reconcile", both_sides, "--since", first.summary["run_id"]).code == ExitCode.USAGE


def test_fix_writes_the_plan_that_mends_it(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """'import --plan' takes it, and afterwards everything matches; extras stay, unless the mirror says otherwise."""
    configure()
    seed(dialler, "OTHER", Name="Müller")
    seed(dialler, "EXTRA")
    path = contacts_csv(rows=[line("OTHER"), line("NEW")])

    done = run("reconcile", path, "--fix", "mend.json")
    mended = run("import", "--plan", "mend.json", "--compare", "dialler")
    after = run("reconcile", path)

    assert done.code == ExitCode.OK, done.err
    plan = json.loads(Path("mend.json").read_text(encoding="utf-8"))
    assert [(entry["action"], entry["user_data"]) for entry in plan["entries"]] == [
        ("overwrite", "OTHER"),
        ("create", "NEW"),
    ]
    assert mended.code == ExitCode.OK, mended.err
    assert classes(after) == {"OTHER": "matching", "NEW": "matching", "EXTRA": "extra"}


def test_a_list_that_breaks_off_is_no_small_campaign(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Exit 5, and no classes."""
    configure(retries=1)
    path = contacts_csv(5)
    run("import", path)
    for fault in ("cut_body", "cut_json", "html_200_before", "drop_after"):
        dialler.order(FaultPlan.parse(f"{fault}:100%:on=list"))

        done = run("reconcile", path, "--detailed-exitcode")

        assert done.code == ExitCode.UNAVAILABLE, (fault, done.err)
        assert done.summary["classes"] is None
        assert done.summary["counts"]["unprocessed"] == 5
        assert done.reports
        assert not (done.reports / "reconciliation.csv").exists()


def test_a_list_that_broke_off_once_is_read_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """From its beginning; nothing is counted twice."""
    configure()
    path = contacts_csv(5)
    run("import", path)
    dialler.order(FaultPlan.parse("cut_body:#1:on=list"))

    done = run("reconcile", path)

    assert done.summary["classes"]["matching"] == 5
    assert done.summary["contacts"] == {"matching": 5, "differing": 0, "missing": 0, "extra": 0, "duplicate": 0}


@contextmanager
def raw_dialler(body: bytes) -> Iterator[str]:
    """A dialler that answers every request with these bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/rest/v1.0"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"records": [], "count": 0, "status": 200}, ExitCode.OK),
        ({"records": [], "count": 3, "status": 200}, ExitCode.UNAVAILABLE),
        ({"records": [{"ID": 1}], "count": 2, "status": 200}, ExitCode.UNAVAILABLE),
        ({"records": [{"ID": 1}], "count": 1}, ExitCode.UNAVAILABLE),
        ({"records": ["a contact"], "count": 1, "status": 200}, ExitCode.UNAVAILABLE),
        ({"records": {"ID": 1}, "count": 1, "status": 200}, ExitCode.UNAVAILABLE),
        ({"status": 200}, ExitCode.UNAVAILABLE),
    ],
)
def test_a_list_that_does_not_tell_is_not_believed(
    run: Run, configure: Configure, contacts_csv: Contacts, body: object, code: ExitCode
) -> None:
    """Only a whole list says that a contact is missing; an empty one may be whole."""
    with raw_dialler(json.dumps(body).encode()) as url:
        configure(base_url=url, retries=0)

        done = run("reconcile", contacts_csv(2))

        assert done.code == code, done.err
        assert (done.summary["classes"] is not None) == (code == ExitCode.OK)


def test_records_of_a_wrong_shape_are_clear_lines(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Unknown, missing and wrongly typed fields, half characters, numbers without end: never a wrong class."""
    records = [
        {"ID": 1, "UserData": 7, "Name": "Meier", "PhoneNumber1": PHONE, "Surprise": {"a": [1]}},
        {"ID": "two", "UserData": "K2", "Name": ["Meier"], "PhoneNumber1": PHONE, "DiallerCampaignsID": "538"},
        {"ID": 10**30, "UserData": "K3", "Name": "Meier", "PhoneNumber1": None, "DiallerCampaignsID": 538.0},
        {"ID": 4, "UserData": "\ud800", "Name": "Meier", "nTriesPhoneNumber1": "\udc00", "bLocked": {"by": "anna"}},
        {"ID": 5, "UserData": "K5", "DiallerCampaignsID": 539},
        {"UserData": None, "Name": "Nobody", "nTriesPhoneNumber1": [1]},
        {},
    ]
    body = json.dumps({"records": records, "count": len(records), "status": 200, "more": None})
    with raw_dialler(body.encode()) as url:
        configure(base_url=url, retries=0)

        done = run("reconcile", contacts_csv(rows=[line("7"), line("K2"), line("K3"), line("K5")]))

        assert done.code == ExitCode.OK, done.err
        found = [(row["_class"], row["_user_data"], row["_differences"]) for row in done.rows("reconciliation.csv")]
        no_key = "the contact has no UserData, so its row is not known"
        assert found == [
            ("differing", "7", "DiallerCampaignsID: dialler (empty) ≠ file 538"),
            ("differing", "K2", 'Name: dialler ["Meier"] ≠ file Meier'),
            ("differing", "K3", f"PhoneNumber1: dialler (empty) ≠ file {PHONE}"),
            ("missing", "K5", ""),
            ("extra", "?", ""),
            ("extra", "", no_key),
            ("extra", "", no_key),
        ]
        told = done.rows("reconciliation.csv")
        assert (told[4]["bLocked"], told[5]["nTriesPhoneNumber1"]) == ('{"by": "anna"}', "[1]")


def test_what_cannot_begin_leaves_nothing(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """No folder, no run; and a folder that holds a run is never written to."""
    configure()
    path = contacts_csv(2)

    assert run("reconcile", "not-there.csv").code == ExitCode.INPUT
    assert not Path("reports").exists()
    assert run("runs", "list").out.count("\n") == 1
    assert run("reconcile", path, "--out", "here").code == ExitCode.OK
    assert run("reconcile", path, "--out", "here").code == ExitCode.USAGE


def test_a_reconciliation_is_never_resumed_or_tried_again(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It sends nothing, so neither may what comes after it."""
    configure(retries=0)
    path = contacts_csv(2)
    dialler.order(FaultPlan.parse("cut_body:100%:on=list"))
    stopped = run("reconcile", path)

    assert "nothing to resume" in run("resume").err
    assert "sends nothing" in run("resume", stopped.summary["run_id"]).err
    assert "sends nothing" in run("retry", stopped.summary["run_id"]).err
    assert run("runs", "report", stopped.summary["run_id"]).code == ExitCode.USAGE
    assert not dialler.store.contacts


def test_files_together_are_one_side(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Each line names its file; a UserData in both is a duplicate."""
    configure()
    one = contacts_csv(name="one.csv", rows=[line("A"), line("BOTH")])
    two = contacts_csv(name="two.csv", rows=[line("BOTH"), line("B")])

    done = run("reconcile", one, two)

    found = [(row["_user_data"], row["_class"], row["_file"], row["_row"]) for row in done.rows("reconciliation.csv")]
    assert found == [
        ("A", "missing", "one.csv", "2"),
        ("BOTH", "duplicate", "two.csv", "2"),
        ("B", "missing", "two.csv", "3"),
    ]


def test_the_texts_of_calls_come_in_a_language(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """It is asked for with the calls, and is nothing without them (exit 2)."""
    configure()
    seed(dialler, "SAME")
    path = contacts_csv(rows=[line("SAME")])

    done = run("reconcile", path, "--with-history", "--language", "2")
    alone = run("reconcile", path, "--language", "2")

    assert done.code == ExitCode.OK, done.err
    assert [request.query for request in dialler.requests if request.function == "batch"] == [{"languagesID": "2"}]
    assert alone.code == ExitCode.USAGE
    assert "has no effect: this dialler's call functions have no language" not in done.err


@pytest.mark.parametrize("command", ["reconcile", "contacts"])
def test_a_language_that_cannot_be_applied_is_said_once(
    command: str, run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A dialler without batch lookups has no function whose texts come in a language."""
    configure(endpoints='{batch_contacts: "POST /gone"}')
    seed(dialler, "A")
    seed(dialler, "B")
    path = contacts_csv(rows=[line("A"), line("B")])
    words = (
        ("reconcile", path) if command == "reconcile" else ("contacts", "history", "--from", path, "--column", "Key")
    )

    done = run(*words, *(["--with-history"] if command == "reconcile" else []), "--language", "2")

    assert done.code == ExitCode.OK, done.err
    assert done.err.count("has no effect: this dialler's call functions have no language") == 1


@pytest.mark.parametrize("error", [JournalError("no room"), KeyboardInterrupt()], ids=["no room", "Ctrl-C"])
def test_a_summary_that_cannot_be_written_leaves_no_run_at_work(
    error: BaseException, run: Run, both_sides: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no reconciliation that a later one could be compared with."""

    def write(*_: object) -> None:
        raise error

    monkeypatch.setattr(Summary, "write", write)

    done = run("reconcile", both_sides)
    (known,) = json.loads(run("runs", "list", "-o", "json").out)

    assert done.code == (ExitCode.USAGE if isinstance(error, JournalError) else ExitCode.INTERRUPTED), done.err
    assert known["exit_code"] == done.code
    assert " stopped " in run("runs", "list").out
