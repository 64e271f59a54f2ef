"""Folders and files held open, so that nobody can replace them during the work on them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..text.phrase import phrase
from . import drafts
from .portable import CLOEXEC, DIRECTORY, NOFOLLOW, OPEN, PATH
from .trust import FOREIGN_LINK, MOST_LINKS, is_trusted


def pin(folder: Path, *, inside: int | None = None, owners: tuple[int, ...] = ()) -> int | None:
    """Open a folder, no link; None if the system cannot name open folders. ``inside``: relative to this open folder.

    Raises:
        OSError: it cannot be opened, or belongs neither to this user, to root, nor to one of the ``owners``.
    """
    if not os.supports_dir_fd or not OPEN.is_dir():
        return None
    number = os.open(folder, os.O_RDONLY | DIRECTORY | NOFOLLOW | CLOEXEC, dir_fd=inside)
    user = os.fstat(number).st_uid
    if not is_trusted(user) and user not in owners:
        os.close(number)
        raise PermissionError(errno.EPERM, phrase("{folder} belongs to another user", folder=folder))
    return number


def pin_own(folder: Path) -> int | None:
    """Open a folder, or that to which a link of this user or of root leads; None if the system cannot name open
    folders. What is opened is what is judged: whoever can write to the folder above can swap nothing in between.

    Raises:
        OSError: it cannot be opened, or the link belongs to another user, or the folder neither to this user, to root,
            nor to the owner of the folder above.
    """
    owners = (folder.parent.stat().st_uid,)
    try:
        return pin(folder, owners=owners)
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
            raise
    link = os.open(folder, PATH | NOFOLLOW | CLOEXEC)
    try:
        to = _target(link, folder)
    finally:
        os.close(link)
    return pin(real(folder.parent / to), owners=owners)


def pin_way(folder: Path) -> int | None:
    """Open a folder step by step, over no link of another user, also none that stands there for a moment; None where
    the system cannot do so, and for one that is reached through an open folder.

    Raises:
        OSError: it cannot be opened, or such a link lies on the way.
    """
    if not (PATH and os.supports_dir_fd and OPEN.is_dir()) or folder.is_relative_to(OPEN):
        return None
    here, left, links = _root(), [*reversed(folder.absolute().parts[1:])], 0
    try:
        while left:
            step = os.open(left.pop(), PATH | NOFOLLOW | CLOEXEC, dir_fd=here)
            if stat.S_ISLNK(os.fstat(step).st_mode) and links < MOST_LINKS:
                links += 1
                try:
                    to = _target(step, folder)
                finally:
                    os.close(step)
                left += reversed(to.parts[1:] if to.is_absolute() else to.parts)
                step = _root() if to.is_absolute() else os.dup(here)
            os.close(here)
            here = step  # after too many links one of them, in which nothing can be opened
    except BaseException:
        os.close(here)
        raise
    return here


def _root() -> int:
    return os.open("/", PATH | DIRECTORY | CLOEXEC)


def _target(link: int, folder: Path) -> Path:
    """Return where an open link leads that is on the way to ``folder``.

    Raises:
        OSError: it belongs to another user, or is no link.
    """
    if not is_trusted(os.fstat(link).st_uid):
        raise PermissionError(errno.EPERM, phrase(FOREIGN_LINK, link=folder))
    return Path(os.readlink("", dir_fd=link))


def real(path: Path) -> Path:
    """Return a path without its links; an address as it is, which has a ``resolve`` of its own.

    Others may swap links and folders on its way just now: then, as it is.
    """
    try:
        return path.resolve()
    except RuntimeError:  # links in a circle, up to Python 3.12
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path.absolute()


def within(number: int | None, folder: Path) -> Path:
    """Return a path of the open folder that stays valid if the folder is renamed or replaced."""
    return folder if number is None else OPEN / str(number)


def unpin(number: int | None) -> None:
    """Close the folder."""
    if number is not None:
        os.close(number)


def known(path: Path) -> Path:
    """Return the path of a file as users know it."""
    return real(path) if path.is_relative_to(OPEN) else path


_shown: dict[Path, Path] = {}


@contextmanager
def shown_as(path: Path, home: Path) -> Iterator[None]:
    """Have messages name a file by the place where its user has put it, while it is worked on elsewhere."""
    _shown[path] = home
    try:
        yield
    finally:
        del _shown[path]


def shown(path: Path) -> Path:
    """Return the path by which messages name a file."""
    return _shown.get(path) or known(path)


def delete_abandoned(folder: Path) -> None:
    """Delete temporary folders of killed processes; others may be writing into the folder, and theirs stay."""
    for path in folder.glob(".rows.*.part"):
        drafts.delete_abandoned(path)


@contextmanager
def temporary_folder(beside: Path) -> Iterator[Path]:
    """Create a folder in another one, which is held open, as :func:`.drafts.draft_folder`.

    :func:`.private.delete_drafts`, or :func:`delete_abandoned`, deletes one that a killed process left.

    Raises:
        OSError: as :func:`pin_way`, or as :func:`.drafts.make_draft`.
    """
    number = pin_way(beside)
    try:
        with drafts.draft_folder(within(number, beside), ".rows.", ".part") as folder:
            yield folder
    finally:
        unpin(number)
