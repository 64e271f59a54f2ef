"""The rows of a run as they stand in its files, read again: reports need them long after the run has read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

from ..config import SourceSettings
from ..errors import InputError
from ..fetch import fetch
from ..files.url import Url
from ..journal import Journal, RunRecord
from ..model import Chunk, Table
from ..text.phrase import phrase
from .kept import place_of
from .reports import SourceCells

Cells = tuple[str, ...]


class RunCells(SourceCells, Protocol):
    """The rows of a run as its reports show them."""

    @property
    def files(self) -> Sequence[Mapping[str, Any]]:
        """The files of the run, with the columns that are shown."""

    @property
    def missing(self) -> Sequence[str]:
        """Of which files the cells cannot be had any more, and why."""


def run_cells(journal: Journal, run: RunRecord, source: SourceSettings, typed: Sequence[Cells] = ()) -> RunCells:
    """Return the cells of a run that has read its files; see :class:`SavedCells`."""
    return ContactCells(journal, run) if run.command == "undo" else SavedCells(journal, run, source, typed)


class ContactCells:
    """The contacts of a run, in place of the rows that they came from: an undo reads no file."""

    extra_cells = 0
    missing: Sequence[str] = ()

    def __init__(self, journal: Journal, run: RunRecord) -> None:
        self._journal = journal
        self._run = run
        self.files = [{**entry, "layout": {"columns": ("ID", "UserData")}} for entry in run.files]

    def source_cells(self) -> Iterator[tuple[int, int, Cells]]:
        """(place in the run, file, ID and UserData) of every contact, in order."""
        for entry in self._journal.rows(self._run):
            yield entry.result.seq, entry.file, (entry.result.contact_id, entry.result.user_data)


class SavedCells:
    """The original cells of a run's rows. ``missing`` says of which files they cannot be had any more, and why.

    ``files`` are those of the run; of a file that is missing without its columns. ``source`` has the password of
    protected files, which the run does not keep; ``typed`` are the rows that stood on the command line.
    """

    def __init__(self, journal: Journal, run: RunRecord, source: SourceSettings, typed: Sequence[Cells] = ()) -> None:
        self._journal = journal
        self._run = run
        self._typed = typed
        self.missing: list[str] = []
        source = _source_settings(run.config).model_copy(update={"password_command": source.password_command})
        self._tables = [self._table(entry, source) for entry in run.files]
        self.files: Sequence[dict[str, Any]] = [
            {**entry} if table or not entry["path"] else {**entry, "layout": {**entry["layout"], "columns": ()}}
            for entry, table in zip(run.files, self._tables, strict=True)
        ]

    def _table(self, entry: Mapping[str, Any], source: SourceSettings) -> Table | None:
        """Return a file of the run, if it is unchanged and the reports need it."""
        if not (entry["path"] and entry["layout"].get("columns")):
            return None
        from ..read import open_tables

        path = place_of(entry)
        if isinstance(path, Url):
            self.missing.append(phrase("{path} is on another machine", path=path))
            return None
        try:
            if fetch(path, source).sha256 != entry["sha256"]:
                list(open_tables(path, source))  # one whose password is not at hand says so
                self.missing.append(phrase("{path} has changed since the run", path=path))
                return None
            layouts = json.dumps(entry["layout"], sort_keys=True)
            for table in open_tables(path, source):
                if table.layout.sheet == entry["sheet"] and (
                    json.dumps(table.layout.facts(), sort_keys=True) == layouts
                ):
                    return table
        except (InputError, OSError) as error:
            self.missing.append(
                str(error) if isinstance(error, InputError) else phrase("{path} can no longer be read", path=path)
            )
            return None
        self.missing.append(phrase("{path} is read differently by this version of dialler-sync", path=path))
        return None

    @property
    def extra_cells(self) -> int:
        """Return the number of cells of the longest row beyond its header."""
        chunks = chain.from_iterable(table.chunks() for table in self._tables if table)
        beyond = (len(cells) - chunk.frame.shape[1] for chunk in chunks for cells in chunk.ragged.values())
        return max(0, max(beyond, default=0))  # a row may be short

    def source_cells(self) -> Iterator[tuple[int, int, Cells]]:
        """(place in the run, file, original cells) of every row, in order; of a file that is missing, no cells."""
        current, rows = -1, iter(())  # type: tuple[int, Iterator[tuple[int, Cells]]]
        number, cells = -1, ()  # type: tuple[int, Cells]
        for entry in self._journal.rows(self._run):
            if not entry.has_source:
                continue
            if entry.file != current:
                current, rows, number = entry.file, self._rows(entry.file), -1
            while number < entry.result.row:
                number, cells = next(rows, (entry.result.row, ()))
            yield entry.result.seq, entry.file, cells if number == entry.result.row else ()

    def _rows(self, file: int) -> Iterator[tuple[int, Cells]]:
        """Row number and cells of each row of a file, in order."""
        table = self._tables[file]
        if table:
            for chunk in table.chunks():
                yield from _rows(chunk)
        elif not self.files[file]["path"]:
            yield from enumerate(self._typed, 1)


def _rows(chunk: Chunk) -> Iterator[tuple[int, Cells]]:
    columns = (chunk.frame.iloc[:, place].tolist() for place in range(chunk.frame.shape[1]))
    for row, cells in zip(chunk.frame.index.tolist(), zip(*columns, strict=True), strict=True):
        yield row, chunk.ragged.get(row, cells)


def _source_settings(config: Mapping[str, str]) -> SourceSettings:
    """Return the layout settings of the run's files, from the fingerprint of its configuration."""
    found = {name: config.get(f"source.{name}") for name in SourceSettings.model_fields}
    return SourceSettings.model_validate({name: json.loads(text) for name, text in found.items() if text is not None})
