"""All contact functions of the API from the command line, one contact or a spreadsheet of them."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer, Store

from ..conftest import Configure, Done, Run
from ..helpers.commands import KILLED, Command, start
from ..helpers.dialler import seed

Contacts = Callable[..., Path]

ODD = {
    "every sign that a URL means something by": "a&b=c/d#e?f %+äöü\"'",
    "64 characters": "x" * 63 + "é",
    "leading zeros": "000123",
    "spaces at the ends": "  K 1  ",
    "a formula": "=1+1",
    "an option": "--yes",
    "a path": "../..",
    "percent signs that are meant": "%41%2F",
}


def functions(dialler: SimulatorServer) -> list[str | None]:
    """What was asked of the dialler, in order."""
    return [request.function for request in dialler.requests]


def keys(dialler: SimulatorServer) -> set[str]:
    return {contact["UserData"] for contact in dialler.store.contacts.values()}


def locked(dialler: SimulatorServer) -> set[int]:
    return {number for number, contact in dialler.store.contacts.items() if contact.get("bLocked")}


def listing(tmp_path: Path, *lines: str, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


# Every function, every key


@pytest.mark.parametrize("key", ODD.values(), ids=ODD.keys())
def test_odd_user_data_reaches_every_function_unchanged(
    run: Run, configure: Configure, dialler: SimulatorServer, key: str
) -> None:
    """On the wire: lookup, history, batch lookup, and the dialler's own lock, unlock and delete by UserData."""
    configure()
    (meant, other) = seed(dialler, key, key.strip() + "?")
    dialler.store.add_call(meant, dtStart="2026-01-02 10:00:00")

    got = run("contacts", "get", "--user-data", key, "-o", "json")
    both = run("contacts", "get", "--user-data", key, "--user-data", key.strip() + "?", "-o", "json")
    calls = run("contacts", "history", "--user-data", key, "-o", "json")
    many = run("contacts", "history", "--user-data", key, "--id", other, "-o", "json")
    for command in ("lock", "unlock", "delete"):
        assert run("contacts", command, "--user-data", key, "--unchecked", "--yes").code == ExitCode.OK

    assert [contact["UserData"] for contact in json.loads(got.out)] == [key]
    assert [contact["ID"] for contact in json.loads(both.out)] == [meant, other]
    assert [call["UserData"] for call in json.loads(calls.out)] == [key]
    assert [call["DiallerContactsID"] for call in json.loads(many.out)] == [meant]
    one = {request.function: request.query.get("userData") for request in dialler.requests}
    assert {one[f"{name}_by_user_data"] for name in ("history", "lock", "unlock", "delete")} == {key}
    assert one["lookup"] == key
    assert key in next(request.body["UserDataList"] for request in dialler.requests if request.function == "batch")
    assert list(dialler.store.contacts) == [other]


