"""What is no file is neither replaced nor deleted: root, as in a container, could destroy ``/dev/null``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ..conftest import Configure, Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")

COMMANDS = [
    "contacts list --out PIPE",
    "contacts list -o csv --out PIPE",
    "contacts list -o xlsx --out PIPE",
    "night . --page PIPE",
    "plan contacts.csv -o PIPE",
    "init contacts.csv -o PIPE",
    "inspect contacts.csv --to PIPE",
    "validate contacts.csv --mapped PIPE",
    "validate contacts.csv --out PIPE",
    "calls --to PIPE",
    "import contacts.csv --metrics-file PIPE",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_stays(command: str, run: Run, configure: Configure, contacts_csv: object, tmp_path: Path) -> None:
    configure()
    contacts_csv(1)  # type: ignore[operator]
    os.mkfifo(tmp_path / "pipe")

    done = run(*command.replace("PIPE", str(tmp_path / "pipe")).split())

    assert (tmp_path / "pipe").is_fifo()
    assert "pipe" in done.err
    assert "Traceback" not in done.err
