"""Folders and files for their owner only, whatever the umask; what others have put in their way is never followed."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .trust import foreign_link

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NEW |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_DRAFT = re.compile(r"\.[0-9a-f]{16}\.part")
_DRAFT_FOLDER = re.compile(r"\.rows\.\w+\.part")


def make_folder(folder: Path) -> None:
    """Make a folder, and those above that are missing, for their owner only. One that is there stays as it is.

    Raises:
        OSError: it cannot be made, or the link of another user lies on the way.
    """
    refuse_foreign_link(folder)
    _make(folder)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        _make(folder.parent)
        folder.mkdir(mode=0o700)
    if folder.stat().st_mode & stat.S_IRWXU != stat.S_IRWXU:  # the umask took rights of the owner
        folder.chmod(0o700)


def new_file(path: Path, mode: int = 0o600) -> int:
    """Make a file and open it for writing.

    Raises:
        FileExistsError: something lies there, and be it a link to nothing.
        OSError: it cannot be made.
    """
    number = os.open(path, _NEW, 0o600)
    if stat.S_IMODE(os.fstat(number).st_mode) != mode and hasattr(os, "fchmod"):
        with suppress(OSError):  # a file system without modes
            os.fchmod(number, mode)  # whatever the umask is
    return number


def new_draft(path: Path, mode: int = 0o600) -> tuple[int, Path]:
    """Make a file beside ``path``, which is to take its place, under a name that nobody can foresee; opened.

    Raises:
        OSError: it cannot be made, or the link of another user lies on the way.
    """
    refuse_foreign_link(path.parent)
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    return new_file(draft, mode), draft


@contextmanager
def replaced(path: Path, mode: int = 0o600) -> Iterator[tuple[int, Path]]:
    """A new draft beside ``path``, opened, that takes its place when all of it is written; else it goes.

    Raises:
        OSError: it cannot be made, or cannot take its place.
    """
    number, draft = new_draft(path, mode)
    try:
        yield number, draft
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def draft_folder(folder: Path) -> TemporaryDirectory[str]:
    """A folder in ``folder`` for what is put together there, which goes when it is cleaned up.

    Raises:
        OSError: it cannot be made.
    """
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix=".rows.", suffix=".part", dir=folder)


def delete_drafts(folder: Path) -> None:
    """Delete the drafts that a process left behind when it was killed; no other may be at work on the folder."""
    from shutil import rmtree

    with suppress(OSError):
        for path in folder.iterdir():
            if _DRAFT.fullmatch(path.name):
                path.unlink()
            elif _DRAFT_FOLDER.fullmatch(path.name) and not path.is_symlink():
                rmtree(path)


def refuse_foreign_link(path: Path) -> None:
    """Follow no link that another user has put in the way.

    Raises:
        PermissionError: there is one.
    """
    if link := foreign_link(path):
        raise PermissionError(errno.EPERM, f"{link} is a link that belongs to another user")
