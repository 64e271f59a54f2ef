"""Two processes with two journals: the machine keeps them off one campaign, however it is spelled."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer
from dialler_sync.simulator.span import Span

from ..conftest import Configure, Run
from ..helpers.commands import killed, start
from ..helpers.old_journals import SPELLINGS, age
from ..helpers.watched import Watched

Contacts = Callable[..., Path]


def pair(
    configure: Configure, base_url: str, first: str, second: str, host: str, tmp_path: Path, **dialler: object
) -> tuple[Path, Path]:
    """Two configurations for the same dialler."""
    paths = []
    for number, (campaign, url) in enumerate(((first, base_url), (second, base_url.replace("127.0.0.1", host)))):
        written = configure(base_url=url, campaign=campaign, concurrency=2, **dialler)
        paths.append(written.rename(tmp_path / f"{number}.yaml"))
    return paths[0], paths[1]


def rows(count: int) -> list[str]:
    return [f"K{n},Name {n},0171 39200{n + 10},Nightly" for n in range(count)]


@pytest.mark.parametrize(
    ("first", "second", "host"),
    [
        ("{id: 538}", "{id: 538}", "localhost"),
        ("{id: 538}", "{name: Nightly}", "127.0.0.1"),
        ("{name: Nightly}", "{column: Campaign}", "127.0.0.1"),
        ("{column: Campaign}", "{id: 538}", "localhost"),
        ("{column: Campaign}", "{column: Campaign}", "127.0.0.1"),
    ],
)
def test_two_journals_make_no_doubles(
    first: str, second: str, host: str, run: Run, configure: Configure, store: Watched, tmp_path: Path
) -> None:
    """The second is refused before it sends anything, and told who is at work."""
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["Key,Name,Phone,Campaign", *rows(20)]) + "\n", encoding="utf-8")
    began = threading.Event()
    with SimulatorServer(store, processing=Span(0.2, 0.2)) as dialler:
        ours, theirs = pair(configure, dialler.base_url, first, second, host, tmp_path)
        run("-c", theirs, "validate", path)  # loads what takes its time
        store.then(1, began.set)
        at_work = start("-c", ours, "--state", tmp_path / "one" / "journal.db", "import", path)
        assert began.wait(30)

        refused = run("-c", theirs, "--state", tmp_path / "two" / "journal.db", "import", path)

        assert at_work.end() == ExitCode.OK, at_work.err
    assert refused.code == ExitCode.USAGE
    assert f"user {getpass.getuser()}, process {at_work.pid}" in refused.err
    assert len(store.contacts) == 20


def test_other_campaigns_go_on_beside(run: Run, configure: Configure, store: Watched, tmp_path: Path) -> None:
    """A run holds its own campaign only."""
    store.campaigns[539] = "Trade fair"
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["Key,Name,Phone,Campaign", *rows(10)]) + "\n", encoding="utf-8")
    began = threading.Event()
    with SimulatorServer(store, processing=Span(0.1, 0.1)) as dialler:
        ours, theirs = pair(configure, dialler.base_url, "{id: 538}", "{id: 539}", "127.0.0.1", tmp_path)
        store.then(1, began.set)
        at_work = start("-c", ours, "import", path)
        assert began.wait(30)

        beside = run("-c", theirs, "import", path)

        assert at_work.end() == ExitCode.OK, at_work.err
    assert beside.code == ExitCode.OK, beside.err


def test_without_the_lock_doubles_are_told(
    run: Run, configure: Configure, store: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine's lock cannot be taken the run says so, and looks afterwards what was made twice."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIALLER_SYNC_LOCK_DIR", str(tmp_path / "file" / "locks"))
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["Key,Name,Phone,Campaign", *rows(5)]) + "\n", encoding="utf-8")

    def another_run() -> None:
        store.add(UserData="K0", Name="Twin", PhoneNumber1="+491713920010", DiallerCampaignsID=538)

    with SimulatorServer(store) as dialler:
        configure(base_url=dialler.base_url, concurrency=1)
        store.then(2, another_run)
        done = run("import", path)

    assert "lock cannot be taken" in done.err
    assert done.code == ExitCode.ROWS_FAILED
    (doubled,) = [row for row in done.rows() if row["_status"] != "succeeded"]
    assert (doubled["_user_data"], doubled["_status"], doubled["_error_code"]) == (
        "K0",
        "unknown",
        "possible_duplicate",
    )
    assert all(str(n) in doubled["_error"] for n, c in store.contacts.items() if c["UserData"] == "K0")


@SPELLINGS
def test_a_run_of_an_old_journal_is_resumed(
    spelled: str,
    old: str,
    run: Run,
    configure: Configure,
    contacts_csv: Contacts,
    dialler: SimulatorServer,
    tmp_path: Path,
) -> None:
    """With or without its name, and whatever spelling it began with."""
    configure(campaign=spelled)
    killed("after", "planned", "import", contacts_csv(5))
    age(tmp_path / "state" / "journal.db", f"{dialler.base_url}/1#{old}")

    done = run("resume")

    assert done.code == ExitCode.OK, done.err
    assert len(dialler.store.contacts) == 5
