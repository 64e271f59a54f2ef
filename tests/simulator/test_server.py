"""The server's life: ready when entered, gone when left, its state in a file, its command loop."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import httpx
import pytest

from dialler_sync.errors import UsageError
from dialler_sync.simulator import FaultPlan, Settings, SimulatorServer, Store, serve_forever
from dialler_sync.simulator.functions import Functions
from dialler_sync.simulator.routes import FUNCTIONS, ROUTES

from .wire import Connection, Start, Wire, client, contact

PROGRAM = """
import sys
from pathlib import Path
from dialler_sync.simulator import Settings, Store, serve_forever
with Store(file=Path(sys.argv[1])) as store:
    serve_forever(store, Settings(), ready=lambda server: print(server.account_url, flush=True))
print("stopped")
"""


def status(server: SimulatorServer) -> int:
    """What the dialler answers to a simple question."""
    with client(server) as http:
        return http.get("/dialler/campaigns").status_code


def test_it_stops_and_starts_again_on_its_port() -> None:
    """A dialler that is gone refuses connections; when it is back, it is where it was, with what it had."""
    server = SimulatorServer()
    with server:
        url = server.base_url
        assert status(server) == 200
    with pytest.raises(httpx.ConnectError):
        status(server)
    server.store.add(Name="A")

    with server:
        assert (server.base_url, status(server)) == (url, 200)
        assert len(server.store.contacts) == 1


@pytest.mark.parametrize("fault", ["late_before", "late_after"])
def test_it_stops_at_once_in_the_middle_of_work(fault: str) -> None:
    """A request that waits is dropped: what it had done stays, what it had not is not done."""
    began = time.monotonic()
    with SimulatorServer(faults=FaultPlan.parse(f"{fault}:1:seconds=60:for=K-1")) as server:
        idle, waiting, other = Connection(server), Connection(server), Connection(server)
        waiting.send(contact("K-1"))
        other.send(contact("K-2"))
        other.answer()

    assert waiting.rest() == b""
    assert time.monotonic() - began < 5
    assert [c["UserData"] for c in server.store.contacts.values()][-1] == "K-2"
    assert len(server.store.contacts) == 1 + (fault == "late_after")
    for connection in (idle, waiting, other):
        connection.close()


def test_a_fault_of_the_simulator_itself_shows(start: Start) -> None:
    """A bug must not look like one of the faults on order."""
    with pytest.raises(TypeError, match="not JSON serializable"), SimulatorServer() as server, client(server) as http:
        server.store.add(Name="A", Comment=object())
        assert http.get("/dialler/contacts/1").status_code == 500


def test_a_state_that_cannot_be_saved_stops_the_server(tmp_path: Path) -> None:
    """Nobody rehearses for an hour against a state that is not kept."""
    store = Store(file=tmp_path / "state.db")
    with pytest.raises(TypeError, match="not JSON serializable"), SimulatorServer(store) as server:
        contact_id = store.add(Name="A", Comment=object())
        server.wait()
    store.update(contact_id, Comment=None)
    store.close()
    with Store(file=tmp_path / "state.db") as store:
        assert list(store.contacts) == [contact_id]


def test_a_client_that_goes_away_in_the_middle_of_a_list(wire: Wire) -> None:
    """The list ends there, and nothing else does."""
    for n in range(3000):
        wire.store.add(Name=f"N{n}")
    connection = wire.connect()
    connection.request("GET", "/dialler/contacts")
    connection.some()
    connection.close()

    assert wire.http.get("/dialler/contacts").json()["count"] == 3000


def test_a_client_that_goes_away_in_the_middle_of_a_request(wire: Wire) -> None:
    """What has not come whole is not done."""
    connection = wire.connect()
    connection.begin("POST", "/dialler/contacts/import?overwriteDuplicates=true", b'{"Name": "A"', 1000)
    connection.close()

    assert wire.send(contact("K-2")).status_code == 200
    assert len(wire.store.contacts) == len(wire.server.requests) == 1


def test_a_body_that_has_no_end(wire: Wire) -> None:
    """It is read before the token, so anybody could fill the memory with it."""
    connection = wire.connect()
    connection.begin("POST", "/dialler/contacts", b"x" * ((1 << 24) + 1), 1 << 40)

    assert connection.answer()[0].startswith(b"HTTP/1.1 413 ")
    assert connection.some() == b""
    connection.close()
    assert wire.send(contact("K-2")).status_code == 200


def test_an_address_that_is_taken_or_wrong(start: Start, wire: Wire) -> None:
    """One sentence instead of a traceback."""
    port = int(wire.server.base_url.split(":")[2].split("/")[0])
    for host, bad in (("127.0.0.1", port), ("127.0.0.1", 70000), ("no.such.host.invalid", 0)):
        with (
            pytest.raises(UsageError, match=f"cannot listen on {host}, port {bad}"),
            SimulatorServer(host=host, port=bad),
        ):
            pass


def test_ipv6() -> None:
    """The base URL of an IPv6 address has brackets."""
    with SimulatorServer(host="::1") as server:
        assert server.base_url.startswith("http://[::1]:")
        assert status(server) == 200


def test_the_log_of_requests(start: Start) -> None:
    """Function, path, query, body, UserData, status and times of each request, in order; or none of it, for speed."""
    wire, silent = start(), start(log_requests=False)
    for each in (wire, silent):
        each.send(contact("K-1"))
        each.http.get("/dialler/contacts/contact", params={"userData": "K 2"})
        each.http.get("/dialler/nothing")

    imported, lookup, nothing = wire.server.requests
    assert (imported.method, imported.path) == ("POST", "/rest/v1.0/1/dialler/contacts/import")
    assert (imported.function, imported.query) == ("import", {"overwriteDuplicates": "true"})
    assert (imported.body, imported.user_data) == (contact("K-1"), "K-1")
    assert (lookup.function, lookup.user_data, lookup.body) == ("lookup", "K 2", None)
    assert (nothing.function, nothing.status, imported.status, imported.fault) == (None, 404, 200, None)
    assert imported.finished is not None
    assert imported.started <= imported.finished <= lookup.started
    assert silent.server.requests == []


def test_every_function_has_a_route_and_a_name() -> None:
    """Routes, functions and the names that faults know are one list."""
    assert set(Functions(Store(), Settings(), Random()).by_name) == set(FUNCTIONS)
    assert len(ROUTES) == len(set(FUNCTIONS))


def test_a_release_that_is_none() -> None:
    """Said before anything starts."""
    with pytest.raises(UsageError, match=r"'latest' is not a release"):
        SimulatorServer(release="latest")


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    """Contacts, locks, calls, campaigns and the last ID; with or without saying the campaigns again."""
    file = tmp_path / "state.db"
    with Store({7: "Seven"}, file=file):
        pass
    with Store(file=file) as store, SimulatorServer(store) as server, client(server) as http:
        for n in range(3):
            body = {**contact(f"K-{n}", Comment="ä" * n), "DiallerCampaignsID": 7}
            assert http.post("/dialler/contacts/import?overwriteDuplicates=true", json=body).status_code == 200
        http.put("/dialler/contacts/contact/1/lock")
        http.delete("/dialler/contacts/contact/3")
        store.add_call(2, StatisticsPartA={})
        contacts, calls = dict(store.contacts), dict(store.calls)

    with Store(file=file) as store:
        assert (store.contacts, store.calls, store.campaigns) == (contacts, calls, {7: "Seven"})
        assert (store.matches("K-1"), store.contacts[1]["bLocked"]) == ([2], True)
        assert store.add(Name="New") == 4
        store.delete(2)
    with Store({8: "Eight"}, file=file) as store:
        assert (list(store.contacts), store.calls, store.campaigns) == ([1, 4], {}, {7: "Seven", 8: "Eight"})
        assert store.add_call(1) == 2


def test_a_state_file_that_cannot_be_used(tmp_path: Path) -> None:
    """A folder, a text, another program's database, one that is in use: refused, and left as it was."""
    text, other, used = tmp_path / "notes.txt", tmp_path / "other.db", tmp_path / "used.db"
    text.write_text("not a database " * 100)
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE runs (id)")
    connection.commit()
    connection.close()
    before = text.read_bytes(), other.read_bytes()

    with Store(file=used):
        for bad in (tmp_path, tmp_path / "none" / "state.db", text, other, used):
            with pytest.raises(UsageError, match=f"state file {bad} cannot be used"):
                Store(file=bad)

    assert (text.read_bytes(), other.read_bytes()) == before


def test_serving_tells_when_it_is_ready_and_leaves_no_trace() -> None:
    """``ready`` has a server that answers; the signal's handler is what it was."""
    before = signal.getsignal(signal.SIGTERM)
    answers = []

    def ready(server: SimulatorServer) -> None:
        answers.append(status(server))
        signal.raise_signal(signal.SIGTERM)

    serve_forever(Store(), Settings(), ready=ready)

    assert answers == [200]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, stop: signal.Signals) -> None:
    """The base URL is told when the dialler answers; a signal ends it in order, and the state is in the file."""
    file = tmp_path / "state.db"
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        headers = {"Authorization": "Bearer simulator"}
        path = "/dialler/contacts/import?overwriteDuplicates=true"
        assert httpx.post(url + path, json=contact(), headers=headers, verify=False).status_code == 200
        os.kill(process.pid, stop)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (0, "stopped\n", "")
    with Store(file=file) as store:
        assert store.matches("K-1") == [1]
