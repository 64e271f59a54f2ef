"""Folders and files held open, so that nobody can replace them during the work on them."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .portable import CLOEXEC, DIRECTORY, NOFOLLOW
from .trust import is_trusted

_OPEN = Path("/proc/self/fd")
"""Where Linux shows the open folders of a process; elsewhere a folder is named by its path alone."""


def pin(folder: Path, *, inside: int | None = None, owners: tuple[int, ...] = ()) -> int | None:
    """Open a folder, no link; None if the system cannot name open folders. ``inside``: relative to this open folder.

    Raises:
        OSError: it cannot be opened, or belongs neither to this user, to root, nor to one of the ``owners``.
    """
    if not os.supports_dir_fd or not _OPEN.is_dir():
        return None
    number = os.open(folder, os.O_RDONLY | DIRECTORY | NOFOLLOW | CLOEXEC, dir_fd=inside)
    user = os.fstat(number).st_uid
    if not is_trusted(user) and user not in owners:
        os.close(number)
        raise PermissionError(errno.EPERM, f"{folder} belongs to another user")
    return number


def within(number: int | None, folder: Path) -> Path:
    """Return a path of the open folder that stays valid whatever becomes of its name."""
    return folder if number is None else _OPEN / str(number)


def unpin(number: int | None) -> None:
    """Close the folder."""
    if number is not None:
        os.close(number)


def known(path: Path) -> Path:
    """Return the path of a file as users know it."""
    return path.resolve() if path.is_relative_to(_OPEN) else path


@contextmanager
def temporary_folder(beside: Path) -> Iterator[Path]:
    """Create a folder in another one, for this user only; yield a path that nobody else can redirect.

    :func:`.private.delete_drafts` deletes one that a killed process left.

    Raises:
        OSError: it cannot be made, or another user has put theirs in its place.
    """
    with tempfile.TemporaryDirectory(prefix=".rows.", suffix=".part", dir=beside, ignore_cleanup_errors=True) as name:
        number = pin(Path(name))
        try:
            yield within(number, Path(name))
        finally:
            unpin(number)
