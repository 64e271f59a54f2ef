"""Of which runs people are told, and by which earlier ones a night is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.config.notify import NotifySettings
from dialler_sync.jobs.notify import Night, judge_night, tell_of_run
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


WHOLE, PART = [{"name": "list.csv", "layout": {}}], [{"name": "failed.xlsx", "layout": {"mended": True}}]


def rows(number: int, **changes: Any) -> dict[str, Any]:
    kept = facts(RUN.id, files=WHOLE, **changes)
    return {**kept, "counts": {**kept["counts"], "read": number, "succeeded": number}}


def judged(
    now: dict[str, Any], *earlier: dict[str, Any], row_count: str | None = "50%", last_event: str = ""
) -> tuple[bool, str, bool]:
    """(whether there is an alarm, the event, whether it fails)."""
    night = judge_night(Summary.read(now), earlier, NotifySettings(row_count=row_count), last_event)
    return bool(night.alarm), night.event, night.failing


@pytest.mark.parametrize(
    ("earlier", "alarm"),
    [
        ([rows(100)], True),
        ([rows(60)], False),
        ([], False),
        ([rows(100, exit_code=4)], True),
        ([rows(100, exit_code=5)], False),
        ([rows(100) | {"files": PART}], False),
        ([rows(40), rows(100, exit_code=5), rows(100, exit_code=3)], False),
        ([rows(40), rows(100) | {"files": PART}, rows(100) | {"files": PART}], False),
        ([*[rows(40)] * 10, *[rows(400)] * 20], False),
    ],
)
def test_the_number_of_rows_is_compared_with_whole_lists_that_were_read_to_their_end(
    earlier: list[dict[str, Any]], alarm: bool
) -> None:
    """Of the last ten; a run that was stopped, and a fixed file, have only a part of their rows."""
    assert judged(rows(40), *earlier)[0] == alarm
    assert not judged(rows(40), *earlier, row_count=None)[0]
    assert not judged(rows(40) | {"files": PART}, *earlier)[0]


@pytest.mark.parametrize(
    ("now", "earlier", "last_event", "event", "failing"),
    [
        (rows(40), [], "", "", False),
        (rows(40, exit_code=4), [], "", "", False),
        (rows(40, exit_code=5), [], "", "failing", True),
        (rows(40, exit_code=5), [rows(40, exit_code=3)], "", "", True),
        (rows(40), [rows(40, exit_code=5)], "", "recovered", False),
        (rows(40), [rows(40, exit_code=4)], "", "", False),
        (rows(40), [rows(40, alarm="too few")], "", "recovered", False),
        (rows(40), [rows(40), rows(40, exit_code=5)], "", "", False),
        (rows(40), [], "failing", "recovered", False),
        (rows(40), [rows(40, exit_code=5)], "recovered", "", False),
        (rows(40), [rows(100)], "", "failing", True),
        (rows(40) | {"files": PART}, [rows(9, alarm="too few")], "failing", "", True),
        (rows(40) | {"files": PART}, [rows(9) | {"files": PART}, rows(9, alarm="too few")], "failing", "", True),
        (rows(40) | {"files": PART}, [rows(40), rows(9, alarm="too few")], "failing", "recovered", False),
        (rows(9), [rows(9, alarm="too few")], "failing", "recovered", False),
    ],
)
def test_what_has_changed_since_the_last_night(
    now: dict[str, Any], earlier: list[dict[str, Any]], last_event: str, event: str, failing: bool
) -> None:
    """What was told last counts, else the run before; an alarm stands until the next whole list."""
    assert judged(now, *earlier, last_event=last_event)[1:] == (event, failing)


@pytest.mark.parametrize(
    ("event", "failing", "on", "told"),
    [
        ("failing", True, "change", "failing"),
        ("recovered", False, "change", "recovered"),
        ("recovered", False, "failed", "recovered"),
        ("", True, "change", ""),
        ("", True, "failed", "failing"),
        ("", True, "always", "failing"),
        ("", False, "failed", ""),
        ("", False, "always", "finished"),
    ],
)
def test_what_is_told_of_a_night(event: str, failing: bool, on: str, told: str) -> None:
    assert Night("", event, failing).told(on) == told
