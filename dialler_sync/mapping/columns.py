"""Source columns → contact fields: the cell of each row for each field, and its warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..config import ColumnRule
from ..config.filters import Condition
from ..error_codes import fault
from ..fields import FIELDS, Field, Kind
from ..model import CellNote, Chunk, RowWarning
from ..text.forms import first_few
from ..text.phrase import counted
from ..text.spreadsheet import one_line
from .cells import OF_SHEET, Cell, Columns, PlainNumber, is_blank
from .patience import impatient
from .steps import Table, settled, texts_of

CAMPAIGN = FIELDS["DiallerCampaignsName"]
"""Field for a row's campaign, name or ID, if a column gives the campaign."""

_NUMERIC = frozenset({Kind.AMOUNT, Kind.INTEGER})
_MOST_NAMES = 40


@dataclass(frozen=True, slots=True)
class Mapped:
    """A chunk by contact field: lists with one cell a row. ``countries``: the country cells of phone fields.

    ``warnings``: the warnings of rows, by their place in the chunk.
    """

    rows: Sequence[int]
    cells: Mapping[str, list[Cell]]
    countries: Mapping[str, list[Cell]]
    warnings: Mapping[int, tuple[RowWarning, ...]]


@dataclass(frozen=True, slots=True)
class BoundField:
    """A contact field, its rule, the positions of the rule's source columns in the file, and its lookup table."""

    field: Field
    rule: ColumnRule
    positions: tuple[int, ...]
    headers: tuple[str, ...]
    table: Table | None = None

    def cells(self, chunk: Columns) -> list[Cell]:
        """Return the cell of each row of a chunk for this field."""
        sources = [chunk.texts(position) for position in self.positions]
        texts = texts_of(self.rule, sources, chunk.rows, self.field.name)
        # Fast path: nearly every text begins with a letter or digit.
        cells: list[Cell] = [text if text[:1].isalnum() or not is_blank(text) else None for text in texts]
        self._apply_notes(cells, sources, chunk)
        return settled(self.rule, self.table or {}, texts, cells)

    def _apply_notes(self, cells: list[Cell], sources: list[list[str]], chunk: Columns) -> None:
        """Take numeric cells as numbers for numeric fields; turn cells that the source has damaged into faults."""
        rule = self.rule
        as_is = (rule.column or rule.first_of) and not (rule.split or rule.replace)
        as_number = self.field.kind in _NUMERIC and as_is
        for place, note in self._notes(sources, chunk):
            if as_number and note.number is not None:
                cells[place] = PlainNumber(note.number)
            elif note.code is not None:
                cells[place] = fault(note.code)

    def _notes(self, sources: list[list[str]], chunk: Columns) -> Iterator[tuple[int, CellNote]]:
        """Yield notes of the cells used for this field, with the place of the row; those of the first column last."""
        for order, position in reversed(list(enumerate(self.positions))):
            for place, note in chunk.notes(position):
                if not self.rule.first_of or all(is_blank(earlier[place]) for earlier in sources[:order]):
                    yield place, note

    def warnings(self, chunk: Columns) -> Iterator[tuple[int, RowWarning]]:
        """Yield warnings on the source cells of this field, with the place of the row."""
        sources = [chunk.texts(position) for position in self.positions]
        for place, note in self._notes(sources, chunk):
            if note.warning is not None:
                yield place, RowWarning(note.warning, self.field.name)

    def origin(self, chunk: Chunk, place: int) -> tuple[str, str]:
        """Return source column and cell of one row as the user wrote them; with ``first_of``, the one in use."""
        if not self.positions:
            return "", self.rule.value or ""
        pairs = [
            (header, chunk.sheets()[place] if position == OF_SHEET else str(chunk.frame.iat[place, position]))
            for header, position in zip(self.headers, self.positions, strict=True)
        ]
        if self.rule.first_of:
            pairs = [next((pair for pair in pairs if not is_blank(pair[1])), pairs[0])]
        return ", ".join(header for header, _ in pairs), ", ".join(text for _, text in pairs)


@dataclass(frozen=True, slots=True)
class BoundFilter:
    """A rule of ``rows: {only:, skip:}`` and its column; ``kind`` is ``only`` or ``skip``, ``column`` as configured."""

    kind: str
    column: str
    condition: Condition
    bound: BoundField


@dataclass(frozen=True, slots=True)
class BoundMapping:
    """A configuration's ``columns:`` and ``campaign.column``, bound to one file.

    ``fields`` are in the order of :data:`dialler_sync.fields.FIELDS`; ``countries`` are the country columns of phone
    fields; ``filters`` are those of ``rows:``, ``skip`` first; ``unmapped`` are the unused columns of the file.
    """

    fields: Mapping[str, BoundField]
    countries: Mapping[str, BoundField]
    unmapped: tuple[str, ...]
    filters: tuple[BoundFilter, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user on how the configuration fits the file."""
        if not self.unmapped:
            return ()
        told = counted(
            len(self.unmapped),
            "not used by the configuration: column {columns}",
            "not used by the configuration: columns {columns}",
            columns=quoted(self.unmapped),
        )
        return (told,)

    def apply(self, chunk: Chunk) -> Mapped:
        """Map a chunk to the cells of each field."""
        columns = Columns(chunk)
        with impatient():
            cells = {name: bound.cells(columns) for name, bound in self.fields.items()}
        return Mapped(
            rows=chunk.frame.index.tolist(),
            cells=cells,
            countries={name: bound.cells(columns) for name, bound in self.countries.items()},
            warnings=self._warnings(columns),
        )

    def _warnings(self, columns: Columns) -> Mapping[int, tuple[RowWarning, ...]]:
        """Collect the warnings of rows, each once, in the order of the fields."""
        found: dict[int, dict[RowWarning, None]] = {}
        for bound in self.fields.values() if columns.warn else ():
            for place, warning in bound.warnings(columns):
                found.setdefault(place, {})[warning] = None
        return {place: tuple(warnings) for place, warnings in found.items()}


def quoted(names: Sequence[str]) -> str:
    """Return the names of columns in quotes; of many, the first ones and how many more there are."""
    return first_few([f"'{one_line(name)}'" for name in names], _MOST_NAMES)
