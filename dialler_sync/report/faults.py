"""Locate the faulty source cells of a row, and compose their notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..config.texts import fold, positions
from ..error_codes import mend
from ..model import DID_NOT_SUCCEED, Fault, RowResult

NOTES = 10_000
"""Most notes in one sheet: Excel takes minutes to open many more. Further cells are coloured without a note."""

COLOUR = "FFC7CE"
"""Excel's own colour for "bad"."""

LONGEST_NOTE = 1_000
"""Longest note, in characters: more does not fit on a screen, and ``_error`` has the full text."""

SourceColumns = Mapping[str, Sequence[Sequence[str]]]
"""Contact field → the source columns it is made of. Of several names in an entry, the first filled cell counts."""


class FaultCells:
    """Locate the faulty cells of rows. ``columns`` are the column names of each source."""

    def __init__(self, columns: Sequence[Sequence[str]], mapped: SourceColumns) -> None:
        self._mapped = mapped
        self._exact = [positions(names) for names in columns]
        self._folded = [positions(map(fold, names)) for names in columns]

    def notes(self, result: RowResult, source: int, cells: Sequence[str]) -> dict[int | None, str]:
        """Return the note of each faulty cell by column; key None: the fault belongs to no cell of the row."""
        if result.status not in DID_NOT_SUCCEED:
            return {}
        notes: dict[int | None, list[str]] = {}
        for fault in result.each_fault() or (Fault("", result.error, result.hint),):
            note = "\n".join(filter(None, (fault.message, fault.hint or mend(fault.code))))
            for place in self.places(fault.field, source, cells) or (None,):
                notes.setdefault(place, []).append(note)
        return {place: "\n\n".join(dict.fromkeys(texts))[:LONGEST_NOTE] for place, texts in notes.items()}

    def places(self, field: str, source: int, cells: Sequence[str]) -> list[int]:
        """Return the columns that the field is made of in this row."""
        found = []
        for names in self._mapped.get(field) or ([[field]] if field else []):
            places = [place for name in names for place in self._column(name, source)]
            filled = (place for place in places if place < len(cells) and fold(cells[place]))
            found.extend([next(filled, places[0])] if places else [])
        return found

    def _column(self, name: str, source: int) -> Sequence[int]:
        return self._exact[source].get(name) or self._folded[source].get(fold(name)) or ()
