"""The rows of a run that a person must see to, with their original cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import FINE, RowResult, Status
from .records import RunRecord
from .store import Journal

RowToFix = tuple[RowResult, int, Sequence[str]]
"""A row with the place of its table, and its original cells."""


def rows_to_fix(journal: Journal, run: RunRecord, *, goes_on: bool = False) -> Iterator[RowToFix]:
    """Yield the rows to fix; with ``goes_on`` not those that the run reaches by itself when it goes on."""
    kept = journal.kept_cells(run.id)
    seq, cells = next(kept, (-1, ()))
    for entry in journal.rows(run):
        result = entry.result
        if not entry.has_source or result.status in FINE or (goes_on and result.status is Status.UNPROCESSED):
            continue
        while 0 <= seq < result.seq:
            seq, cells = next(kept, (-1, ()))
        yield result, entry.file, cells if seq == result.seq else ()
