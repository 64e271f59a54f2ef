"""Every function of the API on the wire: answers, codes and bodies."""

from __future__ import annotations

import httpx
import pytest

from dialler_sync.simulator import SimulatorServer, Store

from .wire import Start, Wire, client, contact

ODD_USER_DATA = ["a&b=c/d#e?f %+äöü\"'", "x" * 64, "000123", " spaces at the ends ", "%2B", "1;2|3,4:5", "日本"]

NO_CONTACT = {"status": 404, "error": "Dialler contact not found"}
NO_CAMPAIGN = {"status": 404, "error": "Dialler campaign not found"}

BY_ID = [
    ("GET", "/dialler/contacts/{}"),
    ("DELETE", "/dialler/contacts/contact/{}"),
    ("PUT", "/dialler/contacts/contact/{}/lock"),
    ("PUT", "/dialler/contacts/contact/{}/unlock"),
    ("GET", "/dialler/contacts/contact/{}/history"),
]
BY_USER_DATA = [
    ("DELETE", "/dialler/contacts/contact"),
    ("PUT", "/dialler/contacts/contact/lock"),
    ("PUT", "/dialler/contacts/contact/unlock"),
    ("GET", "/dialler/contacts/contact/history"),
]


def test_a_list_is_whole_and_carries_the_documented_keys(wire: Wire) -> None:
    """All contacts of the account come in one answer, with the keys of a list in their order."""
    ids = [wire.store.add(Name=f"N{n}", UserData=f"K-{n}") for n in range(250)]

    answer = wire.http.get("/dialler/contacts").json()

    assert [record["ID"] for record in answer["records"]] == ids
    keys = ["filter", "limitStart", "limitPageSize", "records", "count", "orderBy", "ascending", "status"]
    assert list(answer) == keys
    assert (answer["count"], answer["limitStart"], answer["limitPageSize"], answer["status"]) == (250, 0, -1, 200)


def test_an_empty_list_is_a_list(wire: Wire) -> None:
    """No contacts is an answer, not an error."""
    answer = wire.http.get("/dialler/contacts").json()

    assert (answer["records"], answer["count"], answer["status"]) == ([], 0, 200)


def test_a_list_of_one_campaign_has_its_contacts_only(start: Start) -> None:
    """diallerCampaignsID filters, an unknown campaign is 404, and what is not a number is 400."""
    wire = start(store=Store({538: "Nightly", 539: "Winback"}))
    wire.store.add(Name="A")
    other = wire.store.add(Name="B", DiallerCampaignsID=539)

    answer = wire.http.get("/dialler/contacts", params={"diallerCampaignsID": 539}).json()

    assert [record["ID"] for record in answer["records"]] == [other]
    assert answer["records"][0]["DiallerCampaignsName"] == "Winback"
    assert wire.http.get("/dialler/contacts?diallerCampaignsID=1").json() == NO_CAMPAIGN
    assert wire.http.get("/dialler/contacts?diallerCampaignsID=x").status_code == 400
    assert wire.http.get("/dialler/contacts?diallerCampaignsID=").status_code == 400


def test_a_record_carries_all_fields(wire: Wire) -> None:
    """A record that is read has some 150 fields, most of them null, and those that a test invents."""
    contact_id = wire.store.add(Name="Meier", nTriesPhoneNumber1=3, bPhoneNumber2Invalid=True, NewInNextRelease=[1])

    answer = wire.http.get(f"/dialler/contacts/{contact_id}").json()

    (record,) = answer["records"]
    assert (answer["count"], answer["status"]) == (1, 200)
    assert 140 <= len(record) <= 160
    assert sum(value is not None for value in record.values()) < 20
    documented = ["ID", "ClientsID", "dtImported", "dtNextTry", "LastAcdAgentEndReasonsID", "ReservedUsersUID"]
    each = ["bPhoneNumber{}Invalid", "nTriesPhoneNumber{}", "nPhoneNumber{}LastCause", "PhoneNumber{}"]
    assert {*documented, *(name.format(n) for name in each for n in range(1, 7))} <= record.keys()
    assert (record["nTriesPhoneNumber1"], record["bPhoneNumber2Invalid"], record["NewInNextRelease"]) == (3, True, [1])
    assert (record["ClientsID"], record["bLocked"]) == (1, False)


