"""A source as the user names it, and the file of this machine that is read in its place."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from ..config import SourceSettings
from ..errors import InputError
from ..files.digest import file_sha256
from .copies import BLOCK, Copy

STDIN = Path("-")
"""The name of standard input."""


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

    @property
    def name(self) -> str:
        """The name in reports: the last part of what the user named; of a member, that of its archive before it."""
        if self.container and self.container != self.named:
            return f"{self.container.name}/{self.named.relative_to(self.container).as_posix()}"
        return self.named.name

    @property
    def place(self) -> str:
        """Where a later run finds the source."""
        return str(self.named.resolve())

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


_KNOWN: weakref.WeakValueDictionary[tuple[object, ...], Local] = weakref.WeakValueDictionary()
"""Copies that are still in use, so that no source is copied twice."""

_read_stdin: list[Local] = []


def fetch(named: Path, source: SourceSettings) -> Local:
    """Return the file to read for what a user named: itself, or a private copy of what it holds.

    Raises:
        InputError: it cannot be copied; the message names it and says what to do.
    """
    if named == STDIN:
        return _stdin(source)
    return Local(named, named)


def _stdin(source: SourceSettings) -> Local:
    """Copy standard input once; whoever names it again gets the same copy."""
    if not _read_stdin:
        stream: BinaryIO | None = getattr(sys.stdin, "buffer", None)
        if stream is None:
            raise InputError("-: standard input is closed, so no list comes from it. Pipe it in, or name a file.")
        if sys.stdin.isatty():
            raise InputError("-: standard input is a terminal. Pipe the list in (command | dialler-sync … -).")
        copy = Copy("-")
        try:
            copy.fill(_blocks(stream), source.max_file_mb)
        except InputError as error:
            raise InputError(f"-: standard input {error}") from error.__cause__
        _read_stdin.append(Local(STDIN, copy.path, None, copy))
    return _read_stdin[0]


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block
