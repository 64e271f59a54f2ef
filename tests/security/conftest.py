"""What the tests of attacks share: a folder that every user of the machine can reach, as /tmp is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has said that everything is to be trusted."""
    monkeypatch.delenv("DIALLER_SYNC_TRUST", raising=False)
    monkeypatch.delenv("SUDO_UID", raising=False)


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder like /tmp: everybody can write, and only delete what is theirs."""
    place = Path(tempfile.gettempdir())  # where tests have their files, so that these can be renamed into it
    for_all = place.stat().st_mode & 0o1777 == 0o1777
    folder = Path(tempfile.mkdtemp(prefix="dialler-sync-tests-", dir=place if for_all else "/tmp"))
    folder.chmod(0o1777)
    locks = folder / "locks"
    locks.mkdir()
    locks.chmod(0o1777)
    monkeypatch.setenv("DIALLER_SYNC_LOCK_DIR", str(locks))
    yield folder
    shutil.rmtree(folder)
