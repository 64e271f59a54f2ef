"""Lists with known delimiters are read right or refused with a question; none is read wrong without a word."""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read import open_tables

from ..helpers.dialect_lists import DELIMITERS, List, lists

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


PIECES = [
    '"',
    "'",
    "\\",
    ";",
    ",",
    "\t",
    "|",
    " ",
    "\n",
    "\r",
    "\n\n",
    "\ufeff",
    "\0",
    "sep=;\n",
    "ü",
    ":",
    "||",
    "1,50",
]


def _mutated(text: str, rng: random.Random) -> str:
    """A list with some of its text cut out, doubled, or with signs put between; or two lists, joined."""
    for _ in range(rng.randint(1, 6)):
        at, length = rng.randrange(len(text) + 1), rng.choice([0, 0, 1, 3, 40])
        middle = rng.choice(["", rng.choice(PIECES), text[at : at + length] * 2, rng.choice(PIECES) * 3])
        text = text[:at] + middle + text[at + length :]
    return text if rng.random() < 0.8 else text + rng.choice(["", "\ufeff", "\n\ufeff"]) + text


def _fuzz(seed: int, count: int) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        for made in lists(seed, count):
            text = _mutated(made.text, rng)
            path.write_bytes(
                text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]), "replace")
            )
            try:
                for table in open_tables(path, SourceSettings()):
                    rows = sum(len(chunk.frame) for chunk in table.chunks(7))
                    assert rows <= len(text), seed
            except InputError as error:
                assert str(error).startswith(str(path)), seed
                assert str(error).endswith("."), seed


def test_no_list_however_damaged_does_worse_than_be_refused() -> None:
    """Any damage to a list gives a table or one sentence that names the file."""
    _fuzz(3, QUICK)


@pytest.mark.parametrize("text", ["a\n ; \nb;c\n ; \n", " , \n,\n, ,\n", "\ufeff\n", "|| \n||\n"])
def test_rows_of_blanks(tmp_path: Path, text: str) -> None:
    """Rows that hold nothing but blanks are no rows, and stop nothing."""
    path = tmp_path / "list.csv"
    path.write_text(text)

    with contextlib.suppress(InputError):
        open_tables(path, SourceSettings())


@pytest.mark.long
@pytest.mark.timeout(0)
def test_no_list_however_damaged_for_long() -> None:
    """As above, many lists."""
    _fuzz(15, LONG)