def test_a_look_up_finds_none_one_or_many(wire: Wire) -> None:
    """UserData is not unique: a lookup answers all who carry it, and an empty list is not an error."""
    twins = [wire.store.add(Name=name, UserData="K-1") for name in "AB"]
    wire.store.add(Name="C", UserData="k-1")

    def found(user_data: str) -> list[int]:
        answer = wire.http.get("/dialler/contacts/contact", params={"userData": user_data}).json()
        assert answer["count"] == len(answer["records"])
        return [record["ID"] for record in answer["records"]]

    assert (found("K-1"), found("K-2"), len(found("k-1"))) == (twins, [], 1)


def test_delete_by_id_removes_the_contact_and_its_history(wire: Wire) -> None:
    """What is deleted is gone for every function, and deleting it again is 404."""
    contact_id = wire.store.add(Name="A", UserData="K-1")
    wire.store.add_call(contact_id, StatisticsPartA={})

    assert wire.http.delete(f"/dialler/contacts/contact/{contact_id}").json() == {"status": 200}

    assert wire.store.contacts == wire.store.calls == {}
    assert wire.http.get("/dialler/contacts/contact?userData=K-1").json()["count"] == 0
    assert wire.http.delete(f"/dialler/contacts/contact/{contact_id}").json() == NO_CONTACT


def test_lock_and_unlock(wire: Wire) -> None:
    """A lock shows in the record, by ID and by UserData, and setting it twice is no error."""
    contact_id = wire.store.add(Name="A", UserData="K-1")

    for path in (f"/{contact_id}", ""):
        for action, locked in (("lock", True), ("lock", True), ("unlock", False), ("unlock", False)):
            answer = wire.http.put(
                f"/dialler/contacts/contact{path}/{action}", params={"userData": "K-1"} if not path else {}
            )
            assert answer.json() == {"status": 200}
            assert wire.http.get(f"/dialler/contacts/{contact_id}").json()["records"][0]["bLocked"] is locked


def test_history_by_id_and_by_user_data(wire: Wire) -> None:
    """By UserData it is the history of all contacts that carry it; a contact without calls has an empty one."""
    first, second, third = (wire.store.add(Name=n, UserData=u) for n, u in (("A", "K-1"), ("B", "K-1"), ("C", "K-3")))
    wire.store.add_call(first, StatisticsPartA={"BNumber": "+4930123456", "dtCallStart": "2024-05-01 10:00:00"})
    wire.store.add_call(second, DiallerCampaignsResultCodes={"ExportKey": "REFUSED"}, StatisticsPartA={})

    by_id = wire.http.get(f"/dialler/contacts/contact/{first}/history").json()
    by_user_data = wire.http.get("/dialler/contacts/contact/history?userData=K-1").json()

    (call,) = by_id["records"]
    leg = call["StatisticsPartA"]
    assert (call["DiallerContactsID"], leg["ID"], leg["bOutbound"], leg["BNumber"]) == (first, 1, True, "+4930123456")
    assert (leg["dtCallStart"], leg["dtCallConnect"]) == ("2024-05-01 10:00:00", None)
    assert {"ClientsID", "dtCallEnd", "bCallerHangup", "CauseCodesID"} <= leg.keys()
    assert [c["StatisticsPartA"]["ID"] for c in by_user_data["records"]] == [1, 2]
    assert by_user_data["records"][1]["DiallerCampaignsResultCodes"]["ExportKey"] == "REFUSED"
    assert (by_id["count"], by_user_data["count"], by_user_data["status"]) == (1, 2, 200)
    assert wire.http.get(f"/dialler/contacts/contact/{third}/history").json()["records"] == []


def test_campaigns(start: Start) -> None:
    """All campaigns, or one by its ID; two may have one name."""
    wire = start(store=Store({538: "Nightly", 600: "Nightly"}))

    every = wire.http.get("/dialler/campaigns").json()

    assert [(c["ID"], c["Name"]) for c in every["records"]] == [(538, "Nightly"), (600, "Nightly")]
    assert (every["count"], every["status"]) == (2, 200)
    assert wire.http.get("/dialler/campaigns/600").json()["records"] == every["records"][1:]
    assert wire.http.get("/dialler/campaigns/1").json() == NO_CAMPAIGN


