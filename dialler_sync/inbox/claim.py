"""Claim a file: move it out of the inbox before it is read, so that nobody can replace it meanwhile."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import SourceSettings
from ..errors import InputError, UsageError
from ..fetch import fetch
from ..files.pinned import known, pin, pin_own, unpin, within
from ..files.private import delete_folder, make_folder, replaced
from ..files.private import held as held_open
from ..files.trust import is_foreign
from ..text.forms import first_few
from ..text.phrase import mark, phrase
from .arrivals import mark_of, unfitness
from .places import FOREIGN, GONE, MOVE_IT, NOT_BACK, REPLACED, UNREAD, Arrival, filed_name, fitting, not_filed

_log = logging.getLogger(__name__)

_ONLY_THE_OWNER = mark(
    "{file} cannot be moved to {target} ({why}), so it is not imported. The inbox must belong to this user."
)
_NOT_WRITABLE = mark(
    "{file} cannot be moved to {target} ({why}), so it is not imported. The inbox must be writable for this user."
)

_NOT_CLAIMED = mark(
    "{folder}: its files are not imported, as no import has put them there: {files}. If they are lists, such as on a "
    "drive that was copied, move them to {inbox}."
)

_FOLDER = "importing"


@dataclass(frozen=True, slots=True)
class OnDisk:
    """An inbox of this machine."""

    folder: Path

    def listed(self) -> list[Path]:
        """Return what lies in it, by name."""
        return sorted(self.folder.iterdir())

    def refresh(self) -> None:
        """Nothing is remembered."""

    def mark_of(self, path: Path) -> str:
        """Return the state of a file, ``""`` if it is not there."""
        return mark_of(path)

    def is_folder(self, path: Path) -> bool:
        """Whether a folder lies there."""
        return os.path.isdir(path)  # noqa: PTH112 - says so of a link that leads nowhere, too, whatever its target

    def unfitness(self, path: Path) -> str:
        """Return why a file is never read, ``""`` if it is."""
        return unfitness(path)

    def claim(self, arrival: Arrival) -> Claim | None:
        """Move a file out of its inbox; return None if it is gone or has been replaced.

        Raises:
            UsageError: the file cannot be moved.
        """
        home = arrival.path
        name = fitting(os.fsencode(home.name).decode("utf-8", "replace"))  # each byte that is none becomes three
        folder = home.parent / _FOLDER / arrival.inode
        held: int | None = None
        try:
            make_own_folder(folder.parent)
            make_own_folder(folder)
            held = _hold(folder)
            taken = Claim(home, folder, within(held, folder) / name, held)
            with held_open(home.parent) as inbox:
                (inbox / home.name).rename(taken.place)
        except OSError as error:
            unpin(held)
            if isinstance(error, FileNotFoundError):
                Claim(home, folder, folder / name, None)._tidy()
                _log.info("%s", phrase(GONE, file=home))
                return None
            shared = home.parent.stat().st_mode & stat.S_ISVTX  # only its owner may move the files of others
            raise UsageError(
                phrase(
                    _ONLY_THE_OWNER if shared else _NOT_WRITABLE, file=home, target=folder / name, why=error.strerror
                )
            ) from error
        if mark_of(taken.place) != arrival.mark or unfitness(taken.place):
            taken.put_back()
            taken.let_go()
            _log.info("%s", phrase(REPLACED, file=home))
            return None
        return taken

    def left_behind(self) -> Iterator[Claim]:
        """Yield the files that a killed call had claimed."""
        if is_foreign(self.folder / _FOLDER):
            _log.warning(phrase(FOREIGN, folder=self.folder / _FOLDER))
            return
        for folder in sorted((self.folder / _FOLDER).glob("*/")):
            try:
                yield from list(self._left_in(folder))
            except OSError as error:
                _log.warning(phrase("{folder}: its files are not imported: {why}", folder=folder, why=error.strerror))

    def _left_in(self, folder: Path) -> Iterator[Claim]:
        held = _hold(folder)
        names = sorted(place.name for place in within(held, folder).iterdir())
        unpin(held)
        others = []
        for name in names:
            held = _hold(folder)
            left = Claim(self.folder / name, folder, within(held, folder) / name, held)
            if _is_claimed(left):
                yield left
            else:
                others.append(name)
                left.let_go()
        if others:
            _log.warning(phrase(_NOT_CLAIMED, folder=folder, files=first_few(others, 3), inbox=self.folder))

    def lies_in(self, path: Path) -> bool:
        """Whether a file lies in the inbox itself, or is being imported from it."""
        return path.parent == self.folder or path.parent.parent == self.folder / _FOLDER

    def unread(self) -> list[Path]:
        """Return what lies in ``failed/`` because it could not be read."""
        try:
            return sorted((self.folder / "failed").glob(f"{UNREAD}*"))
        except OSError:  # a link that leads where no path does
            return []

    def delete(self, path: Path) -> None:
        """Delete a filed file, unless another user could have put something else into its folder."""
        if is_foreign(path.parent):
            return
        with suppress(FileNotFoundError):
            number = pin_own(path.parent)
            try:
                (within(number, path.parent) / path.name).unlink()
            finally:
                unpin(number)


@dataclass(frozen=True, slots=True)
class Claim:
    """A file in ``importing/``: ``home`` is its path in the inbox, ``folder`` its folder now.

    ``place`` is the path of the file through the folder held open as ``held``: whoever can write to the inbox can
    replace the folders in it.
    """

    home: Path
    folder: Path
    place: Path
    held: int | None

    def let_go(self) -> None:
        """Close the folder; nothing else is done with the claim after that."""
        unpin(self.held)

    @property
    def stays(self) -> bool:
        """It is put back while its run can be resumed: nobody else works on a folder of this machine."""
        return False

    @property
    def way_out(self) -> str:
        """How to go on without it."""
        return phrase(MOVE_IT)

    def is_of(self, entry: Mapping[str, Any]) -> bool:
        """Whether it is the file of a run's record: its inode tells it from others of the same content."""
        return bool(entry.get("inode") == self.place.stat().st_ino)

    def sha256(self, source: SourceSettings) -> str:
        """Return the SHA-256 of the list in the file.

        Raises:
            InputError: the file cannot be read.
        """
        try:
            return fetch(self.place, source).sha256
        except OSError as error:
            raise InputError(phrase("{file}: cannot be read: {why}", file=self.home, why=error.strerror)) from error

    def put_back(self) -> Path:
        """Move the file back into the inbox, unless another file has its name now; return its path."""
        if self.place.exists():
            try:
                with held_open(self.home.parent) as inbox:
                    move(self.place, inbox / self.home.name)
            except OSError as error:
                _log.warning("%s", phrase(NOT_BACK, file=known(self.place), home=self.home, why=error.strerror))
                return known(self.place)
        self._tidy()
        return self.home

    def file(self, folder: Path, tag: str) -> Path:
        """Move the file to ``folder``, with ``tag`` before its name; return its path.

        Raises:
            UsageError: the file cannot be moved; it is put back.
        """
        name = filed_name(tag, self.place.name)
        try:
            make_own_folder(folder)
            number = pin_own(folder)
            try:
                move(self.place, within(number, folder) / name)
            finally:
                unpin(number)
        except FileNotFoundError:
            _log.warning(phrase("{file} was deleted while it was imported", file=self.home))
        except OSError as error:
            lies = self.put_back()
            raise UsageError(not_filed(lies, folder / name, error.strerror)) from error
        self._tidy()
        return folder / name

    def _tidy(self) -> None:
        with suppress(OSError):  # not empty
            delete_folder(self.folder)
            delete_folder(self.folder.parent)


