"""Folders for what is being written: whoever can write beside them may give their names to another one of this user."""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Callable
from os import utime
from pathlib import Path

import pytest

from dialler_sync.fetch.copies import Copy, sweep
from dialler_sync.files import drafts, private
from dialler_sync.files.drafts import scratch, temporary_prefix
from dialler_sync.files.pinned import delete_abandoned, temporary_folder

from ..helpers.drafts import made_draft


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def old(folder: Path) -> None:
    utime(folder, (time.time() - 60,) * 2)


@pytest.mark.parametrize("way", ["answers", "reports", "copies"])
@pytest.mark.parametrize("what", ["folder", "copy of a draft"])
def test_a_folder_of_the_name_of_a_draft_stays(
    what: str, way: str, temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is renamed by whoever can write to the folder above, and could not delete it; it is named, once."""
    prefix, suffix = (temporary_prefix(), "") if way == "copies" else (".rows.", ".part")
    draft = made_draft(temporary, prefix, suffix)
    renamed = temporary / f"{prefix}x{suffix}"
    if what == "folder":
        renamed.mkdir(mode=0o700)
    else:
        shutil.copytree(draft, renamed)
    (renamed / "precious").mkdir()
    for folder in (draft, renamed):
        old(folder)
    clean: Callable[[], None] = {
        "answers": lambda: delete_abandoned(temporary),
        "reports": lambda: private.delete_drafts(temporary),
        "copies": sweep,
    }[way]

    clean()
    clean()

    assert not draft.exists()
    assert (renamed / "precious").exists()
    (said,) = caplog.messages
    assert said.startswith(f"{renamed} is named like what a killed run leaves, but has no mark of one")


@pytest.mark.parametrize("way", ["answers", "scratch", "copies"])
def test_a_folder_that_takes_a_drafts_place_during_the_work_stays(way: str, temporary: Path) -> None:
    """Only what was made is written to and deleted, wherever it lies by now."""
    precious = temporary / "work" / "precious"
    precious.parent.mkdir()
    precious.write_text("private")

    def swap() -> None:
        (draft,) = (path for path in temporary.iterdir() if path.name != "work")
        (draft / "draft.csv").touch()
        draft.rename(temporary.parent / "away")
        precious.parent.rename(draft)

    if way == "copies":
        copy = Copy("precious")
        swap()
        copy.fill([b"x"], 1)
        del copy
    else:
        with temporary_folder(temporary) if way == "answers" else scratch() as folder:
            swap()
            (folder / "precious").write_text("x")

    (left,) = (path for path in temporary.rglob("*") if path.is_file())
    assert left.read_text() == "private"
    assert not [*(temporary.parent / "away").iterdir()]


def test_a_folder_that_cannot_be_opened_does_not_stay(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many files are open, for example: without a mark, nobody would delete it later."""

    def too_many(_: Path) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(drafts, "_open", too_many)

    with pytest.raises(OSError, match="Too many open files"), scratch():
        pass

    assert list(temporary.iterdir()) == []
