"""Rows of a sheet on their way from a parser to a table: a page of them in memory, the others on disk."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Iterator
from threading import Lock
from typing import IO

from ...errors import MachineAtFault
from ...text.phrase import phrase
from .numbers import Value
from .package import save_anew

_PAGE = 100_000
"""Cells that are held in memory until they are written together."""

_NumberedRow = tuple[int, list[Value]]


class StoredRows:
    """Rows that hold something, in order, with their numbers from 1, each from column A to its last cell.

    The file has no name: only its owner can read it, and it is gone with this object, also after a crash.
    """

    def __init__(self) -> None:
        self.last = 0
        self._count = self._cells = 0
        self._page: list[_NumberedRow] = []
        self._file: IO[bytes] | None = None
        self._sizes: list[int] = []
        self._lock = Lock()

    def __len__(self) -> int:
        return self._count

    def add(self, number: int, values: list[Value]) -> None:
        """Append a row.

        Raises:
            InputError: it lies above the one before, or the disk is full.
        """
        if number <= self.last:
            raise save_anew(phrase("is damaged: row {number} comes after row {last}.", number=number, last=self.last))
        self.last = number
        self._count += 1
        self._cells += len(values)
        self._page.append((number, values))
        if self._cells > _PAGE:
            self._write()

    def __iter__(self) -> Iterator[_NumberedRow]:
        at = 0
        for size in self._sizes:
            yield from self._read(at, size)
            at += size
        yield from self._page

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
                weakref.finalize(self, self._file.close)
            data = pickle.dumps(self._page, pickle.HIGHEST_PROTOCOL)
            with self._lock:
                self._file.seek(0, 2)
                self._file.write(data)
                self._file.flush()
        except OSError as error:
            raise MachineAtFault(
                phrase(
                    "cannot be read: the folder of temporary files, {folder}, cannot be written ({error}). Make "
                    "room there, or name another folder in TMPDIR.",
                    folder=tempfile.gettempdir(),
                    error=error.strerror,
                )
            ) from error
        self._sizes.append(len(data))
        self._page, self._cells = [], 0

    def _read(self, at: int, size: int) -> list[_NumberedRow]:
        assert self._file  # noqa: S101 - for mypy
        with self._lock:
            self._file.seek(at)
            data = self._file.read(size)
        rows: list[_NumberedRow] = pickle.loads(data)  # noqa: S301 - written by this process
        return rows


class Rows:
    """Stored rows as a :class:`.sheet.Grid`; ``columns``: those that hold something."""

    def __init__(self, rows: StoredRows, columns: set[int]) -> None:
        self._rows = rows
        self._first, self._after = min(columns, default=0), max(columns, default=-1) + 1

    @property
    def start(self) -> tuple[int, int] | None:
        """See :class:`.sheet.Grid`."""
        return (0, self._first) if self._after else None

    @property
    def end(self) -> tuple[int, int] | None:
        """See :class:`.sheet.Grid`."""
        return (self._rows.last - 1, self._after - 1) if self._after else None

    def iter_rows(self) -> Iterator[list[Value]]:
        """See :class:`.sheet.Grid`."""
        width = self._after - self._first
        before = 0
        for number, stored in self._rows:
            for _ in range(number - before - 1):
                yield [""] * width
            values = stored[self._first : self._after]
            yield values if len(values) == width else [*values, *[""] * (width - len(values))]
            before = number
