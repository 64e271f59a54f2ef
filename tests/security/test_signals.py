"""Signals reach the processes of a night, however it was begun."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.files.portable import interrupt

from ..conftest import Configure


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("begun", [signal.SIG_IGN, signal.default_int_handler])
def test_a_child_hears_that_it_is_to_end(begun: signal.Handlers) -> None:
    """``night &`` in a script ignores SIGINT, which its children inherit: they went on to their end."""
    before = signal.signal(signal.SIGINT, begun)
    try:
        with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
            interrupt(child)
            code = child.wait(20)
    finally:
        signal.signal(signal.SIGINT, before)

    assert code < 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_how_children_end_is_known_where_their_signal_is_ignored(configure: Configure, tmp_path: Path) -> None:
    """Scheduled by a program that ignores SIGCHLD, a campaign that failed counted as done, and so did a command that
    printed something and failed."""
    inbox = tmp_path / "campaigns" / "inbox"
    inbox.mkdir(parents=True)
    path = configure(token=None, token_command="[sh, -c, 'echo half-a-token-1; exit 3']", inbox="{dir: inbox}")
    path.write_text(path.read_text(encoding="utf-8").replace("  token: None\n", ""), encoding="utf-8")
    (inbox / "list.csv").write_text("Key,Name,Phone\nK1,A,0171 3920012\n", encoding="utf-8")
    path.rename(tmp_path / "campaigns" / "one.yaml")
    command = [sys.executable, "-m", "dialler_sync", "-c", "campaigns/one.yaml"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
        )  # fmt: skip

    one, all_of_them = run("campaigns", "list"), run("night", "campaigns")

    assert "failed with exit code 3" in one.stderr
    assert all_of_them.returncode == ExitCode.USAGE, all_of_them.stdout
    assert "failed with exit code 3" in all_of_them.stdout
