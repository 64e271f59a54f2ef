"""The profile of a table's columns: how many cells are filled, how many differ, how long they are, what they look
like; and the first rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..mapping.cells import is_blank
from ..model import Chunk
from .content import is_date, is_email, is_iban, is_phone_like, is_text, is_url, is_yes_no
from .sample import MOSTLY, SAMPLE

FIRST_ROWS = 5
EXAMPLES = 3
MOST_DISTINCT = 100_000
"""Most distinct cells counted per column."""
_ALL_DISTINCT = 5_000_000
"""Most distinct cells counted in all columns."""
_LONGEST = 200
"""Most characters of a cell shown."""


def _is_number(cell: str) -> bool:
    digits = sum(map(str.isdecimal, cell))
    return digits > 0 and len(cell) - digits <= max(digits, 4) and not any(map(str.isalpha, cell))


def _is_phone(cell: str) -> bool:
    """Whether a cell has as many digits as numbers with their prefix, and none of what phone numbers lack."""
    digits = sum(map(str.isdecimal, cell))
    return _FEWEST_DIGITS <= digits <= _MOST_DIGITS and is_phone_like(cell) and not any(map(str.isalpha, cell))


_FEWEST_DIGITS, _MOST_DIGITS = 9, 15

_LOOKS: Sequence[tuple[str, Callable[[str], bool]]] = (
    ("yes or no", is_yes_no),
    ("e-mail", is_email),
    ("IBAN", is_iban),
    ("date", is_date),
    ("phone", _is_phone),
    ("number", _is_number),
    ("web address", is_url),
    ("text", is_text),
)


class Profile:
    """Collects the cells of a table with these ``columns``, chunk by chunk, in bounded memory."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = [_Column(name) for name in columns]
        self._budget = _ALL_DISTINCT
        self.first: list[dict[str, Any]] = []

    def add(self, chunk: Chunk) -> None:
        """Count the rows of a chunk."""
        for place, column in enumerate(self._columns):
            self._budget -= column.add(chunk.frame.iloc[:, place].tolist(), self._budget)
        for number, *cells in chunk.frame.head(FIRST_ROWS - len(self.first)).itertuples(index=True, name=None):
            self.first.append({"row": int(number), "cells": [_cut(cell) for cell in cells]})

    def facts(self) -> list[dict[str, Any]]:
        """Return a line per column; ``distinct`` is None if there are too many to count."""
        return [column.facts() for column in self._columns]


class _Column:
    def __init__(self, name: str) -> None:
        self._name = name
        self._filled = self._longest = 0
        self._distinct: set[int] | None = set()
        self._sample: list[str] = []
        self._examples: dict[str, None] = {}

    def add(self, texts: list[str], budget: int) -> int:
        """Count cells; return by how many the number of different ones has grown."""
        filled = [text for text in texts if not is_blank(text)]
        self._filled += len(filled)
        self._longest = max(self._longest, max(map(len, filled), default=0))
        self._sample += filled[: SAMPLE - len(self._sample)]
        if len(self._examples) < EXAMPLES:
            self._examples = dict.fromkeys([*self._examples, *dict.fromkeys(filled)][:EXAMPLES])
        if self._distinct is None:
            return 0
        before = len(self._distinct)
        self._distinct.update(map(hash, filled))
        grown = len(self._distinct) - before
        if len(self._distinct) > MOST_DISTINCT or grown > budget:
            self._distinct = None
            return -before
        return grown

    def facts(self) -> dict[str, Any]:
        return {
            "column": self._name,
            "filled": self._filled,
            "distinct": None if self._distinct is None else len(self._distinct),
            "longest": self._longest,
            "looks_like": self._looks(),
            "examples": [_cut(text) for text in self._examples],
        }

    def _looks(self) -> str:
        if not self._sample:
            return "empty"
        sample = [text[:_LONGEST] for text in self._sample]
        fitting = (name for name, looks in _LOOKS if sum(map(looks, sample)) >= MOSTLY * len(sample))
        return next(fitting, "mixed")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
