"""The rows of a run after they were read: on disk, but for a few bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from ..api.wire import id_number
from ..model import UPDATE, Action, Reason, SpooledRow
from .spool import Spool

MOST_KEPT = 20
"""Rows of which it is remembered what their contacts keep."""

_ACTIONS = (None, Action.CREATE, Action.OVERWRITE, Action.IMPORT)


@dataclass(slots=True)
class Prepared:
    """All rows of a run. ``todo[seq]`` is 1 for a row that is to be sent, ``rows[seq]`` its row number.

    ``unchanged`` rows were left out while they were read, ``filtered`` ones by ``rows: {only:, skip:}``: ``left_out``
    has the place and UserData of each of these. ``warned`` are the places of valid rows with warnings, ``extra_cells``
    is how many cells the longest ragged row has beyond its header. ``mended`` are the contacts that come from a row of
    an earlier run: place, key, run.
    ``watched`` are kind and contact ID of imports that name a contact, see :class:`SpooledRow`; ``expected`` the IDs
    of contacts that imports must not make, 0 for other rows. ``beside`` are the cells of rows that were taken for
    titles, totals and footnotes. ``kept`` are the first rows that leave out fields which
    their contacts keep: contact ID, and what it has there.
    """

    folder: InitVar[Path]
    _folder: Path = field(init=False)
    bodies: Spool = field(init=False)
    cells: Spool = field(init=False)
    left_out: Spool = field(init=False)
    rows: array[int] = field(default_factory=lambda: array("q"))
    warned: array[int] = field(default_factory=lambda: array("q"))
    files: list[dict[str, Any]] = field(default_factory=list)
    todo: bytearray = field(default_factory=bytearray)
    actions: bytearray = field(default_factory=bytearray)
    rejected: int = 0
    keyless: int = 0
    unchanged: int = 0
    filtered: int = 0
    extra_cells: int = 0
    mended: list[tuple[int, str, str]] = field(default_factory=list)
    watched: dict[int, tuple[str, str]] = field(default_factory=dict)
    expected: array[int] = field(default_factory=lambda: array("q"))
    beside: set[str] = field(default_factory=set)
    kept: dict[int, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    _replaced: Spool | None = None

    def __post_init__(self, folder: Path) -> None:
        self._folder = folder
        self.bodies, self.cells, self.left_out = Spool(folder), Spool(folder), Spool(folder)

    @property
    def total(self) -> int:
        """Source rows, of all files."""
        return len(self.todo)

    def note_action(self, seq: int, action: Action | Reason | None) -> None:
        """Store the planned action of a row."""
        if not self.actions:
            self.actions = bytearray(self.total)
        self.actions[seq] = _ACTIONS.index(action) if action in _ACTIONS else 0

    def action(self, seq: int) -> Action | None:
        """Return the planned action of a row, None if there is none."""
        return _ACTIONS[self.actions[seq]] if self.actions and seq < len(self.actions) else None

    def to_send(self) -> Iterator[SpooledRow]:
        """Yield the rows to be sent, in source order."""
        todo = self.todo
        replaced = chain.from_iterable(self._replaced.batches() if self._replaced else ())
        other = next(replaced, None)
        for batch in self.bodies.batches():
            for row in batch:
                while other and other[0] < row[0]:
                    other = next(replaced, None)
                if todo[row[0]]:
                    if other and other[0] == row[0]:
                        row = (*row[:2], other[1])  # noqa: PLW2901
                    yield SpooledRow(*row, *(self.watched.get(row[0]) or self._expected(row[0])))

    def replace(self, bodies: list[tuple[int, bytes]]) -> None:
        """Send other bodies for rows, as (place, body), in source order; for those who go through all rows after it."""
        if self._replaced is None:
            self._replaced = Spool(self._folder)
        self._replaced.write(bodies)

    def note_kept(self, seq: int, contact_id: str, kept: Mapping[str, Any]) -> None:
        """Remember what the contact of a row keeps, for the first few of them."""
        if len(self.kept) < MOST_KEPT:
            self.kept[seq] = contact_id, kept

    def expect(self, seq: int, contact_id: str) -> None:
        """Remember which contact a row is to overwrite; it must not make one."""
        if not self.expected:
            self.expected = array("q", bytes(8 * self.total))
        self.expected[seq] = id_number(contact_id) or 0

    def _expected(self, seq: int) -> tuple[str, str] | tuple[()]:
        known = self.expected[seq] if self.expected else 0
        return (UPDATE, str(known)) if known else ()

    def filtered_keys(self) -> Iterator[str]:
        """Yield the UserData of filtered rows, in source order, without empty ones."""
        for batch in self.left_out.batches():
            yield from (key for _, key in batch if key)

    def source_cells(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield (place in the run, file, original cells) of every row, in source order."""
        for first, file, batch in self.cells.batches():
            for offset, cells in enumerate(batch):
                yield first + offset, file, cells

    def close(self) -> None:
        """Delete the spools."""
        self.bodies.close()
        self.cells.close()
        self.left_out.close()
        if self._replaced is not None:
            self._replaced.close()
