"""What is told of a list of calls: everything that a person must know, and nothing that did not happen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.call_lists.findings import Findings
from dialler_sync.contacts.record_file import RecordFile


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Findings]:
    with RecordFile(tmp_path) as lines, RecordFile(tmp_path) as notes:
        yield Findings(lines, notes)


def test_nothing_is_told_of_nothing(found: Findings) -> None:
    assert [*found.remarks(), *found.notes_of_course()] == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("repeated", 3, "3 duplicate call records"),
        ("double_ids", 3, "3 calls share an ID"),
        ("foreign", 3, "3 call records name another contact"),
        ("unasked", 3, "3 contacts that were not queried"),
        ("without_id", 3, "3 contacts in the dialler's list have no ID"),
        ("contacts_twice", 3, "3 contacts appear twice"),
        ("gone", 3, "3 calls that were going on last time are gone"),
        ("unreadable", ["1", "2", "3", "4", "5"], "contacts 1, 2, 3, 4, 5)"),
        ("unreadable", ["1", "2", "3", "4", "5", "6"], "contacts 1, 2, 3, 4, 5 …)"),
    ],
)
def test_what_a_person_must_know(field: str, value: Any, said: str, found: Findings) -> None:
    setattr(found, field, value)

    (told,) = found.remarks()
    assert said in told


@pytest.mark.parametrize(("count", "before", "told"), [(3, "2026-01-01", 1), (3, "", 0), (0, "2026-01-01", 0)])
def test_calls_that_count_as_given_are_told_where_none_was_before(
    count: int, before: str, told: int, found: Findings
) -> None:
    found.forgotten, found.forgotten_before = count, before

    assert ["3 calls began before 2026-01-01" in each for each in found.remarks()] == [True] * told


def test_what_any_night_may_bring(found: Findings) -> None:
    found.going_on, found.still_open, found.not_told.calls = {"id 1": {}}, 2, 1

    told = list(found.notes_of_course())

    assert told[:2] == ["1 still going on: reported when over", "2 without an end"]
    assert "left empty" in told[2]
