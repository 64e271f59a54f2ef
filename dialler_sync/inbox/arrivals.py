"""Find the files of an inbox that are complete."""

from __future__ import annotations

import logging
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ..config.inbox import PATTERNS
from ..errors import UsageError
from ..journal.inbox import InboxNotes
from ..text.phrase import figure, phrase
from .places import Arrival, Place

_log = logging.getLogger(__name__)

_UNFINISHED = frozenset(
    {".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".!sync", ".opdownload"}
)
"""Suffixes that programs use while they write a file."""

_NOT_OF_PEOPLE = re.compile(
    r"[.~].*|thumbs\.db|desktop\.ini|icon\r|(?=.*[a-f])[0-9a-f]{8}|.*:zone\.identifier", re.IGNORECASE | re.DOTALL
)
"""Names that systems, cloud clients and spreadsheet programs use for themselves."""

_CONFLICT = re.compile(
    r"conflict(ed)? copy|\.sync-conflict-|case conflict|in konflikt stehende kopie|konfliktkopie|copie en conflit",
    re.IGNORECASE,
)
"""Marks that cloud clients put into the name of a conflicting version."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The files of a folder. A file is complete once it has not changed for ``quiet`` seconds of our own clock.

    File times are not used: they come from other machines, or are set by the writer.
    """

    place: Place
    notes: InboxNotes
    quiet: float = 30
    patterns: Sequence[str] = PATTERNS
    unfit: Callable[[str, str], None] = lambda *_: None
    """Called once per file that is not imported, with its name and the reason."""
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    @property
    def folder(self) -> Path:
        """The path of the inbox."""
        return self.place.folder

    def complete(self) -> list[Arrival]:
        """Return the complete files, in the order in which calls first saw them, then by name.

        Waits once for all files that are new, or have changed since the last call.

        Raises:
            UsageError: the folder cannot be read.
        """
        listed = self._listed()
        found = list(self._fitting(listed))
        self.notes.keep_only({journal_name(path) for path in listed})
        now = self.clock()
        seen = [self.notes.first_seen(journal_name(path), mark, now) for path, mark in found]
        wait = max((since + self.quiet - now for since in seen), default=0.0)
        if wait > 0:
            _log.info(
                phrase(
                    "{folder}: waiting {seconds} s for files to be complete", folder=self.folder, seconds=figure(wait)
                )
            )
            self.sleep(wait)
            self.place.refresh()
        in_turn = (arrival for _, arrival in sorted(zip(seen, found, strict=True)))
        return [arrival for arrival in in_turn if self._stands_still(arrival)]

    def _stands_still(self, arrival: Arrival) -> bool:
        mark = self.place.mark_of(arrival.path)
        if mark == arrival.mark:
            return not self._is_open(arrival)
        if mark:
            self.notes.first_seen(journal_name(arrival.path), mark, self.clock())
            _log.info(phrase("{path} is still being written; it waits until it is complete", path=arrival.path))
        return False

    def _is_open(self, arrival: Arrival) -> bool:
        """Whether a spreadsheet program has the file open: Excel and LibreOffice put a lock file beside it."""
        path = arrival.path
        owner = next(
            (o for o in (f"~${path.name}", f".~lock.{path.name}#") if self.place.mark_of(path.with_name(o))), None
        )
        if owner:
            said = phrase(
                "{file} is open in a spreadsheet program ({owner} lies beside it); it waits", file="{file}", owner=owner
            )
            self._report_once(arrival, said, waits=True)
        return owner is not None

    def _fitting(self, listed: Iterable[Path]) -> Iterator[Arrival]:
        for path in listed:
            if (
                _NOT_OF_PEOPLE.fullmatch(path.name)
                or path.suffix.casefold() in _UNFINISHED
                or self.place.is_folder(path)
            ):
                continue
            mark = self.place.mark_of(path)
            if not mark:
                continue  # gone
            arrival = Arrival(path, mark)
            if not any(fnmatchcase(path.name.casefold(), pattern.casefold()) for pattern in self.patterns):
                self._report_once(
                    arrival,
                    phrase("{file} is not a file to import (inbox.patterns); it stays where it is", file="{file}"),
                )
            elif _CONFLICT.search(path.name):
                self._report_once(
                    arrival,
                    phrase(
                        "{file} is a conflict copy: a cloud client found two versions of this list. Rename the one to "
                        "import and delete the other; it stays where it is",
                        file="{file}",
                    ),
                )
            elif unfit := self.place.unfitness(path):
                self._report_once(arrival, unfit)
            elif not self._is_open(arrival):
                yield arrival

    def _listed(self) -> list[Path]:
        try:
            return self.place.listed()
        except OSError as error:
            raise UsageError(
                phrase("the inbox {folder} cannot be read: {why}", folder=self.folder, why=error.strerror)
            ) from error

    def _report_once(self, arrival: Arrival, what: str, *, waits: bool = False) -> None:
        """Report once that a file, ``{file}`` in ``what``, is not imported; as an error, so that a quiet call under
        cron reports it, too."""
        if self.notes.tell_once(journal_name(arrival.path), arrival.mark, what.replace("{file} ", ""), self.clock()):
            _log.error("%s", what.replace("{file}", f"{arrival.path}:"))
            if not waits:
                it = phrase("It")
                self.unfit(arrival.path.name, f"{what.replace('{file}', it)}.")


def unfitness(path: Path) -> str:
    """Return why a ``{file}`` in an inbox is never read: a link might expose a file that only this user can read."""
    try:
        found = path.lstat()
    except OSError:
        return phrase("{file} has gone; it stays where it is", file="{file}")
    if stat.S_ISLNK(found.st_mode):
        return phrase("{file} is a link: put the file itself there; it stays where it is", file="{file}")
    if not stat.S_ISREG(found.st_mode):
        return phrase("{file} is not a regular file; it stays where it is", file="{file}")
    if found.st_nlink == 1:
        return ""
    return phrase(
        "{file} has another name elsewhere (a hard link): put a copy of it there; it stays where it is", file="{file}"
    )


def mark_of(path: Path) -> str:
    """Return inode, size and time of a file, or of a link itself; ``""`` if it is gone."""
    try:
        found = path.lstat()
    except OSError:
        return ""
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def journal_name(path: Path) -> str:
    """Return the file name as text that any database accepts: names may hold bytes that are not text."""
    return path.name.encode("utf-8", "backslashreplace").decode()
