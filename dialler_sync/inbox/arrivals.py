"""What lies in an inbox, and which of its files are complete."""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from ..config.inbox import PATTERNS
from ..errors import UsageError
from ..journal.inbox import InboxNotes

_log = logging.getLogger(__name__)

_UNFINISHED = frozenset({".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download"})
"""Endings under which programs write a file before they give it its name."""


class Arrival(NamedTuple):
    """A file in an inbox. ``mark`` tells it, in the state it is in, from others of the same name."""

    path: Path
    mark: str

    @property
    def inode(self) -> str:
        """The file itself, whatever its name."""
        return self.mark.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The files of a folder. They are complete when they stood still for ``quiet`` seconds, by our own clock: their
    times come from other machines, or are anything that somebody wrote there."""

    folder: Path
    notes: InboxNotes
    quiet: float = 30
    patterns: Sequence[str] = PATTERNS
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def complete(self) -> list[Arrival]:
        """The complete files, in the order in which calls first saw them, then by name. Waits once for all that no
        earlier call has seen as they are.

        Raises:
            UsageError: the folder cannot be read.
        """
        found = list(self._fitting())
        self.notes.keep_only({journal_name(path) for path in self._listed()})
        now = self.clock()
        seen = [self.notes.first_seen(journal_name(path), mark, now) for path, mark in found]
        wait = max((since + self.quiet - now for since in seen), default=0.0)
        if wait > 0:
            _log.info("%s: waiting %.0f s for files to be complete", self.folder, wait)
            self.sleep(wait)
        in_turn = (arrival for _, arrival in sorted(zip(seen, found, strict=True)))
        return [arrival for arrival in in_turn if self._stands_still(arrival)]

    def _stands_still(self, arrival: Arrival) -> bool:
        mark = mark_of(arrival.path)
        if mark == arrival.mark:
            return not self._is_open(arrival)
        if mark:
            self.notes.first_seen(journal_name(arrival.path), mark, self.clock())
            _log.info("%s: is still being written; it waits until it is complete", arrival.path)
        return False

    def _is_open(self, arrival: Arrival) -> bool:
        """Whether a spreadsheet program has the file open: Excel and LibreOffice put a file of their own beside it."""
        path = arrival.path
        owner = next((o for o in (f"~${path.name}", f".~lock.{path.name}#") if mark_of(path.with_name(o))), None)
        if owner:
            self._tell(arrival, f"is open in a spreadsheet program ({owner} lies beside it); it waits")
        return owner is not None

    def _fitting(self) -> Iterator[Arrival]:
        for path in self._listed():
            if path.name.startswith((".", "~$")) or path.suffix.casefold() in _UNFINISHED or path.is_dir():
                continue
            mark = mark_of(path)
            if not mark:
                continue  # gone
            arrival = Arrival(path, mark)
            if not any(fnmatchcase(path.name.casefold(), pattern.casefold()) for pattern in self.patterns):
                self._tell(arrival, "is not a kind of file that is imported (inbox.patterns); it stays where it is")
            elif unfit := unfitness(path):
                self._tell(arrival, f"{unfit}; it stays where it is")
            elif not self._is_open(arrival):
                yield arrival

    def _listed(self) -> list[Path]:
        try:
            return sorted(self.folder.iterdir())
        except OSError as error:
            raise UsageError(f"the inbox {self.folder} cannot be read: {error.strerror}") from error

    def _tell(self, arrival: Arrival, what: str) -> None:
        """Say once that a file is not imported: as an error, so that a quiet call under cron says it, too."""
        if self.notes.tell_once(journal_name(arrival.path), arrival.mark, what, self.clock()):
            _log.error("%s: %s", arrival.path, what)


def unfitness(path: Path) -> str:
    """Why something in an inbox is never read: it may be a file that only this user can read, put there by a link."""
    try:
        found = path.lstat()
    except OSError:
        return "has gone"
    if stat.S_ISLNK(found.st_mode):
        return "is a link: put the file itself there"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    return "has another name elsewhere (a hard link): put a copy of it there" if found.st_nlink > 1 else ""


def mark_of(path: Path) -> str:
    """Inode, size and time of a file, or of a link itself; nothing if it is gone."""
    try:
        found = path.lstat()
    except OSError:
        return ""
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def journal_name(path: Path) -> str:
    """The name of a file as text that any database takes: names may hold bytes that are no text."""
    return path.name.encode("utf-8", "backslashreplace").decode()
