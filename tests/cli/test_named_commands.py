"""Commands that messages name: whoever copies one reaches the same run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.config.proxy import find_proxy
from dialler_sync.errors import Interrupted
from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import RunRecord
from dialler_sync.run.lifecycle import told
from dialler_sync.simulator import FaultPlan, SimulatorServer
from dialler_sync.text.command_line import command

from ..conftest import Configure, Run

Contacts = Callable[..., Path]

RUN = RunRecord("20261123-020000-abc123", "import", "host/1/538", "538", "", "", {}, {}, "2026-11-23T02:00:00Z")


@pytest.fixture
def options(configure: Configure) -> list[str]:
    """Another configuration and another journal than those of this folder."""
    return ["--config", str(configure().rename("o'clock list.yaml")), "--state", "my journal.db", "--trust"]


def test_a_limit_names_the_command_that_sends_the_rest(run: Run, contacts_csv: Contacts, options: list[str]) -> None:
    first = run(*options, "import", contacts_csv(5), "--limit", "2")
    (named,) = re.findall(r"remaining rows with '(dialler-sync .* resume \S+)'", first.err)
    page = Path(first.summary["out"], "report.html").read_text(encoding="utf-8")

    rest = run(*shlex.split(named)[1:])

    assert rest.code == ExitCode.OK, rest.err
    assert rest.summary["counts"]["succeeded"] == 5
    assert "my journal.db" in page


@pytest.mark.parametrize("asked", [("runs", "show", "nothing"), ("retry", ""), ("undo", "nothing", "--yes")])
def test_where_runs_are_listed(run: Run, options: list[str], asked: tuple[str, ...]) -> None:
    refused = run(*options, *asked)

    assert refused.code == ExitCode.USAGE
    assert f"see '{shlex.join(['dialler-sync', *options, 'runs', 'list'])}'" in refused.err


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:pa%40ss-word@db/x", "postgresql://ann:***@db/x"),
        ("postgresql://ann:pa@ss-word@db/x", "postgresql://ann:***@db/x"),
        ("postgresql://ann:pa/ss-word@db/x", "postgresql://ann:***@db/x"),
        ("postgresql://db/x?user=ann&password=pa-ss-word", "postgresql://db/x?user=ann&password=***"),
    ],
)
def test_a_command_shows_no_password_of_the_journal(run: Run, url: str, shown: str) -> None:
    refused = run("--state", url, "runs", "list")

    assert refused.code == ExitCode.USAGE
    assert "ss-word" not in refused.err
    assert command("resume") == shlex.join(["dialler-sync", "--state", shown, "resume"])


def test_the_configuration_of_the_run_is_named(run: Run, contacts_csv: Contacts, options: list[str]) -> None:
    """It was not given on the command line that says so."""
    first = run(*options, "import", contacts_csv(3), "--limit", "1")
    journal = options[2:]

    asked = run(*journal, "resume", first.summary["run_id"])
    again = run(*journal, "retry", first.summary["run_id"], "--config-of-run")

    expected = ["dialler-sync", "--config", str(Path(options[1]).resolve()), *journal, "resume"]
    assert shlex.join([*expected, first.summary["run_id"]]) in asked.err
    assert command("resume") == shlex.join(expected), again.err


def test_a_run_that_stopped_names_the_command_that_goes_on(
    run: Run, contacts_csv: Contacts, options: list[str], dialler: SimulatorServer
) -> None:
    dialler.order(FaultPlan.parse("401_from:1"))
    stopped = run(*options, "import", contacts_csv(3))
    (named,) = re.findall(r"Then continue with: (dialler-sync .* resume \S+)", stopped.err)
    dialler.order(FaultPlan())

    done = run(*shlex.split(named)[1:])

    assert stopped.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert done.code == ExitCode.OK, done.err


@pytest.mark.parametrize(
    "options",
    [
        ("--state", "postgresql://ann:pa%40ss-word@db/x"),
        ("--state", "postgresql://db/x?user=ann&password=pa%40ss-word"),
        ("--config", "/lists/pa@ss-word/night.yaml"),
    ],
)
def test_an_interrupt_shows_no_password(run: Run, options: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that of the journal, nor that of a proxy, which stands in a path here."""
    monkeypatch.setenv("DIALLER_SYNC_STATE", "none")
    run(*options, "runs", "list")
    find_proxy("https://dialler.example.com/", {"HTTPS_PROXY": "http://ann:pa%40ss-word@proxy:3128"})

    said = str(told(Interrupted("by Ctrl-C"), RUN))

    assert "ss-word" not in said
    assert "***" in said
    assert said.endswith(f"resume {RUN.id}")
