"""Write a table as plain CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError
from ..files.private import make_folder
from ..files.whole import new_file
from ..model import Chunk, Table
from ..text.double_encoding import may_be_double, once_decoded
from ..text.own_csv import marked_header, table_writer
from ..text.phrase import phrase
from ..text.spreadsheet import harmless_row


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
    with _csv_file(target, table.layout.columns) if target else nullcontext() as write:
        for chunk in table.chunks():
            seen(chunk)
            rows += len(chunk.frame)
            ragged += len(chunk.ragged)
            columns = (chunk.frame.iloc[:, at].tolist() for at in range(len(table.layout.columns)))
            double += [text for texts in columns if may_be_double(texts) for text in texts if once_decoded(text)]
            if write:
                cells = chunk.frame.itertuples(index=True, name=None)
                write([*chunk.ragged.get(row, line)] for row, *line in cells)
    return Read(rows, ragged, len(double), double[0] if double else "")


@contextmanager
def _csv_file(path: Path, names: Sequence[str]) -> Iterator[Callable[[Iterable[list[str]]], None]]:
    """Yield a function that writes rows."""
    with new_file(path) as file:
        marked_header(file).writerow(harmless_row(names))
        writer = table_writer(file)
        yield lambda lines: writer.writerows(map(harmless_row, lines))
