"""Write CSV text into a file and read it back, for the tests of the CSV reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dialler_sync.config import SourceSettings
from dialler_sync.model import CellNote, Layout
from dialler_sync.read import open_table


@dataclass(frozen=True)
class Reading:
    """A file as read. ``rows``: by row number, as ``inspect`` writes them (ragged rows with their own cells)."""

    layout: Layout
    rows: dict[int, list[str]]
    notes: dict[tuple[int, int], CellNote]
    ragged: dict[int, tuple[str, ...]]

    @property
    def columns(self) -> list[str]:
        return list(self.layout.columns)

    @property
    def cells(self) -> list[list[str]]:
        return list(self.rows.values())

    @property
    def remarks(self) -> str:
        return " ".join(self.layout.remarks)


def read(folder: Path, data: str | bytes, *, rows: int = 5_000, **source: object) -> Reading:
    """Read ``data`` from a file of its own, with these source settings."""
    path = folder / "list.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_file(path, rows=rows, **source)


def read_file(path: Path, *, rows: int = 5_000, **source: object) -> Reading:
    """Read a file."""
    table = open_table(path, SourceSettings.model_validate(source))
    reading = Reading(table.layout, {}, {}, {})
    for chunk in table.chunks(rows):
        assert len(chunk.frame) <= rows
        assert set(map(str, chunk.frame.dtypes)) <= {"object"}
        assert tuple(chunk.frame.columns) == table.layout.columns
        reading.notes.update(chunk.notes)
        reading.ragged.update(chunk.ragged)
        for number, cells in zip(chunk.frame.index.tolist(), chunk.frame.to_numpy().tolist(), strict=True):
            reading.rows[number] = list(chunk.ragged.get(number, cells))
    return reading
