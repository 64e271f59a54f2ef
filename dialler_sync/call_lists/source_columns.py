"""``--with-columns``: the source's own columns beside the calls, joined by UserData."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ..config import Settings, SourceSettings
from ..config.texts import fold
from ..contacts.targets import Named, Targets
from ..errors import InputError
from ..journal import Journal
from ..read import open_table
from ..run.saved_cells import run_cells
from ..text.nearest import nearest
from ..text.phrase import figure, phrase

_RUNS = 30
"""Most imports searched for cells, the newest first."""


class SourceColumns:
    """Cells by UserData, on disk; the last row of a key counts, as in an import."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.missing: list[str] = []
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.execute("CREATE TABLE cells (key TEXT PRIMARY KEY, cells BLOB, run INTEGER) WITHOUT ROWID")
        self._base.execute("CREATE TABLE wanted (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._base.execute("BEGIN")

    def close(self) -> None:
        """Delete them."""
        self._base.close()

    def want(self, keys: Iterable[str]) -> None:
        """Name the contacts whose cells are needed."""
        self._base.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in keys if key))

    def add_file(self, path: Path, settings: Settings) -> None:
        """Add the rows of a file.

        Raises:
            InputError: it cannot be read, or lacks a column.
        """
        table = open_table(path, settings.source)
        places = self._places(table.layout.columns)
        lacking = [name for name, place in zip(self.names, places, strict=True) if place is None]
        if lacking:
            raise InputError(
                phrase(
                    "--with-columns: {path} has no column '{lacking}'{nearest}; it has {columns}",
                    path=path,
                    lacking=lacking[0],
                    nearest=nearest(lacking[0], table.layout.columns),
                    columns=", ".join(table.layout.columns),
                )
            )
        rows = (row for chunk in table.chunks() for row in chunk.frame.itertuples(index=False, name=None))
        for target, row in zip(Targets(Named(file=path), settings), rows, strict=True):
            self._put(0, target.user_data, _at(row, places))

    def add_imports(self, journal: Journal, target: str, source: SourceSettings) -> None:
        """Add the rows of the last imports of a target, as far as their files are still there, until all are found."""
        imports = [run for run in journal.runs() if run.target == target and run.command in {"import", "retry"}]
        for nth, run in enumerate(imports[:_RUNS], 1):
            if not self._left():
                return
            cells = run_cells(journal, run, source)
            self.missing += cells.missing
            columns = [self._places(entry["layout"].get("columns", ())) for entry in cells.files]
            self.missing += [
                phrase("{file} has no column {column}", file=entry["name"], column=name)
                for entry, places in zip(cells.files, columns, strict=True)
                for name, place in zip(self.names, places, strict=True)
                if place is None and entry["layout"].get("columns")
            ]
            rows = journal.rows(run)
            for seq, file, row in cells.source_cells():
                key = next(entry.result.user_data for entry in rows if entry.result.seq == seq)
                if row and any(place is not None for place in columns[file]):
                    self._put(nth, key, _at(row, columns[file]))

    def of(self, key: str) -> dict[str, str]:
        """Return the cells of a contact by column, empty ones if it is unknown."""
        found = self._base.execute("SELECT cells FROM cells WHERE key = ?", (key,)).fetchone() if key else None
        values = orjson.loads(found[0]) if found else [""] * len(self.names)
        return dict(zip(self.names, values, strict=True))

    def remarks(self) -> Iterator[str]:
        """Yield a sentence on cells that are unknown."""
        if left := self._left():
            yield (
                phrase(
                    "--with-columns: cells of {count} contacts are not known and stay empty: {reasons}",
                    count=figure(left),
                    reasons="; ".join(dict.fromkeys(self.missing))
                    or phrase("no row of the available lists has their UserData"),
                )
            )

    def _left(self) -> int:
        query = "SELECT count(*) FROM wanted WHERE key NOT IN (SELECT key FROM cells)"
        return int(self._base.execute(query).fetchone()[0])

    def _places(self, columns: Sequence[str]) -> list[int | None]:
        there: dict[str, int] = {}
        for place, name in enumerate(columns):
            there.setdefault(fold(name), place)
        return [there.get(fold(name)) for name in self.names]

    def _put(self, run: int, key: str, values: Sequence[str]) -> None:
        """Add the cells of a key; those of the first run that has it stay, and of that run the last row."""
        if key:
            self._base.execute(
                "INSERT INTO cells VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cells = excluded.cells "
                "WHERE run = excluded.run",
                (key, orjson.dumps(list(values)), run),
            )


def _at(row: Sequence[Any], places: Sequence[int | None]) -> list[str]:
    return ["" if place is None or place >= len(row) else str(row[place]) for place in places]


@dataclass(frozen=True, slots=True)
class Joined:
    """Lines with the source's cells, iterable more than once; ``names``: source column → its name in the line."""

    lines: Iterable[Mapping[str, Any]]
    columns: SourceColumns
    names: Mapping[str, str]

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for line in self.lines:
            cells = self.columns.of(str(line.get("UserData") or ""))
            yield {**line, **{self.names[name]: cell for name, cell in cells.items()}}
