"""Spools: rows between reading and sending, on disk, so that memory stays flat. They end with their process."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import JournalError
from ..text.phrase import phrase

_LENGTH = 8
"""Bytes before a batch that tell its length."""


class Spool:
    """A file of batches that has no name: 0600, and gone when it is closed, also by a crash.

    Batches are lists of tuples of what :mod:`marshal` writes; it is several times as fast as the
    alternatives, and the file never leaves this process.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the run
        except OSError as error:
            raise JournalError(
                phrase("{folder} cannot be written: {error}", folder=folder, error=error.strerror)
            ) from error

    def write(self, batch: list[Any]) -> None:
        """Append one batch.

        Raises:
            JournalError: the disk is full.
        """
        try:
            data = marshal.dumps(batch)
            self._file.seek(0, 2)  # who reads may stand in the middle
            self._file.write(len(data).to_bytes(_LENGTH) + data)
            self._file.flush()
        except OSError as error:
            raise JournalError(
                phrase("a temporary file beside the reports cannot be written: {error}", error=error.strerror)
            ) from error

    def batches(self) -> Iterator[list[Any]]:
        """Yield all batches, from the first."""
        end = self._file.seek(0, 2)
        at = 0
        while at < end:
            self._file.seek(at)  # others may read or write between two batches
            # Whole batches at once: marshal.load() asks a file for every few bytes.
            data = self._file.read(int.from_bytes(self._file.read(_LENGTH)))
            at += _LENGTH + len(data)
            yield marshal.loads(data)  # noqa: S302 - written by this process

    def close(self) -> None:
        """Delete the file."""
        with suppress(OSError):  # what could not be written is of no use any more
            self._file.close()
