"""One sheet of a workbook as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from ...model import Chunk, Layout
from ...pages import ROWS, batched_rows, chars_of
from ...text.spreadsheet import restore
from .sheet import Row, SheetCells


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ExcelTable:
    """One table of a workbook.

    ``width``: number of its columns; ``kept``: positions of those that chunks have; ``last_row``: its last row;
    ``left_out``: rows before it that are not part of the table. ``marked``: it is of ours, with apostrophes before
    formulas, which chunks lack.
    """

    layout: Layout
    cells: SheetCells
    width: int
    kept: tuple[int, ...]
    last_row: int
    left_out: frozenset[int] = frozenset()
    marked: bool = False

    def sheet_column(self, place: int) -> int:
        """Return the column of the sheet, from 1, of a column of the table."""
        return self.cells.first_column + self.kept[place] + 1

    def chunks(self, rows: int = ROWS) -> Iterator[Chunk]:
        """Yield the rows in order, at most ``rows`` at a time."""
        first, last = self.layout.first_row, self.last_row
        table = (
            row
            for row in takewhile(lambda row: row[0] <= last, self.cells.rows(types=self.layout.mended))
            if row[0] >= first and row[0] not in self.left_out
        )
        for batch in batched_rows(table, rows, lambda row: chars_of(row[1])):
            yield self._chunk(batch)

    def _chunk(self, batch: list[Row]) -> Chunk:
        import pandas as pd

        width = self.width
        place = {position: at for at, position in enumerate(self.kept)}
        if self.marked:
            batch = [(number, list(map(restore, texts)), notes) for number, texts, notes in batch]
        lines = [texts for _, texts, _ in batch]
        ragged = {number: tuple(texts) for number, texts, _ in batch if any(texts[width:])}
        if len(lines[0]) != width:  # all rows of a sheet are equally long, but the header may come from elsewhere
            lines = [(texts + [""] * width)[:width] for texts in lines]
        own = self._own(lines)
        if len(self.kept) < width:
            lines = [[texts[position] for position in self.kept] for texts in lines]
        return Chunk(
            pd.DataFrame(
                lines,
                index=[number for number, _, _ in batch],
                columns=pd.Index(self.layout.columns, dtype=object),
                dtype=object,
            ),
            {
                (number, place[position]): note
                for number, _, notes in batch
                for position, note in notes.items()
                if position in place
            },
            ragged,
            own,
            "" if self.layout.mended else self.layout.sheet or "",
        )

    def _own(self, lines: list[list[str]]) -> dict[str, list[str]]:
        """Return the cells of our own columns in a mended file."""
        if not self.layout.mended:
            return {}
        ours = [position for position in range(self.width) if position not in self.kept]
        return {name.strip(): [line[at] for line in lines] for name, at in zip(self.layout.ignored, ours, strict=True)}
