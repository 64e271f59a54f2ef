"""No list of contacts is read in a wrong encoding; what is plain Windows-1252 is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read.encoding.detect import find_encoding

from ..benchmarks.encoding_lists import MIXED_WESTERN, WESTERN, ContactList, lists

SEED = 14
SHORT, LONG = 300, 1_000_000
WESTERN_SHORT = 150
THIN = {"one word", "two words"}
"""Kinds of lists in which next to nothing tells the encoding."""
THIN_REFUSED_AT_MOST = 0.2
"""Share of these."""
REFUSED_AT_MOST = 0.2
"""Share of all lists."""


def found(given: ContactList, folder: Path) -> str | None:
    path = folder / "list.csv"
    path.write_bytes(given.data)
    try:
        return find_encoding(path, SourceSettings())
    except InputError:
        return None


def western(most: int) -> Iterator[ContactList]:
    for given in lists(SEED, most, "/cp1252"):
        if given.language in (*WESTERN, *MIXED_WESTERN):
            yield given


@pytest.mark.parametrize("most", [SHORT, pytest.param(LONG, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_no_list_is_read_in_a_wrong_encoding(most: int, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    for given in lists(SEED, most):
        encoding = found(given, tmp_path)
        outcome = given.outcome(encoding)
        outcomes[outcome] += 1
        if outcome == "wrong":
            wrong.append(f"{given}: read as {encoding}")

    assert not wrong, f"seed {SEED}, {len(wrong)} wrong: {'; '.join(wrong[:20])}"
    assert outcomes["refused"] <= REFUSED_AT_MOST * outcomes.total()


@pytest.mark.parametrize(
    "most", [WESTERN_SHORT, pytest.param(LONG, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
def test_lists_in_windows_1252_are_read(most: int, tmp_path: Path) -> None:
    refused: list[ContactList] = []
    thin = 0
    for given in western(most):
        encoding = found(given, tmp_path)
        outcome = given.outcome(encoding)
        thin += given.kind in THIN
        assert outcome != "wrong", f"seed {SEED}, {given}: read as {encoding}"
        if outcome == "refused":
            refused.append(given)

    assert [str(given) for given in refused if given.kind not in THIN] == []
    assert len(refused) <= THIN_REFUSED_AT_MOST * thin, refused
