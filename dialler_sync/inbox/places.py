"""The folder of an inbox and its claimed files as protocols, for this machine and for an address."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..config import SourceSettings
from ..errors import InputError
from ..text.phrase import mark, phrase

_LONGEST_NAME = 255
"""Bytes, on all common file systems."""


GONE = mark("{file} is gone")
REPLACED = mark("{file} has been replaced; it waits until it is complete")
NOT_BACK = mark("{file} cannot be moved back to {home} ({why}); the next call continues with it where it is")
FOREIGN = mark("{folder} belongs to another user: its files are not imported")
MOVE_IT = mark("To continue without it, move it out of the inbox.")


def not_filed(lies: Path, target: Path, why: object) -> str:
    """Return the message on a file that cannot be moved to its folder."""
    return phrase(
        "{file} is done, but cannot be moved to {target} ({why}). The next call tries again, without importing it "
        "again.",
        file=lies,
        target=target,
        why=why,
    )


class Arrival(NamedTuple):
    """A file in an inbox. ``mark`` identifies its current state, apart from other files of the same name."""

    path: Path
    mark: str

    @property
    def inode(self) -> str:
        """The inode, which identifies the file under any name."""
        return self.mark.partition(":")[0]


UNREAD = "unread-"
"""How the names of files in ``failed/`` begin that could not be read; their time follows."""


class Unfiled(InputError):
    """A finished file cannot be moved away: the next call tries again."""


class StillWritten(InputError):
    """A file changed while it was read: a later call reads it, when it is complete."""


class Claimed(Protocol):
    """A file that no other call takes."""

    @property
    def home(self) -> Path:
        """Return its path in the inbox, which users know."""

    @property
    def place(self) -> Path:
        """Return the path of what is imported."""

    @property
    def stays(self) -> bool:
        """Whether it stays claimed while its run can be resumed, so that no other machine begins it anew."""

    @property
    def way_out(self) -> str:
        """How to go on without it."""

    def is_of(self, entry: Mapping[str, Any]) -> bool:
        """Whether a run's record of a file is one of this very file."""

    def sha256(self, source: SourceSettings) -> str:
        """Return the SHA-256 of the list in the file."""

    def put_back(self) -> Path:
        """Move the file back into the inbox; return its path."""

    def file(self, folder: Path, tag: str) -> Path:
        """Move the file to a folder of the inbox, with ``tag`` before its name; return its path."""

    def let_go(self) -> None:
        """Release the claim's resources."""


class Place(Protocol):
    """The folder of an inbox."""

    @property
    def folder(self) -> Path:
        """Return its path."""

    def listed(self) -> list[Path]:
        """Return what lies in it, by name."""

    def mark_of(self, path: Path) -> str:
        """Return the state of a file in it, ``""`` if it is not there."""

    def refresh(self) -> None:
        """Drop the cached listing, so that the next question is answered anew."""

    def is_folder(self, path: Path) -> bool:
        """Whether a folder lies there."""

    def unfitness(self, path: Path) -> str:
        """Return why a file in it is never read, ``""`` if it is."""

    def claim(self, arrival: Arrival) -> Claimed | None:
        """Take a file; return None if it is gone, has been replaced, or another one has it."""

    def left_behind(self) -> Iterator[Claimed]:
        """Yield the files that an earlier call has claimed and not filed."""

    def lies_in(self, path: Path) -> bool:
        """Whether a file lies in the inbox itself, or is being imported from it."""

    def unread(self) -> list[Path]:
        """Return what lies in ``failed/`` because it could not be read.

        Raises:
            InputError: a folder at an address cannot be listed.
        """

    def delete(self, path: Path) -> None:
        """Delete a file of ``done/`` or ``failed/``, if it is still there.

        Raises:
            OSError: it cannot be deleted.
            InputError: likewise, of a folder at an address.
        """


def filed_name(tag: str, name: str) -> str:
    """Return the name under which a file is filed, as long as all common file systems allow."""
    return fitting(f"{tag}-{name}")


def fitting(name: str) -> str:
    """Return a name as long as all common file systems allow: a long one loses signs before its suffix."""
    stem, suffix = Path(name).stem[:_LONGEST_NAME], Path(name).suffix[:_LONGEST_NAME]
    while len(os.fsencode(stem + suffix)) > _LONGEST_NAME:
        stem, suffix = (stem[:-1], suffix) if stem else ("", suffix[:-1])
    return stem + suffix


def is_text(name: str) -> bool:
    """Whether a name is UTF-8."""
    return name == name.encode("utf-8", "replace").decode()
