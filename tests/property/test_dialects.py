"""Lists with known delimiters are read right or refused with a question; none is read wrong without a word."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read import open_tables

from ..dialect_lists import DELIMITERS, List, lists

QUICK, LONG = 400, 20_000
MOST_REFUSED = 0.02
"""Of lists with two or more columns, a header and a usual delimiter."""


def _outcome(made: List, path: Path) -> str:
    path.write_bytes(made.text.encode())
    try:
        (table,) = open_tables(path, SourceSettings())
    except InputError as error:
        assert str(error).startswith(str(path))
        assert (
            "set source." in str(error) or "control" in str(error) or "binary" in str(error) or "one sign" in str(error)
        )
        return "refused"
    cells = [table.layout.columns] if table.layout.header_rows else []
    for chunk in table.chunks():
        pairs = zip(chunk.frame.index, chunk.frame.to_numpy().tolist(), strict=True)
        cells += [chunk.ragged.get(number, tuple(row)) for number, row in pairs]
    assert cells == made.cells, made
    return "right"


def _check(seed: int, count: int) -> None:
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for made in lists(seed, count):
            if made.header:  # without one, a first row of words is taken for it
                outcome = _outcome(made, Path(folder) / "list.csv")
                found[outcome] += made.delimiter in DELIMITERS

    assert found["right"] > count / 2, seed
    assert found["refused"] <= MOST_REFUSED * found.total(), seed


@pytest.mark.parametrize("seed", [1, 2])
def test_no_list_is_read_wrong(seed: int) -> None:
    """Whatever is in the columns, however it is quoted, however few rows there are."""
    _check(seed, QUICK)


@pytest.mark.long
@pytest.mark.timeout(0)
def test_no_list_is_read_wrong_for_long() -> None:
    """As above, many lists."""
    _check(14, LONG)
