"""Create folders and files for their owner only, whatever the umask; links of other users are never followed."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..text.phrase import phrase
from .pinned import pin_way, unpin, within
from .portable import BINARY, CLOEXEC, NOFOLLOW
from .trust import FOREIGN_LINK, foreign_link

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC | BINARY
_DRAFT = re.compile(r"\.[0-9a-f]{16}\.part")
_DRAFT_FOLDER = re.compile(r"\.rows\.\w+\.part")


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents for their owner only; an existing folder is left unchanged.

    Raises:
        OSError: the folder cannot be created, or a link of another user lies on the way.
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
    if folder.stat().st_mode & stat.S_IRWXU != stat.S_IRWXU:  # the umask removed rights of the owner
        folder.chmod(0o700)


def new_file(path: Path, mode: int = 0o600) -> int:
    """Create a file and return its descriptor, open for writing.

    Raises:
        FileExistsError: the path exists, even as a dangling link.
        OSError: the file cannot be created.
    """
    number = os.open(path, _NEW, 0o600)
    if stat.S_IMODE(os.fstat(number).st_mode) != mode and hasattr(os, "fchmod"):
        with suppress(OSError):  # a file system without modes
            os.fchmod(number, mode)  # overrides the umask
    return number


@contextmanager
def replaced(path: Path, mode: int = 0o600) -> Iterator[tuple[int, Path]]:
    """Yield an open draft beside ``path``, under an unpredictable name, which replaces it at the end of the block; an
    error deletes the draft. The folder is held open: whoever can write to the one above can swap it for no other.

    Raises:
        OSError: the draft cannot be created, or cannot replace ``path``, or a link of another user lies on the way.
    """
    refuse_foreign_link(path.parent)
    folder = pin_way(path.parent)
    try:
        there = within(folder, path.parent) / path.name
        draft = there.with_name(f".{secrets.token_hex(8)}.part")
        number = new_file(draft, mode)
        try:
            yield number, draft
            draft.replace(there)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
    finally:
        unpin(folder)


def delete_drafts(folder: Path) -> None:
    """Delete drafts of killed processes; no other process may be writing into the folder."""
    from shutil import rmtree

    with suppress(OSError):
        for path in folder.iterdir():
            if _DRAFT.fullmatch(path.name):
                path.unlink()
            elif _DRAFT_FOLDER.fullmatch(path.name) and not path.is_symlink():
                rmtree(path)


def refuse_foreign_link(path: Path) -> None:
    """Refuse a path that leads over a link of another user.

    Raises:
        PermissionError: there is such a link.
    """
    if link := foreign_link(path):
        raise PermissionError(errno.EPERM, phrase(FOREIGN_LINK, link=link))
