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
from .test_calls import SALE, ago, call, contacts


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


@pytest.mark.usefixtures("called")
def test_what_the_encoding_lacks_is_refused(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """Nothing is given, so that it is given when that is mended."""
    configure(calls="{encoding: latin-1}")

    done = run("calls", "--since", "last", "--to", "calls.csv")

    assert done.code == ExitCode.USAGE
    assert "latin-1 has no '€' (U+20AC), which stands in call 2 of K2" in done.err
    assert list(Path().glob("*calls*")) == list(Path().glob(".*.part")) == []
    configure()
    assert "calls       2" in run("calls", "--since", "last", "--to", "calls.csv").out


@pytest.mark.usefixtures("called")
def test_a_field_that_no_call_has_is_said(run: Run, configure: Configure) -> None:
    configure(calls="{columns: {A: ResultTxt}}")

    assert "no call has a field ResultTxt" in run("calls", "--to", "calls.csv").err


@pytest.mark.parametrize(
    ("given", "said"),
    [("{delimiter: ','  , decimal: ','}", "same sign"), ("{encoding: utf-99}", "utf-99"), ("{delimiter: ab}", "'ab'"),
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
