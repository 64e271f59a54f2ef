"""Other users of the machine, for real: files that belong to them, and commands that run as them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

AGENT = 54321
"""Who runs dialler-sync, where that is not root; the number of nobody, with a group of their own."""

INTRUDER = 54322
"""Another user."""

is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")


def shared_group() -> int:
    """A group that several users are in."""
    found = Counter(user.pw_gid for user in pwd.getpwall() if user.pw_uid not in (0, os.geteuid()))
    return next(group for group, users in found.items() if users > 1)


def moved(path: Path, to: Path) -> Path:
    """Move a file to where others reach it, perhaps on another file system."""
    return Path(shutil.move(path, to))


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@cache
def _python() -> tuple[str, str]:
    """An interpreter that other users can run, too, and where it finds the package and its libraries."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *(part for part in sys.path if part)])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for found in (sys.executable, *(shutil.which(version, path=folder) for folder in ("/usr/local/bin", "/usr/bin"))):
        if found and _run([found, "-c", "import dialler_sync.cli, sqlalchemy"], AGENT, Path("/"), path).code == 0:
            return found, path
    pytest.skip("no interpreter that other users can run")


def as_user(user: int, folder: Path, *arguments: object, code: str = "", umask: int = 0o022, **variables: str) -> Ended:
    """Run the command line, or other ``code``, in a folder as a user; what it writes stays there."""
    python, path = _python()
    start = code or "from dialler_sync.cli import main; main()"
    return _run([python, "-c", start, *map(str, arguments)], user, folder, path, umask, variables)


def _run(
    command: list[str], user: int, folder: Path, path: str, umask: int = 0o022, variables: dict[str, str] | None = None
) -> Ended:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "DIALLER_SYNC_LOCK_DIR": os.environ.get("DIALLER_SYNC_LOCK_DIR", ""),
        "DIALLER_SYNC_STATE": str(folder / "state" / "journal.db"),
        "DIALLER_SYNC_TOKEN": "simulator",
        **(variables or {}),
    }
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, user=user, group=user, extra_groups=[], umask=umask,
            capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except PermissionError:
        return Ended(126, "", "cannot be run by this user")
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)
