"""Every fault, as it is seen on the wire, and what it leaves in the dialler."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx
import orjson
import pytest

from dialler_sync.simulator import FaultPlan, Span
from dialler_sync.simulator.faults import KINDS

from .wire import Start, contact

PAGES = {"502_before": 502, "502_after": 502, "503": 503, "504_before": 504, "504_after": 504, "429": 429}


def made(fault: str) -> int:
    """How many contacts a fault leaves behind an import."""
    return int(KINDS[fault].after)


@pytest.mark.parametrize("fault", [*PAGES, "html_200_before", "html_200_after"])
def test_pages_of_a_proxy(start: Start, fault: str) -> None:
    """A proxy answers in HTML, whether the change was made behind it or not."""
    wire = start(f"{fault}:1")

    answer = wire.send(contact())

    assert answer.status_code == PAGES.get(fault, 200)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<html>")
    assert "retry-after" not in answer.headers
    assert len(wire.store.contacts) == made(fault)
    assert (wire.server.requests[0].fault, wire.server.requests[0].status) == (fault, answer.status_code)


@pytest.mark.parametrize("fault", ["500_before", "500_after"])
def test_an_internal_error_before_or_after_the_change(start: Start, fault: str) -> None:
    """The two look the same to the client."""
    wire = start(f"{fault}:1")

    answer = wire.send(contact())

    assert (answer.status_code, answer.json()) == (500, {"status": 500, "error": "Internal error"})
    assert len(wire.store.contacts) == made(fault)


@pytest.mark.parametrize("fault", ["429", "503"])
def test_retry_after_in_seconds_or_as_a_date(start: Start, fault: str) -> None:
    """Both forms that HTTP knows."""
    seconds = start(f"{fault}:1:retry_after=7").send(contact())
    date = start(f"{fault}:1:retry_date=60").send(contact())

    assert seconds.headers["retry-after"] == "7"
    away = parsedate_to_datetime(date.headers["retry-after"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < away <= timedelta(seconds=60)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "reset_before", "reset_after"])
def test_the_connection_ends_without_an_answer(start: Start, fault: str) -> None:
    """Not a byte comes back, also on a connection that has served before; the next connection works."""
    wire = start(f"{fault}:#2")
    connection = wire.connect()
    connection.send(contact("K-1"))
    connection.answer()
    connection.send(contact("K-2"))

    if fault.startswith("reset"):
        with pytest.raises(ConnectionResetError):
            connection.rest()
    else:
        assert connection.rest() == b""

    connection.close()
    assert len(wire.store.contacts) == 1 + made(fault)
    assert wire.server.requests[1].status is None
    assert wire.server.requests[1].fault == fault
    assert wire.send(contact("K-3")).status_code == 200


@pytest.mark.parametrize("fault", ["late_before", "late_after"])
def test_an_answer_that_comes_too_late(start: Start, fault: str) -> None:
    """The client gives up; the dialler does not: the change is made, before the wait or after it."""
    wire = start(f"{fault}:1:seconds=0.6")

    with pytest.raises(httpx.ReadTimeout):
        wire.http.post("/dialler/contacts/import?overwriteDuplicates=true", json=contact("K-1"), timeout=0.1)
    assert len(wire.store.contacts) == made(fault)
    answer = wire.send(contact("K-2"))  # as late, and later: the first is through

    assert answer.json()["records"][0]["UserData"] == "K-2"
    assert [c["UserData"] for c in wire.store.contacts.values()] == ["K-1", "K-2"]


def test_json_that_is_cut_off(start: Start) -> None:
    """A whole HTTP answer, 200, whose JSON breaks off."""
    wire = start("cut_json:1:on=all")

    imported, listed = wire.send(contact()), wire.http.get("/dialler/contacts")

    for answer in (imported, listed):
        assert answer.status_code == 200
        assert len(answer.content) > 1000
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(answer.content)
    assert len(wire.store.contacts) == 1


def test_a_body_that_is_shorter_than_promised(start: Start) -> None:
    """Content-Length says more than comes before the connection closes."""
    wire = start("cut_body:1")
    connection = wire.connect()
    connection.send(contact())

    head, _, body = connection.rest().partition(b"\r\n\r\n")

    connection.close()
    promised = int(head.lower().partition(b"content-length: ")[2].split()[0])
    assert head.startswith(b"HTTP/1.1 200")
    assert 1000 < len(body) < promised
    assert len(wire.store.contacts) == 1
    with pytest.raises(httpx.RemoteProtocolError):
        wire.send(contact())


def test_a_list_that_breaks_off_in_the_middle(start: Start) -> None:
    """A list comes in chunks; it breaks off without the last one."""
    wire = start("cut_body:1:on=list")
    for n in range(300):
        wire.store.add(Name=f"N{n}")
    connection = wire.connect()
    connection.request("GET", "/dialler/contacts")

    received = connection.rest()

    connection.close()
    assert b"transfer-encoding: chunked" in received.lower()
    assert b'"Name":"N100"' in received
    assert not received.endswith(b"0\r\n\r\n")
    with pytest.raises(httpx.RemoteProtocolError):
        wire.http.get("/dialler/contacts")


def test_an_answer_that_stalls(start: Start) -> None:
    """Status and half the body are there, the rest comes too late; for who waits, it is whole."""
    wire = start("stall:1:seconds=0.3")

    with pytest.raises(httpx.ReadTimeout):
        wire.http.post("/dialler/contacts/import?overwriteDuplicates=true", json=contact(), timeout=0.1)
    assert wire.send(contact()).json()["records"][0]["ID"] == 1


def test_a_connection_that_closes_unannounced(start: Start) -> None:
    """The answer is whole and promises to keep the connection; then it is closed."""
    wire = start("close:1")
    connection = wire.connect()
    connection.send(contact())

    head, body = connection.answer()

    assert orjson.loads(body)["status"] == 200
    assert b"connection: close" not in head.lower()
    assert connection.rest() == b""
    connection.close()


def test_401_from_a_request_on(start: Start) -> None:
    """The token dies in the middle of a run, for every function."""
    wire = start("401_from:3")

    codes = [wire.send(contact(f"K-{n}")).status_code for n in range(4)]

    assert codes == [200, 200, 401, 401]
    assert wire.http.get("/dialler/campaigns").status_code == 401
    assert len(wire.store.contacts) == 2


def test_down_for_a_while(start: Start) -> None:
    """503 for every function from one request to another, both included; then all is well."""
    wire = start("down:2-4:retry_after=1")

    answers = [wire.http.get("/dialler/campaigns"), *(wire.send(contact(f"K-{n}")) for n in range(4))]

    assert [a.status_code for a in answers] == [200, 503, 503, 503, 200]
    assert answers[1].headers["retry-after"] == "1"
    assert len(wire.store.contacts) == 1


@pytest.mark.parametrize("status", [400, 409])
def test_chosen_contacts_are_refused(start: Start, status: int) -> None:
    """By their UserData, whatever characters it has, and however often they are sent."""
    odd = "a,b:c|d#e%f g"
    wire = start(f"{status}_for:K-2|{quote(odd)}")

    codes = {u: [wire.send(contact(u)).status_code for _ in range(2)] for u in ("K-1", "K-2", odd, "K-22")}

    assert codes == {"K-1": [200] * 2, "K-2": [status] * 2, odd: [status] * 2, "K-22": [200] * 2}
    assert wire.send(contact("K-2")).json()["status"] == status
    assert {c["UserData"] for c in wire.store.contacts.values()} == {"K-1", "K-22"}


def test_a_fault_for_one_contact_once(start: Start) -> None:
    """``for=`` limits any fault to some UserData, ``#`` to some of their requests."""
    wire = start("500_after:#1:for=K-2")

    codes = [wire.send(contact(u)).status_code for u in ("K-1", "K-2", "K-2", "K-3")]

    assert codes == [200, 500, 200, 200]
    assert len(wire.store.contacts) == 3


