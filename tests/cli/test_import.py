"""The main job, from the command line to the dialler's contacts and the reports."""

from __future__ import annotations

import csv
import socket
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.own_columns import FAILED_COLUMNS, FAILED_COLUMNS_OF_SEVERAL, RESULT_COLUMNS
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


def held(dialler: SimulatorServer) -> dict[str, dict[str, object]]:
    """The dialler's contacts by UserData; fails where one is there twice."""
    keys = Counter(contact["UserData"] for contact in dialler.store.contacts.values())
    assert max(keys.values(), default=0) <= 1
    return {contact["UserData"]: contact for contact in dialler.store.contacts.values()}


def adds_up(summary: dict[str, dict[str, int]]) -> bool:
    counts = dict(summary["counts"])
    return counts.pop("read") == sum(counts.values())


def test_every_row_reaches_the_dialler_as_it_stands(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """What the spreadsheet says is what the dialler holds: zeros, umlauts and blanks included."""
    configure({"UserData": "Key", "Name": "Name", "PostalCode": "Zip", "PhoneNumber1": "{column: Phone, region: DE}"})
    path = contacts_csv(rows=['007,"Müller, Ä.",0171 3920012,01099', "0008,  O'Neil ,030 23125 111,"])
    path.write_text(path.read_text(encoding="utf-8").replace("Key,Name,Phone", "Key,Name,Phone,Zip"), encoding="utf-8")

    done = run("import", path)

    assert done.code == ExitCode.OK, done.err
    contacts = held(dialler)
    assert contacts["007"]["Name"] == "Müller, Ä."
    assert contacts["007"]["PostalCode"] == "01099"
    assert contacts["007"]["PhoneNumber1"] == "+491713920012"
    assert contacts["007"]["DiallerCampaignsID"] == 538
    assert contacts["0008"]["Name"] == "  O'Neil "
    assert contacts["0008"].get("PostalCode") is None


def test_reports_have_the_columns_of_the_contract(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Names and order of columns are what other programs rely on."""
    configure()

    done = run("import", contacts_csv(rows=["K2,Anna,0171 3920012", "K3,,0171 3920013"]))

    assert done.code == ExitCode.ROWS_FAILED
    assert done.reports
    assert tuple(done.rows()[0]) == RESULT_COLUMNS
    with (done.reports / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == ["Key", "Name", "Phone", *FAILED_COLUMNS]
    (failed,) = done.rows("failed.csv")
    assert (failed["Key"], failed["_row"], failed["_status"]) == ("K3", "3", "rejected")
    assert (failed["_run"], failed["_key"]) == (done.summary["run_id"], "K3")
    assert failed["_error_code"] == "name_missing"
    assert failed["_hint"]
    assert done.statuses() == {2: "succeeded", 3: "rejected"}
    succeeded = done.rows()[0]
    assert succeeded["_contact_id"] == "1"
    assert (succeeded["_action"], succeeded["_http_status"], succeeded["_attempts"]) == ("create", "200", "1")
    assert succeeded["_sent_at"].endswith("Z")


def test_summary_adds_up(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """summary.json has every key of the contract, and read is the sum of all outcomes."""
    configure()

    summary = run("import", contacts_csv(rows=["K2,A,0171 3920012", "K3,,0171 3920013", "K2,B,0171 3920014"])).summary

    assert summary["counts"] == {
        "read": 3, "succeeded": 1, "rejected": 1, "failed": 0, "skipped": 1, "unknown": 0, "unprocessed": 0,
    }  # fmt: skip
    assert summary["actions"]["superseded"] == 1
    assert summary["actions"].keys() == {
        "create", "overwrite", "import", "unchanged", "superseded", "suppressed", "protected", "filtered", "exists",
        "absent", "known_number", "lock", "unlock", "delete",
    }  # fmt: skip
    assert {
        "run_id", "command", "started_at", "finished_at", "duration_s", "files", "campaign", "counts", "actions",
        "requests", "retries", "rows_per_s", "exit_code", "stopped_because",
    } <= summary.keys()  # fmt: skip
    assert summary["files"][0]["name"] == "contacts.csv"
    assert len(summary["files"][0]["sha256"]) == 64
    assert summary["files"][0]["rows"] == 3
    assert summary["exit_code"] == ExitCode.ROWS_FAILED


def test_importing_twice_leaves_the_dialler_as_after_once(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """overwriteDuplicates and UserData make an import repeatable."""
    configure()
    path = contacts_csv(50)

    run("import", path)
    once = held(dialler)
    run("import", path)

    assert held(dialler).keys() == once.keys()
    assert len(once) == 50


@pytest.mark.parametrize(("policy", "name"), [("last", "Second"), ("first", "First")])
def test_duplicate_keys_decide_which_row_counts(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, policy: str, name: str
) -> None:
    """Of rows with the same UserData one is sent and the others are superseded."""
    configure(rows=f"{{duplicate_keys: {policy}}}")

    done = run("import", contacts_csv(rows=["K,First,0171 3920012", "L,Other,0171 3920013", "K,Second,0171 3920014"]))

    assert done.code == ExitCode.OK
    assert held(dialler)["K"]["Name"] == name
    assert Counter(row["_action"] for row in done.rows()) == {"create": 2, "superseded": 1}


def test_duplicate_keys_can_be_rejected(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """With reject, no row of a shared key is sent."""
    configure(rows="{duplicate_keys: reject}")

    done = run("import", contacts_csv(rows=["K,First,0171 3920012", "L,Other,0171 3920013", "K,Second,0171 3920014"]))

    assert done.statuses() == {2: "rejected", 3: "succeeded", 4: "rejected"}
    assert held(dialler).keys() == {"L"}
    assert {row["_error_code"] for row in done.rows("failed.csv")} == {"duplicate_key"}


def test_failed_csv_of_several_files_names_them_and_keys_that_are_not_what_is_wrong(
    run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path
) -> None:
    """So that a mended row is known again, wherever it came from."""
    configure()
    other = tmp_path / "other.csv"
    other.write_text(f"Key,Name,Phone\n{'K' * 200},Berta,0171 3920014\n", encoding="utf-8")

    done = run("import", contacts_csv(rows=["K2,Anna,12", "K3,Carl,0171 3920013"]), other)

    assert done.reports
    with (done.reports / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == ["Key", "Name", "Phone", *FAILED_COLUMNS_OF_SEVERAL]
    named = [[row[name] for name in ("_run", "_file", "_sheet", "_row", "_key")] for row in done.rows("failed.csv")]
    run_id = done.summary["run_id"]
    assert named == [[run_id, "contacts.csv", "", "2", "K2"], [run_id, "other.csv", "", "2", ""]]


def test_a_mended_failed_csv_is_imported_as_it_is(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """failed.csv keeps the original columns, and its own are ignored on reading."""
    configure()
    done = run("import", contacts_csv(rows=["K2,Anna,0171 3920012", "K3,=Jürgen,12", "K4,,0171 3920013"]))
    assert done.reports
    mended = done.reports / "failed.csv"
    text = mended.read_text(encoding="utf-8-sig")
    mended.write_text(text.replace(",12,", ",0171 3920014,").replace("K4,,", "K4,Carl,"), encoding="utf-8-sig")

    again = run("import", mended)

    assert again.code == ExitCode.OK, again.rows()
    assert {key: contact["Name"] for key, contact in held(dialler).items()} == {
        "K2": "Anna", "K3": "=Jürgen", "K4": "Carl",
    }  # fmt: skip


ONCE = ["500_before", "500_after", "502_before", "502_after", "504_before", "504_after", "drop_before", "drop_after",
        "reset_before", "reset_after", "cut_json", "cut_body", "html_200_before", "html_200_after", "503",
        "429:retry_after", "late_before", "late_after"]  # fmt: skip


@pytest.mark.parametrize("fault", ONCE)
def test_each_fault_ends_with_the_contact_there_once(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, fault: str
) -> None:
    """Whatever goes wrong once or twice, every row is in the dialler, no UserData twice, and the report says so."""
    name, _, option = fault.partition(":")
    options = ":retry_after=0.1" if option else ":seconds=0.6" if name.startswith("late") else ""
    dialler.order(FaultPlan.parse(f"{name}:#3-4{options}"))
    configure(timeout=0.4)

    done = run("import", contacts_csv(8))

    assert done.code == ExitCode.OK, done.rows()
    assert len(held(dialler)) == 8
    assert set(done.statuses().values()) == {"succeeded"}
    assert adds_up(done.summary)


def test_a_refused_row_does_not_stop_the_others(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """400 for one row is that row's failure, with what the dialler said of it."""
    dialler.order(FaultPlan.parse("400_for:K5"))
    configure()

    done = run("import", contacts_csv(10))

    assert done.code == ExitCode.ROWS_FAILED
    assert Counter(done.statuses().values()) == {"succeeded": 9, "failed": 1}
    (failed,) = done.rows("failed.csv")
    assert (failed["Key"], failed["_error_code"]) == ("K5", "bad_request")


def test_a_wrong_token_stops_at_once(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """401: no row can succeed, so none is tried."""
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "old-token-7f3a")
    configure()

    done = run("import", contacts_csv(100))

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert done.summary["counts"]["unprocessed"] == 100
    assert done.summary["requests"] == 1
    assert "token" in done.err
    assert not dialler.store.contacts
    assert all(
        b"old-token-7f3a" not in file.read_bytes()
        for file in done.reports.iterdir()  # type: ignore[union-attr]
    )
    assert "old-token-7f3a" not in done.out + done.err


def test_a_token_that_dies_in_the_middle_stops_within_what_is_in_flight(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A hundred thousand rows must not fail a hundred thousand times because a token expired."""
    dialler.order(FaultPlan.parse("401_from:20"))
    configure(concurrency=4)

    done = run("import", contacts_csv(200))

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    counts = done.summary["counts"]
    assert counts["succeeded"] == 18, "the first request read what the dialler has"
    assert counts["unprocessed"] == 182, "what was refused for the token's sake waits for the next one"
    assert adds_up(done.summary)
    assert len(held(dialler)) == 18


def test_a_campaign_that_is_not_there_stops_at_once(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """404 for the one campaign of the run speaks of every row."""
    configure(campaign="{id: 999}")

    done = run("import", contacts_csv(20))

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert done.summary["counts"]["unprocessed"] == 20
    assert "campaign" in done.err


def test_the_campaign_can_come_from_a_column(
    run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer
) -> None:
    """Then a campaign that is not there is that row's failure."""
    configure(campaign="{column: Campaign}")
    path = tmp_path / "list.csv"
    path.write_text(
        "Key,Name,Phone,Campaign\nK2,A,0171 3920012,538\nK3,B,0171 3920013,Trade fair callbacks\n"
        "K4,C,0171 3920014,777\n",
        encoding="utf-8",
    )

    done = run("import", path)

    assert done.statuses() == {2: "succeeded", 3: "succeeded", 4: "failed"}
    assert held(dialler)["K3"]["DiallerCampaignsID"] == 539


def test_an_unreachable_dialler_leaves_all_rows_unprocessed(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """Nothing was sent, so nothing failed: the run is resumable."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        configure(base_url=f"http://127.0.0.1:{closed.getsockname()[1]}/rest/v1.0", give_up_after=0.5)

        done = run("import", contacts_csv(30))

    assert done.code == ExitCode.UNAVAILABLE
    assert done.summary["counts"]["unprocessed"] == 30
    assert "cannot be reached" in done.err


def test_too_many_errors_stop_before_anything_is_sent(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """--max-errors counts the rows that validation rejects before the first one is sent."""
    configure()

    done = run("import", contacts_csv(rows=["K2,A,0171 3920012", "K3,,0171 3920013"]), "--max-errors", "10%")

    assert done.code == ExitCode.SAFETY_LIMIT
    assert not dialler.store.contacts
    assert done.summary["counts"]["unprocessed"] == 1


def test_a_dry_run_sends_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """--dry-run does everything but send."""
    configure()

    done = run("import", contacts_csv(5), "--dry-run")

    assert done.code == ExitCode.OK
    assert not dialler.requests
    assert done.summary["dry_run"] is True
    assert done.summary["counts"]["skipped"] == 5


def test_limit_sends_so_many_and_resume_the_rest(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A careful user sends five rows, looks at the dialler, and goes on."""
    configure()

    first = run("import", contacts_csv(20), "--limit", "5")
    assert first.code == ExitCode.ROWS_FAILED
    assert len(held(dialler)) == 5
    second = run("resume")

    assert second.code == ExitCode.OK, second.err
    assert len(held(dialler)) == 20
    assert second.summary["counts"]["succeeded"] == 20


def test_reports_are_never_overwritten(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """A second run into the same folder is refused before anything is sent."""
    configure()
    path = contacts_csv(3)
    assert run("import", path, "--out", tmp_path / "night").code == ExitCode.OK

    again = run("import", path, "--out", tmp_path / "night")

    assert again.code == ExitCode.USAGE
    assert "never overwritten" in again.err


def test_reports_are_for_their_owner_only(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Reports and journal hold personal data."""
    configure()

    done = run("import", contacts_csv(3))

    assert done.reports
    assert done.reports.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in done.reports.iterdir())


def test_validate_sends_nothing(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """validate writes the same reports, and needs no dialler."""
    configure()

    done = run("validate", contacts_csv(rows=["K2,A,0171 3920012", "K3,,"]))

    assert done.code == ExitCode.ROWS_FAILED
    assert not dialler.requests
    assert done.statuses() == {2: "succeeded", 3: "rejected"}
    assert done.rows("failed.csv")[0]["_error_code"] == "name_missing; phone_missing"


def test_without_overwriting_nothing_is_repeated_blindly(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Rows that may have been made are looked for; none is made twice, and what is not known is said."""
    dialler.order(FaultPlan.parse("500_after:#4,drop_after:#6,drop_before:#8,429:#10:retry_after=0"))
    configure(rows="{overwrite_duplicates: false}", timeout=0.5)

    done = run("import", contacts_csv(12))

    contacts = held(dialler)
    unknown = [row["_user_data"] for row in done.rows() if row["_status"] == "unknown"]
    assert len(unknown) == 1
    assert len(contacts) == 11
    assert unknown[0] not in contacts
    assert {row["_action"] for row in done.rows() if row["_status"] == "succeeded"} == {"create"}


def test_without_a_key_the_unknown_is_reported(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """A row without UserData cannot be looked for, so it is never sent again."""
    dialler.order(FaultPlan.parse("500_after:#3"))
    configure({"Name": "Name", "PhoneNumber1": "{column: Phone, region: DE}"})

    done = run("import", contacts_csv(5))

    assert Counter(done.statuses().values()) == {"succeeded": 4, "unknown": 1}
    assert len(dialler.store.contacts) == 5


def test_a_fixed_failed_xlsx_is_imported_as_it_is(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """As a person does it: the coloured cells are filled in, and the file is named to import."""
    configure()
    done = run("import", contacts_csv(rows=["0002,Anna,0171 3920012", "0003,=Jürgen,12", "0004,,0171 3920013"]))
    assert done.reports
    path = done.reports / "failed.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    marked = {cell.coordinate: cell.comment.text for row in sheet["A2:C3"] for cell in row if cell.comment}
    sheet["C2"], sheet["B3"] = "01713920014", "Carl"
    book.save(path)

    again = run("import", path)

    assert [*marked] == ["C2", "B3"]
    assert "too short" in marked["C2"]
    assert again.code == ExitCode.OK, again.rows()
    assert {key: contact["Name"] for key, contact in held(dialler).items()} == {
        "0002": "Anna", "0003": "=Jürgen", "0004": "Carl",
    }  # fmt: skip


@pytest.mark.parametrize("command", ["import", "validate"])
def test_mark_writes_the_workbook_as_it_was_sent_with_its_faulty_cells_marked(
    run: Run, configure: Configure, command: str
) -> None:
    """The table may stand anywhere on the sheet, and what nobody reads stays."""
    configure()
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    rows = (["Key", "_own", "Name", "Phone"], ["K2", 1, "Anna", "0171 3920012"], ["K3", 2, None, "12"])
    for at, row in enumerate(rows, 3):
        for place, value in enumerate(row, 2):
            sheet.cell(at, place, value)
    book.save("list.xlsx")

    done = run(command, "list.xlsx", "--mark")

    assert done.reports
    marked = openpyxl.load_workbook(done.reports / "list-marked.xlsx").worksheets[0]
    assert [cell.coordinate for line in marked for cell in line if cell.comment] == ["D5", "E5"]
    assert marked["C5"].value == 2


def test_resume_and_retry_mark_as_well(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """resume goes on as the run began."""
    configure()
    book = openpyxl.Workbook()
    for row in (["Key", "Name", "Phone"], ["K2", "Anna", "0171 3920012"], ["K3", "Bert", "030 23125111"], ["K4"]):
        book.worksheets[0].append(row)
    book.save("list.xlsx")
    first = run("import", "list.xlsx", "--mark", "--limit", "1")
    assert first.reports
    marked = first.reports / "list-marked.xlsx"
    marked.unlink()

    resumed = run("resume")
    retried = run("retry", "--mark")

    assert resumed.code == ExitCode.ROWS_FAILED
    assert marked.exists()
    assert retried.reports
    assert (retried.reports / "list-marked.xlsx").exists()


def test_mark_says_of_other_files_what_marks_their_cells(
    run: Run, configure: Configure, contacts_csv: Contacts
) -> None:
    """A list of many kinds is imported all the same."""
    configure()

    done = run("validate", contacts_csv(rows=["K2,Anna,12"]), "--mark")

    assert done.code == ExitCode.ROWS_FAILED
    assert "is not an .xlsx, so --mark does not apply: failed.xlsx marks its faulty cells" in done.err
    assert done.reports
    assert not list(done.reports.glob("*-marked*"))


def test_a_workbook_that_cannot_be_marked_costs_a_remark(run: Run, configure: Configure) -> None:
    """The run itself, its reports and its exit code are what they are without --mark."""
    configure()
    book = openpyxl.Workbook()
    for row in (["Key", "Name", "Phone"], ["K2", "Anna", "12"]):
        book.worksheets[0].append(row)
    book.save("list.xlsx")
    with zipfile.ZipFile("list.xlsx", "a") as package:
        package.writestr("_xmlsignatures/sig1.xml", "<Signature/>")

    done = run("validate", "list.xlsx", "--mark")

    assert done.code == ExitCode.ROWS_FAILED
    assert "list.xlsx is not marked: it is signed; the signature would be lost" in done.err
    assert done.reports
    assert (done.reports / "failed.xlsx").exists()
