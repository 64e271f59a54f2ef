"""Workbooks read whole and in slices, to compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read import open_tables
from dialler_sync.read.excel import slices


def cut_finely(patch: pytest.MonkeyPatch, cuts: list[int] | None = None) -> None:
    """Cut sheets of any size, as often as can be; ``cuts`` gets the number of slices of each sheet."""
    whole = slices.Slices.read

    def noted(self: slices.Slices, *args: Any) -> Any:
        found = whole(self, *args)
        if cuts is not None:
            cuts.append(self._count)
        return found

    patch.setattr(slices, "LARGE", -1)
    patch.setattr(slices, "_SLICE", 1)
    patch.setattr(slices.Slices, "read", noted)
    patch.setattr("dialler_sync.read.excel.stored._PAGE", 5)
    patch.setattr("dialler_sync.read.excel.package._CHUNK", 128)


def everything(path: Path) -> object:
    """Return what can be read of a workbook, or why it cannot."""
    try:
        return [
            (
                table.layout.facts(),
                [(each.frame.index.tolist(), each.frame.to_numpy().tolist(), each.notes) for each in table.chunks(4)],
            )
            for table in open_tables(path, SourceSettings())
        ]
    except InputError as error:
        return str(error)