def test_faults_strike_imports_unless_told_otherwise(start: Start) -> None:
    """A lookup that proves what became of an import is not disturbed by chance."""
    wire = start("500_before:1")
    everywhere = start("500_before:1:on=all")
    delete = start("500_before:1:on=delete|lookup")

    assert (wire.send(contact()).status_code, wire.http.get("/dialler/campaigns").status_code) == (500, 200)
    assert everywhere.http.get("/dialler/campaigns").status_code == 500
    assert delete.http.get("/dialler/contacts/contact?userData=K").status_code == 500
    assert delete.http.delete("/dialler/contacts/contact?userData=K").status_code == 500
    assert delete.http.delete("/dialler/contacts/contact/7").status_code == 500
    assert delete.send(contact()).status_code == 200


def test_the_chances_add_up_and_a_seed_repeats_them(start: Start) -> None:
    """Several faults share the requests, and the same seed strikes the same ones."""
    plan = FaultPlan.parse("500_before:30%,429:0.2:retry_after=0,502_after:10%", seed=7)

    def run() -> list[str | None]:
        wire = start()
        wire.server.order(plan)
        for n in range(400):
            wire.send(contact(f"K-{n}"))
        return [request.fault for request in wire.server.requests]

    struck = run()

    assert struck == run()
    counts = {fault: struck.count(fault) for fault in (None, "500_before", "429", "502_after")}
    assert sum(counts.values()) == 400
    assert counts[None] == pytest.approx(160, abs=40)
    assert counts["500_before"] == pytest.approx(120, abs=40)
    assert counts["429"] == pytest.approx(80, abs=40)
    assert counts["502_after"] == pytest.approx(40, abs=30)


def test_faults_can_be_ordered_and_lifted_while_it_runs(start: Start) -> None:
    """A dialler that fails for a while and recovers when the test says so."""
    wire = start()

    assert wire.send(contact()).status_code == 200
    wire.server.order(FaultPlan.parse("down:1-9"))
    assert wire.send(contact()).status_code == 503
    wire.server.order(FaultPlan())
    assert wire.send(contact()).status_code == 200


@pytest.mark.parametrize(("latency", "least"), [("0.1", 0.1), ("0.05-0.1", 0.05)])
def test_latency(start: Start, latency: str, least: float) -> None:
    """Every function takes its time, also an endpoint that is not there."""
    wire = start(latency=Span.parse(latency))
    wire.http.get("/dialler/campaigns")

    began = time.monotonic()
    wire.http.get("/dialler/nothing")
    taken = time.monotonic() - began

    assert taken >= least
    assert all(r.finished and r.finished - r.started >= least for r in wire.server.requests)


def test_a_404_or_400_can_be_struck_too(start: Start) -> None:
    """After a refusal there is no change, whatever the fault's name says."""
    wire = start("drop_after:#1,500_after:#2")

    with pytest.raises(httpx.RemoteProtocolError):
        wire.send({})
    assert wire.send({}).status_code == 500
    assert wire.send({}).status_code == 400
    assert wire.store.contacts == {}
