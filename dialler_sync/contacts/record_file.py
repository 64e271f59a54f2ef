"""Store records of the dialler on disk, in flat memory, before any of them is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from ..api.retry import unreadable
from ..prepare.spool import Spool
from ..report.sheets import SHEET_COLUMNS
from ..text.phrase import phrase

_PAGE = 200
_LONGEST_NAME = 300
"""Characters."""

_SHAPES = 1_000
"""Field-name sequences stored once, apart from the values; records beyond them keep their own names."""


class RecordFile:
    """Records in the order in which they were added; deleted on close.

    ``columns`` are the names of all their fields, in order of appearance; of more than a table takes, not all.
    ``len()`` counts the records.

    Raises:
        JournalError: ``folder`` cannot be written.
        MaybeDone: a record has a field whose name is too long to be one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spool = Spool(folder)
        self.clear()

    def clear(self) -> None:
        """Delete all records."""
        self._spool.close()
        self._spool = Spool(self._folder)
        self.columns: dict[str, None] = {}
        self._shapes: dict[tuple[str, ...], int] = {}
        self._page: list[tuple[Any, ...]] = []
        self._count = 0

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record."""
        names = tuple(record)
        shape = self._shapes.get(names)
        if shape is None:
            if max(map(len, names), default=0) > _LONGEST_NAME:
                raise unreadable(
                    phrase("a record has a field whose name has more than {most} characters", most=_LONGEST_NAME)
                )
            if len(self.columns) <= SHEET_COLUMNS:
                self.columns |= dict.fromkeys(names)
            if len(self._shapes) < _SHAPES:
                shape = self._shapes[names] = len(self._shapes)
        self._page.append((-1, dict(record)) if shape is None else (shape, *record.values()))
        self._count += 1
        if len(self._page) >= _PAGE:
            self._flush()

    def _flush(self) -> None:
        if self._page:
            self._spool.write(self._page)
            self._page = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        self._flush()
        shapes = list(self._shapes)
        for page in self._spool.batches():
            for shape, *values in page:
                yield dict(zip(shapes[shape], values, strict=True)) if shape >= 0 else values[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._spool.close()
