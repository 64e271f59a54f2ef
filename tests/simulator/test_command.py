"""``dialler-sync simulator``: what it refuses, what it says, what it serves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Run


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and its base URL."""
    command = [sys.executable, "-m", "dialler_sync", "simulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().removeprefix("base_url: ").strip()
        finally:
            process.terminate()


@pytest.mark.parametrize("host", ["0.0.0.0", "", "0", "::"])
def test_an_address_that_others_reach_wants_a_token(run: Run, host: str) -> None:
    """However it is spelled: everybody knows the default."""
    done = run("simulator", "--port", "0", "--host", host)

    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "Other machines could reach the simulator" in done.err
    assert "--token" in done.err


def test_with_a_token_it_warns_and_serves() -> None:
    """The base URL is one for this machine; the default token is not accepted."""
    with serving("--host", "0.0.0.0", "--token", "mine") as (process, url):
        answers = [
            httpx.get(f"{url}/1/dialler/campaigns", headers={"Authorization": f"Bearer {token}"}, verify=False)
            for token in ("mine", "simulator")
        ]
        process.terminate()
        _, err = process.communicate(timeout=20)

    assert url.startswith("http://127.0.0.1:")
    assert [answer.status_code for answer in answers] == [200, 401]
    assert err.startswith("Warning: listening on 0.0.0.0, without TLS.")
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_this_machine_alone_needs_no_token(host: str) -> None:
    """On any of its loopback addresses."""
    with SimulatorServer(host=host) as server:
        assert not server.exposed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--release", "9.9"), "'9.9' is not a release"),
        (("--release", "latest"), "'latest' is not a release"),
        (("--calls", "none.jsonl"), "'none.jsonl' is neither a number of calls"),
        (("--token", ""), "token must be"),
        (("--token", "two words"), "token must be"),
        (("--lock-method", "DELETE"), "lock-method"),
        (("--host", "a" * 300), "cannot listen"),
    ],
)
def test_what_cannot_be_is_refused_in_one_message(run: Run, arguments: tuple[str, ...], said: str) -> None:
    """Exit 2, and no state file is left behind."""
    done = run("simulator", "--port", "0", "--file", "state.db", *arguments)

    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert said in done.err
    assert "--host" in arguments or not Path("state.db").exists()


def test_a_folder_is_no_state_file(run: Run) -> None:
    """Nobody is told to change the mode of ``/tmp``."""
    done = run("simulator", "--port", "0", "--file", "/tmp")

    assert done.code == ExitCode.USAGE
    assert "The state file /tmp cannot be used" in done.err
    assert "chmod" not in done.err


def test_a_rehearsal_with_an_older_dialler_and_calls(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path]
) -> None:
    """From the import to the calls: history and reconcile say of the simulator's records what they are."""
    calls = [
        {"UserData": "K2", "CallStart": "2026-01-02 10:00:00", "CallConnect": "2026-01-02 10:00:09"}
        | {"ResultCode": "SALE", "ResultText": "Sold", "Done": True, "Agent": "anna", "Number": "+4917139200"},
        {"UserData": "K2", "CallStart": "2026-01-01 10:00:00", "ResultCode": "BUSY", "Done": False},
    ]
    Path("calls.json").write_text(json.dumps(calls))
    with serving("--release", "3.18", "--calls", "calls.json") as (_, url):
        configure(base_url=url)
        assert run("import", contacts_csv(3)).code == ExitCode.OK
        history = json.loads(run("contacts", "history", "--user-data", "K2", "-o", "json").out)
        reconciled = run("reconcile", "contacts.csv", "--with-history")
        checked = run("doctor", "-o", "json")

    missed, sold = history
    assert (sold["CallStart"], sold["Reached"], sold["ResultCode"]) == ("2026-01-02 10:00:00", True, "SALE")
    assert (sold["ResultText"], sold["Done"], sold["Agent"]) == ("Sold", True, "anna")
    assert (missed["CallStart"], missed["Reached"], missed["Done"]) == ("2026-01-01 10:00:00", False, False)
    found = reconciled.summary["history"]
    assert (found["called"], found["reached"], found["calls"]) == (1, 1, 2)
    assert "an older dialler" in checked.out
