"""Lists of calls in the form that a CRM takes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from dialler_sync import calls
from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run
from .test_calls import SALE, ago, call, contacts, lines


@pytest.fixture
def called(dialler: SimulatorServer) -> None:
    """Two contacts with a call each."""
    for number, contact in enumerate(contacts(dialler.store, 2), 1):
        dialler.store.add_call(contact, **call(ago(days=number), seconds=75))
    dialler.store.calls[1][0]["StatisticsPartA"]["Duration"] = 75.5
    dialler.store.calls[2][0]["DiallerCampaignsResultCodes"] = SALE.record() | {"Content": "Verkauft für 5 €"}


@pytest.mark.usefixtures("called")
def test_the_configuration_names_columns_and_signs(run: Run, configure: Configure) -> None:
    """Exactly these columns, in this order."""
    configure(calls="{columns: {Ergebnis: ResultText, Kunde: UserData, Dauer: DurationSeconds}, delimiter: ';', "
                    "decimal: ',', encoding: cp1252}")  # fmt: skip

    done = run("calls", "--to", "calls.csv")

    assert done.code == ExitCode.OK, done.err
    assert Path("calls.csv").read_bytes().decode("cp1252").split("\r\n") == [
        "Ergebnis;Kunde;Dauer", "Sale;K1;75,5", "Verkauft für 5 €;K2;75", "",
    ]  # fmt: skip
    assert run("calls", "-o", "csv").out.splitlines()[1] == "Sale;K1;75,5"
    assert json.loads(run("calls", "-o", "json").out)[0] == {"Ergebnis": "Sale", "Kunde": "K1", "Dauer": 75.5}
    assert run("calls").out.splitlines()[0].split() == ["Ergebnis", "Kunde", "Dauer"]
    assert calls().to_pandas()["Kunde"].tolist() == ["K1", "K2"]


@pytest.mark.usefixtures("called")
def test_a_list_of_columns_keeps_their_names(run: Run, configure: Configure) -> None:
    """In this order; a column that stands there twice is an error."""
    configure(calls="{columns: [ResultText, UserData]}")
    assert run("calls", "-o", "csv").out.splitlines()[:2] == ["ResultText,UserData", "Sale,K1"]

    configure(calls="{columns: [UserData, UserData]}")
    done = run("calls")
    assert done.code == ExitCode.USAGE
    assert "'UserData' is listed twice" in done.err


@pytest.mark.usefixtures("called")
def test_what_the_encoding_lacks_is_refused(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Nothing is given, so that it is given when that is mended."""
    configure(calls="{encoding: latin-1}")

    done = run("calls", "--since", "last", "--to", "calls.csv")

    assert done.code == ExitCode.USAGE
    assert "latin-1 has no '€' (U+20AC), found in call 2 of K2" in done.err
    assert list(Path().glob("*calls*")) == list(Path().glob(".*.part")) == []
    configure()
    assert "calls       2" in run("calls", "--since", "last", "--to", "calls.csv").out


@pytest.mark.usefixtures("called")
def test_a_field_that_no_call_has_is_said(run: Run, configure: Configure) -> None:
    configure(calls="{columns: {A: ResultTxt}}")

    assert "no call has the field ResultTxt" in run("calls", "--to", "calls.csv").err


@pytest.mark.parametrize(
    ("given", "said"),
    [("{delimiter: ','  , decimal: ','}", "different signs"),
     ("{encoding: utf-99}", "utf-99"), ("{delimiter: ab}", "'ab'"),
     ("{delimiter: '\"'}", "is not a delimiter"), ("{delimiter: x}", "is not a delimiter"),
     ("{look_back: week}", "'week' is not an age"), ("{colums: {}}", "columns")],
)  # fmt: skip
def test_a_form_that_cannot_be_is_refused(given: str, said: str, run: Run, configure: Configure) -> None:
    configure(calls=given)

    done = run("calls", "--to", "calls.csv")

    assert done.code == ExitCode.USAGE
    assert said in done.err


@pytest.mark.usefixtures("called")
def test_a_workbook_has_a_summary_and_all_calls(run: Run, configure: Configure) -> None:
    configure()

    run("calls", "--to", "calls.xlsx")

    book = openpyxl.load_workbook("calls.xlsx")
    assert book.sheetnames == ["Summary", "Calls"]
    cells = [[cell.value for cell in row] for row in book["Calls"].iter_rows()]
    assert cells[0][:4] == ["UserData", "ContactID", "Name", "Campaign"]
    assert [row[0] for row in cells] == ["UserData", "K1", "K2"]
    assert ["SALE", 2] in [[row[0].value, row[1].value] for row in book["Summary"].iter_rows()]
    assert len(book["Summary"]._charts) == 2


