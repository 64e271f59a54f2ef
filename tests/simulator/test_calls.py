"""Calls to rehearse with, in the form of the vendor's pages: drawn, or from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.simulator import Store, call_source

from ..helpers.blocks import ROOT, blocks
from .wire import Start, contact

NOW = 1_800_000_000.0


def clock() -> float:
    return NOW


def written(folder: Path, content: object, name: str = "calls.json") -> str:
    """A file of calls."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def test_a_number_is_so_many_calls_for_each_contact_that_is_made(start: Start) -> None:
    """In the batch lookup and in the history, nested; the same at every start with the same seed."""
    wire, again = (start(store=Store(rehearse=call_source("20", 7), clock=clock)) for _ in range(2))
    for each in (wire, again):
        each.send(contact("K-1"))
        each.send(contact("K-1", Name="Again"))  # overwrites: no further calls
        each.send(contact("K-2", PhoneNumber2="+4930999"))

    (record,) = wire.http.post("/dialler/contacts", json={"UserDataList": ["K-1"]}).json()["records"]
    history = record["DiallerContactsHistory"]
    legs = [call["StatisticsPartA"] for call in history]
    assert len(history) == 20
    assert wire.http.get("/dialler/contacts/contact/1/history").json()["records"] == history
    assert wire.store.calls == again.store.calls
    assert [leg["ID"] for leg in legs] == sorted(leg["ID"] for leg in legs)
    assert [leg["dtCallStart"] for leg in legs] == sorted(leg["dtCallStart"] for leg in legs)
    assert max(leg["dtCallEnd"] for leg in legs) < record["dtImported"]
    assert {leg["BNumber"] for leg in legs} == {"+4930123456"}
    assert record["dtLastTry"] == legs[-1]["dtCallStart"]
    assert record["DiallerCampaignsResultCodes"] == history[-1]["DiallerCampaignsResultCodes"]
    assert record["DiallerCampaignsResultCodesID"] == record["DiallerCampaignsResultCodes"]["ID"]
    answered = [call for call in history if call["StatisticsPartA"]["dtCallConnect"]]
    assert len(answered) == 10
    assert all(("Users" in call) == ("StatisticsPartB" in call) == (call in answered) for call in history)
    flags = {"bDone", "bDelay", "bAborted", "bAppointment"}
    assert all(call["DiallerCampaignsResultCodes"].keys() == {"ID", "ExportKey", "Content", *flags} for call in history)


def test_texts_come_in_the_language_that_is_asked_for(start: Start) -> None:
    """languagesID, where there is such a text; what is not a number is 400."""
    wire = start(store=Store(rehearse=call_source("3"), clock=clock))
    wire.send(contact("K-1"))

    def texts(question: str) -> list[str]:
        (record,) = wire.http.post(f"/dialler/contacts{question}", json={"IDList": [1]}).json()["records"]
        codes = [call["DiallerCampaignsResultCodes"] for call in record["DiallerContactsHistory"]]
        assert record["DiallerCampaignsResultCodes"] == codes[-1]
        return [code["Content"] for code in codes]

    assert texts("") == texts("?languagesID=2") == texts("?languagesID=77")
    assert all(one != other for one, other in zip(texts("?languagesID=1"), texts(""), strict=True))
    assert wire.http.post("/dialler/contacts?languagesID=de", json={"IDList": [1]}).status_code == 400


def test_a_reset_contact_has_no_result_code(start: Start) -> None:
    """ResetContact clears what dialling left; its calls stay."""
    wire = start(store=Store(rehearse=call_source("2"), clock=clock))
    wire.send(contact("K-1"))
    wire.send(contact("K-1", ResetContact=True))

    (record,) = wire.http.post("/dialler/contacts", json={"IDList": [1]}).json()["records"]

    assert len(record["DiallerContactsHistory"]) == 2
    assert record["DiallerCampaignsResultCodes"] is record["DiallerCampaignsResultCodesID"] is None
    assert record["nTries"] is record["dtLastTry"] is None


