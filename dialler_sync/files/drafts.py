"""Folders for what is being written or read just now. Others may give their names to another folder of this user, if
they can write to the one above: only what this program has marked is deleted, through the folder held open."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from ..text.phrase import phrase
from .portable import CLOEXEC, DIRECTORY, NOFOLLOW, OPEN

_log = logging.getLogger(__name__)

_MARK = ".dialler-sync-draft"
"""File in such a folder; it holds the device and inode of the folder, which a copy of it does not have."""

_YOUNG = 10
"""Seconds within which a folder may have been made without being locked and marked yet."""

_named: set[Path] = set()

if sys.platform != "win32":
    import fcntl

    def make_draft(beside: Path, prefix: str, suffix: str = "") -> tuple[Path, int | None]:
        """Create a folder in another one, for this user only; return its path, and its descriptor, which holds it.

        Raises:
            OSError: it cannot be made, or others have put another folder in its place.
        """
        path = Path(tempfile.mkdtemp(prefix=prefix, suffix=suffix, dir=beside))
        try:
            number = _open(path)
        except OSError:  # too many are open: it has no mark yet, so nobody would delete it
            with suppress(OSError):
                path.rmdir()
            raise
        if os.fstat(number).st_uid != os.geteuid() or os.listdir(number):  # noqa: PTH208
            os.close(number)
            raise PermissionError(errno.EPERM, phrase("{folder} is not the folder that was just made", folder=path))
        try:
            with suppress(OSError):  # a file system without modes, or without locks
                os.fchmod(number, 0o700)  # overrides the umask
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file = os.open(_MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC, 0o600, dir_fd=number)
            with os.fdopen(file, "wb") as mark:
                mark.write(_mark_of(number))
        except BaseException:
            delete_draft(path, number)
            raise
        return path, number

    def delete_draft(path: Path, number: int | None) -> None:
        """Delete a folder that is held, with what is in it; another one that has its name by now stays."""
        assert number is not None  # noqa: S101 - it is one of this system
        with suppress(OSError):
            for name in os.listdir(number):  # noqa: PTH208 - through the open folder
                with suppress(OSError):
                    if stat.S_ISDIR(os.lstat(name, dir_fd=number).st_mode):
                        shutil.rmtree(name, ignore_errors=True, dir_fd=number)
                    else:
                        os.unlink(name, dir_fd=number)
            path.rmdir()
        os.close(number)

    def delete_abandoned(path: Path, *, alone: bool = False) -> None:
        """Delete a folder that a killed process has left. ``alone``: no other process can be at work with it.

        One without a mark stays and is named: an older version left it, or others have given it such a name.
        """
        try:
            number = _open(path)
        except OSError:  # gone, a link, or of another user
            return
        found = os.fstat(number)
        with suppress(OSError):
            if found.st_uid == os.geteuid() and _is_left(number, alone=alone):
                if _is_marked(number, found):
                    delete_draft(path, os.dup(number))
                elif time.time() - found.st_mtime > _YOUNG and (path := Path(os.path.realpath(path))) not in _named:
                    _named.add(path)
                    _log.warning(
                        phrase(
                            "{folder} is named like what a killed run leaves, but has no mark of one: it stays; delete "
                            "it if nobody needs it",
                            folder=path,
                        )
                    )
        os.close(number)

    def _open(path: Path) -> int:
        return os.open(path, os.O_RDONLY | DIRECTORY | NOFOLLOW | CLOEXEC)

    def _is_left(number: int, *, alone: bool) -> bool:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return alone
        return True

    def _is_marked(number: int, found: os.stat_result) -> bool:
        """Whether this program has made an open folder: nobody else can write to it, or to the mark in it."""
        try:
            file = os.open(_MARK, os.O_RDONLY | NOFOLLOW | CLOEXEC | os.O_NONBLOCK, dir_fd=number)
        except OSError:
            return False
        with os.fdopen(file, "rb") as mark:
            of_mark = os.fstat(file)
            private = not (found.st_mode | of_mark.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
            ours = stat.S_ISREG(of_mark.st_mode) and of_mark.st_uid == os.geteuid()
            return private and ours and mark.read(100) == _mark_of(number)

    def _mark_of(number: int) -> bytes:
        found = os.fstat(number)
        return f"{found.st_dev}:{found.st_ino}\n".encode()

else:

    def make_draft(beside: Path, prefix: str, suffix: str = "") -> tuple[Path, int | None]:
        """Create a folder in another one."""
        return Path(tempfile.mkdtemp(prefix=prefix, suffix=suffix, dir=beside)), None

    def delete_draft(path: Path, number: int | None) -> None:  # noqa: ARG001
        """Delete a folder with what is in it."""
        shutil.rmtree(path, ignore_errors=True)

    def delete_abandoned(path: Path, *, alone: bool = False) -> None:
        """Delete a folder that a killed process has left, if no other one can be at work with it."""
        if alone:
            shutil.rmtree(path, ignore_errors=True)


def through(number: int | None, path: Path) -> Path:
    """Return a path of an open file or folder that leads to it alone, where the system has one (Linux)."""
    return path if number is None or not OPEN.is_dir() else OPEN / str(number)


def temporary_prefix() -> str:
    """Return how the names of this user's folders in the folder for temporary files begin."""
    return f"dialler-sync-{os.getuid() if sys.platform != 'win32' else 0}-"


@contextmanager
def draft_folder(beside: Path, prefix: str, suffix: str = "") -> Iterator[Path]:
    """Create a folder in another one, for this user only, which is deleted at the end of the block; yield a path that
    nobody else can redirect.

    Raises:
        OSError: as :func:`make_draft`.
    """
    path, number = make_draft(beside, prefix, suffix)
    try:
        yield through(number, path)
    finally:
        delete_draft(path, number)


def scratch() -> AbstractContextManager[Path]:
    """Create a folder for temporary files, as :func:`draft_folder`."""
    return draft_folder(Path(tempfile.gettempdir()), temporary_prefix())
