"""No list of contacts is read in a wrong encoding; what is plain Windows-1252 is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read.encoding import find_encoding

from ..benchmarks.encoding_lists import MIXED_WESTERN, WESTERN, ContactList, has_foreign_letters, lists

SEED = 14
SHORT, LONG = 1_500, 1_000_000
WESTERN_SHORT = 500
WESTERN_REFUSED_AT_MOST = 0
"""Lists in Windows-1252 with letters beyond ASCII, of the languages that it was made for."""
SIGNS_REFUSED_AT_MOST = 0
"""The same without such letters: all that is beyond ASCII are signs."""
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
    signs: list[str] = []
    letters: list[str] = []
    for given in western(most):
        encoding = found(given, tmp_path)
        outcome = given.outcome(encoding)
        assert outcome != "wrong", f"seed {SEED}, {given}: read as {encoding}"
        if outcome == "refused":
            (letters if has_foreign_letters(given.text or "") else signs).append(str(given))

    assert len(letters) <= WESTERN_REFUSED_AT_MOST, letters
    assert len(signs) <= SIGNS_REFUSED_AT_MOST, signs
