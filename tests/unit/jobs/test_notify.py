"""Of which runs people are told, and by which earlier ones a night is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.config.notify import NotifySettings
from dialler_sync.jobs.notify import tell_of_run
from dialler_sync.journal import Journal
from dialler_sync.run.reports import Summary

from ...helpers.records import RUN, TARGET, facts

BEFORE = "20251231-000000-bbbbbb"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """What is to be told stays in it."""
    monkeypatch.setattr("dialler_sync.jobs.receivers.Receiver.deliver", lambda *_: None)
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def told(journal: Journal, **changes: Any) -> str:
    """The event that is told of a run."""
    kept = facts(RUN.id, **changes)
    journal.add_run(replace(RUN, state="finished", command=kept["command"], summary=kept))
    tell_of_run(Summary.read(kept), journal, NotifySettings(webhook="http://127.0.0.1:1/"), None)
    return journal.last_event(TARGET)


@pytest.mark.parametrize(
    ("changes", "event"), [({}, "failing"), ({"dry_run": True}, ""), ({"command": "undo"}, "")], ids=str
)
def test_only_of_imports_people_are_told(changes: dict[str, Any], event: str, journal: Journal) -> None:
    assert told(journal, exit_code=3, **changes) == event


@pytest.mark.parametrize(
    ("run", "summary", "event"),
    [
        ({}, {}, "recovered"),
        ({"target": TARGET.replace("538", "539")}, {}, ""),
        ({"command": "undo"}, {}, ""),
        ({}, {"dry_run": True}, ""),
        ({}, None, ""),
    ],
    ids=["an import", "another campaign", "an undo", "a dry run", "killed"],
)
def test_a_night_is_judged_by_the_imports_before_it(
    run: dict[str, Any], summary: dict[str, Any] | None, event: str, journal: Journal
) -> None:
    """A failure of anything else is not one that it has recovered from."""
    kept = None if summary is None else facts(BEFORE, exit_code=3, **summary)
    earlier = replace(RUN, id=BEFORE, started_at="2025-12-31T00:00:00Z", state="finished", summary=kept)
    journal.add_run(replace(earlier, **run))

    assert told(journal) == event
