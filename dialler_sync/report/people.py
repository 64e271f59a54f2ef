"""Whom a row is about, and which of its columns is meant, in the words of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..text.outward import line
from .faults import FaultCells, SourceColumns

_PERSON = (("Name", "FirstName"), ("Company",), ("Email",))
"""Fields that name a person; the first of these that are filled count."""

_LONGEST = 200
"""Characters of a name that are shown."""


def person_in(fields: Mapping[str, Any]) -> str:
    """Return the name in a contact: ``D'Angelo, Soňa``; ``""`` if there is none."""
    named = (", ".join(str(fields[name]) for name in names if fields.get(name)) for names in _PERSON)
    return next(filter(None, named), "")


def labels(mapped: SourceColumns) -> dict[str, str]:
    """Return the source columns of each field that is made of some, for people: ``Mobil``, ``Notes + City``."""
    return {name: " + ".join(of[0] for of in columns if of) for name, columns in mapped.items() if any(columns)}


class People:
    """Name the people and columns of rows. ``columns`` are the column names of each source, ``mapped`` the source
    columns of each field."""

    def __init__(self, columns: Sequence[Sequence[str]], mapped: SourceColumns) -> None:
        self._columns = columns
        self._cells = FaultCells(columns, mapped)

    def person(self, source: int, cells: Sequence[str]) -> str:
        """Return the name in a row: ``D'Angelo, Soňa``; ``""`` if there is none."""
        for fields in _PERSON:
            places = [place for name in fields for place in self._cells.places(name, source, cells)]
            named = dict.fromkeys(
                line(cells[place].strip(), _LONGEST, bulk=True) for place in places if place < len(cells)
            )
            if found := ", ".join(filter(None, named)):
                return found
        return ""

    def columns(self, fields: str, source: int, cells: Sequence[str]) -> str:
        """Return the source columns of an ``_error_field``: ``Mobil``; a field that no column stands for stays."""
        names = []
        for field in filter(None, fields.split("; ")):
            places = self._cells.places(field, source, cells)
            names += [self._columns[source][place] for place in places] or [field]
        return "; ".join(dict.fromkeys(names))
