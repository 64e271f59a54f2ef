"""Write a table as plain CSV."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UsageError
from ..files.private import make_folder
from ..files.whole import new_file
from ..model import Chunk, Table
from ..text.double_encoding import may_be_double, once_decoded
from ..text.phrase import phrase
from ..text.spreadsheet import harmless
from .csv_files import table_writer


class Read(NamedTuple):
    """The number of rows, of ragged rows, and of cells encoded twice (``double``; ``such`` is the first of them)."""

    rows: int = 0
    ragged: int = 0
    double: int = 0
    such: str = ""


def write_table(table: Table, target: Path | None, seen: Callable[[Chunk], None] = lambda _: None) -> Read:
    """Read a table to its end, and write it to ``target`` as UTF-8 CSV with commas; ragged rows stay ragged. ``seen``
    is called with each chunk.

    Raises:
        InputError: the table cannot be read to its end.
        UsageError: the folder cannot be created.
    """
    rows = ragged = 0
    double: list[str] = []
    if target:
        try:
            make_folder(target.parent)
        except OSError as error:
            raise UsageError(
                phrase("--to {path}: cannot be made: {why}", path=target.parent, why=error.strerror)
            ) from error
    with new_file(target) if target else nullcontext() as file:
        writer: Any = table_writer(file) if file else None
        if writer:
            writer.writerow(map(harmless, table.layout.columns))
        for chunk in table.chunks():
            seen(chunk)
            rows += len(chunk.frame)
            ragged += len(chunk.ragged)
            columns = (chunk.frame.iloc[:, at].tolist() for at in range(len(table.layout.columns)))
            double += [text for texts in columns if may_be_double(texts) for text in texts if once_decoded(text)]
            if writer:
                cells = chunk.frame.itertuples(index=True, name=None)
                writer.writerows([harmless(cell) for cell in chunk.ragged.get(row, line)] for row, *line in cells)
    return Read(rows, ragged, len(double), double[0] if double else "")
