"""The package does without what only POSIX has: see `tests/helpers/as_on_windows.py` for what that can show."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dialler_sync.exit_codes import ExitCode

from .conftest import Configure

ROOT = Path(__file__).parent.parent


def on_windows(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as Windows would."""
    command = [sys.executable, "-m", "tests.helpers.as_on_windows", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_module_can_be_imported() -> None:
    """Without fcntl, pwd, grp, and the signals of POSIX."""
    done = on_windows("--import-all")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 300


def test_a_list_is_validated(tmp_path: Path) -> None:
    """Configuration, list and reports are read and written."""
    done = on_windows(
        *("--state", str(tmp_path / "journal.db"), "-c", "configs/bad_rows.yaml"),
        *("validate", "sample_data/bad_rows.csv", "--out", str(tmp_path / "out")),
    )

    assert done.returncode == ExitCode.ROWS_FAILED, done.stderr
    assert (tmp_path / "out" / "failed.xlsx").exists()


def test_a_list_is_imported(configure: Configure, contacts_csv: Callable[..., Path], tmp_path: Path) -> None:
    """With a token from a command, and a remark that there is no lock for the whole machine."""
    config = configure()
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("token: ${DIALLER_SYNC_TOKEN}", "token_command: [echo, simulator]"), encoding="utf-8"
    )

    done = on_windows(
        *("--state", str(tmp_path / "journal.db"), "-c", str(config)),
        *("import", str(contacts_csv(3)), "--out", str(tmp_path / "out")),
    )

    assert done.returncode == ExitCode.OK, done.stderr
    assert "this system has no flock" in done.stderr and "one journal: --state" in done.stderr
