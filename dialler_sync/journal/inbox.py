"""Notes of earlier calls about the files in an inbox folder."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Container
from contextlib import AbstractContextManager

import sqlalchemy as sa

from ..errors import JournalDamaged
from ..text.phrase import phrase
from .schema import inbox_files

_NEWEST, _MISSING, _OWNER = "", "/", "/owner"
"""Keys beside file names: the arrival of the newest list, the missing list that was reported, and the name of this
journal if others take files from the folder too."""
_OWNER_NAME = re.compile(r"[0-9a-f]{16}")


class InboxNotes:
    """The notes about one folder. Times are seconds since the epoch, by the clock of this machine.

    A file's ``mark`` (inode, size and time) tells it from other files, and other states, of the same name.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[sa.Connection]], folder: str) -> None:
        self._begin = begin
        self._folder = folder

    def first_seen(self, name: str, mark: str, now: float) -> float:
        """Return when a call first saw the file with this mark; ``now`` if none has, which makes it the newest list."""
        found = self._find(name)
        if found and found.mark == mark and found.seen_at <= now:
            return float(found.seen_at)
        self._put(name, mark, now, found.told if found and found.mark == mark else "")
        self._put(_NEWEST, "", now)
        return now

    def newest_list(self) -> float:
        """Return when the newest list came; 0 if none has."""
        found = self._find(_NEWEST)
        return float(found.seen_at) if found else 0.0

    def tell_once(self, name: str, mark: str, what: str, now: float) -> bool:
        """Return whether ``what`` was not yet told about a file, and note that it is told now."""
        found = self._find(name)
        same = found is not None and found.mark == mark
        if found and same and found.told == what:
            return False
        self._put(name, mark, found.seen_at if found and same else now, what)
        return True

    def tell_missing(self, due: str, now: float) -> bool:
        """Return whether the missing list of ``due`` was not yet reported, and note that it is reported now."""
        return self.tell_once(_MISSING, due, "missing", now)

    def owner(self) -> str:
        """Return a unique name of this journal; files that it has claimed are left to it, in folders of that name.

        Raises:
            JournalDamaged: somebody has edited it.
        """
        found = self._find(_OWNER)
        if found and not _OWNER_NAME.fullmatch(found.mark):
            raise JournalDamaged(phrase("the journal is damaged: its name for an inbox is none that it gives itself"))
        name = found.mark if found else secrets.token_hex(8)
        if not found:
            self._put(_OWNER, name, 0)
        return name

    def keep_only(self, names: Container[str]) -> None:
        """Forget files that are gone."""
        table = inbox_files.c
        with self._begin() as connection:
            for name in connection.scalars(sa.select(table.name).where(table.folder == self._folder)).all():
                if name not in names and name not in {_NEWEST, _MISSING, _OWNER}:
                    connection.execute(sa.delete(inbox_files).where(*self._key(name)))

    def _find(self, name: str) -> sa.Row[tuple[str, str, str, float, str]] | None:
        with self._begin() as connection:
            return connection.execute(sa.select(inbox_files).where(*self._key(name))).one_or_none()

    def _put(self, name: str, mark: str, seen_at: float, told: str = "") -> None:
        values = {"folder": self._folder, "name": name, "mark": mark, "seen_at": seen_at, "told": told}
        with self._begin() as connection:
            connection.execute(sa.delete(inbox_files).where(*self._key(name)))
            connection.execute(sa.insert(inbox_files).values(values))

    def _key(self, name: str) -> tuple[sa.ColumnElement[bool], ...]:
        return inbox_files.c.folder == self._folder, inbox_files.c.name == name
