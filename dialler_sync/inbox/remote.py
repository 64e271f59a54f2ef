"""An inbox at an address. A file is claimed there first, then copied: the run imports a private copy beside the
journal, and finds it there until the file is filed.

Where the store can rename, a claim is a rename into ``importing/``: one of several machines succeeds. An object store
cannot: there a claim is an object ``importing/<name>.claim``, which one of them can make. Both name the journal that
they belong to: another one leaves them alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..config import SourceSettings
from ..errors import DiallerSyncError, InputError
from ..fetch.folder import Entry, RemoteFolder
from ..fetch.remote import download
from ..files.pinned import real
from ..files.private import make_folder, replaced
from ..files.url import Url
from ..journal.inbox import InboxNotes
from ..text.phrase import figure, mark, phrase
from .places import (
    FOREIGN,
    GONE,
    MOVE_IT,
    NOT_BACK,
    REPLACED,
    UNREAD,
    Arrival,
    Unfiled,
    filed_name,
    fitting,
    is_text,
    not_filed,
)

_log = logging.getLogger(__name__)

_CLAIMED_FOLDER = mark(
    "{claim}: is claimed by another computer, or by another journal, since {time}. If that "
    "one is gone for good, move the list in it back into the inbox."
)
_CLAIMED = mark(
    "{claim}: is claimed by another computer, or by another journal, since {time}. If that "
    "one is gone for good, delete this claim."
)

_IMPORTING, _CLAIM = "importing", ".claim"
_LONG = timedelta(days=1)
"""How long a claim of another journal may last before somebody is told."""


@dataclass(frozen=True, slots=True)
class RemoteInbox:
    """An inbox at an address. ``copies``: the folder for private copies; ``owner``: the name of this journal."""

    folder: Url
    source: SourceSettings
    copies: Path
    owner: str
    store: RemoteFolder
    _seen: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Url, source: SourceSettings, copies: Path, notes: InboxNotes) -> RemoteInbox:
        """Return the inbox at an address.

        Raises:
            UsageError: nothing can be put there.
        """
        store = RemoteFolder(folder, source.stores)
        return cls(folder, source, copies / "inbox" / _digest(str(folder)), notes.owner(), store)

    def listed(self) -> list[Path]:
        """Return what lies in it, by name; not what is claimed."""
        self.refresh()
        return [self.folder / name for name in self._seen]

    def refresh(self) -> None:
        """Look again."""
        claimed = set() if self.store.renames else {entry.name for entry in self.store.listed(_IMPORTING)}
        self._seen.clear()
        self._seen.update({e.name: e for e in self.store.listed() if f"{e.name}{_CLAIM}" not in claimed})

    def mark_of(self, path: Path) -> str:
        """Return the state in which a file was seen, ``""`` if it was not there."""
        entry = self._seen.get(path.name)
        return entry.mark if entry else ""

    def is_folder(self, path: Path) -> bool:
        """Whether a folder was seen there."""
        return self._seen[path.name].kind == "directory"

    def unfitness(self, path: Path) -> str:
        """Return why a ``{file}`` is never read, ``""`` if it is."""
        entry, most = self._seen[path.name], self.source.max_file_mb
        if entry.kind != "file":
            return phrase("{file} is a link: put the file itself there; it stays where it is", file="{file}")
        if not is_text(path.name):
            return phrase("{file} has a name that is not UTF-8: rename it; it stays where it is", file="{file}")
        if entry.size <= most * 1_000_000:
            return ""
        return phrase(
            "{file} has more than {most} MB: split it, or raise source.max_file_mb; it stays where it is",
            file="{file}",
            most=figure(most),
        )

    def claim(self, arrival: Arrival) -> RemoteClaim | None:
        """Take a file and copy it; return None if it is gone, has been replaced, or another machine has it.

        Raises:
            InputError: it cannot be taken or copied; it is in the inbox then, or still claimed if the link is broken.
        """
        taken = self._claim_of(arrival.path.name, arrival.mark)
        if not taken.take():
            return None
        try:
            return taken if taken.fetch() else None
        except DiallerSyncError:
            taken.put_back()
            raise

    def left_behind(self) -> Iterator[RemoteClaim]:
        """Yield the files that an earlier call of this journal claimed; warn of old claims of other journals."""
        if self.store.is_foreign(_IMPORTING):
            _log.warning(phrase(FOREIGN, folder=self.folder / _IMPORTING))
            return
        ours: set[Path] = set()
        for entry in self.store.listed(_IMPORTING):
            for taken in self._left_in(entry):
                ours.add(taken.place.parent)
                if taken.fetch():
                    yield taken
        if self.copies.is_dir():
            for folder in set(self.copies.iterdir()) - ours:  # of claims that have come to their end
                shutil.rmtree(folder, ignore_errors=True)

    def _left_in(self, entry: Entry) -> list[RemoteClaim]:
        inside = f"{_IMPORTING}/{entry.name}"
        if self.store.renames:
            if entry.name.startswith(f"{self.owner}-"):
                if entry.kind != "directory" or self.store.is_foreign(inside):
                    return []  # nobody's claim: a link, for example
                left = (each for each in self.store.listed(inside) if each.kind == "file" and is_text(each.name))
                return [self._claim_of(each.name, each.mark) for each in left]
        elif entry.name.endswith(_CLAIM):
            owner, _, mark = self.store.read(inside).decode("utf-8", "replace").partition("\n")
            if owner == self.owner:
                return [self._claim_of(entry.name.removesuffix(_CLAIM), mark)]
        if entry.at and datetime.now(UTC) - entry.at > _LONG:
            _log.warning(
                phrase(
                    _CLAIMED_FOLDER if self.store.renames else _CLAIMED,
                    claim=f"{self.folder}/{inside}",
                    time=f"{entry.at:%Y-%m-%d %H:%M}",
                )
            )
        return []

    def _claim_of(self, name: str, mark: str) -> RemoteClaim:
        key = _digest(f"{name}\n{mark}")
        return RemoteClaim(self, self.folder / name, name, mark, key, (self.copies / key / fitting(name)).absolute())

    def lies_in(self, _path: Path) -> bool:
        """Return False: runs read private copies only."""
        return False

    def unread(self) -> list[Path]:
        """Return what lies in ``failed/`` because it could not be read."""
        if self.store.is_foreign("failed"):
            return []
        found = (entry.name for entry in self.store.listed("failed") if entry.kind == "file")
        return [self.folder / "failed" / name for name in found if name.startswith(UNREAD)]

    def delete(self, path: Path) -> None:
        """Delete a filed file, unless another user could have put something else into its folder."""
        if self.store.is_foreign(path.parent.name):
            return
        self.store.delete(f"{path.parent.name}/{path.name}")


@dataclass(frozen=True, slots=True)
class RemoteClaim:
    """A file that is claimed. ``home`` is its address in the inbox, ``place`` its private copy."""

    inbox: RemoteInbox
    home: Url
    name: str
    mark: str
    key: str
    place: Path

    @property
    def stays(self) -> bool:
        """It stays claimed while its run can be resumed."""
        return True

    @property
    def way_out(self) -> str:
        """How to go on without it: it stays claimed while it has a copy here."""
        if not self.place.exists():
            return phrase(MOVE_IT)
        renamed = self.inbox.store.renames
        there = self.inbox.folder / (self._inside if renamed else self._claim)
        if renamed:
            return phrase("To continue without it, move {place} away.", place=there)
        return phrase("To continue without it, move it out of the inbox, then delete {place}.", place=there)

    @property
    def _inside(self) -> str:
        """Where it lies while it is claimed."""
        return f"{_IMPORTING}/{self.inbox.owner}-{self.key}/{self.name}" if self.inbox.store.renames else self.name

    @property
    def _claim(self) -> str:
        return f"{_IMPORTING}/{self.name}{_CLAIM}"

    def take(self) -> bool:
        """Claim the file; return whether it is this journal's now, and as it was seen."""
        store = self.inbox.store
        if not store.renames:
            if not store.create(self._claim, f"{self.inbox.owner}\n{self.mark}".encode()):
                _log.info(phrase("{file} is claimed by another machine", file=self.home))
                return False
            found = store.mark(self.name) == self.mark
        else:
            folder = self._inside.rpartition("/")[0]
            store.make(folder)
            try:
                store.move(self.name, self._inside)
            except InputError:
                self._tidy()
                if store.mark(self.name):
                    raise
                _log.info("%s", phrase(GONE, file=self.home))
                return False
            found = [(entry.mark, entry.kind) for entry in store.listed(folder)] == [(self.mark, "file")]
        if not found:
            self.put_back()
            _log.info("%s", phrase(REPLACED, file=self.home))
        return found

    def fetch(self) -> bool:
        """Make the private copy; return False if the claimed file was replaced meanwhile.

        Raises:
            InputError: it cannot be copied.
        """
        if self.place.exists():
            return True
        inbox = self.inbox
        if not self.mark or inbox.store.mark(self._inside) != self.mark:
            self.put_back()
            return False
        copy = download(inbox.folder / self._inside, inbox.source.stores, inbox.source.max_file_mb)
        if inbox.store.mark(self._inside) != self.mark:
            self.put_back()
            return False
        try:
            make_folder(self.place.parent)
            with replaced(self.place) as (number, _), os.fdopen(number, "wb") as file, copy.path.open("rb") as content:
                shutil.copyfileobj(content, file)
        except OSError as error:
            raise InputError(
                phrase(
                    "{file}: cannot be copied to {target}: {why}", file=self.home, target=self.place, why=error.strerror
                )
            ) from error
        return True

    def is_of(self, entry: Mapping[str, Any]) -> bool:
        """Whether it is the file of a run's record: no other has this private copy."""
        return bool(entry["path"] == str(real(self.place)))

    def sha256(self, source: SourceSettings) -> str:
        """Return the SHA-256 of the list in the file.

        Raises:
            InputError: the file cannot be read.
        """
        from ..fetch import fetch

        return fetch(self.place, source).sha256

    def put_back(self) -> Path:
        """Give the claim up, and delete the copy; return the file's address."""
        store = self.inbox.store
        try:
            if store.renames:
                store.move(self._inside, self.name)
            self._tidy()
        except DiallerSyncError as error:
            lies = self.inbox.folder / self._inside
            _log.warning("%s", phrase(NOT_BACK, file=lies, home=self.home, why=str(error).rstrip(".")))
            return lies
        return self.home

    def file(self, folder: Path, tag: str) -> Path:
        """Move the file to a folder of the inbox, with ``tag`` before its name; return its address.

        Raises:
            Unfiled: it cannot be moved.
        """
        store, target = self.inbox.store, f"{folder.name}/{filed_name(tag, self.name)}"
        try:
            store.make(folder.name)
            if store.renames:
                store.move(self._inside, target)
            else:
                store.put({target: self.place}, replace=True)
                if store.mark(self.name) == self.mark:
                    store.delete(self.name)
            self._tidy()
        except InputError as error:
            raise Unfiled(not_filed(self.home, self.inbox.folder / target, str(error).rstrip("."))) from error
        return self.inbox.folder / target

    def _tidy(self) -> None:
        """Remove the claim, then the copy."""
        store = self.inbox.store
        if store.renames:
            store.remove_empty(self._inside.rpartition("/")[0], _IMPORTING)
        else:
            store.delete(self._claim)
        shutil.rmtree(self.place.parent, ignore_errors=True)

    def let_go(self) -> None:
        """Nothing is held."""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
