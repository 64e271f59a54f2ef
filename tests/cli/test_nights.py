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
from dialler_sync.jobs.metrics import write_metrics
from dialler_sync.run.reports import Summary
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
    assert f"is not the file with which run {stopped.summary['run_id']} stopped" in done.err
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
    assert "a.csv is done, but cannot be moved to" in done.err


def test_metrics_for_prometheus(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """A text file that a collector of another user may read."""
    configure()

    run("import", contacts_csv(3), "--metrics-file", tmp_path / "dialler.prom")

    text = (tmp_path / "dialler.prom").read_text(encoding="utf-8")
    assert 'dialler_sync_rows{campaign="538",command="import",status="succeeded"} 3' in text
    assert 'dialler_sync_exit_code{campaign="538",command="import"} 0' in text
    assert (tmp_path / "dialler.prom").stat().st_mode & 0o044 == 0o044


class Webhook:
    """A webhook on loopback that answers as it is told to."""

    def __init__(self) -> None:
        self.answer = 204
        self.told: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.answer)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?key=s3cr3t"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    with hook.server as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield hook
        server.shutdown()
        thread.join()


def with_webhook(configure: Configure, url: str, **changes: object) -> None:
    path = configure(**changes)
    path.write_text(path.read_text(encoding="utf-8") + f"notify: {{webhook: '{url}'}}\n", encoding="utf-8")


def test_the_webhook_is_called_when_the_state_changes(
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Failing once, recovered once, and silence while nothing changes."""
    with_webhook(configure, webhook.url)
    file, told = contacts_csv(2), webhook.told

    run("import", file)
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "dead")
    run("import", file)
    run("import", file)
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "simulator")
    last = run("import", file)

    assert [call["event"] for call in told] == ["failing", "recovered"]
    assert told[1]["text"] == "dialler-sync: campaign 538 recovered: 2 of 2 imported"
    assert told[0]["exit_code"] == ExitCode.NO_ROW_CAN_SUCCEED
    assert told[1]["run_id"] == last.summary["run_id"]


def test_a_webhook_that_was_down_is_told_by_the_next_run_once(
    run: Run, configure: Configure, contacts_csv: Contacts, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm that met a 503 reaches its receiver the next night, also where nothing has changed since."""
    with_webhook(configure, webhook.url)
    file = contacts_csv(2)
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "dead")
    webhook.answer = 503
    first = run("import", file)
    webhook.answer = 204
    second = run("import", file)
    run("import", file)
    journal = os.environ["DIALLER_SYNC_STATE"]

    assert "notify.webhook could not be called: it answered 503" in first.err
    assert "notify" not in second.err
    assert [call["run_id"] for call in webhook.told] == [first.summary["run_id"]] * 2
    assert [call["event"] for call in webhook.told] == ["failing"] * 2
    assert b"s3cr3t" not in Path(journal).read_bytes()


