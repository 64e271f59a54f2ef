"""Private copies: each in a folder of its own, deleted with the last that uses it, or at the end of the process."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import InputError, MachineAtFault
from ..files.private import make_folder, new_file
from ..files.temporary import temporary_place
from ..text.phrase import figure, phrase

BLOCK = 1 << 20
"""Bytes copied at a time."""

_BOMB_BYTES = 64_000_000
_BOMB_RATIO = 200
"""Highest believable ratio: lists are packed to a tenth, monotonous ones to a fiftieth."""

_YOUNG = 10
"""Seconds within which the folder of a new copy may still be unlocked."""


class Copy:
    """A file that only this user can read, named ``name``; it is deleted with this object, or when the process ends.

    A process that is killed leaves its copies; the next one that reads a list deletes them.
    """

    def __init__(self, name: str = "list") -> None:
        sweep()
        with _said():
            folder = Path(tempfile.mkdtemp(prefix=_prefix(), dir=temporary_place()))
        lock = _lock(folder)
        self.path = folder / name
        self.kept: Path | None = None
        self._end = weakref.finalize(self, _delete, folder, lock)

    def fill(self, blocks: Iterable[bytes], most_mb: int, packed: int | None = None) -> None:
        """Write the content of the file. ``packed``: the bytes that it had before it was unpacked.

        Raises:
            InputError: it has more than ``most_mb`` megabytes, or many times what was packed, or there is no room for
                it; without the name of the source.
            OSError: its source cannot be read.
        """
        size = 0
        with _said(self.path.parent.parent):
            number = new_file(self.path)
        with os.fdopen(number, "wb", buffering=0) as file:
            for block in blocks:
                size += len(block)
                if size > most_mb * 1_000_000:
                    raise InputError(
                        phrase(
                            "has more than {most_mb} MB, unpacked, and no more are allowed: split it, or raise "
                            "source.max_file_mb.",
                            most_mb=figure(most_mb),
                        )
                    )
                if packed is not None and size > max(_BOMB_BYTES, packed * _BOMB_RATIO):
                    raise InputError(
                        phrase(
                            "unpacks to more than {bomb_ratio} times its {packed} bytes, as no list does. If it is "
                            "one, unpack it yourself.",
                            bomb_ratio=_BOMB_RATIO,
                            packed=figure(packed),
                        )
                    )
                with _said(self.path.parent.parent):
                    left = memoryview(block)
                    while left:
                        left = left[file.write(left) :]

    def keep(self, folder: Path) -> Path:
        """Copy it into a folder, where it stays until somebody deletes it; return its path there, the same each time.

        Raises:
            OSError: it cannot be copied; nothing of it is left there.
        """
        if self.kept is None or not self.kept.exists():
            kept = folder / secrets.token_hex(8) / self.path.name
            make_folder(kept.parent)
            try:
                with self.path.open("rb") as file, os.fdopen(new_file(kept), "wb") as copy:
                    shutil.copyfileobj(file, copy, BLOCK)
                    copy.flush()
                    os.fsync(copy.fileno())
            except BaseException:
                shutil.rmtree(kept.parent, ignore_errors=True)
                raise
            self.kept = kept
        return self.kept


@contextmanager
def _said(folder: Path | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineAtFault(
            phrase(
                "cannot be copied to {folder}: {error}. Make room there, or name another folder in TMPDIR.",
                folder=folder or error.filename or "TMPDIR",
                error=error.strerror or error,
            )
        ) from error


def _prefix() -> str:
    user = os.getuid() if sys.platform != "win32" else 0
    return f"dialler-sync-{user}-"


def _delete(folder: Path, lock: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        os.close(lock)


def sweep() -> None:
    """Delete the copies of processes that were killed."""
    for folder in _left():
        with suppress(OSError):
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > _YOUNG:
                lock = _lock(folder)
                if lock is not None:
                    _delete(folder, lock)


def _left() -> Iterator[Path]:
    with suppress(OSError):
        found = Path(tempfile.gettempdir()).glob(f"{_prefix()}*")
        yield from (folder for folder in found if sys.platform == "win32" or folder.lstat().st_uid == os.getuid())


if sys.platform != "win32":
    import fcntl

    def _lock(folder: Path) -> int | None:
        """Lock a folder; None if a process that lives has it locked."""
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(number)
            return None
        return number

else:

    def _lock(_: Path) -> int | None:
        return None