def test_batch(wire: Wire) -> None:
    """Contacts by UserData and by ID in one answer, each once, with result code and history; unknown ones are not."""
    called = wire.store.add(Name="A", UserData="K-1")
    twin = wire.store.add(Name="B", UserData="K-1")
    quiet = wire.store.add(Name="C")
    wire.store.add_call(called, StatisticsPartA={}, DiallerCampaignsResultCodes={"ID": 7, "ExportKey": "R"})
    code = {"ID": 8, "ExportKey": "S", "Content": "Sale", "bDone": True}
    wire.store.add_call(
        called, StatisticsPartA={"dtCallStart": "2026-01-02 10:00:00"}, DiallerCampaignsResultCodes=code
    )

    body = {"UserDataList": ["K-1", "none"], "IDList": [called, quiet, 999]}
    answer = wire.http.post("/dialler/contacts", json=body).json()

    assert [record["ID"] for record in answer["records"]] == [called, twin, quiet]
    assert (answer["count"], answer["status"]) == (3, 200)
    record = answer["records"][0]
    flags = {"bDelay": None, "bAborted": None, "bAppointment": None}
    assert record["DiallerCampaignsResultCodes"] == code | flags
    assert (record["DiallerCampaignsResultCodesID"], record["nTries"], record["dtLastTry"]) == (
        8, 2, "2026-01-02 10:00:00",
    )  # fmt: skip
    assert [c["DiallerCampaignsResultCodes"]["ExportKey"] for c in record["DiallerContactsHistory"]] == ["R", "S"]
    assert answer["records"][1]["DiallerCampaignsResultCodes"] is None
    assert answer["records"][1]["DiallerContactsHistory"] == []
    assert wire.http.post("/dialler/contacts", json={"IDList": []}).json() == {"records": [], "count": 0, "status": 200}


@pytest.mark.parametrize(
    "body", [None, [], {}, {"IDList": ["1"]}, {"IDList": [True]}, {"UserDataList": "K"}, {"Other": []}]
)
def test_a_batch_without_lists_is_400(wire: Wire, body: object) -> None:
    """A body that names nothing, or of wrong types, is refused."""
    assert wire.http.post("/dialler/contacts", json=body).status_code == 400


def test_an_older_server_has_no_batch(start: Start) -> None:
    """Where function 14 does not exist, it is 404 with an empty body; its neighbours are there."""
    wire = start(batch=False)

    answer = wire.http.post("/dialler/contacts", json={"IDList": [1]})

    assert (answer.status_code, answer.content) == (404, b"")
    assert wire.http.get("/dialler/contacts").status_code == 200


@pytest.mark.parametrize(("method", "path"), BY_ID)
def test_an_id_that_is_not_there_is_404_with_a_body(wire: Wire, method: str, path: str) -> None:
    """The thing is missing, not the endpoint: the body says so. 0 is an ID like any other."""
    for contact_id in (0, 99, 10**17):
        answer = wire.http.request(method, path.format(contact_id))
        assert (answer.status_code, answer.json()) == (404, NO_CONTACT)


@pytest.mark.parametrize(("method", "path"), BY_USER_DATA)
def test_user_data_that_is_not_there_is_404_and_a_missing_one_400(wire: Wire, method: str, path: str) -> None:
    """A mandatory parameter that is missing or empty is 400."""
    wire.store.add(Name="A", UserData="K-1")

    assert wire.http.request(method, path, params={"userData": "K-2"}).json() == NO_CONTACT
    for parameters in ({}, {"userData": ""}, {"UserData": "K-1"}):
        answer = wire.http.request(method, path, params=parameters)
        assert answer.status_code == 400
        assert answer.json() == {"status": 400, "error": "Mandatory parameter userData is missing"}
    assert wire.http.get("/dialler/contacts/contact").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/dialler/contacts/import"),
        ("PUT", "/dialler/contacts/import"),
        ("GET", "/dialler/contacts/seven"),
        ("DELETE", "/dialler/contacts/7"),
        ("POST", "/dialler/contacts/contact/7/lock"),
        ("GET", "/dialler/contacts/contact/7/calls"),
        ("GET", "/dialler/contacts/"),
        ("GET", "/dialler/campaigns/7/8"),
        ("GET", ""),
    ],
)
def test_an_endpoint_that_is_not_there_is_404_with_an_empty_body(wire: Wire, method: str, path: str) -> None:
    """This is how a client learns that it has the path or the method wrong."""
    wire.store.add(Name="A")

    answer = wire.http.request(method, path)

    assert (answer.status_code, answer.content) == (404, b"")
    assert wire.names() == ["A"]


