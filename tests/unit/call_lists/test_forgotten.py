"""Calls that are so old that the journal need not know them are forgotten, and none that may still be given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.call_lists.forgotten import forget_calls, forgotten_before
from dialler_sync.errors import Held
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CALL, CallNotes, Note

from ...helpers.records import TARGET

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = timedelta(days=1)
INTENT = {"path": "/x", "draft": "/y", "sha256": "", "calls": 1, "updated": 0}
STARTS = {"old": "2026-01-01 10:00:00Z", "young": "2026-05-31 10:00:00Z", "unknown": "", "odd": "99.99."}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def given(journal: Journal, looked_at: datetime = NOW, *, settled: bool = True) -> CallNotes:
    notes = journal.call_notes(TARGET, "crm")
    notes.intend(
        {**INTENT, "looked_at": looked_at.isoformat()},
        [Note(CALL, key, "hash", start) for key, start in STARTS.items()],
    )
    if settled:
        notes.settle()
    return notes


def test_only_what_began_long_ago_is_forgotten(journal: Journal) -> None:
    """Once."""
    notes = given(journal)

    assert [forget_calls(journal, NOW, NOW) for _ in range(2)] == [1, 0]

    assert set(notes.known(CALL, list(STARTS))) == {"young", "unknown", "odd"}
    assert forgotten_before(notes) == NOW - 90 * DAYS


@pytest.mark.parametrize(
    ("before", "looked_at", "limit"),
    [
        (NOW - 120 * DAYS, NOW, NOW - 120 * DAYS),
        (NOW, NOW - 120 * DAYS, NOW - 122 * DAYS),
        (NOW, NOW, NOW - 90 * DAYS),
    ],
    ids=["what was asked for", "the last look", "young calls"],
)
def test_up_to_when_calls_are_forgotten(
    before: datetime, looked_at: datetime, limit: datetime, journal: Journal
) -> None:
    notes = given(journal, looked_at)

    forget_calls(journal, before, NOW)

    assert forgotten_before(notes) == limit


def test_what_was_forgotten_before_stays_so(journal: Journal) -> None:
    notes = given(journal)
    forget_calls(journal, NOW, NOW)

    forget_calls(journal, NOW - 120 * DAYS, NOW)

    assert forgotten_before(notes) == NOW - 90 * DAYS


def test_more_is_forgotten_later(journal: Journal) -> None:
    notes = given(journal)
    forget_calls(journal, NOW - 160 * DAYS, NOW)

    assert forget_calls(journal, NOW, NOW) == 1
    assert forgotten_before(notes) == NOW - 90 * DAYS


def test_nothing_is_forgotten_before_the_first_look(journal: Journal) -> None:
    """A list that came to nothing is none."""
    notes = given(journal, settled=False)
    notes.drop()

    assert forget_calls(journal, NOW, NOW) == 0
    assert forgotten_before(notes) is None


def test_nothing_is_forgotten_while_a_list_waits_for_its_place(journal: Journal) -> None:
    given(journal)
    notes = given(journal, settled=False)

    assert forget_calls(journal, NOW, NOW) == 0
    assert forgotten_before(notes) is None


def test_nothing_is_forgotten_while_a_list_is_made(journal: Journal) -> None:
    given(journal)

    with journal.calls_lock(TARGET, "crm"), pytest.raises(Held):
        forget_calls(journal, NOW, NOW)
