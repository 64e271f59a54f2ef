"""Older releases of the dialler: what they lack, on the wire."""

from __future__ import annotations

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.simulator import Settings, Store

from .wire import Start, contact


def two_campaigns() -> Store:
    """A contact in each."""
    store = Store({538: "Nightly", 539: "Winback"})
    store.add(Name="A", UserData="K-1")
    store.add(Name="B", UserData="K-2", DiallerCampaignsID=539)
    return store


@pytest.mark.parametrize("release", ["3.0", "3.9", "3.18", "3.18.7"])
def test_an_older_release_lacks_what_came_later(start: Start, release: str) -> None:
    """Lists of a campaign have the whole account, batch lookups are not there, fields are short."""
    wire = start(store=two_campaigns(), release=release)

    for question in ("", "?diallerCampaignsID=539", "?diallerCampaignsID=1", "?diallerCampaignsID=x"):
        answer = wire.http.get(f"/dialler/contacts{question}").json()
        assert [record["DiallerCampaignsID"] for record in answer["records"]] == [538, 539]
        assert (answer["count"], answer["filter"]) == (2, "")
    batch = wire.http.post("/dialler/contacts", json={"IDList": [1]})
    assert (batch.status_code, batch.content) == (404, b"")
    assert wire.send(contact(Website="w" * 65)).json()["error"] == "Field Website is longer than 64 characters"
    assert wire.send(contact(Website="w" * 64, Company="c" * 32)).status_code == 200
    assert wire.send(contact(Company="c" * 33)).status_code == 400


@pytest.mark.parametrize("release", ["3.19", "3.20", "3.100.1"])
def test_a_newer_release_has_it_all(start: Start, release: str) -> None:
    """Numbers are compared as numbers."""
    wire = start(store=two_campaigns(), release=release)

    answer = wire.http.get("/dialler/contacts?diallerCampaignsID=539").json()

    assert [record["DiallerCampaignsID"] for record in answer["records"]] == [539]
    assert wire.http.post("/dialler/contacts", json={"IDList": [1]}).json()["count"] == 1
    assert wire.send(contact(Website="w" * 5000, Company="c" * 64)).status_code == 200


@pytest.mark.parametrize(
    "release", ["", "latest", "3", "3.", "3.x", "4.0", "9.9", "2.19", "-3.19", " 3.19", "3.19.0.0.1", "3.99999", "٣.١٩"]
)
def test_a_release_that_the_api_does_not_know(release: str) -> None:
    """Is refused before anything starts, with those that there are."""
    with pytest.raises(UsageError, match=r"is not a release of the dialler\. Write 3\.19 .* 3\.18"):
        Settings(release=release)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
def test_lock_and_unlock_by_the_method_of_this_dialler(start: Start, method: str) -> None:
    """By the others, the endpoint is not there, and nothing is locked."""
    wire = start(store=two_campaigns(), lock_method=method)

    for path in ("/dialler/contacts/contact/1/", "/dialler/contacts/contact/"):
        for action, locked in (("lock", True), ("unlock", False)):
            for other in {"GET", "PUT", "PATCH", "POST"} - {method}:
                answer = wire.http.request(other, path + action, params={"userData": "K-1"})
                assert (answer.status_code, answer.content) == (404, b"")
            assert wire.store.contacts[1]["bLocked"] is not locked
            assert wire.http.request(method, path + action, params={"userData": "K-1"}).json() == {"status": 200}
            assert wire.store.contacts[1]["bLocked"] is locked
    assert wire.http.request(method, "/dialler/contacts/contact/9/lock").status_code == 404
