"""Put a list of calls in place: whole or not there, and known to the journal before and after.

The file is written beside its place and synced; then the journal is told what it is (the *intent*), the file gets its
name, and the journal takes note that it has it. Whenever a process is killed between these steps, the next one finds
in the intent which file there is, and puts it in place or takes note of it: each call stands in one file.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import UsageError
from ..files.digest import file_sha256
from ..files.private import held, new_file, refuse_foreign_link
from ..files.whole import why
from ..journal.calls import CallNotes
from ..text.phrase import mark, phrase

_log = logging.getLogger(__name__)

NO_FILE = mark("--to {place}: not a file that can be replaced")
SET_ASIDE = mark("{place} was still there and is now {aside}: its calls are not reported again")


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is whole, beside its place."""

    path: Path
    sha256: str


def draft_beside(path: Path, whose: str, write: Callable[[IO[bytes], Path], None]) -> Draft:
    """Write a draft, synced to the disk. ``whose`` names its writer, which replaces its own drafts only.

    Raises:
        UsageError: the folder cannot be written.
    """
    draft = _draft_of(path, whose)
    with _in_words(path), held(path.parent) as folder:
        there = folder / draft.name
        with suppress(FileNotFoundError):
            there.unlink()  # of a process that was killed
        hashed = _Hashed(os.fdopen(new_file(there), "wb"))
        try:
            with hashed.file:
                write(hashed, there)  # type: ignore[arg-type] # has what writers use
                hashed.file.flush()
                os.fsync(hashed.file.fileno())
            _sync_folder(folder)
        except BaseException:
            with suppress(OSError):
                there.unlink()
            raise
    return Draft(draft, hashed.digest.hexdigest())


def _draft_of(path: Path, whose: str) -> Path:
    return path.with_name(f".{hashlib.sha256(whose.encode('utf-8', 'replace')).hexdigest()[:16]}.part")


def rename(draft: Path, path: Path) -> None:
    """Give a draft its name, which is beside it.

    Raises:
        UsageError: it cannot have it.
    """
    with _in_words(path), held(path.parent) as folder:
        (folder / draft.name).replace(folder / path.name)
        _sync_folder(folder)


def rename_or_discard(draft: Path, path: Path) -> None:
    """Give a draft that no journal knows its name, or delete it.

    Raises:
        UsageError: it cannot have its name.
    """
    try:
        rename(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def check_place(path: Path) -> None:
    """Refuse a place that no file can have, before anything is asked.

    Raises:
        UsageError: it is one.
    """
    with _in_words(path):
        refuse_foreign_link(path.parent)
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            raise UsageError(phrase(NO_FILE, place=path))


def put_in_place(intent: Mapping[str, Any], last: Mapping[str, Any] | None) -> None:
    """Give the intended file its name. Another file of that name is set aside: what stands in it is not given again.

    Raises:
        UsageError: it cannot have it.
    """
    path = Path(intent["path"])
    if os.path.lexists(path):
        here = sha256_of(path)
        empty = last is not None and not last["calls"] and here == last["sha256"]
        if not empty and here not in {intent.get("replaces", ""), intent["sha256"]}:
            aside = _aside(path)
            with _in_words(path), held(path.parent) as folder:
                (folder / path.name).rename(folder / aside.name)
            _log.warning("%s", phrase(SET_ASIDE, place=path, aside=aside))
    rename(Path(intent["draft"]), path)


def recover(notes: CallNotes, whose: str, to: Path | None) -> Mapping[str, Any] | None:
    """Finish what a killed process began; return the file that it put in place, if the notes on it do not count yet.

    Only ``to``, the file of this call, may replace an existing one: an entry in the journal is not enough.

    Raises:
        UsageError: its file cannot be put in place.
    """
    intent = notes.intent()
    if intent is None:
        return None
    path = Path(intent["path"])
    draft = _draft_of(path, whose)
    is_draft = str(draft) == intent["draft"] and _is_ours(draft)
    if sha256_of(path) == intent["sha256"]:
        if is_draft:  # of a later try, which did not come to be known
            draft.unlink()
        return intent
    if is_draft:
        if sha256_of(draft) != intent["sha256"]:
            _log.warning(
                phrase(
                    "{draft} was changed before it became {path}: its calls are reported again", draft=draft, path=path
                )
            )
            notes.drop()
            return None
        if path == to or not os.path.lexists(path):
            put_in_place(intent, notes.file())
            _log.info(phrase("{path} was interrupted before its file was in place: it is now", path=path))
            return intent
        other = _aside(path)
        rename(draft, other)
        _log.warning(
            phrase(
                "{path} was interrupted before its file was in place, and another file is there: its calls are in "
                "{other}",
                path=path,
                other=other,
            ),
        )
    notes.settle()
    return None


def _is_ours(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and (not hasattr(os, "geteuid") or found.st_uid == os.geteuid())


def sha256_of(path: Path) -> str | None:
    """Return the hash of a file, None if there is none that can be read."""
    try:
        return file_sha256(path)
    except OSError:
        return None


def _aside(path: Path) -> Path:
    """Return a name for an earlier file: that of its time."""
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(path.lstat().st_mtime))
    for number in range(1, 10_000):
        more = "" if number == 1 else f"-{number}"
        aside = path.with_name(f"{path.stem}-{when}{more}{path.suffix}")
        if not os.path.lexists(aside):
            return aside
    raise UsageError(phrase("--to {path}: the file exists, and all names to set it aside are taken", path=path))


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, if the system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise UsageError(
            phrase("--to {path}: cannot be written: {why}. No calls were reported.", path=path, why=why(error))
        ) from error


class _Hashed(io.BufferedIOBase):
    """A file whose content is hashed while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Write all of it."""
        self.digest.update(data)
        return self.file.write(data)