def test_outside_the_api_there_is_nothing(wire: Wire) -> None:
    """Another version of the API is an endpoint that is not there, whatever the token."""
    answer = wire.http.get(wire.server.account_url.replace("v1.0", "v2.0") + "/dialler/campaigns")

    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "simulator", "Basic simulator"])
def test_a_wrong_token_is_401(wire: Wire, header: str | None) -> None:
    """Without the token nothing is done and nothing is told, also of endpoints that are not there."""
    headers = {} if header is None else {"Authorization": header}
    for method, path in (
        ("GET", "/dialler/campaigns"),
        ("GET", "/dialler/nothing"),
        ("POST", "/dialler/contacts/import"),
    ):
        answer = httpx.request(method, wire.server.account_url + path, headers=headers, verify=False)
        assert answer.status_code == 401
        assert answer.json() == {"status": 401, "error": "The token or the ClientsID is not valid"}


def test_a_wrong_clients_id_is_401(start: Start) -> None:
    """The ClientsID is part of every URL."""
    wire = start(store=Store(clients_id=7))

    assert wire.server.account_url == f"{wire.server.base_url}/7"
    assert wire.http.get("/dialler/campaigns").json()["records"][0]["ClientsID"] == 7
    assert wire.http.get(f"{wire.server.base_url}/8/dialler/campaigns").status_code == 401
    assert wire.http.get(f"{wire.server.base_url}/dialler/campaigns").status_code == 401


def test_a_new_token_kills_the_old_one_at_once(wire: Wire) -> None:
    """As when someone makes a new token in the portal in the middle of a run."""
    assert wire.http.get("/dialler/campaigns").status_code == 200
    wire.server.token = "new"

    assert wire.http.get("/dialler/campaigns").status_code == 401
    assert wire.http.get("/dialler/campaigns", headers={"Authorization": "Bearer new"}).status_code == 200


@pytest.mark.parametrize("user_data", ODD_USER_DATA)
def test_odd_user_data_survives_every_function(wire: Wire, user_data: str) -> None:
    """UserData may hold any character, and comes back as it was sent."""
    other = wire.store.add(Name="Other", UserData=user_data.strip() + "!")
    (record,) = wire.send(contact(user_data)).json()["records"]
    (again,) = wire.send(contact(user_data, Name="Again")).json()["records"]
    by_user_data = {"params": {"userData": user_data}}

    assert record["UserData"] == again["UserData"] == user_data
    assert record["ID"] == again["ID"]
    assert [r["ID"] for r in wire.http.get("/dialler/contacts/contact", **by_user_data).json()["records"]] == [
        again["ID"]
    ]
    assert wire.http.put("/dialler/contacts/contact/lock", **by_user_data).status_code == 200
    assert wire.store.contacts[again["ID"]]["bLocked"] is True
    assert wire.http.put("/dialler/contacts/contact/unlock", **by_user_data).status_code == 200
    assert wire.http.get("/dialler/contacts/contact/history", **by_user_data).status_code == 200
    batch = wire.http.post("/dialler/contacts", json={"UserDataList": [user_data]}).json()
    assert [r["UserData"] for r in batch["records"]] == [user_data]
    assert wire.http.delete("/dialler/contacts/contact", **by_user_data).status_code == 200
    assert list(wire.store.contacts) == [other]
    assert {request.user_data for request in wire.server.requests} == {user_data, None}


@pytest.mark.parametrize(("method", "path"), BY_USER_DATA[:3])
def test_of_several_contacts_one_is_picked_and_which_is_not_determined(method: str, path: str) -> None:
    """Delete, lock and unlock by UserData touch exactly one of those that carry it, not always the same."""
    touched = set()
    for seed in range(6):
        store = Store(seed=seed)
        for _ in range(3):
            store.add(Name="A", UserData="K-1", bLocked=path.endswith("unlock"))
        before = {i: dict(c) for i, c in store.contacts.items()}
        with SimulatorServer(store) as server, client(server) as http:
            http.request(method, path, params={"userData": "K-1"})
        changed = [i for i, c in before.items() if store.contacts.get(i, {}).get("bLocked") != c["bLocked"]]
        assert len(changed) == 1
        touched |= set(changed)

    assert len(touched) > 1
