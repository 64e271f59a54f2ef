"""Small tables and configurations for tests of mapping and validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dialler_sync.config import Settings
from dialler_sync.mapping.validate import Checker
from dialler_sync.model import CellNote, Chunk, Contact, Fault, Layout, Rejection

DIALLER = {"base_url": "http://127.0.0.1/rest/v1.0", "clients_id": 1, "token": "t"}
BASIC = {"Name": "Name", "PhoneNumber1": {"column": "Phone", "region": "DE"}}
"""The smallest valid mapping."""
GOOD = ("Meier", "0171 1234567")
"""Cells for the columns of :data:`BASIC`."""


def settings_of(columns: Mapping[str, Any], **sections: Any) -> Settings:
    """Return a configuration with these columns; ``sections`` are further sections as in the file."""
    return Settings.model_validate(
        {"dialler": DIALLER, "campaign": {"id": "538"}, "columns": dict(columns), **sections}
    )


def layout_of(*columns: str, vendor: bool = False) -> Layout:
    return Layout(path=Path("list.csv"), format="csv", columns=columns, vendor=vendor)


def chunk_of(
    columns: Sequence[str],
    *rows: Sequence[str],
    first: int = 2,
    notes: Mapping[tuple[int, int], CellNote] | None = None,
    ragged: Mapping[int, tuple[str, ...]] | None = None,
) -> Chunk:
    frame = pd.DataFrame(list(rows), columns=list(columns), index=range(first, first + len(rows)), dtype=object)
    return Chunk(frame, notes or {}, ragged or {})


@dataclass(frozen=True, slots=True)
class Rows:
    """A table in memory."""

    layout: Layout
    rows: tuple[tuple[str, ...], ...]

    def chunks(self, rows: int = 5_000) -> Iterator[Chunk]:
        for start in range(0, len(self.rows), rows):
            yield chunk_of(self.layout.columns, *self.rows[start : start + rows], first=start + 2)


def check_row(cells: Mapping[str, str], rules: Mapping[str, Any], **sections: Any) -> Contact | Rejection:
    """Check one row: ``cells`` by column, ``rules`` in addition to :data:`BASIC`."""
    row = dict(zip(("Name", "Phone"), GOOD, strict=True)) | dict(cells)
    checker = Checker(settings_of(BASIC | dict(rules), **sections), layout_of(*row))
    contacts, rejections = checker.check(chunk_of(tuple(row), tuple(row.values())))
    (found,) = (*contacts, *rejections)
    return found


def faults_of(found: Contact | Rejection) -> tuple[Fault, ...]:
    assert isinstance(found, Rejection), found
    return found.faults


def codes_of(found: Contact | Rejection) -> list[str]:
    return [fault.code for fault in faults_of(found)]


def field_of(found: Contact | Rejection, name: str) -> Any:
    assert isinstance(found, Contact), found
    return found.fields.get(name)
