"""Whole runs with their journal on a server, in real processes as on several hosts."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal
from dialler_sync.simulator import SimulatorServer, Store

from ..conftest import Configure, Run
from ..helpers.commands import KILLED, Blow, Command, run_apart, start
from .conftest import Cluster

Contacts = Callable[..., Path]


class Calling(Store):
    """Calls ``then`` in the instant in which so many contacts have been made or changed."""

    changes = 0
    at = -1
    then: Callable[[], object] = staticmethod(lambda: None)

    def update(self, contact_id: int, **fields: Any) -> None:
        super().update(contact_id, **fields)
        self.changes += 1
        if self.changes == self.at:
            self.then()


@pytest.fixture
def store() -> Iterator[Calling]:
    """What the dialler holds."""
    with Calling({1: "Munich", 2: "Berlin", 3: "Vienna", 538: "Nightly"}) as store:
        yield store


@pytest.fixture
def dialler(store: Calling) -> Iterator[SimulatorServer]:
    """A dialler that outlives the commands."""
    with SimulatorServer(store) as server:
        yield server


def test_import_plan_and_undo(run: Run, configure: Configure, contacts_csv: Contacts, store: Calling, url: str) -> None:
    """The everyday commands: what was sent is known to the next plan, and can be undone."""
    configure()
    path = contacts_csv(30, rows=[*(f"K{n},Name {n},0171 3920{n:03}" for n in range(2, 30)), "BAD\x00,Nul,12"])

    first = run("import", path)
    path.write_text(path.read_text().replace("Name 7,", "Other,"), encoding="utf-8")
    planned = run("plan", "--compare", "journal", path)
    second = run("import", "--compare", "journal", path)
    undone = run("undo", first.summary["run_id"], "--force", "--yes")

    assert first.code == ExitCode.ROWS_FAILED, first.err
    assert first.summary["counts"]["succeeded"] == 28
    assert planned.code in {ExitCode.OK, ExitCode.ROWS_FAILED}, planned.err
    assert second.summary["actions"]["unchanged"] == 27, second.err
    assert second.summary["counts"]["succeeded"] == 1
    assert undone.reports, undone.err
    assert not store.contacts
    assert run("runs", "list").code == run("doctor").code == ExitCode.OK


def test_a_run_that_dies_on_one_host_is_resumed_on_another(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Calling, url: str
) -> None:
    """Killed at work and resumed by another process at once: every contact is there, once."""
    configure(rows="{overwrite_duplicates: false}", concurrency=4, timeout=0.5)
    command = start("import", contacts_csv(60))
    store.at, store.then = 25, command.process.kill
    assert command.end() == KILLED

    done = run("--state", url, "resume")

    assert done.code == ExitCode.OK, done.err
    assert done.summary["counts"]["succeeded"] == 60
    keys = Counter(contact["UserData"] for contact in store.contacts.values())
    assert len(keys) == 60
    assert set(keys.values()) == {1}


def test_a_second_run_on_one_campaign_is_refused(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Calling, url: str
) -> None:
    """While one host works on a campaign another may not; the first one ends undisturbed."""
    configure(rate=20)
    path = contacts_csv(10)
    refused: list[Command] = []
    store.at = 1
    apart = {"DIALLER_SYNC_LOCK_DIR": str(path.parent / "another host")}
    store.then = lambda: refused.append(run_apart("import", path, variables=apart))

    first = start("import", path)

    assert first.end() == ExitCode.OK, first.err
    assert [done.end() for done in refused] == [ExitCode.USAGE]
    assert "another run is working on this campaign" in refused[0].err
    assert f"process {first.pid}" in refused[0].err
    assert len(store.contacts) == 10
    assert run("runs", "list").out.count("import") == 1


def test_a_run_whose_lock_is_lost_stops_and_is_resumed(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Calling, url: str, cluster: Cluster
) -> None:
    """The server ends all connections in the middle of a run: it stops with words, and a resume finishes it."""
    configure(rate=100, timeout=0.5)
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.rpartition('/')[2]}'"
    store.at, store.then = 20, lambda: cluster.execute(end)

    stopped = run("import", contacts_csv(60))
    done = run("resume")

    assert stopped.code == ExitCode.UNAVAILABLE
    assert "dialler-sync resume" in stopped.err
    assert done.code == ExitCode.OK, done.err
    assert len(store.contacts) == 60


def test_a_server_that_falls_silent_is_given_up(
    run: Run, configure: Configure, contacts_csv: Contacts, store: Calling, url: str, cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Its machine hangs, or a proxy in between: the connections stand, and nothing comes. The run waited for ever."""
    configure(rate=100, timeout=0.5)
    monkeypatch.setattr("dialler_sync.journal.postgres.SILENCE", 2.0)
    monkeypatch.setattr("dialler_sync.journal.postgres.SILENCE_AGAIN", 1.0)
    speaks = threading.Event()
    speaks.set()
    with relay(cluster.port, speaks) as port:
        state = f"{url.replace(str(cluster.port), str(port))}?connect_timeout=2"
        store.at, store.then = 20, speaks.clear
        stopped = run("--state", state, "import", contacts_csv(60))
        asked = run("--state", state, "runs", "list")
        speaks.set()
    done = run("resume")

    assert stopped.code == ExitCode.UNAVAILABLE, stopped.err
    assert re.search(r"the server has not answered for [12] s|connection timeout expired", stopped.err), stopped.err
    assert asked.code == ExitCode.USAGE
    assert done.code == ExitCode.OK, done.err
    assert len(store.contacts) == 60


