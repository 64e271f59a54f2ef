"""The cells of a chunk by column: their texts, and what is noted about them."""

from __future__ import annotations

from ..config.columns import SHOWS_NOTHING
from ..model import CellNote, Chunk, Fault
from ..text.double_encoding import may_be_double, once_decoded
from ..text.spreadsheet import damage, may_be_damaged

_DOUBLE = CellNote(warning="double_encoded")


class PlainNumber(str):
    """Number of a numeric spreadsheet cell, in plain decimal text whatever signs are configured."""

    __slots__ = ()


Cell = str | Fault | None
"""A row's text for a field (not blank), the fault of the source cell, or None for nothing."""


OF_SHEET = -1
"""Position, among the columns of a table, that stands for the name of its sheet."""


def is_blank(text: str) -> bool:
    """Whether a text is empty or only white space."""
    return not text or (not text[0].isalnum() and SHOWS_NOTHING.fullmatch(text) is not None)


class Columns:
    """The columns of a chunk as lists, and the notes on their cells."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._frame = chunk.frame
        self._texts: dict[int, list[str]] = {}
        self._notes: dict[int, list[tuple[int, CellNote]]] = {}
        self._checked: set[int] = set()
        self.rows = len(chunk.frame)
        self.warn = any(note.warning for note in chunk.notes.values())
        if chunk.notes:
            places = {row: place for place, row in enumerate(chunk.frame.index.tolist())}
            for (row, position), note in chunk.notes.items():
                self._notes.setdefault(position, []).append((places[row], note))

    def texts(self, position: int) -> list[str]:
        """Return the texts of one column."""
        if position == OF_SHEET:
            return self._chunk.sheets()
        if position not in self._texts:
            self._texts[position] = self._frame.iloc[:, position].tolist()
        return self._texts[position]

    def notes(self, position: int) -> list[tuple[int, CellNote]]:
        """Return the notes of one column, each with the place of its row, and notes on visible damage."""
        noted = self._notes.setdefault(position, [])
        if position not in self._checked:
            self._checked.add(position)
            texts = self.texts(position)
            if may_be_damaged(texts):
                known = {place for place, note in noted if note.code}
                noted += [
                    (place, CellNote(code))
                    for place, text in enumerate(texts)
                    if place not in known and (code := damage(text))
                ]
            if may_be_double(texts):
                double = [(place, _DOUBLE) for place, text in enumerate(texts) if once_decoded(text)]
                noted += double
                self.warn = self.warn or bool(double)
        return noted
