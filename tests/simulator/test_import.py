"""The rules of an import, on the wire."""

from __future__ import annotations

import asyncio
import string
from typing import Any

import httpx
import pytest

from dialler_sync.simulator import Settings, Span, Store
from dialler_sync.simulator.app import Application

from .wire import Start, Wire, contact

LONGEST = {  # API.md, "Contact fields": from release 3.19, and before
    "UserData": (64, 64),
    "DiallerCampaignsName": (64, 64),
    **dict.fromkeys(["Client", "Service", "ReferenceNumber", "Name", "FirstName"], (64, 32)),
    **dict.fromkeys(["Company", "Address", "City", "Country", "AccountOwner"], (64, 32)),
    **dict.fromkeys(["Salutation", "Title"], (16, 16)),
    **dict.fromkeys(["PostalCode", "AccountNationalBankCode"], (10, 10)),
    "Region": (256, 256),
    "AccountBank": (32, 32),
    "AccountBIC": (11, 11),
    "AccountNumber": (20, 20),
    "AccountIBAN": (34, 34),
    **{f"PhoneNumber{n}": (32, 32) for n in range(1, 7)},
    "FaxNumber": (32, 32),
    "Email": (256, 32),
    **dict.fromkeys(["ReservedUsersUID", "FollowUpUsersUID", "ResultCodesExportKey"], (32, 32)),
}


def refused(wire: Wire, body: object) -> str:
    """The error of an import that must be refused by 400 and change nothing."""
    answer = wire.send(body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["status"] == 400
    assert wire.store.contacts == {}
    error: str = answer.json()["error"]
    return error


def test_an_import_makes_a_contact_and_answers_it_whole(wire: Wire) -> None:
    """The record that comes back has its ID and what was sent, to the letter."""
    sent = contact(PostalCode="01099", Amount=1234.5, Comment="ä" * 500_000, FollowUpDateTime="2024-02-29 23:59:59")

    answer = wire.send(sent)

    (record,) = answer.json()["records"]
    assert (answer.status_code, answer.json()["status"], answer.json()["count"]) == (200, 200, 1)
    assert {name: record[name] for name in sent} == sent
    assert (record["ID"], record["DiallerCampaignsName"]) == (1, "Nightly")
    assert {name: wire.store.contacts[1][name] for name in sent} == sent


def test_overwriting_keeps_what_is_left_out_and_empties_what_is_null(wire: Wire) -> None:
    """The match is overwritten, not replaced."""
    wire.send(contact(City="Dresden", Comment="old", FirstName="Jo"))

    (record,) = wire.send(contact(Name="Maier", Comment=None)).json()["records"]

    assert (record["ID"], record["Name"], record["City"], record["Comment"]) == (1, "Maier", "Dresden", None)
    assert len(wire.store.contacts) == 1


def test_without_overwriting_a_match_does_not_matter(wire: Wire) -> None:
    """overwriteDuplicates=false makes a new contact whether a match exists or not."""
    ids = [wire.send(contact(), overwrite=False).json()["records"][0]["ID"] for _ in range(3)]

    assert ids == [1, 2, 3]
    assert wire.http.get("/dialler/contacts/contact?userData=K-1").json()["count"] == 3


@pytest.mark.parametrize("user_data", [None, ""])
def test_without_user_data_each_import_makes_a_contact(wire: Wire, user_data: str | None) -> None:
    """An empty UserData never matches."""
    for _ in range(2):
        assert wire.send(contact(user_data)).status_code == 200

    assert len(wire.store.contacts) == 2


def test_an_id_is_never_given_twice(wire: Wire) -> None:
    """A contact that is made after one was deleted has an ID of its own."""
    wire.send(contact())
    wire.http.delete("/dialler/contacts/contact/1")

    assert wire.send(contact()).json()["records"][0]["ID"] == 2


def test_the_campaign_by_name_or_by_id(start: Start) -> None:
    """Either names it; one that is not there is 404 with a body; overwriting may move a contact."""
    wire = start(store=Store({538: "Nightly", 539: "Winback"}))
    by_name = {**contact(), "DiallerCampaignsID": None, "DiallerCampaignsName": "Winback"}

    assert wire.send(by_name).json()["records"][0]["DiallerCampaignsID"] == 539
    (moved,) = wire.send(contact()).json()["records"]

    assert (moved["ID"], moved["DiallerCampaignsID"], moved["DiallerCampaignsName"]) == (1, 538, "Nightly")
    for wrong in ({"DiallerCampaignsID": 1}, {"DiallerCampaignsID": None, "DiallerCampaignsName": "nightly"}):
        answer = wire.send({**contact("K-2"), **wrong})
        assert (answer.status_code, answer.json()["error"]) == (404, "Dialler campaign not found")
    assert len(wire.store.contacts) == 1


def test_reset_contact_clears_the_dialling_state(wire: Wire) -> None:
    """Only where it is true; it is a command, not a field that is read."""
    contact_id = wire.store.add(
        **contact(), nTriesPhoneNumber1=4, bPhoneNumber1Invalid=True, dtNextTry="2024-01-01 00:00:00"
    )

    for reset, tries in ((False, 4), (None, 4), (True, None)):
        (record,) = wire.send(contact(ResetContact=reset)).json()["records"]
        assert (record["ID"], record["nTriesPhoneNumber1"]) == (contact_id, tries)
        assert "ResetContact" not in record

    assert (record["bPhoneNumber1Invalid"], record["dtNextTry"], record["Name"]) == (None, None, "Meier")


@pytest.mark.parametrize("name", ["Name", "DiallerCampaignsID", "PhoneNumber1"])
@pytest.mark.parametrize("empty", [None, "", ...])
def test_a_mandatory_field_that_is_missing_is_400(wire: Wire, name: str, empty: Any) -> None:
    """Missing, null and empty are one; the error names the field."""
    body = {**contact(), name: empty}
    if empty is ...:
        del body[name]

    assert name.rstrip("1") in refused(wire, body)


@pytest.mark.parametrize("n", range(1, 7))
def test_any_one_phone_number_is_enough(wire: Wire, n: int) -> None:
    """PhoneNumber1 is not more mandatory than PhoneNumber6."""
    body = {"DiallerCampaignsID": 538, "Name": "A", f"PhoneNumber{n}": "+4930123456"}

    assert wire.send(body).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"PostalCode": 1099},
        {"Name": 7},
        {"UserData": 123},
        {"PhoneNumber2": 4930123456},
        {"Comment": ["text"]},
        {"Amount": "12.50"},
        {"Amount": True},
        {"DiallerCampaignsID": "538"},
        {"DiallerCampaignsID": 538.0},
        {"DiallerCampaignsID": True},
        {"RandomSortOrder": "1"},
        {"ResetContact": "true"},
        {"ResetContact": 1},
        {"FollowUpDateTime": "2024-02-30 10:00:00"},
        {"FollowUpDateTime": "2024-02-20T10:00:00"},
        {"FollowUpDateTime": "20.02.2024 10:00"},
        {"FollowUpDateTime": 1708423200},
        {"Postleitzahl": "01099"},
    ],
)
def test_a_wrong_type_or_an_unknown_field_is_400(wire: Wire, wrong: dict[str, Any]) -> None:
    """Text is never a number, a number never text; the error names the field."""
    assert next(iter(wrong)) in refused(wire, {**contact(), **wrong})