def test_what_waits_is_told_in_its_order(
    run: Run, configure: Configure, contacts_csv: Contacts, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that comes back learns that it failed, then that it recovered."""
    file = contacts_csv(2)
    with_webhook(configure, "http://127.0.0.1:1/")
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "dead")
    run("import", file)
    monkeypatch.setenv("DIALLER_SYNC_TOKEN", "simulator")
    run("import", file)
    with_webhook(configure, webhook.url)

    run("import", file)

    assert [call["event"] for call in webhook.told] == ["failing", "recovered"]


def test_a_run_that_was_resumed_has_recovered(
    run: Run, configure: Configure, contacts_csv: Contacts, webhook: Webhook, dialler: SimulatorServer
) -> None:
    """Who was told that a run failed is told that a person has finished it."""
    with_webhook(configure, webhook.url, concurrency=1)
    dialler.order(FaultPlan.parse("401_from:5"))
    failed = run("import", contacts_csv(10))
    dialler.order(FaultPlan())

    resumed = run("resume")

    assert resumed.code == ExitCode.OK
    assert [(call["event"], call["run_id"]) for call in webhook.told] == [
        ("failing", failed.summary["run_id"]),
        ("recovered", failed.summary["run_id"]),
    ]


def test_metrics_are_exact(tmp_path: Path) -> None:
    """A time is the second that it was, and a million rows and three are not a million."""
    counts = {"read": 1_000_003, "succeeded": 1_000_003}
    summary = Summary(
        run_id="r", command="import", started_at="2026-11-28T03:15:00Z", finished_at="2026-11-28T04:02:07Z",
        duration_s=2827.125, files=(), campaign='a "b"', counts=counts, actions={}, requests=1_234_567, retries=0,
        rows_per_s=97.0, exit_code=ExitCode.OK, stopped_because=None, dry_run=False, parent=None, version="1", out="",
    )  # fmt: skip
    path = tmp_path / "x.prom"

    write_metrics(summary, path)

    lines = dict(line.rsplit(" ", 1) for line in path.read_text(encoding="utf-8").splitlines() if line[0] != "#")
    own = r'campaign="a \"b\"",command="import"'
    assert lines[f"dialler_sync_finished_timestamp_seconds{{{own}}}"] == "1795838527"
    assert lines[f'dialler_sync_rows{{{own},status="succeeded"}}'] == "1000003"
    assert lines[f"dialler_sync_requests{{{own}}}"] == "1234567"
    assert lines[f"dialler_sync_duration_seconds{{{own}}}"] == "2827.125"
    assert lines[f"dialler_sync_exit_code{{{own}}}"] == "0"
    assert [name.name for name in tmp_path.iterdir() if "prom" in name.name] == ["x.prom"]


@pytest.mark.parametrize("by", ["file", "inbox"])
def test_ctrl_c_ends_only_the_wait_for_the_webhook(
    by: str, run: Run, configure: Configure, inbox: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is over, and its exit code is earned; of an inbox the next file waits. The message comes later."""
    with_webhook(configure, webhook.url)
    for name in ("a.csv", "b.csv"):
        (inbox / name).write_text("Key,Name,Phone\nK1,Anna,0171 3920011\n", encoding="utf-8")
    arguments = ("import", inbox / "a.csv") if by == "file" else ("import", "--inbox", inbox, "--quiet-for", "0")

    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dialler_sync.jobs.receivers._status_of", pressed)
        patch.setenv("DIALLER_SYNC_TOKEN", "wrong")
        done = run(*arguments)

    assert done.code == (ExitCode.NO_ROW_CAN_SUCCEED if by == "file" else ExitCode.INTERRUPTED)
    assert "notify.webhook could not be called: interrupted. The next run delivers the message." in done.err
    assert done.summary["exit_code"] == ExitCode.NO_ROW_CAN_SUCCEED
    assert (inbox / "b.csv").exists()
    run("resume")
    assert [call["event"] for call in webhook.told] == ["failing", "recovered"]


def test_the_webhook_hears_of_a_missing_list(run: Run, configure: Configure, inbox: Path, webhook: Webhook) -> None:
    """Once for each time at which a list is due, also where the receiver was away when it was found out."""
    path = configure()
    text = path.read_text(encoding="utf-8")
    path.write_text(
        f"{text}notify: {{webhook: '{webhook.url}'}}\ninbox: {{dir: inbox, expect: '00:00'}}\n", encoding="utf-8"
    )

    webhook.answer = 503
    first = run("import").code
    webhook.answer = 204
    codes = [run("import").code for _ in range(2)]

    assert (first, codes) == (ExitCode.INPUT, [ExitCode.OK] * 2)
    assert [(call["event"], call["exit_code"], call["campaign"]) for call in webhook.told] == [("missing", 3, 538)] * 2
    assert {key: webhook.told[0][key] for key in ("run_id", "finished_at", "counts")} == {
        "run_id": None,
        "finished_at": None,
        "counts": {},
    }


def test_nobody_to_tell_is_no_failure(run: Run, configure: Configure, contacts_csv: Contacts, tmp_path: Path) -> None:
    """No folder for metrics, and no webhook that listens: a warning each, without the webhook's secret."""
    path = configure()
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}notify: {{row_count: 30%, webhook: 'http://127.0.0.1:1/?key=s3cr3t'}}\n", encoding="utf-8")
    run("import", contacts_csv(9))

    done = run("import", contacts_csv(2), "--metrics-file", tmp_path / "missing" / "x.prom")

    assert done.code == ExitCode.OK
    assert "x.prom cannot be written: No such file or directory\n" in done.err
    assert "notify.webhook could not be called: it refuses the connection: it may be down" in done.err
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


def test_a_part_of_a_list_does_not_end_the_alarm(
    run: Run, configure: Configure, contacts_csv: Contacts, webhook: Webhook
) -> None:
    """Rows that were fixed are in the dialler; the export is still half of what it should be."""
    path = configure()
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}notify: {{row_count: 30%, webhook: '{webhook.url}'}}\n", encoding="utf-8")
    for _ in range(2):
        run("import", contacts_csv(10))
    half = run("import", contacts_csv(rows=["K1,Anna,0171 3920012", "K2,Bert,none"]))
    assert half.reports
    failed = half.reports / "failed.csv"
    failed.write_text(failed.read_text(encoding="utf-8-sig").replace("none,", "0171 3920013,"), encoding="utf-8-sig")

    codes = [run("import", failed).code for _ in range(2)]

    assert codes == [ExitCode.OK] * 2
    assert [call["event"] for call in webhook.told] == ["failing"]
    assert run("import", contacts_csv(10)).code == ExitCode.OK
    assert [call["event"] for call in webhook.told] == ["failing", "recovered"]