NESTED = {"StatisticsPartA": {"ID": 9, "dtCallStart": "2026-01-02 10:00:00", "Unheard": [1]}, "Beside": {"x": None}}


@pytest.mark.parametrize(
    "content",
    [
        [{"UserData": "K-1", **NESTED}],
        {"UserData": "K-1", **NESTED},
        {"records": [{"ID": 77, "UserData": "K-1", "DiallerContactsHistory": [NESTED]}], "count": 1, "status": 200},
        [{"DiallerContactsID": 1, **NESTED}],
        [{"DiallerContactsID": "1", "UserData": None, **NESTED}],
        json.dumps({"UserData": "K-1", **NESTED}) + "\n\n" + json.dumps({"UserData": "K-2", **NESTED}) + "\n",
        [
            {
                "UserData": "K-1",
                "CallStart": "what a list of calls says",
                "StatisticsPartA.ID": 9,
                "StatisticsPartA.dtCallStart": "2026-01-02 10:00:00",
                "StatisticsPartA.Unheard": [1],
                "Beside.x": None,
            }
        ],
    ],
    ids=["list", "object", "answer", "by ID", "by ID as text", "lines", "flattened"],
)
def test_a_file_of_records_is_answered_as_it_is(start: Start, tmp_path: Path, content: Any) -> None:
    """Each form in which a dialler's own answer may have been saved; once, for the contact that carries the key."""
    wire = start(store=Store(rehearse=call_source(written(tmp_path, content))))
    wire.send(contact("K-1"), overwrite=False)
    wire.send(contact("K-1"), overwrite=False)

    (call,) = wire.http.get("/dialler/contacts/contact/history?userData=K-1").json()["records"]

    leg = call["StatisticsPartA"]
    assert (leg["ID"], leg["dtCallStart"], leg["Unheard"]) == (9, "2026-01-02 10:00:00", [1])
    assert (leg["dtCallConnect"], leg["bOutbound"], call["Beside"]) == (None, True, {"x": None})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_of_facts_becomes_nested_records(start: Start, tmp_path: Path, delimiter: str) -> None:
    """As somebody writes it by hand, oldest last."""
    lines = [
        "UserData,CallStart,CallConnect,Number,ResultCode,ResultText,Done,Agent,Reached",
        "K-1,2026-01-03 10:00:00,,+49301,NOANSWER,,false,,false",
        "K-1,2026-01-02 10:00:00,2026-01-02 10:00:09,+49301,SALE,Sold,true,anna,true",
        "K-2,2026-01-02 11:00:00,,,,,,,true",
    ]
    file = written(tmp_path, "\ufeff" + "\r\n".join(lines).replace(",", delimiter), "calls.csv")
    wire = start(store=Store(rehearse=call_source(file)))
    wire.send(contact("K-1"))
    wire.send(contact("K-2"))

    sold, missed = wire.http.get("/dialler/contacts/contact/1/history").json()["records"]
    (reached,) = wire.http.get("/dialler/contacts/contact/2/history").json()["records"]

    assert sold["StatisticsPartA"]["dtCallConnect"] == "2026-01-02 10:00:09"
    assert sold["StatisticsPartA"]["BNumber"] == "+49301"
    code = sold["DiallerCampaignsResultCodes"]
    assert (code["ExportKey"], code["Content"], code["bDone"], code["bDelay"]) == ("SALE", "Sold", True, None)
    assert sold["Users"] == {"UID": "anna"}
    assert (missed["StatisticsPartA"]["dtCallConnect"], missed["Users"]) == (None, {"UID": None})
    assert reached["StatisticsPartA"]["dtCallConnect"] == "2026-01-02 11:00:00"