@pytest.mark.parametrize("release", ["3.18", "3.19"])
def test_each_field_has_its_greatest_length(start: Start, release: str) -> None:
    """At the limit it is accepted, one character more is 400; characters count, not bytes."""
    wire = start(release=release, store=Store({538: "Ä" * 64}))
    for name, limits in LONGEST.items():
        longest = limits[release == "3.18"]
        refused(wire, contact(**{name: "Ä" * (longest + 1)})) if name != "UserData" else refused(
            wire, contact("Ä" * 65)
        )
    for name, limits in LONGEST.items():
        body = contact() | {name: "Ä" * limits[release == "3.18"]}
        assert wire.send(body).status_code == 200, name


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b'{"Name": "\xff"}', "application/json"),
        (b"{}", "text/plain"),
    ],
)
def test_a_body_that_is_not_json_is_400(wire: Wire, content: bytes, kind: str) -> None:
    """Cut off, not UTF-8, empty, or not declared as JSON."""
    path = "/dialler/contacts/import?overwriteDuplicates=true"

    answer = wire.http.post(path, content=content, headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize("body", [[contact()], "text", 7, None])
def test_a_body_that_is_not_one_contact_is_400(wire: Wire, body: object) -> None:
    """There is no batch import."""
    assert "one contact" in refused(wire, body)


@pytest.mark.parametrize(
    "query", ["", "?overwriteDuplicates=", "?overwriteDuplicates=yes", "?overwriteduplicates=true"]
)
def test_overwrite_duplicates_is_mandatory(wire: Wire, query: str) -> None:
    """A client that forgets it learns so at once, instead of filling the dialler twice."""
    answer = wire.http.post(f"/dialler/contacts/import{query}", json=contact())

    assert answer.status_code == 400
    assert "overwriteDuplicates" in answer.json()["error"]
    assert wire.store.contacts == {}


@pytest.mark.parametrize("processing", ["0", "0.05"])
def test_two_imports_in_flight_can_both_create(processing: str) -> None:
    """Nothing orders them: both look, neither finds, both create; one after the other, the second overwrites."""
    store = Store()
    application = Application(store, Settings(processing=Span.parse(processing)))

    async def send(client: httpx.AsyncClient) -> None:
        answer = await client.post("/dialler/contacts/import?overwriteDuplicates=true", json=contact())
        assert answer.status_code == 200

    async def race() -> None:
        address, headers = "http://dialler/rest/v1.0/1", {"Authorization": "Bearer simulator"}
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url=address, headers=headers) as client:
            await asyncio.gather(send(client), send(client))
            assert len(store.contacts) == 2
            await send(client)

    asyncio.run(race())

    assert [c["UserData"] for c in store.contacts.values()] == ["K-1", "K-1"]


def test_the_race_is_there_on_the_wire(start: Start) -> None:
    """Two connections, one UserData, at one time: two contacts."""
    wire = start(processing=Span.parse("0.4"))
    first, second = wire.connect(), wire.connect()
    for connection in (first, second):
        connection.send(contact())
    for connection in (first, second):
        assert connection.answer()[0].startswith(b"HTTP/1.1 200")
        connection.close()

    assert len(wire.store.contacts) == 2


def test_a_match_that_is_deleted_meanwhile_is_made_anew(start: Start) -> None:
    """An import never answers 200 without a contact."""
    wire = start(processing=Span.parse("0.4"))
    wire.store.add(**contact())
    connection = wire.connect()
    connection.send(contact())
    assert wire.http.delete("/dialler/contacts/contact/1").status_code == 200

    assert b'"ID":2,' in connection.answer()[1]
    connection.close()


def test_every_printable_character_is_kept(wire: Wire) -> None:
    """What was sent is what is read."""
    text = string.printable + "äöüßéŁ漢字🙂\u00a0\u200b"

    assert wire.send(contact(Comment=text)).json()["records"][0]["Comment"] == text