def _is_claimed(left: Claim) -> bool:
    """Whether a file was claimed into its folder, which has its inode's name; whoever can write to the inbox may have
    renamed a folder of this user, with other files."""
    found = left.place.lstat()
    return stat.S_ISREG(found.st_mode) and left.folder.name == str(found.st_ino)


def _hold(folder: Path) -> int | None:
    """Hold a folder in ``importing/`` open. It must be this user's: another one could have put something else there."""
    outer = pin(folder.parent, owners=(folder.parent.parent.stat().st_uid,))
    try:
        return pin(folder if outer is None else Path(folder.name), inside=outer)
    finally:
        unpin(outer)


def make_own_folder(folder: Path) -> None:
    """Create a folder of an inbox for this user only.

    An existing folder, or the link to it, must belong to this user or to root: whoever can write to the inbox must not
    redirect its files.

    Raises:
        OSError: the folder cannot be created, or belongs to another user.
    """
    make_folder(folder)
    if is_foreign(folder):
        raise PermissionError(errno.EPERM, phrase("{folder} belongs to another user", folder=folder))


def move(source: Path, target: Path) -> None:
    """Move a file, also to another file system; never onto another file."""
    try:
        os.link(source, target, follow_symlinks=False)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # another file system, or one without links
        if target.exists():
            raise
        try:
            source.rename(target)
        except OSError:
            _copy(source, target)
        else:
            return
    source.unlink()


def _copy(source: Path, target: Path) -> None:
    with replaced(target) as (number, draft):
        with os.fdopen(number, "wb") as copy, source.open("rb") as file:
            shutil.copyfileobj(file, copy)
        with suppress(OSError):  # not every file system keeps permissions and times
            shutil.copystat(source, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
