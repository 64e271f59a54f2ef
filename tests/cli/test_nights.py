"""Nights that look after themselves: inbox, row-count alarm, webhook, metrics."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


def settle(path: Path) -> Path:
    """Make a file an hour old."""
    stamp = path.stat().st_mtime - 3600
    os.utime(path, (stamp, stamp))
    return path


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def test_the_inbox_takes_what_is_complete(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """Good files go to done/, unreadable ones to failed/, and unfinished ones wait."""
    configure()
    settle(contacts_csv(3, "inbox/a.csv"))
    settle(contacts_csv(rows=["Z1,Anna,0171 3920012", "Z2,,"], name="inbox/b.csv"))
    (inbox / "broken.xlsx").write_bytes(b"PK\x03\x04 broken" * 10)
    settle(inbox / "broken.xlsx")
    settle(contacts_csv(2, "inbox/later.csv.part"))

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.INPUT
    assert sorted(path.name.split("-", 3)[-1] for path in (inbox / "done").iterdir()) == ["a.csv", "b.csv"]
    assert [path.name.rpartition("-")[2] for path in (inbox / "failed").iterdir()] == ["broken.xlsx"]
    assert sorted(path.name for path in inbox.iterdir() if path.is_file()) == ["later.csv.part"]
    assert len(dialler.store.contacts) == 4


def test_a_stopped_file_stays_and_is_resumed_the_next_time(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    inbox: Path,
    dialler: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dead token is no fault of the file; with the new one the same run goes on."""
    configure(concurrency=1)
    settle(contacts_csv(10, "inbox/a.csv"))
    dialler.order(FaultPlan.parse("401_from:5"))
    first = run("import", "--inbox", inbox, "--quiet-for", "0")
    dialler.order(FaultPlan())
    sent = len(dialler.store.contacts)

    second = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert first.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert 0 < sent < 10
    assert second.code == ExitCode.OK, second.err
    assert second.summary["run_id"] == first.summary["run_id"]
    assert len(dialler.store.contacts) == 10
    assert not (inbox / "a.csv").exists()


def test_a_newer_file_of_the_same_name_is_a_file_of_its_own(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path, dialler: SimulatorServer
) -> None:
    """The night after a stopped one brings a new export; the inbox does not stand still for ever."""
    configure(concurrency=1)
    settle(contacts_csv(10, "inbox/a.csv"))
    dialler.order(FaultPlan.parse("401_from:5"))
    stopped = run("import", "--inbox", inbox, "--quiet-for", "0")
    dialler.order(FaultPlan())
    settle(contacts_csv(12, "inbox/a.csv"))

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.OK, done.err
    assert done.summary["counts"]["succeeded"] == 12
    assert f"is not the file that run {stopped.summary['run_id']} was stopped with" in done.err
    assert not (inbox / "a.csv").exists()


def test_a_file_that_cannot_be_moved_away_is_a_clear_message(
    run: Run, configure: Configure, contacts_csv: Contacts, inbox: Path
) -> None:
    """It would be imported again the next night, so somebody has to know."""
    configure()
    settle(contacts_csv(1, "inbox/a.csv"))
    (inbox / "done").write_text("no folder", encoding="utf-8")

    done = run("import", "--inbox", inbox, "--quiet-for", "0")

    assert done.code == ExitCode.USAGE
    assert "a.csv is done with, but cannot be moved to" in done.err


def test_metrics_for_prometheus(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """A text file that a collector of another user may read."""
    configure()

    run("import", contacts_csv(3), "--metrics-file", tmp_path / "dialler.prom")

    text = (tmp_path / "dialler.prom").read_text(encoding="utf-8")
    assert 'dialler_sync_rows{campaign="538",command="import",status="succeeded"} 3' in text
    assert 'dialler_sync_exit_code{campaign="538",command="import"} 0' in text
    assert (tmp_path / "dialler.prom").stat().st_mode & 0o044 == 0o044


@pytest.fixture
def calls() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook on loopback: its address, and what it was told."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook?key=s3cr3t", told
        server.shutdown()
        thread.join()


def test_the_webhook_is_called_when_the_state_changes(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    calls: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Failing once, recovered once, and silence while nothing changes."""
    url, told = calls
    path = configure()
    path.write_text(path.read_text(encoding="utf-8") + f"notify: {{webhook: '{url}'}}\n", encoding="utf-8")
    file = contacts_csv(2)

    run("import", file)
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "dead")
    run("import", file)
    run("import", file)
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "simulator")
    last = run("import", file)

    assert [call["event"] for call in told] == ["failing", "recovered"]
    assert told[0]["exit_code"] == ExitCode.NO_ROW_CAN_SUCCEED
    assert told[1]["run_id"] == last.summary["run_id"]


def test_the_webhook_hears_of_a_missing_list(
    run: Run, configure: Configure, inbox: Path, calls: tuple[str, list[dict[str, Any]]]
) -> None:
    """Once for each time at which a list is due."""
    url, told = calls
    path = configure()
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}notify: {{webhook: '{url}'}}\ninbox: {{dir: inbox, expect: '00:00'}}\n", encoding="utf-8")

    codes = [run("import").code for _ in range(2)]

    assert codes == [ExitCode.INPUT, ExitCode.OK]
    assert [(call["event"], call["exit_code"], call["campaign"]) for call in told] == [("missing", 3, "538")]


def test_nobody_to_tell_is_no_failure(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """No folder for metrics, and no webhook that listens: a warning each, without the webhook's secret."""
    path = configure()
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}notify: {{row_count: 30%, webhook: 'http://127.0.0.1:1/?key=s3cr3t'}}\n", encoding="utf-8")
    run("import", contacts_csv(9))

    done = run("import", contacts_csv(2), "--metrics-file", tmp_path / "missing" / "x.prom")

    assert done.code == ExitCode.OK
    assert "x.prom cannot be written: No such file or directory\n" in done.err
    assert "notify.webhook could not be called: ConnectError" in done.err
    assert "s3cr3t" not in done.err


def test_an_unusual_number_of_rows_raises_the_alarm(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    """Half a file is noticed, though every row of it succeeds."""
    path = configure()
    path.write_text(path.read_text(encoding="utf-8") + "notify: {row_count: 30%}\n", encoding="utf-8")
    usual = [run("import", contacts_csv(number)) for number in (100, 101, 99)]

    half = run("import", contacts_csv(50))

    assert not any("notify.row_count" in done.err for done in usual)
    assert "50 rows were read; the last 3 imports had 100" in half.err
    assert half.code == ExitCode.OK
