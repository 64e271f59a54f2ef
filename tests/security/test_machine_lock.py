"""The lock of a machine lies where every user can write: none can have files of others changed by it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import machine_lock as machine_lock_module
from dialler_sync.journal.machine_lock import Busy, machine_lock
from dialler_sync.target import target_of

from ..conftest import Configure, Run
from .users import INTRUDER, is_root

Contacts = Callable[..., Path]

TARGET = target_of("dialler.example.com", campaign_id=538)
ACCOUNT = target_of("dialler.example.com", name="Nightly")
"""A campaign whose ID is not known yet: all campaigns are held."""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """The lock file of the account, which is there."""
    with machine_lock(TARGET) as problem:
        assert not problem
    return min((tmp_path / "locks").glob("*.lock"), key=lambda path: len(path.name))


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe", "folder"])
def test_what_another_user_put_in_its_place(kind: str, lock: Path, tmp_path: Path) -> None:
    """It is neither opened, nor emptied, nor waited for; that the lock cannot be taken is said."""
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    lock.unlink()
    make = {
        "link": lambda: lock.symlink_to(victim),
        "hard link": lambda: lock.hardlink_to(victim),
        "pipe": lambda: os.mkfifo(lock),
        "folder": lock.mkdir,
    }
    make[kind]()

    with machine_lock(TARGET) as problem:
        assert problem

    assert victim.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("kind", ["link", "open to all"])
def test_a_folder_that_cannot_be_relied_upon(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A link, or a folder where everybody can delete the locks of others."""
    folder, elsewhere = tmp_path / "locks", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if kind == "link":
        folder.symlink_to(elsewhere)
    else:
        folder.mkdir()
        folder.chmod(0o777)

    with machine_lock(TARGET) as problem:
        assert str(folder) in problem

    assert "by another user are not kept out" in caplog.text
    assert not list(elsewhere.iterdir())


@is_root
def test_who_holds_it_for_ever_is_named(run: Run, configure: Configure, contacts_csv: Contacts, common: Path) -> None:
    """By the system, and not by what they wrote into it. A run is refused, with user and process."""
    configure()
    run("import", contacts_csv(1))
    holding = (
        "import fcntl, glob, sys\n"
        "files = [open(path, 'r+') for path in glob.glob(sys.argv[1] + '/*.lock')]\n"
        "for file in files: fcntl.flock(file, fcntl.LOCK_EX); file.write('user root, process 1'); file.flush()\n"
        "print(len(files), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["/usr/bin/env", "python3", "-c", holding, str(common / "locks")],
        user=INTRUDER, group=INTRUDER, extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd="/", env={"PATH": "/usr/bin:/bin"}, text=True,
    ) as process:  # fmt: skip
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "2\n"
        refused = run("import", "contacts.csv")
        process.stdin.close()

    assert refused.code == ExitCode.USAGE
    assert f"user {INTRUDER}, process {process.pid}" in refused.err


def test_a_dead_process_holds_nothing(lock: Path) -> None:
    """Whatever the file says."""
    lock.write_text("user root, process 1", encoding="utf-8")

    with machine_lock(TARGET) as problem:
        assert not problem


def test_a_shared_hold_is_named_as_well(lock: Path) -> None:
    """Where a whole account is wanted, and another process works on one of its campaigns."""
    code = (
        f"import fcntl, sys; f = open({str(lock)!r}); fcntl.flock(f, fcntl.LOCK_SH); print(1, flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        with pytest.raises(Busy) as busy, machine_lock(target_of("dialler.example.com", name="Nightly")):
            pass
        process.stdin.close()

    assert f"process {process.pid}" in str(busy.value)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [(TARGET, TARGET), (TARGET, ACCOUNT), (ACCOUNT, TARGET)],
    ids=["one campaign", "the account of a campaign", "a campaign of the account"],
)
def test_what_is_held_is_held_by_one_alone(held: str, wanted: str) -> None:
    with machine_lock(held) as problem, pytest.raises(Busy), machine_lock(wanted):
        pass
    assert not problem


def test_another_campaign_is_free() -> None:
    with machine_lock(TARGET), machine_lock(target_of("dialler.example.com", campaign_id=539)) as problem:
        assert not problem


def test_a_lock_file_that_is_deleted_at_that_moment_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever held the deleted one would hold nothing that others can find."""
    real, deleted = machine_lock_module._open, []

    def opened(folder: int, name: str) -> int:
        number = real(folder, name)
        if name not in deleted:
            deleted.append(name)
            os.unlink(name, dir_fd=folder)
        return number

    monkeypatch.setattr(machine_lock_module, "_open", opened)

    with machine_lock(TARGET) as problem, pytest.raises(Busy), machine_lock(TARGET):
        pass
    assert not problem
    assert len(deleted) == 2


def test_a_folder_of_one_user_may_hold_the_locks(tmp_path: Path) -> None:
    """It needs no sticky bit, as nobody else can delete in it."""
    (tmp_path / "locks").mkdir(mode=0o700)

    with machine_lock(TARGET) as problem:
        assert not problem


@pytest.mark.parametrize("by", ["link", "folder"])
def test_what_takes_the_place_of_the_new_folder_keeps_its_mode(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that is open to all, anybody can swap it, before it is opened for all users."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "report.html").touch()
    real = Path.mkdir

    def swapped(folder: Path, *arguments: Any, **options: Any) -> None:
        real(folder, *arguments, **options)
        folder.rename(tmp_path / "away")
        folder.symlink_to(private) if by == "link" else private.rename(folder)

    monkeypatch.setenv(machine_lock_module.LOCK_DIR, str(tmp_path / "new"))
    monkeypatch.setattr(Path, "mkdir", swapped)

    with machine_lock(TARGET):
        pass
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_lock_that_is_deleted_while_it_is_held_is_told(lock: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The owner of the folder can do so, and another run would begin."""
    with machine_lock(TARGET):
        lock.unlink()

    assert f"{lock.name} was deleted while it was held" in caplog.text