@pytest.mark.parametrize("key", ODD.values(), ids=ODD.keys())
def test_odd_user_data_from_a_file_is_found_and_reported_unchanged(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path, key: str
) -> None:
    """A list that is written, read back and deleted by names exactly the contacts that it showed."""
    configure()
    seed(dialler, key, "OTHER")
    run("contacts", "list", "--out", tmp_path / "all.csv")
    rows = table((tmp_path / "all.csv").read_text(encoding="utf-8-sig"))
    with (tmp_path / "one.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerow(rows[0])

    done = run("contacts", "delete", "--from", tmp_path / "one.csv", "--yes")

    assert done.code == ExitCode.OK, done.err
    assert keys(dialler) == {"OTHER"}


def test_every_function_has_a_command(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """The lookups and changes of the API, each by the call that it documents."""
    configure()
    one, two, three = seed(dialler, "K1", "K2", "K3")

    run("contacts", "list")
    run("contacts", "list", "--campaign", 538)
    run("contacts", "get", "--id", one)
    run("contacts", "get", "--user-data", "K1")
    run("contacts", "get", "--id", one, "--id", two)
    run("contacts", "history", "--id", one)
    run("contacts", "history", "--user-data", "K1")
    for name in (("--id", one), ("--user-data", "K2", "--unchecked")):
        for command in ("lock", "unlock", "delete"):
            assert run("contacts", command, *name, "--yes").code == ExitCode.OK
    run("campaigns", "list")

    asked = set(functions(dialler))
    assert asked == {
        *("list", "get", "lookup", "batch", "history_by_id", "history_by_user_data", "campaigns", "campaign"),
        *(f"{command}_by_{name}" for command in ("lock", "unlock", "delete") for name in ("id", "user_data")),
    }
    assert list(dialler.store.contacts) == [three]
    assert {request.query.get("diallerCampaignsID") for request in dialler.requests if request.function == "list"} == {
        None,
        "538",
    }


def test_the_methods_to_try_next_are_named(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """That locking is a PUT is an assumption; the vendor's other functions use GET and PATCH."""
    configure(endpoints='{lock_by_id: "PUT /gone/{id}"}')
    seed(dialler, "K1")

    done = run("contacts", "lock", "--user-data", "K1", "--yes")

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert "next try GET, then PATCH" in done.err


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("list", "list_campaign_contacts"),
        ("get", "find_contacts"),
        ("history", "history_by_user_data"),
    ],
)
def test_an_endpoint_that_is_not_there_is_named_with_the_line_that_overrides_it(
    run: Run, configure: Configure, dialler: SimulatorServer, command: str, name: str
) -> None:
    """404 with an empty body is no answer about a contact (exit 7)."""
    paths = {
        "list_campaign_contacts": "GET /gone?c={campaign_id}",
        "find_contacts": "GET /gone?u={user_data}",
        "history_by_user_data": "GET /gone/{user_data}",
    }
    configure(endpoints=f'{{{name}: "{paths[name]}"}}')

    done = run("contacts", command, *(("--campaign", "538") if command == "list" else ("--user-data", "K")))

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert f'dialler.endpoints: {{{name}: "{paths[name]}"}}' in done.err
    assert not done.out


# list


def test_the_vendor_s_format_has_the_campaign_s_name(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Its files know campaigns by name; the record may have the ID alone."""
    configure()
    seed(dialler, "K1")

    done = run("contacts", "list", "--campaign", "538", "--format", "vendor")

    assert '"DiallerContact"' in done.out
    assert ';"Nightly";"K1";' in done.out


def test_a_list_comes_in_every_format(run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path) -> None:
    """The same contacts, with text as text, null as nothing, and what runs as a formula made harmless."""
    configure()
    seed(dialler, "00017", "K2", Comment="=1+1", Amount=12.5)

    as_json = json.loads(run("contacts", "list", "-o", "json").out)
    one_a_line = [json.loads(line) for line in run("contacts", "list", "-o", "jsonl").out.splitlines()]
    as_csv = table(run("contacts", "list", "-o", "csv").out)
    shown = run("contacts", "list").out.splitlines()
    run("contacts", "list", "--out", tmp_path / "all.xlsx")
    (head, first, _) = openpyxl.load_workbook(tmp_path / "all.xlsx").active.iter_rows(values_only=True)

    assert as_json == one_a_line
    assert [contact["UserData"] for contact in as_json] == ["00017", "K2"]
    assert as_json[0]["FirstName"] is None
    assert (as_csv[0]["UserData"], as_csv[0]["FirstName"], as_csv[0]["Comment"]) == ("00017", "", "'=1+1")
    assert list(as_csv[0]) == list(as_json[0]) == list(head)
    cells = dict(zip(head, first, strict=True))
    assert (cells["UserData"], cells["Comment"], cells["Amount"], cells["FirstName"]) == ("00017", "'=1+1", 12.5, None)
    assert shown[0].split()[:2] == ["ID", "UserData"]
    assert shown[1].split()[:2] == ["1", "00017"]


def test_a_long_list_has_every_contact_although_one_looks_like_a_formula(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """The table is looked through before it is written."""
    configure()
    names = [f"K{number}" for number in range(450)]
    seed(dialler, *names, Name="- Anna")

    done = run("contacts", "list", "--fields", "UserData,Name", "-o", "csv")

    assert done.code == ExitCode.OK, done.err
    assert [row["UserData"] for row in table(done.out)] == names


def test_fields_choose_and_order_the_columns(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """In every format; a name that no record has is refused, with the nearest one."""
    configure()
    seed(dialler, "K1")

    chosen = ("contacts", "list", "--fields", "UserData, ID", "-o")

    assert lines(run(*chosen, "csv").out) == [["UserData", "ID"], ["K1", "1"]]
    assert json.loads(run(*chosen, "json").out) == [{"UserData": "K1", "ID": 1}]
    wrong = run("contacts", "list", "--fields", "Userdata")
    assert wrong.code == ExitCode.USAGE
    assert "did you mean 'UserData'" in wrong.err


def test_a_list_of_nobody_is_a_list(run: Run, configure: Configure) -> None:
    """A header alone, an empty array: exit 0."""
    configure()

    assert run("contacts", "list", "-o", "json").out == "[]\n"
    assert run("contacts", "list", "-o", "jsonl").out == ""
    assert run("contacts", "list", "-o", "csv").out.startswith("ID,")


def test_a_list_of_one_campaign(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """By ID or by name, asked once; a campaign that is not there, or a name that two have, is refused (exit 7)."""
    configure()
    seed(dialler, "K1")
    seed(dialler, "K2", DiallerCampaignsID=539)

    by_name = run("contacts", "list", "--campaign", "Trade fair callbacks", "--fields", "UserData", "-o", "csv")
    by_id = run("contacts", "list", "--campaign", "539", "--fields", "UserData", "-o", "csv")

    assert lines(by_name.out) == lines(by_id.out) == [["UserData"], ["K2"]]
    assert functions(dialler).count("campaigns") == 1
    for campaign in ("540", "Nobody's"):
        refused = run("contacts", "list", "--campaign", campaign)
        assert (refused.code, refused.out) == (ExitCode.NO_ROW_CAN_SUCCEED, "")
        assert campaign in refused.err
    dialler.store.campaigns[540] = "Nightly"
    twice = run("contacts", "list", "--campaign", "Nightly")
    assert twice.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert "538, 540" in twice.err


@pytest.mark.parametrize("fault", ["cut_json", "cut_body"])
def test_half_a_list_is_never_taken_for_a_small_campaign(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path, fault: str
) -> None:
    """Where it breaks off each time: exit 5, nothing on stdout, the old file as it was, and no draft left."""
    configure(retries=1)
    seed(dialler, *(f"K{n}" for n in range(250)))
    (tmp_path / "all.csv").write_text("yesterday's\n", encoding="utf-8")
    dialler.order(FaultPlan.parse(f"{fault}:100%:on=list"))

    to_file = run("contacts", "list", "--out", "all.csv")
    to_stdout = run("contacts", "list", "-o", "jsonl")

    for done in (to_file, to_stdout):
        assert (done.code, done.out) == (ExitCode.UNAVAILABLE, "")
        assert "answer is not usable" in done.err
    assert (tmp_path / "all.csv").read_text(encoding="utf-8") == "yesterday's\n"
    assert not list(tmp_path.glob(".all*"))


def test_a_list_that_breaks_off_once_is_read_again(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """From its beginning: every contact once."""
    configure()
    seed(dialler, *(f"K{n}" for n in range(250)))
    dialler.order(FaultPlan.parse("cut_body:#1:on=list"))

    done = run("contacts", "list", "-o", "csv")

    assert done.code == ExitCode.OK
    assert [row["UserData"] for row in table(done.out)] == [f"K{n}" for n in range(250)]


def test_a_file_is_for_its_owner_only(run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path) -> None:
    """A list is personal data."""
    configure()
    seed(dialler, "K1")

    for name in ("all.csv", "all.xlsx", "all.json"):
        assert run("contacts", "list", "--out", name).code == ExitCode.OK
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    lost = run("contacts", "list", "--out", "no/such/folder/all.csv")
    assert lost.code == ExitCode.USAGE
    assert "folder" in lost.err


def test_the_vendors_format_goes_round(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """What 'list --format vendor' writes, 'import' reads: the contacts are as they were, field by field."""
    path = configure(campaign="{column: DiallerCampaignsName}")
    path.write_text(path.read_text(encoding="utf-8").partition("columns:")[0], encoding="utf-8")
    odd = {"Comment": 'Says "no";\nthen = yes', "City": "=SUM(A1)", "PostalCode": "01099", "Name": " Ann "}
    seed(dialler, *ODD.values(), **odd, Amount=1.234, FollowUpDateTime="2026-02-03 04:05:06")
    before = {contact["UserData"]: contact for contact in dialler.store.contacts.values()}
    listed = run("contacts", "list", "--format", "vendor", "--out", "backup.csv")
    for number in list(dialler.store.contacts):
        dialler.store.delete(number)

    imported = run("import", "backup.csv")

    assert (listed.code, imported.code) == (ExitCode.OK, ExitCode.OK), imported.err
    after = {contact["UserData"]: contact for contact in dialler.store.contacts.values()}
    own = {"dtModified", "dtImported"}
    assert [{k: v for k, v in c.items() if k not in own} for c in after.values()] == [
        {k: v for k, v in c.items() if k not in own} for c in before.values()
    ]
    assert (tmp_path / "backup.csv").read_text(encoding="utf-8").startswith('"DiallerContact";')


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "vendor", "-o", "json"),
        ("--format", "vendor", "--fields", "ID"),
        ("-o", "xlsx"),
        ("-o", "yaml"),
    ],
)
def test_options_that_do_not_go_together(
    run: Run, configure: Configure, dialler: SimulatorServer, options: tuple[str, ...]
) -> None:
    """Exit 2, before anything is asked."""
    configure()

    assert run("contacts", "list", *options).code == ExitCode.USAGE
    assert not dialler.requests


# get and history


def test_get_shows_what_is_there_and_names_what_is_not(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """In the order in which it was asked for; the rest stands on stderr, with its row (exit 4)."""
    configure()
    one, two = seed(dialler, "K1", "K2")
    path = listing(tmp_path, "Key,Name", "K2,a", "gone,b", ",c", "K1,d")

    done = run("contacts", "get", "--id", two, "--id", 99, "--from", path, "--fields", "ID", "-o", "csv")

    assert done.code == ExitCode.ROWS_FAILED
    assert [row["ID"] for row in table(done.out)] == [str(two), str(two), str(one)]
    said = done.err.splitlines()
    assert "contact 99: not in the dialler" in said
    assert "list.csv, row 3: UserData 'gone': not in the dialler" in said
    assert any(line.startswith("list.csv, row 4: The row does not name a contact: the cell is empty.") for line in said)


def test_get_shows_one_contact_field_by_field(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """What it holds, and not the hundred fields that are empty."""
    configure()
    (one,) = seed(dialler, "K1", City="Köln")

    shown = dict(line.split(maxsplit=1) for line in run("contacts", "get", "--id", one).out.splitlines())

    assert shown["City"] == "Köln"
    assert "FirstName" not in shown


@pytest.mark.parametrize("batch", [True, False])
def test_many_contacts_by_batch_or_one_by_one(run: Run, configure: Configure, batch: bool) -> None:
    """A newer dialler is asked once, an older one for each; the answer is the same."""
    with SimulatorServer(Store({538: "Nightly"}), batch=batch) as dialler:
        configure(base_url=dialler.base_url)
        for number in seed(dialler, "K1", "K2", "K2"):
            code = {"ID": 1, "ExportKey": "Sold"}
            dialler.store.add_call(number, StatisticsPartA={}, DiallerCampaignsResultCodes=code)
        names = ("--user-data", "K2", "--id", 1, "--user-data", "gone")

        got = run("contacts", "get", *names, "--fields", "ID,UserData", "-o", "csv")
        calls = run("contacts", "history", *names, "--fields", "DiallerContactsID,ResultCode", "-o", "csv")

        assert got.code == calls.code == ExitCode.ROWS_FAILED
        assert lines(got.out)[1:] == [["1", "K1"], ["2", "K2"], ["3", "K2"]]
        assert lines(calls.out)[1:] == [["1", "Sold"], ["2", "Sold"], ["3", "Sold"]]
        assert functions(dialler).count("batch") == (4 if batch else 0)  # once more for what is left
        assert ("lookup" in functions(dialler)) is not batch


def test_history_is_one_line_a_call(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Contact and UserData, the facts of the call wherever the record has them, then the record itself."""
    configure()
    one, _ = seed(dialler, "K1", "NEVER CALLED")
    leg = {"dtCallStart": "2026-01-02 10:00:00", "BNumber": "+49171", "Duration": 61}
    code = {"ID": 1, "ExportKey": "Sold"}
    dialler.store.add_call(
        one, StatisticsPartA=leg, DiallerCampaignsResultCodes=code, LastAcdAgentEndReasonsID=3, Unheard_of=["x", 1]
    )

    done = run("contacts", "history", "--user-data", "K1", "-o", "csv")
    none = run("contacts", "history", "--user-data", "NEVER CALLED", "-o", "json")

    header, first = lines(done.out)
    facts = dict(zip(header, first, strict=True))
    assert header[:5] == ["DiallerContactsID", "UserData", "CallID", "CallStart", "CallConnect"]
    assert (facts["DiallerContactsID"], facts["UserData"]) == (str(one), "K1")
    assert (facts["CallStart"], facts["Number"], facts["ResultCode"]) == ("2026-01-02 10:00:00", "+49171", "Sold")
    assert (facts["DurationSeconds"], facts["EndReason"], facts["Unheard_of"]) == ("61", "3", '["x", 1]')
    assert (none.code, none.out) == (ExitCode.OK, "[]\n")


def test_a_nested_call_record_is_read_by_meaning(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """As the vendor documents it: the call in StatisticsPartA; what the record does not tell is empty, and is said."""
    configure()
    (one,) = seed(dialler, "K1")
    times = {"dtCallStart": "2026-01-02 10:00:00", "dtCallConnect": "2026-01-02 10:00:09", "dtCallEnd": None}
    dialler.store.calls[one] = [
        {"StatisticsPartA": {"ID": 9, "bOutbound": True, **times}},
        {"StatisticsPartA": {"ID": 10, "bOutbound": True, **times, "dtCallConnect": None}},
    ]

    done = run("contacts", "history", "--user-data", "K1", "-o", "json")

    answered, missed = json.loads(done.out)
    assert (answered["CallID"], answered["CallStart"], answered["Reached"]) == ("9", "2026-01-02 10:00:00", True)
    assert (missed["CallID"], missed["Reached"], missed["ResultCode"]) == ("10", False, None)
    assert answered["StatisticsPartA.bOutbound"] is True
    assert "call records have no" in done.err
    assert "ResultCode" in done.err


@pytest.mark.parametrize("told", [False, True], ids=["not told", "told"])
@pytest.mark.parametrize("keys", [("K1",), ("K1", "K1")], ids=["one contact", "two contacts"])
def test_calls_by_user_data_name_their_contact(
    keys: tuple[str, ...], told: bool, run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """By the record, else by the one contact that carries the UserData; of several none is guessed."""
    configure()
    ids = seed(dialler, *keys)
    leg = {"ID": 9, "dtCallStart": "2026-01-02 10:00:00"}
    dialler.store.calls[ids[0]] = [{"StatisticsPartA": {**leg, **({"DiallerContactsID": ids[0]} if told else {})}}]

    done = run("contacts", "history", "--user-data", "K1", "-o", "json", "--language", "2")
    one_by_one = run("contacts", "history", "--user-data", "K1", "-o", "json")

    assert json.loads(done.out)[0]["DiallerContactsID"] == ids[0]
    (call,) = json.loads(one_by_one.out)
    assert call["DiallerContactsID"] == (ids[0] if told or len(keys) == 1 else "")


def test_one_contact_that_cannot_be_read_does_not_hide_the_others(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """It is named with what the dialler says of it (exit 4)."""
    configure(retries=0)
    seed(dialler, "K1", "BAD", "K2")
    dialler.order(FaultPlan.parse("500_before:100%:on=batch,500_before:100%:on=lookup:for=BAD"))

    done = run(
        *("contacts", "get", "--user-data", "K1", "--user-data", "BAD", "--user-data", "K2"),
        *("--fields", "UserData", "-o", "csv"),
    )

    assert (done.code, lines(done.out)[1:]) == (ExitCode.ROWS_FAILED, [["K1"], ["K2"]])
    assert "UserData 'BAD': Internal error" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("get",),
        ("lock", "--yes"),
        ("get", "--user-data", ""),
        ("get", "--id", "K1"),
        ("get", "--id", "1", "--column", "Key"),
        ("delete", "--id", "1", "--unchecked", "--all-matches", "--yes"),
    ],
)
def test_who_is_meant_must_be_said(
    run: Run, configure: Configure, dialler: SimulatorServer, arguments: tuple[str, ...]
) -> None:
    """Exit 2, and nothing is asked."""
    configure()

    assert run("contacts", *arguments).code == ExitCode.USAGE
    assert not dialler.requests


def test_a_column_that_is_not_there(run: Run, configure: Configure, tmp_path: Path, dialler: SimulatorServer) -> None:
    """The message lists what there is (exit 3)."""
    configure()
    path = listing(tmp_path, "Number,Name", "1,a")

    for arguments in ((), ("--column", "Nr"), ("--by", "id")):
        done = run("contacts", "get", "--from", path, *arguments)
        assert done.code == ExitCode.INPUT
        assert "Number" in done.err
    assert not dialler.requests


# lock, unlock, delete


def test_a_change_is_a_run_with_reports(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A line for every row, failed.csv with the original columns, a summary, and an entry in the journal."""
    configure()
    one, two, *_ = seed(dialler, "K1", "K2", "TWICE", "TWICE")
    path = listing(tmp_path, "Key,Note", "K1,a", "gone,b", "TWICE,c", ",d", "K2,=e", "4.5E+11,f")

    done = run("contacts", "lock", "--from", path, "--yes")

    assert done.code == ExitCode.ROWS_FAILED
    assert locked(dialler) == {one, two}
    assert done.statuses() == {2: "succeeded", 3: "failed", 4: "failed", 5: "rejected", 6: "succeeded", 7: "rejected"}
    codes = [row["_error_code"] for row in done.rows()]
    assert codes == ["", "not_found", "ambiguous_user_data", "key_missing", "", "precision_lost"]
    failed = done.rows("failed.csv")
    assert [(row["Key"], row["Note"]) for row in failed] == [("gone", "b"), ("TWICE", "c"), ("", "d"), ("4.5E+11", "f")]
    assert done.summary["command"] == "lock"
    assert done.summary["counts"]["read"] == 6
    assert done.summary["actions"]["lock"] == 2
    assert done.rows()[0]["_contact_id"] == str(one)
    assert done.summary["run_id"] in run("runs", "list").out


def test_a_mended_failed_csv_can_be_sent_again(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """As it is: its own columns are ignored."""
    configure()
    seed(dialler, "K1", "K2")
    done = run("contacts", "delete", "--from", listing(tmp_path, "Key", "K1", "4.5E+11"), "--yes")
    assert done.reports
    mended = (done.reports / "failed.csv").read_text(encoding="utf-8-sig").replace("4.5E+11", "K2")

    again = run("contacts", "delete", "--from", listing(tmp_path, mended, name="mended.csv"), "--yes")

    assert again.code == ExitCode.OK, again.err
    assert not dialler.store.contacts


def test_what_several_carry_is_refused_unless_all_are_meant(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """The API would pick one; --all-matches changes each by its ID, and reports each."""
    configure()
    first, second, _ = seed(dialler, "TWICE", "TWICE", "OTHER")

    refused = run("contacts", "delete", "--user-data", "TWICE", "--yes")
    assert refused.code == ExitCode.ROWS_FAILED
    assert f"({first}, {second})" in refused.rows()[0]["_error"]
    assert len(dialler.store.contacts) == 3

    done = run("contacts", "delete", "--user-data", "TWICE", "--all-matches", "--yes")
    assert done.code == ExitCode.OK
    assert [row["_contact_id"] for row in done.rows()] == [str(first), str(second)]
    assert keys(dialler) == {"OTHER"}
    assert "delete_by_user_data" not in functions(dialler)


def test_only_contacts_of_a_campaign(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """--campaign tells contacts apart that have the same UserData."""
    configure()
    (here,) = seed(dialler, "K1")
    seed(dialler, "K1", DiallerCampaignsID=539)

    done = run("contacts", "lock", "--user-data", "K1", "--campaign", "Nightly", "--yes")
    elsewhere = run("contacts", "get", "--id", here, "--campaign", "539")

    assert done.code == ExitCode.OK
    assert locked(dialler) == {here}
    assert elsewhere.code == ExitCode.ROWS_FAILED


def test_what_is_not_there_need_not_be_deleted(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """delete and unlock skip it (exit 0); what should be locked and is not there fails (exit 4)."""
    configure()

    for options in ((), ("--unchecked",)):
        for command in ("delete", "unlock"):
            done = run("contacts", command, "--user-data", "gone", "--id", 99, "--yes", *options)
            assert done.code == ExitCode.OK
            assert [(row["_status"], row["_action"]) for row in done.rows()] == [("skipped", "unchanged")] * 2
        done = run("contacts", "lock", "--user-data", "gone", "--id", 99, "--yes", *options)
        assert done.code == ExitCode.ROWS_FAILED
        assert [row["_error_code"] for row in done.rows()] == ["not_found"] * 2


def test_a_contact_by_id_must_carry_what_the_file_says(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """With --by id a column UserData is compared, so that a list in a wrong order deletes nobody."""
    configure()
    one, two = seed(dialler, "K1", "K2")
    path = listing(tmp_path, "ID;UserData", f"{one};K2", f"{two};K2", "x;K1")

    done = run("contacts", "delete", "--from", path, "--by", "id", "--yes")

    assert keys(dialler) == {"K1"}
    assert [row["_error_code"] for row in done.rows()] == ["contact_changed", "", "integer_invalid"]


def test_an_id_of_an_excel_cell(run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path) -> None:
    """A number in a cell is the ID, however it is shown."""
    configure()
    for _ in range(1_000):
        dialler.store.add(UserData="x")
    book = openpyxl.Workbook()
    book.active.append(["ID"])
    book.active.append([1000])
    book.active["A2"].number_format = "#,##0"
    book.save(tmp_path / "ids.xlsx")

    assert run("contacts", "lock", "--from", tmp_path / "ids.xlsx", "--by", "id", "--yes").code == ExitCode.OK
    assert locked(dialler) == {1000}


def test_short_rows_of_a_list_are_told(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Their cells stay in their columns in failed.csv."""
    configure()
    seed(dialler, "K1", "K2", "K3")
    named = listing(tmp_path, "UserData;Name;Phone", "K1;Ann;030 39200001", "K2", "K3;Bob")

    done = run("contacts", "lock", "--from", named, "--yes")
    again = run("runs", "report", done.summary["run_id"])

    assert (done.code, again.code) == (ExitCode.ROWS_FAILED, ExitCode.OK), again.err
    failed = done.rows("failed.csv")
    assert [(row["UserData"], row["Name"], row["Phone"]) for row in failed] == [("K2", "", ""), ("K3", "Bob", "")]


def test_a_list_with_a_second_table_changes_nothing(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Whom its rows name would stay as they are, without a word in the end."""
    configure()
    seed(dialler, "K1", "K2")
    named = listing(tmp_path, "UserData;Name", "K1;Ann", "", "Number;Call;When", "030 39200001;x;y", "030 39200002;x;y")

    done = run("contacts", "lock", "--from", named, "--yes")

    assert done.code == ExitCode.INPUT
    assert "row 4 begins a second table" in done.err
    assert not locked(dialler)


def test_user_data_is_made_from_a_row_as_an_import_makes_it(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Also where the configuration joins it from several columns; --column takes a cell as it is."""
    configure({"UserData": '{template: "{Client}-{No}"}', "Name": "Name", "PhoneNumber1": "Phone"})
    seed(dialler, "A-1", "1")
    path = listing(tmp_path, "Client,No", "A,1")

    run("contacts", "delete", "--from", path, "--yes")
    assert keys(dialler) == {"1"}
    run("contacts", "delete", "--from", path, "--column", "No", "--yes")
    assert not dialler.store.contacts


def test_nothing_is_done_unasked(
    run: Run, configure: Configure, dialler: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --yes it asks how many; if nobody is there to answer (exit 2), or says no (130), nothing is done."""
    configure()
    seed(dialler, "K1", "K2")
    names = ("contacts", "delete", "--user-data", "K1", "--user-data", "K2")

    for answer, code in (("", ExitCode.USAGE), ("n\n", ExitCode.INTERRUPTED)):
        monkeypatch.setattr("sys.stdin", StringIO(answer))
        asked = run(*names)
        assert asked.code == code
        assert "Delete 2 contacts?" in asked.err
    assert not dialler.requests
    assert "delete" not in run("runs", "list").out
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))
    assert run(*names).code == ExitCode.OK
    assert not dialler.store.contacts


def test_a_dry_run_changes_nothing_and_says_what_it_would(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """By the same lookups: who would be deleted is skipped, who cannot be fails."""
    configure()
    seed(dialler, "K1", "TWICE", "TWICE")

    done = run("contacts", "delete", "--user-data", "K1", "--user-data", "TWICE", "--dry-run")

    assert done.code == ExitCode.ROWS_FAILED
    assert [(row["_status"], row["_action"], row["_contact_id"]) for row in done.rows()] == [
        ("skipped", "delete", "1"),
        ("failed", "delete", ""),
    ]
    assert done.summary["dry_run"] is True
    assert len(dialler.store.contacts) == 3
    assert set(functions(dialler)) == {"batch"}


def test_an_unchecked_change_is_the_dialers_own_and_is_never_repeated(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """Lost after it was done: a second one would delete the other contact, so it stays unknown, also in a retry."""
    configure(retries=3)
    seed(dialler, "TWICE", "TWICE")
    dialler.order(FaultPlan.parse("drop_after:#1:on=delete"))

    done = run("contacts", "delete", "--user-data", "TWICE", "--unchecked", "--yes")
    retried = run("retry", done.summary["run_id"])

    assert done.code == retried.code == ExitCode.ROWS_FAILED
    assert [row["_status"] for row in (*done.rows(), *retried.rows())] == ["unknown", "unknown"]
    assert functions(dialler) == ["delete_by_user_data"]
    assert len(dialler.store.contacts) == 1


def test_retry_sends_again_what_may_be_sent_twice(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """An unchecked change that was certainly not made, and a checked one of which nobody knows."""
    configure(retries=0)
    seed(dialler, "K1", "K2")
    dialler.order(FaultPlan.parse("400:#1:on=lock,drop_before:#1-9:on=lock_by_id"))

    unchecked = run("contacts", "lock", "--user-data", "K1", "--unchecked", "--yes")
    checked = run("contacts", "lock", "--user-data", "K2", "--yes")
    dialler.order(FaultPlan.parse(""))
    done = [run("retry", before.summary["run_id"]) for before in (unchecked, checked)]

    assert [row["_status"] for before in (unchecked, checked) for row in before.rows()] == ["failed", "unknown"]
    assert [row["_status"] for after in done for row in after.rows()] == ["succeeded", "succeeded"]
    assert locked(dialler) == {1, 2}


def test_unchecked_changes_of_two_keys_are_two(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()
    seed(dialler, "K1", "K2")

    assert run("contacts", "delete", "--user-data", "K1", "--user-data", "K2", "--unchecked", "--yes").code == 0
    assert not dialler.store.contacts


def test_a_file_whose_name_is_no_text(run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path) -> None:
    """It is as in an import's reports."""
    configure()
    seed(dialler, "K1")
    file = tmp_path / "\udcff.csv"
    try:
        file.write_text("Key\nK1\n", encoding="utf-8")
    except OSError:
        pytest.skip("the file system has no such names")

    done = run("contacts", "lock", "--from", file, "--column", "Key", "--yes")

    assert done.code == ExitCode.OK, done.err
    assert [row["_file"] for row in done.rows()] == [r"\xff.csv"]


def test_a_lock_keeps_no_image_of_the_contact(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Only what is deleted is made again, and with ``before_images: false`` not even that."""
    configure()
    seed(dialler, "K1", "K2", City="Entenhausen")
    run("contacts", "lock", "--user-data", "K1", "--yes")
    configure(journal="{before_images: false}")
    run("contacts", "delete", "--user-data", "K2", "--yes")

    assert keys(dialler) == {"K1"}
    assert all(b"Entenhausen" not in path.read_bytes() for path in (tmp_path / "state").iterdir() if path.is_file())


def test_an_unchecked_change_that_is_named_twice_is_made_once(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """The second would hit another contact that carries the UserData."""
    configure()
    seed(dialler, "TWICE", "TWICE")

    done = run("contacts", "delete", "--user-data", "TWICE", "--user-data", "TWICE", "--unchecked", "--yes")

    assert done.code == ExitCode.OK
    assert [(row["_status"], row["_action"]) for row in done.rows()] == [
        ("succeeded", "delete"),
        ("skipped", "superseded"),
    ]
    assert len(dialler.store.contacts) == 1


def test_an_unchecked_change_that_was_certainly_not_made_is_repeated(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """429 and 503 say so."""
    configure()
    seed(dialler, "K1")
    dialler.order(FaultPlan.parse("503:#1-2:on=lock"))

    assert run("contacts", "lock", "--user-data", "K1", "--unchecked", "--yes").code == ExitCode.OK
    assert locked(dialler) == {1}


@pytest.mark.parametrize("fault", ["drop_after:#1:on=delete_by_id", "500_after:#1:on=delete_by_id"])
def test_a_delete_whose_answer_is_lost_is_done_once(
    run: Run, configure: Configure, dialler: SimulatorServer, fault: str
) -> None:
    """By its ID the repeat is harmless, and that the contact is gone is the proof."""
    configure()
    seed(dialler, "K1", "K2")
    dialler.order(FaultPlan.parse(fault))

    done = run("contacts", "delete", "--user-data", "K1", "--yes")

    assert done.code == ExitCode.OK
    assert [row["_status"] for row in done.rows()] == ["succeeded"]
    assert keys(dialler) == {"K2"}


def stopped_in_the_middle(run: Run, configure: Configure, dialler: SimulatorServer, path: Path) -> Done:
    """A delete run that the dialler breaks off by going away."""
    configure(retries=0, concurrency=1, give_up_after=0.1)
    dialler.order(FaultPlan.parse("503:#4-9999:on=delete"))
    done = run("contacts", "delete", "--from", path, "--yes")
    assert done.code == ExitCode.UNAVAILABLE
    return done


def test_a_change_that_is_refused_with_the_token_is_still_to_be_made(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """It is written down before it is sent, and is no longer in doubt once the dialler has refused it."""
    configure(concurrency=1)
    seed(dialler, *(f"K{n}" for n in range(8)))
    dialler.order(FaultPlan.parse("401_from:4:on=delete"))

    done = run("contacts", "delete", "--from", listing(tmp_path, "Key", *(f"K{n}" for n in range(8))), "--yes")

    assert done.code == ExitCode.NO_ROW_CAN_SUCCEED, done.err
    assert list(done.statuses().values()) == ["succeeded"] * 3 + ["unprocessed"] * 5


def test_a_run_that_was_stopped_is_resumed(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """What was done is not done again; the reports then have every row once."""
    seed(dialler, *(f"K{n}" for n in range(8)))
    path = listing(tmp_path, "Key", *(f"K{n}" for n in range(8)))
    stopped = stopped_in_the_middle(run, configure, dialler, path)
    assert sorted(stopped.statuses().values()) == ["succeeded"] * 3 + ["unprocessed"] * 5
    dialler.order(FaultPlan.parse(""))

    done = run("resume")

    assert done.code == ExitCode.OK, done.err
    assert set(done.statuses().values()) == {"succeeded"}
    assert not dialler.store.contacts
    deleted = [request.path for request in dialler.requests if request.status == 200 and request.method == "DELETE"]
    assert len(deleted) == len(set(deleted)) == 8


def test_resume_refuses_another_file_and_other_settings(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """What was begun is finished as it was meant, or not at all."""
    seed(dialler, *(f"K{n}" for n in range(8)))
    path = listing(tmp_path, "Key", *(f"K{n}" for n in range(8)))
    stopped_in_the_middle(run, configure, dialler, path)
    dialler.order(FaultPlan.parse(""))

    configure(release="3.18")
    other_settings = run("resume")
    configure(retries=0)
    listing(tmp_path, "Key", "K7")
    other_file = run("resume")

    assert (other_settings.code, other_file.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "dialler.release" in other_settings.err
    assert "list.csv" in other_file.err
    assert len(dialler.store.contacts) == 5


def test_retry_takes_up_what_did_not_succeed(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """And never what is settled: a contact that an agent has unlocked meanwhile stays so."""
    configure(retries=0)
    one, two = seed(dialler, "K1", "K2")
    dialler.order(FaultPlan.parse("500_before:#2:on=lock"))
    done = run("contacts", "lock", "--from", listing(tmp_path, "Key", "K1", "K2", "K3"), "--yes")
    assert len(locked(dialler)) == 1
    (first,) = locked(dialler)
    dialler.store.update(first, bLocked=False)
    seed(dialler, "K3")

    again = run("retry", done.summary["run_id"])

    assert again.code == ExitCode.OK, again.err
    assert locked(dialler) == {one, two, 3} - {first}
    assert again.summary["parent"] == done.summary["run_id"]
    assert [row["_action"] for row in again.rows() if row["_status"] == "skipped"] == ["unchanged"]


def test_undo_puts_a_change_back(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Deleted contacts are made again; what was locked before the run stays locked."""
    configure()
    was_locked, _ = seed(dialler, "K1", "K2", City="Köln")
    dialler.store.update(was_locked, bLocked=True)
    lock = run("contacts", "lock", "--user-data", "K1", "--user-data", "K2", "--yes")
    assert [row["_status"] for row in lock.rows()] == ["skipped", "succeeded"]

    assert run("undo", lock.summary["run_id"], "--yes").code == ExitCode.OK
    assert locked(dialler) == {was_locked}

    delete = run("contacts", "delete", "--id", 1, "--user-data", "K2", "--yes")
    assert not dialler.store.contacts
    undone = run("undo", delete.summary["run_id"], "--yes")
    assert undone.code == ExitCode.OK, undone.err
    assert {(c["UserData"], c["City"]) for c in dialler.store.contacts.values()} == {("K1", "Köln"), ("K2", "Köln")}


def test_nothing_is_changed_where_no_row_can_succeed(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """A wrong token, a campaign that is not there, a dialler that is away: exit 7, 7, 5, and one report."""
    seed(dialler, "K1", "K2")
    path = listing(tmp_path, "Key", "K1", "K2")

    configure()
    no_campaign = run("contacts", "lock", "--from", path, "--campaign", "540", "--yes")
    configure(token="wrong-token")
    no_token = run("contacts", "lock", "--from", path, "--yes")
    configure(base_url="http://127.0.0.1:9/rest/v1.0", give_up_after=0)
    no_dialler = run("contacts", "lock", "--from", path, "--yes")

    assert no_campaign.code == no_token.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert no_dialler.code == ExitCode.UNAVAILABLE
    assert not locked(dialler)
    for done in (no_campaign, no_token, no_dialler):
        assert done.summary["stopped_because"]
        assert "wrong-token" not in done.err + done.out + json.dumps(done.summary)


@pytest.mark.parametrize("command", [("list",), ("get", "--id", "1"), ("history", "--user-data", "K")])
def test_a_dialler_that_is_away_is_told_from_one_that_has_nothing(
    run: Run, configure: Configure, command: tuple[str, ...]
) -> None:
    """Exit 5, nothing on stdout."""
    configure(base_url="http://127.0.0.1:9/rest/v1.0", give_up_after=0)

    done = run("contacts", *command)

    assert (done.code, done.out) == (ExitCode.UNAVAILABLE, "")
    assert "127.0.0.1:9" in done.err


def test_the_token_is_never_shown(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Not in an error either: the message says where to get a new one."""
    configure(token="a-secret-token")

    for command in (("contacts", "list"), ("contacts", "get", "--id", "1"), ("campaigns", "list")):
        done = run("-v", *command)
        assert done.code == ExitCode.NO_ROW_CAN_SUCCEED
        assert "token" in done.err
        assert "a-secret-token" not in done.err + done.out


# Killed


class Striking(Store):
    """Kills a process in the instant in which so many contacts have been deleted."""

    victim: Command | None = None
    after = 0

    def delete(self, contact_id: int) -> None:
        super().delete(contact_id)
        self.after -= 1
        if self.victim and self.after == 0:
            os.kill(self.victim.pid, signal.SIGKILL)


@pytest.fixture
def striking() -> Iterator[SimulatorServer]:
    with Striking({538: "Nightly"}) as store, SimulatorServer(store) as server:
        yield server


def killed(dialler: SimulatorServer, after: int, *arguments: str) -> None:
    """Run a command that is killed when ``after`` contacts have been deleted."""
    store: Any = dialler.store
    store.after = after
    store.victim = start(*arguments)
    assert store.victim.end() == KILLED


def test_a_run_that_was_killed_is_resumed(
    run: Run, configure: Configure, striking: SimulatorServer, tmp_path: Path
) -> None:
    """Contacts that it had deleted, and had no time to write that down, count as deleted, and undo has them."""
    configure(base_url=striking.base_url, concurrency=2)
    seed(striking, *(f"K{n}" for n in range(8)))
    path = listing(tmp_path, "Key", *(f"K{n}" for n in range(8)))
    killed(striking, 4, "contacts", "delete", "--from", str(path), "--yes")

    done = run("resume")

    assert done.code == ExitCode.OK, done.err
    assert set(done.statuses().values()) == {"succeeded"}
    assert not striking.store.contacts
    assert run("undo", done.summary["run_id"], "--yes").code == ExitCode.OK
    assert keys(striking) == {f"K{n}" for n in range(8)}


def test_an_unchecked_change_that_was_killed_is_not_sent_again(
    run: Run, configure: Configure, striking: SimulatorServer
) -> None:
    """It may have been done, and sent again it would delete another contact."""
    configure(base_url=striking.base_url)
    seed(striking, "TWICE", "TWICE")
    killed(striking, 1, "contacts", "delete", "--user-data", "TWICE", "--unchecked", "--yes")

    done = run("resume")

    assert done.code == ExitCode.ROWS_FAILED
    assert [(row["_status"], row["_error_code"]) for row in done.rows()] == [("unknown", "maybe_done")]
    assert len(striking.store.contacts) == 1


def test_a_mended_failed_csv_names_the_contacts_that_the_list_named(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Where Excel has taken the zeros of a key, another contact would be deleted."""
    configure(retries=0)
    seed(dialler, "0012", "12")
    dialler.order(FaultPlan.parse("500_before:100%:on=batch,500_before:100%:on=lookup:for=0012"))
    done = run("contacts", "delete", "--from", listing(tmp_path, "Key", "0012"), "--yes")
    assert done.reports
    text = (done.reports / "failed.csv").read_text(encoding="utf-8-sig").replace("0012", "12")
    dialler.order(FaultPlan())

    again = run("contacts", "delete", "--from", listing(tmp_path, text, name="mended.csv"), "--yes")

    (row,) = again.rows()
    assert (row["_user_data"], row["_status"], row["_warnings"]) == ("0012", "succeeded", "restored:UserData")
    assert [contact["UserData"] for contact in dialler.store.contacts.values()] == ["12"]


def test_a_mended_failed_csv_of_an_unknown_run_names_no_contact_by_a_number(
    run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path
) -> None:
    """Excel may have taken zeros of the key, and another journal does not know which."""
    configure()
    seed(dialler, "0012", "12", "K3")
    head = "Key,_run,_row,_key,_status,_error_code,_error_field,_error,_hint\n"
    lines = (f"{key},20260101-020000-abc123,{row},{key},failed,,,,\n" for row, key in ((2, "12"), (3, "K3")))

    done = run("contacts", "delete", "--from", listing(tmp_path, head + "".join(lines), name="mended.csv"), "--yes")

    assert [(row["_status"], row["_error_code"]) for row in done.rows()] == [
        ("rejected", "damaged_by_spreadsheet"),
        ("succeeded", ""),
    ]
    assert [contact["UserData"] for contact in dialler.store.contacts.values()] == ["0012", "12"]


ODD_HISTORIES: list[Any] = [
    [{"StatisticsPartA": {"ID": 10**19, "dtCallStart": 1767348000000, "dtCallConnect": ["x"], "Deep": [[[[]]]]}}],
    {"StatisticsPartA": {"ID": 9, "dtCallStart": "2026-01-02 10:00:00", "dtCallConnect": None}},
    [[{"StatisticsPartA": [{"ID": 9, "dtCallStart": "=1+2", "Duration": -1}], "ResultCode": {"1": "a", "2": "b"}}]],
    [{"": None, "a.b": {"": []}, "CallStart": {"x": "y"}, "Reached": "no\nyes", "DiallerContactsHistory": []}],
]


@pytest.mark.parametrize("history", ODD_HISTORIES)
@pytest.mark.parametrize("form", ["table", "csv", "json", "jsonl", "xlsx"])
def test_odd_call_records_are_shown_in_every_form(
    run: Run, configure: Configure, dialler: SimulatorServer, history: Any, form: str
) -> None:
    """Also one record in place of a list, and lists in the list."""
    configure()
    (one, _) = seed(dialler, "K1", "K2")
    dialler.store.calls[one] = history

    done = run("contacts", "history", "--user-data", "K1", "--user-data", "K2", "--out", f"calls.{form}", "-o", form)

    assert done.code == ExitCode.OK, done.err
    assert Path(f"calls.{form}").stat().st_size


def test_a_history_that_is_no_list_of_calls_does_not_hide_the_others(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """The contact is named (exit 4), and the calls of the others are there, each once."""
    configure()
    (bad, good) = seed(dialler, "K1", "K2")
    dialler.store.calls[bad] = ["a call"]  # type: ignore[list-item]
    call = {"StatisticsPartA": {"ID": 9, "dtCallStart": "2026-01-02 10:00:00", "UserData": "OTHER"}}
    dialler.store.calls[good] = [call, call]

    done = run("contacts", "history", "--user-data", "K1", "--user-data", "K2", "-o", "json")

    assert done.code == ExitCode.ROWS_FAILED
    assert [(each["UserData"], each["CallID"]) for each in json.loads(done.out)] == [("K2", "9")]
    assert "UserData 'K1': DiallerContactsHistory of contact 1 is not a list of calls" in done.err
