"""List rows that were left out on purpose, so that a person can check who should have been called after all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..model import Action, Reason, RowResult, Status
from . import words

LISTED = 1_000
"""Rows of one action that a page lists."""

_CELLS, _LONGEST = 8, 60
"""Filled cells shown per row, and characters shown per cell."""


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A row that was left out: its place, the reason, and its cells as ``column: cell``."""

    file: str
    row: int
    user_data: str
    why: str
    cells: str


class LeftOut:
    """Collect rows that were left out; ``columns`` are the column names of each source."""

    def __init__(self, columns: Sequence[Sequence[str]]) -> None:
        self._columns = columns
        self._rows: dict[Action | Reason, list[LeftOutRow]] = {}

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Add a row that was left out."""
        rows = self._rows.setdefault(result.action or Reason.SUPERSEDED, [])
        if len(rows) < LISTED:
            rows.append(LeftOutRow(result.file, result.row, result.user_data, result.error, self._shown(source, cells)))

    def groups(self, summary: Mapping[str, Any]) -> Iterator[tuple[str, int, Sequence[LeftOutRow]]]:
        """Yield (action, number of rows, listed rows), the most frequent action first."""
        for action, rows in sorted(self._rows.items(), key=lambda item: -summary["actions"][item[0]]):
            yield action, summary["actions"][action], rows

    def _shown(self, source: int, cells: Sequence[str]) -> str:
        filled = [pair for pair in zip(self._columns[source], cells, strict=False) if pair[1].strip()]
        return " · ".join(f"{name}: {_cut(cell)}" for name, cell in filled[:_CELLS])


def is_left_out(result: RowResult) -> bool:
    """Whether the row was left out although the dialler does not hold it as the file says."""
    return result.status is Status.SKIPPED and result.action in words.LEFT_OUT


def _cut(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}…"
