"""A fixed file is known by our columns, with whatever delimiter a program saved it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.own_columns import FAILED_COLUMNS
from dialler_sync.read import open_table
from dialler_sync.read.layout.mended import own_form

ALL = "_file{0}_sheet{0}" + "{0}".join(FAILED_COLUMNS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["Note", "_error_code{0}_error_field", f"x{{0}}{ALL}{{0}}y", ALL])
@pytest.mark.parametrize("other", [",", ";", "|", "\t"])
def test_a_name_that_looks_like_several_of_ours_tells_no_delimiter(
    tmp_path: Path, delimiter: str, name: str, other: str
) -> None:
    """An author of a list could choose how its cells are read, and what becomes of their quotes."""
    path = tmp_path / "failed.csv"
    names = ["Key", name.format(other), *FAILED_COLUMNS]
    row = ["K1", "'Zum Hirschen'", "run", "2", "K1", "rejected", "name_missing", "Name", "no name", "write one"]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([names, row])

    form = own_form(path, SourceSettings())
    assert form is not None
    assert form.delimiter == delimiter
    (chunk,) = open_table(path, form).chunks()
    assert chunk.frame.iloc[0].tolist() == row[:2]
