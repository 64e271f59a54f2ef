"""Variables of the environment that make no sense: one clear message, or none needed, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode

from ..conftest import Configure
from .limited import run_limited


@pytest.mark.parametrize("zone", ["AAA9999999999", "AAA-25:00"])
def test_a_time_zone_that_python_cannot_count_with(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)

    done = run_limited("demo")

    assert done.returncode in {0, 4}, done.stderr
    assert "is not a time zone: times are in UTC" in done.stderr


def test_what_breaks_for_want_of_files_is_told_in_a_line(
    configure: Configure, contacts_csv: Callable[..., Path]
) -> None:
    """What was half made fails once more where it ends, in no words of ours."""
    start = (
        "import asyncio.selector_events, errno\n"
        "def fail(self): raise OSError(errno.EMFILE, 'Too many open files')\n"
        "asyncio.selector_events.BaseSelectorEventLoop._make_self_pipe = fail\n"
        "from dialler_sync.cli import main; main()"
    )
    command = [sys.executable, "-c", start, "-c", str(configure()), "import", str(contacts_csv(2))]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == ExitCode.USAGE, done.stderr
    assert "too many files are open: raise the limit" in done.stderr
    assert "Error:" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