@pytest.mark.usefixtures("called")
def test_a_page_for_people_stands_beside_the_list(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """With the numbers that the dialler found invalid, but for those who get every night's file of calls."""
    configure()
    dialler.store.update(1, bPhoneNumber1Invalid=True)

    run("calls", "--since", "last", "--to", "calls.csv")
    nightly = {path.name for path in Path().iterdir() if path.is_file()}
    run("calls", "--to", "all.jsonl")

    assert nightly == {"calls.csv", "calls.html", "dialler-sync.yaml"}
    assert "2 of 2 contacts reached" in Path("calls.html").read_text(encoding="utf-8")
    assert [line["UserData"] for line in lines(Path("invalid-numbers.csv"))] == ["K1"]


@pytest.mark.usefixtures("called")
def test_lines_of_json_keep_the_kinds(run: Run, configure: Configure) -> None:
    configure()

    run("calls", "--to", "calls.jsonl")

    first = json.loads(Path("calls.jsonl").read_text("utf-8").splitlines()[0])
    assert (first["Reached"], first["DurationSeconds"], first["ContactID"], first["Agent"]) == (True, 75.5, 1, None)


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize("to", [None, "calls.csv", "calls.xlsx", "calls.jsonl"])
def test_the_python_api_has_them_as_text(to: str | None, configure: Configure) -> None:
    configure()

    found = calls(to=to, campaign=538, since=str((ago(days=9)).date() - timedelta(days=1)))
    frame = found.to_pandas()

    assert found.ok
    assert (found.done.calls, found.file) == (2, Path(to) if to else None)
    assert frame["UserData"].tolist() == ["K1", "K2"]
    assert frame["Reached"].tolist() == ["true", "true"]
    assert frame["DurationSeconds"].tolist() == ["75.5", "75"]


@pytest.mark.usefixtures("called")
def test_the_columns_of_the_source_are_joined(run: Run, configure: Configure) -> None:
    """From the file that is named, or from the lists that were imported, as far as they are there."""
    configure()
    rows = "Key,Name,Phone,Filiale\nK1,A,0171 3920001,007\nK2,B,0171 3920002,Köln\n"
    Path("list.csv").write_text(rows, encoding="utf-8")

    by_file = run("calls", "list.csv", "--with-columns", "Filiale,Name", "--to", "1.csv")
    unknown = run("calls", "--with-columns", "Filiale", "--to", "2.csv")
    run("import", "list.csv")
    known = run("calls", "--since", "last", "--with-columns", "filiale", "--to", "3.csv")
    wrong = run("calls", "list.csv", "--with-columns", "Filale", "--to", "4.csv")

    assert [(line["Filiale"], line["source.Name"]) for line in lines(Path("1.csv"))] == [("007", "A"), ("Köln", "B")]
    assert by_file.code == ExitCode.OK
    assert "contacts are not known and stay empty" in unknown.err
    assert [line["Filiale"] for line in lines(Path("2.csv"))] == ["", ""]
    assert [line["filiale"] for line in lines(Path("3.csv"))] == ["007", "Köln"], known.err
    assert wrong.code == ExitCode.INPUT
    assert "no column 'Filale'; did you mean 'Filiale'?" in wrong.err
    assert not Path("4.csv").exists()


def test_a_list_that_has_changed_since_is_named(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()
    Path("list.csv").write_text("Key,Name,Phone,Filiale\nK1,A,0171 3920001,007\n", encoding="utf-8")
    run("import", "list.csv")
    dialler.store.add_call(1, **call(ago(days=1)))
    Path("list.csv").write_text("Key,Name,Phone,Filiale\nK1,A,0171 3920001,008\n", encoding="utf-8")

    done = run("calls", "--with-columns", "Filiale", "--to", "1.csv")

    assert "list.csv has changed since the run" in done.err
    assert [line["Filiale"] for line in lines(Path("1.csv"))] == [""]


@pytest.mark.usefixtures("called")
def test_one_line_a_contact(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Also of those that were never called."""
    configure()
    dialler.store.add_call(1, **call(ago(hours=5)))
    dialler.store.add(Name="Never", UserData="K3", PhoneNumber1="+491713920003", FollowUpDateTime="2030-01-02 10:00:00")

    done = run("calls", "--contacts", "--to", "contacts.csv")
    found = lines(Path("contacts.csv"))

    assert done.code == ExitCode.OK
    assert [(line["UserData"], line["Tries"], line["Calls"], line["Reached"]) for line in found] == [
        ("K1", "2", "2", "true"), ("K2", "1", "1", "true"), ("K3", "0", "0", "false"),
    ]  # fmt: skip
    assert [(line["ResultCode"], line["Done"], line["FollowUp"]) for line in found] == [
        ("SALE", "true", ""), ("SALE", "true", ""), ("", "", "2030-01-02 10:00:00"),
    ]  # fmt: skip
    assert found[0]["LastCall"].startswith(str(ago(hours=5))[:10])
    assert (
        "--contacts and --since last cannot be combined: --contacts shows the present state"
        in run("calls", "--contacts", "--since", "last", "--to", "x.csv").err
    )


@pytest.mark.usefixtures("called")
def test_a_list_of_contacts_has_what_came_of_them(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()
    dialler.store.add(Name="Never", UserData="K3", PhoneNumber1="+491713920003")

    done = run("contacts", "list", "--with-history", "-o", "jsonl")
    found = [json.loads(line) for line in done.out.splitlines()]

    assert [(each["UserData"], each["_calls"], each["_last_result_code"]) for each in found] == [
        ("K1", 1, "SALE"), ("K2", 1, "SALE"), ("K3", 0, None),
    ]  # fmt: skip
    assert [(each["_reached"], each["_done"]) for each in found] == [(True, True), (True, True), (False, None)]
    assert run("contacts", "list", "--with-history", "--format", "vendor").code == ExitCode.USAGE


@pytest.mark.usefixtures("called")
def test_doctor_says_which_facts_the_dialler_gives(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()

    said = run("doctor").out
    for contact in (1, 2):
        dialler.store.delete(contact)
    none = run("doctor").out
    dialler.store.add(Name="Never", UserData="K3", PhoneNumber1="+491713920003")

    assert "2 calls have CallID, CallStart, CallConnect, CallEnd, DurationSeconds, Reached, Number" in said
    assert "missing: Agent, EndReason; its list shows who was called" in said
    assert "0 contacts were looked at, and have no calls yet" in none
    assert "its list shows no contact as called" in run("doctor").out
