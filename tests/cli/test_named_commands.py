"""Commands that messages name: whoever copies one reaches the same run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.command_line import command
from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure, Run

Contacts = Callable[..., Path]


@pytest.fixture
def options(configure: Configure) -> list[str]:
    """Another configuration and another journal than those of this folder."""
    return ["--config", str(configure().rename("o'clock list.yaml")), "--state", "my journal.db", "--trust"]


def test_a_limit_names_the_command_that_sends_the_rest(run: Run, contacts_csv: Contacts, options: list[str]) -> None:
    first = run(*options, "import", contacts_csv(5), "--limit", "2")
    (named,) = re.findall(r"wait for '(dialler-sync .* resume \S+)'", first.err)
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
    ],
)
def test_a_command_shows_no_password_of_the_journal(run: Run, url: str, shown: str) -> None:
    refused = run("--state", url, "runs", "list")

    assert refused.code == ExitCode.USAGE
    assert "ss-word" not in refused.err
    assert command("resume") == shlex.join(["dialler-sync", "--state", shown, "resume"])