@contextmanager
def relay(port: int, speaks: threading.Event) -> Iterator[int]:
    """A port that leads to another one, as long as ``speaks`` is set; what comes meanwhile is passed on later."""

    def pass_on(here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError), here, there:
            while data := here.recv(1 << 16):
                speaks.wait()
                there.sendall(data)
            there.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                here = listener.accept()[0]
                there = socket.create_connection(("127.0.0.1", port))
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=pass_on, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def test_three_campaigns_at_once(
    configure: Configure, contacts_csv: Contacts, store: Calling, url: str, tmp_path: Path
) -> None:
    """A fleet of configurations shares one journal, which none of them has to make first."""
    path = contacts_csv(100)
    commands = []
    for number in (1, 2, 3):
        config = configure(campaign=f"{{id: {number}}}", rows="{overwrite_duplicates: false}")
        config = config.rename(tmp_path / f"campaign-{number}.yaml")
        commands.append(start("-c", config, "import", path))

    assert [command.end() for command in commands] == [ExitCode.OK] * 3, [command.err for command in commands]
    assert Counter(contact["DiallerCampaignsID"] for contact in store.contacts.values()) == {1: 100, 2: 100, 3: 100}
    with Journal.open(url) as journal:
        runs = journal.runs()
        assert [run.state for run in runs] == ["finished"] * 3
        assert [sum(1 for _ in journal.rows(run)) for run in runs] == [100] * 3


def test_calls_are_given_once(run: Run, configure: Configure, store: Calling, url: str, tmp_path: Path) -> None:
    """With the notes on a server: also after a kill, and a result that changes."""
    configure()
    contact = store.add(UserData="K1", Name="A", PhoneNumber1="+491713920012", DiallerCampaignsID=538)
    for day in (1, 2):
        store.add_call(contact, StatisticsPartA={"dtCallStart": f"2026-01-0{day} 10:00:00"}, Odd="a\x00b")
    run_apart("calls", "--since", "last", "--to", "1.csv", blow=Blow("before", "calls settle"))
    store.calls[contact][0]["DiallerCampaignsResultCodes"] = {"ExportKey": "SALE"}
    store.update(contact, DiallerCampaignsResultCodesID=1)

    second = run("calls", "--since", "last", "--to", "2.csv")
    run("calls", "--since", "last", "--to", "3.csv")

    assert second.code == ExitCode.OK, second.err
    assert [len(Path(f"{n}.csv").read_text("utf-8").splitlines()) for n in (1, 2, 3)] == [3, 2, 1]


def test_runs_are_found_people_erased_and_files_answered(
    run: Run, configure: Configure, contacts_csv: Contacts, url: str, tmp_path: Path
) -> None:
    """What other tests do on SQLite: filters of the list, forget, answers, and an answer that is put back."""
    (tmp_path / "inbox").mkdir()
    configure(inbox="{dir: inbox, answers: answers, keep: 30d, expect: '00:00'}")
    contacts_csv(rows=["Eva,Eva,0171 3920011", "Ida,Ida,12"], name="inbox/a.csv")
    first = run("import", "--quiet-for", "0")
    (answer,) = (tmp_path / "answers").iterdir()
    answer.rename(tmp_path / "inbox" / answer.name)
    second = run("import", "--quiet-for", "0")

    def listed(*options: str) -> list[str]:
        return [found["run_id"] for found in json.loads(run("runs", "list", "--json", *options).out)]

    ours = [second.summary["run_id"], first.summary["run_id"]]
    assert (first.code, second.code) == (ExitCode.ROWS_FAILED, ExitCode.ROWS_FAILED), second.err
    assert listed() == listed("--campaign", "538") == listed("--failed") == listed("--since", "2020-01-01") == ours
    assert listed("--campaign", "1") == listed("--since", "2999-01-01") == []
    assert answer.name in " ".join(path.name for path in (tmp_path / "answers").iterdir())
    erased = run("forget", "--user-data", "Ida", "--yes")
    assert erased.code == ExitCode.OK, erased.err
    assert "erased 2 rows in 2 runs" in erased.out
    assert "Ida" not in run("runs", "show", ours[0], "--json").out
    assert first.reports
    assert "Ida" not in (first.reports / "failed.csv").read_text(encoding="utf-8-sig")
