"""The cells of a chunk by column: their texts, and what is noted about them."""

from __future__ import annotations

from ..config.columns import SHOWS_NOTHING
from ..model import CellNote, Chunk, Fault
from ..text.double_encoding import may_be_double, once_decoded
from ..text.spreadsheet import damage, may_be_damaged

_DOUBLE = CellNote(warning="double_encoded")


class PlainNumber(str):
    """The number of a numeric spreadsheet cell, in plain decimal text whatever the configured signs are."""

    __slots__ = ()


Cell = str | Fault | None
"""What a row gives a field: text that is not blank, what is wrong with the source, or nothing."""


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: it is empty, or only white space."""
    return not text or (not text[0].isalnum() and SHOWS_NOTHING.fullmatch(text) is not None)


class Columns:
    """A chunk's columns as lists, and what is noted about their cells."""

    def __init__(self, chunk: Chunk) -> None:
        self._frame = chunk.frame
        self._texts: dict[int, list[str]] = {}
        self._notes: dict[int, list[tuple[int, CellNote]]] = {}
        self._looked_at: set[int] = set()
        self.rows = len(chunk.frame)
        self.warn = any(note.warning for note in chunk.notes.values())
        if chunk.notes:
            places = {row: place for place, row in enumerate(chunk.frame.index.tolist())}
            for (row, position), note in chunk.notes.items():
                self._notes.setdefault(position, []).append((places[row], note))

    def texts(self, position: int) -> list[str]:
        """Give the texts of one column."""
        if position not in self._texts:
            self._texts[position] = self._frame.iloc[:, position].tolist()
        return self._texts[position]

    def notes(self, position: int) -> list[tuple[int, CellNote]]:
        """Give the notes of one column, each with the place of its row in the chunk; what texts show is noted too."""
        noted = self._notes.setdefault(position, [])
        if position not in self._looked_at:
            self._looked_at.add(position)
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
