"""A table as it was read, written down plainly."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..model import Table
from ..spreadsheet_text import harmless
from .csv_files import table_writer
from .files import new_file


def write_table(table: Table, target: Path | None) -> tuple[int, int]:
    """Read a table to its end, and write it to ``target`` as UTF-8 CSV with commas; ragged rows stay ragged.

    Gives the number of rows, and of ragged rows among them.

    Raises:
        InputError: the table cannot be read to its end.
        UsageError: the folder cannot be made.
    """
    rows = ragged = 0
    if target:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--to {target.parent}: cannot be made: {error.strerror}") from error
    with new_file(target) if target else nullcontext() as file:
        writer: Any = table_writer(file) if file else None
        if writer:
            writer.writerow(map(harmless, table.layout.columns))
        for chunk in table.chunks():
            rows += len(chunk.frame)
            ragged += len(chunk.ragged)
            if writer:
                cells = chunk.frame.itertuples(index=True, name=None)
                writer.writerows([harmless(cell) for cell in chunk.ragged.get(row, line)] for row, *line in cells)
    return rows, ragged
