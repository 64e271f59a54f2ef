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
from .drafts import delete_abandoned
from .pinned import pin_way, real, unpin, within
from .portable import BINARY, CLOEXEC, DIRECTORY, NOFOLLOW, PATH
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
    try:
        _make(folder)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        make_folder(folder.parent)
        _make(folder)


def _make(folder: Path) -> None:
    with held(folder.parent) as above:
        there = above / folder.name
        try:
            there.mkdir(mode=0o700)
        except FileExistsError:
            if not there.is_dir():
                raise
            return
        if there.lstat().st_mode & stat.S_IRWXU != stat.S_IRWXU:  # the umask removed rights of the owner
            give_rights(there, 0o700)


def give_rights(folder: Path, mode: int, group: int | None = None) -> None:
    """Give a folder that was just made a mode, and a group.

    Raises:
        OSError: it cannot be changed, or others have put a link, or another folder, in its place.
    """
    number = os.open(folder, PATH | DIRECTORY | NOFOLLOW | CLOEXEC) if PATH else None
    try:
        there = within(number, folder)
        if os.access(there, os.R_OK) and any(there.iterdir()):
            raise PermissionError(errno.EPERM, phrase("{folder} is not the folder that was just made", folder=folder))
        if group is not None and hasattr(os, "chown"):
            os.chown(there, -1, group)
        there.chmod(mode)
    finally:
        unpin(number)


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold a folder open, so that others can swap it for no other.

    Raises:
        OSError: it cannot be opened, or a link of another user lies on the way.
    """
    refuse_foreign_link(folder)
    number = pin_way(folder)
    try:
        yield within(number, folder)
    finally:
        unpin(number)


def real_folder(folder: Path) -> Path:
    """Return the path of a folder without links: of the very folder that :func:`held` opens, even if others swap one.

    Raises:
        OSError: as :func:`held`.
    """
    with held(folder) as there:
        return real(there)


def delete(path: Path) -> None:
    """Delete a file, if it is there.

    Raises:
        OSError: it cannot be deleted, or a link of another user lies on the way.
    """
    with held(path.parent) as folder:
        (folder / path.name).unlink(missing_ok=True)


def delete_folder(path: Path) -> None:
    """Delete an empty folder.

    Raises:
        OSError: it cannot be deleted, or a link of another user lies on the way.
    """
    with held(path.parent) as folder:
        (folder / path.name).rmdir()


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
def created(path: Path, mode: int = 0o600) -> Iterator[int]:
    """Yield the descriptor of a new file, which the block closes; an error in the block deletes the file.

    Raises:
        FileExistsError: the path exists, even as a dangling link.
        OSError: the file cannot be created, or a link of another user lies on the way.
    """
    with held(path.parent) as folder:
        number = new_file(folder / path.name, mode)
        try:
            yield number
        except BaseException:
            with suppress(OSError):
                (folder / path.name).unlink(missing_ok=True)
            raise


@contextmanager
def replaced(path: Path, mode: int = 0o600) -> Iterator[tuple[int, Path]]:
    """Yield an open draft beside ``path``, under an unpredictable name, which replaces it at the end of the block; an
    error deletes the draft. The folder is held open: whoever can write to the one above can swap it for no other.

    Raises:
        OSError: the draft cannot be created, or cannot replace ``path``, or a link of another user lies on the way; or
            there is another thing than a file, such as ``/dev/null``, which root could replace.
    """
    with held(path.parent) as folder:
        there = folder / path.name
        if there.exists() and not there.is_file():
            raise OSError(errno.EEXIST, phrase("it is not a regular file"))
        draft = there.with_name(f".{secrets.token_hex(8)}.part")
        number = new_file(draft, mode)
        try:
            yield number, draft
            draft.replace(there)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def delete_drafts(folder: Path) -> None:
    """Delete drafts of killed processes; no other process may be writing into the folder."""
    with suppress(OSError), held(folder) as there:
        for path in there.iterdir():
            if _DRAFT.fullmatch(path.name):
                path.unlink()
            elif _DRAFT_FOLDER.fullmatch(path.name):
                delete_abandoned(path, alone=True)


def refuse_foreign_link(path: Path) -> None:
    """Refuse a path that leads over a link of another user.

    Raises:
        PermissionError: there is such a link.
    """
    if link := foreign_link(path):
        raise PermissionError(errno.EPERM, phrase(FOREIGN_LINK, link=link))