def test_the_table_of_the_documentation(start: Start, tmp_path: Path) -> None:
    """Is one that can be used."""
    (table,) = (block.text for block in blocks(ROOT / "docs" / "simulator.md") if block.language == "csv")
    wire = start(store=Store(rehearse=call_source(written(tmp_path, table, "calls.csv"))))
    wire.send(contact("K-17"))

    missed, sold = wire.http.get("/dialler/contacts/contact/1/history").json()["records"]

    assert (missed["StatisticsPartA"]["dtCallConnect"], sold["Users"]) == (None, {"UID": "anna"})
    assert (sold["DiallerCampaignsResultCodes"]["ExportKey"], sold["StatisticsPartA"]["BNumber"]) == (
        "SALE",
        "+4930123456",
    )


def test_a_key_that_is_a_number_is_its_digits(start: Start, tmp_path: Path) -> None:
    """As programs write it that do not know better."""
    wire = start(store=Store(rehearse=call_source(written(tmp_path, [{"UserData": 17, **NESTED}]))))
    wire.send(contact("17"))

    assert wire.http.get("/dialler/contacts/contact/1/history").json()["count"] == 1


def test_a_flat_record_stays_flat(start: Start, tmp_path: Path) -> None:
    """As a dialler that is not the vendor's may have it."""
    flat = {"dtStart": "2026-01-02 10:00:00", "ResultCode": "Sale"}
    wire = start(store=Store(rehearse=call_source(written(tmp_path, [{"UserData": "K-1", **flat}]))))
    wire.send(contact("K-1"))

    assert wire.http.get("/dialler/contacts/contact/1/history").json()["records"] == [flat]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *((nothing, "holds no call") for nothing in ("", " ", "[]", "UserData,CallStart", '{"records": []}')),
        ("[1]", "entry 1 is not an object"),
        ('[{"UserData": "K-1"}, {"StatisticsPartA": {}}]', "entry 2 does not name its contact"),
        ('[{"UserData": ""}]', "entry 1 does not name its contact"),
        ('[{"UserData": "K", "DiallerContactsHistory": {}}]', "DiallerContactsHistory of entry 1 is not a list"),
        ('{"UserData": "K-1"}\n{"UserData": ', "line 2 is not JSON"),
        ("[" * 100_000, "not JSON"),
        ('[{"UserData": "K", "x": ' + "[" * 300 + "]" * 300 + "}]", "entry 1 cannot be an answer"),
        ('[{"UserData": "K", "' + "a." * 3000 + 'a": 1}]', "entry 1 cannot be an answer"),
        ("Name\nMeier\n", "entry 1 does not name its contact"),
        ("UserData,x\nK," + "x" * 200_000, "field larger than"),
    ],
)
def test_a_file_that_is_not_one_of_calls(tmp_path: Path, content: str, said: str) -> None:
    """Says where; nothing is half read."""
    with pytest.raises(UsageError, match=said):
        call_source(written(tmp_path, content))


@pytest.mark.parametrize("text", ["", "-1", "1.5", "none.json", ".", "1001", "9" * 5000, "\0", "x" * 5000])
def test_neither_a_number_nor_a_file(text: str) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=r"number of calls|more than 1000 calls|cannot be used"):
        call_source(text)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    """Is refused: its names would be others."""
    path = tmp_path / "calls.csv"
    path.write_bytes("UserData,CallStart\nMüller,2026".encode("latin-1"))

    with pytest.raises(UsageError, match="not UTF-8"):
        call_source(str(path))


def test_calls_survive_a_restart_and_are_not_given_twice(tmp_path: Path) -> None:
    """A contact of the state file that has calls keeps them; one that has none gets its own."""
    file = tmp_path / "state.db"
    with Store(file=file) as store:
        store.add(Name="A", UserData="K-1")
    for _ in range(2):
        with Store(file=file, rehearse=call_source("3"), clock=clock) as store:
            assert [len(calls) for calls in store.calls.values()] == [3]
    with Store(file=file) as store:
        assert len(store.calls[1]) == 3
        assert store.add_call(1, StatisticsPartA={}) == 4
