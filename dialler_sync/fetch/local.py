"""A source as the user names it, and the file of this machine that is read in its place."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import BinaryIO

from ..config import SourceSettings
from ..errors import InputError
from ..files import trust
from ..files.digest import file_sha256
from ..files.pinned import real
from ..files.url import Url
from ..text.phrase import figure, phrase
from .copies import BLOCK, Copy, sweep
from .packed import UNPACKED, head_of, kind_of, unpacked
from .protected import OLE, opened_workbook, read_password
from .zipped import is_archive, unzipped

STDIN = Path("-")
"""The name of standard input."""

_State = tuple[int, int, int]
"""Inode, time and size of a file."""


@dataclass(frozen=True)
class Local:
    """One source.

    ``named``: what the user named; messages show it. ``path``: the file to read, which is a private copy if ``copy`` is
    there, and lives as long as this object. ``container``: the archive that ``named`` is, or lies in.
    """

    named: Path
    path: Path
    container: Path | None = None
    copy: Copy | None = field(default=None, repr=False, compare=False)
    state: _State | None = field(default=None, repr=False, compare=False)
    """The state of a file that may still be written to, when it was copied."""

    @property
    def name(self) -> str:
        """The name in reports: the last part of what the user named; of a member, that of its archive before it."""
        if self.container and self.container != self.named:
            return f"{self.container.name}/{self.named.relative_to(self.container).as_posix()}"
        return self.named.name

    @property
    def place(self) -> str:
        """The place where a later run finds the source; for standard input its kept copy, ``""`` without one."""
        if self.named == STDIN:
            return str(self.copy.kept or "") if self.copy else ""
        return str(real(self.named))

    @cached_property
    def inode(self) -> int:
        """The inode of the file that the user named, or of the copy if they named none."""
        file = self.container or self.named
        return (file if file.is_file() else self.path).stat().st_ino

    @cached_property
    def sha256(self) -> str:
        """The hash of the table that is read: a list that is packed anew keeps it.

        Raises:
            OSError: the file cannot be read.
        """
        return file_sha256(self.path)

    def has_changed(self) -> bool:
        """Whether the file has another content than ``sha256`` says, or has been written to since it was copied.

        Raises:
            OSError: it cannot be read any more.
        """
        if self.state is not None and _at_hand(self.named)[2] != self.state:
            return True
        return file_sha256(self.path) != self.sha256


_known: weakref.WeakValueDictionary[tuple[object, ...], Local] = weakref.WeakValueDictionary()
"""Copies in use, so that no source is unpacked twice."""

_at_addresses: weakref.WeakValueDictionary[str, Local] = weakref.WeakValueDictionary()
"""Address, as in the journal → copy of the file at it."""

_stdin: list[tuple[object, Local]] = []
"""Standard input and its copy; it can be read only once."""


def fetch(named: Path, source: SourceSettings) -> Local:
    """Return the file to read for a FILE as the user named it: itself, or a private copy of its content.

    Raises:
        InputError: it cannot be copied or unpacked; the message names it and says what to do.
    """
    _sweep_once()
    if isinstance(named, Url):
        return _remote(named, source)
    if named == STDIN:
        if not _stdin or _stdin[0][0] is not sys.stdin:
            _stdin[:] = [(sys.stdin, _unpacked(_standard_input(source), None, source))]
        return _stdin[0][1]
    here, member, state = _at_hand(named)
    if here is None:
        return Local(named, named)
    key = (named, state, source.max_file_mb, str(source.password_command))
    if local := _known.get(key):
        return local
    local = _unpacked(here, member, source)
    if not local.copy:
        require_size(here.path, state[2], source)
        if not trust.is_overridden() and trust.is_open(here.path):
            local = _copied(here, state, source)
    if local.copy and _at_hand(named)[2] != state:  # it may also have been deleted
        raise InputError(
            phrase("{named}: changed while it was copied. Is it still being written? Start again.", named=named)
        )
    if local.copy:
        _known[key] = local
    return local


def _copied(here: Local, state: _State, source: SourceSettings) -> Local:
    """Copy a file that others can write to: it is read several times, and could grow without end meanwhile.

    Raises:
        InputError: it cannot be copied.
    """
    copy = Copy(here.path.name)
    try:
        with here.path.open("rb") as file:
            copy.fill(_blocks(file, state[2]), source.max_file_mb)
    except InputError as error:
        error.args = tuple(f"{here.named}: {each}" for each in error.args)
        raise
    except OSError as error:
        raise InputError(
            phrase("{named}: cannot be read: {error}.", named=here.named, error=error.strerror or error)
        ) from error
    return Local(here.named, copy.path, here.container, copy, state)


def require_size(path: Path, size: int, source: SourceSettings) -> None:
    """Refuse a file that is too large, before any of it is read or hashed: one with a hole has any size.

    Raises:
        InputError: it is.
    """
    if size > source.max_file_mb * 1_000_000:
        raise InputError(
            phrase(
                "{path}: {size} MB; the limit is {max_file_mb} MB: split the file, or raise source.max_file_mb.",
                path=path,
                size=figure(size // 1000000),
                max_file_mb=figure(source.max_file_mb),
            )
        )


@cache
def _sweep_once() -> None:
    sweep()


def keep(address: str | None, folder: Path) -> Path:
    """Keep the copy of the file at an address, or of standard input, in a folder, for runs that read it again; return
    its path.

    Raises:
        OSError: it cannot be copied there.
    """
    copy = (_at_addresses[address] if address else _stdin[0][1]).copy
    assert copy  # noqa: S101 - for mypy
    return copy.keep(folder)


def _at_hand(named: Path) -> tuple[Local | None, str | None, _State]:
    """Return the file that a path names, the member of it that follows, and its state; None if there is no regular
    file."""
    try:
        if named.is_file():
            return Local(named, named), None, _state(named)
        if not named.exists():
            for folder in named.parents:
                if folder.is_file():
                    return Local(named, folder, folder), named.relative_to(folder).as_posix(), _state(folder)
    except (OSError, ValueError):
        pass  # its reader says why
    return None, None, (0, 0, 0)


def _state(path: Path) -> _State:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _unpacked(here: Local, member: str | None, source: SourceSettings) -> Local:
    """Return the file to read: itself, or a copy of its unpacked or decrypted content.

    Raises:
        InputError: it cannot be unpacked, or holds another archive.
    """
    try:
        kind = _kind(here.path, member)
        container = here.container or (here.named if here.copy is None else None)
        if kind:
            copy = Copy(here.copy.path.name if here.copy else "list")
            _unpack(here, kind, member, copy, source)
            here = Local(here.named, copy.path, container, copy)
        if (
            source.password_command
            and head_of(here.path).startswith(OLE)
            and (plain := opened_workbook(here.path, source))
        ):
            here = Local(here.named, plain.path, container, plain)
    except InputError as error:
        raise InputError(*(f"{here.named}: {each}" for each in error.args)) from error.__cause__
    except OSError as error:
        raise InputError(
            phrase("{named}: cannot be read: {error}.", named=here.named, error=error.strerror or error)
        ) from error
    return here


def _kind(path: Path, member: str | None) -> str | None:
    """Return the kind of an archive that can be unpacked, None for all other files.

    Raises:
        InputError: a ``member`` is named, and there are none.
    """
    kind = kind_of(head_of(path))
    if kind == "zip" and not is_archive(path):
        kind = None
    if member is not None and kind != "zip":
        raise InputError(phrase("there is no such file: {path} is not a zip archive.", path=path))
    return kind if kind in UNPACKED else None


def _unpack(here: Local, kind: str, member: str | None, copy: Copy, source: SourceSettings) -> None:
    packed = here.path.stat().st_size
    if kind == "zip":
        archive = here.container or here.named
        blocks, packed = unzipped(here.path, archive, member, lambda: read_password(source))
    else:
        blocks = unpacked(here.path, kind)
    copy.fill(blocks, source.max_file_mb, packed)
    head = head_of(copy.path)
    inner = kind_of(head)
    if inner and (inner != "zip" or is_archive(copy.path)):
        raise InputError(
            phrase(
                "holds another archive ({inner}), which is not unpacked: pack the list itself, and only once.",
                inner=inner,
            )
        )


def _standard_input(source: SourceSettings) -> Local:
    """Copy standard input.

    Raises:
        InputError: it is closed, a terminal, empty or too long.
    """
    stream: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise InputError(phrase("-: standard input is closed, so no list comes from it. Pipe it in, or name a file."))
    if sys.stdin.isatty():
        raise InputError(phrase("-: standard input is a terminal. Pipe the list in, or name a file."))
    try:
        copy = Copy(str(STDIN))
        copy.fill(_blocks(stream), source.max_file_mb)
    except InputError as error:
        raise InputError(phrase("-: standard input: {error}", error=error)) from error.__cause__
    except OSError as error:
        raise InputError(phrase("-: standard input cannot be read: {error}.", error=error.strerror or error)) from error
    if not copy.path.stat().st_size:
        raise InputError(phrase("-: standard input is empty: the command before the pipe has printed nothing."))
    return Local(STDIN, copy.path, None, copy)


def expand(named: Path, source: SourceSettings) -> list[Path]:
    """Return the files that a user named: those of a pattern at an address, else the one.

    Raises:
        InputError: there is none of the pattern, or the server cannot be asked.
    """
    if not isinstance(named, Url):
        return [named]
    from .remote import expand as of_pattern

    return list(of_pattern(named, source.stores))


def _remote(url: Url, source: SourceSettings) -> Local:
    """Download the file at an address."""
    from .remote import download

    packed, member = url.member()
    copy = download(packed, source.stores, source.max_file_mb)
    local = _at_addresses[str(url)] = _unpacked(Local(url, copy.path, None, copy), member, source)
    return local


def _blocks(stream: BinaryIO, most: int = sys.maxsize) -> Iterator[bytes]:
    """Yield the content of a file, at most ``most`` bytes of it."""
    while block := stream.read(min(BLOCK, most)):
        yield block
        most -= len(block)
