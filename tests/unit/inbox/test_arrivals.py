"""When files of an inbox are complete, when a list is due, and which exit code counts."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from dialler_sync.config.inbox import due
from dialler_sync.exit_codes import worst
from dialler_sync.inbox.arrivals import Arrivals
from dialler_sync.inbox.claim import OnDisk
from dialler_sync.inbox.tidy import missing_list
from dialler_sync.journal import Journal


@pytest.fixture
def arrivals(tmp_path: Path) -> Arrivals:
    (tmp_path / "inbox").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "inbox" / name).write_text("x", encoding="utf-8")
    notes = Journal.open(tmp_path / "journal.db").inbox("inbox")
    waits: list[float] = []
    return Arrivals(OnDisk(tmp_path / "inbox"), notes, 30, clock=lambda: 1000.0, sleep=waits.append)


def test_one_wait_for_all_files_and_what_was_seen_before_counts(arrivals: Arrivals, tmp_path: Path) -> None:
    """20 of 30 seconds ago is waited for 10 seconds; a clock that was set back counts for nothing."""
    waits: list[float] = []
    calls = [Arrivals(arrivals.place, arrivals.notes, 30, clock=lambda t=t: t, sleep=waits.append) for t in
             (1000.0, 1020.0, 1030.0, 500.0)]  # fmt: skip

    found = [[arrival.path.name for arrival in call.complete()] for call in calls]

    assert found == [["a.csv", "b.csv"]] * 4
    assert waits == [30, 10, 30]


def test_a_file_that_changes_during_the_wait_is_left(arrivals: Arrivals) -> None:
    """Size, time or the file itself: each of them counts."""

    def write(_seconds: float) -> None:
        (arrivals.folder / "a.csv").write_text("xx", encoding="utf-8")

    waiting = Arrivals(arrivals.place, arrivals.notes, 30, clock=lambda: 1000.0, sleep=write)

    assert [arrival.path.name for arrival in waiting.complete()] == ["b.csv"]


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("04:00", "2026-11-25 03:59", ["2026-11-24 04:00", "2026-11-23 04:00"]),
        ("daily 04:00", "2026-11-25 04:00", ["2026-11-25 04:00", "2026-11-24 04:00"]),
        ("weekdays 4:00", "2026-11-30 05:00", ["2026-11-30 04:00", "2026-11-27 04:00"]),
        ("mon,thu 23:30", "2026-11-30 05:00", ["2026-11-26 23:30", "2026-11-23 23:30"]),
    ],
)
def test_when_a_list_is_due(text: str, now: str, expected: list[str]) -> None:
    """By local time, the newest first."""
    moments = due(text).before(datetime.fromisoformat(now).astimezone())

    assert [f"{moment:%Y-%m-%d %H:%M}" for moment, _ in zip(moments, expected, strict=False)] == expected


@pytest.mark.parametrize("text", ["", "24:00", "4", "often 04:00", "mon 04:60", "mon;tue 04:00"])
def test_what_is_no_time(text: str) -> None:
    """It is refused with examples."""
    with pytest.raises(ValueError, match='write "04:00"'):
        due(text)


def test_a_list_is_missing_from_the_last_time_but_one(tmp_path: Path) -> None:
    """A list that came since then is enough."""
    with Journal.open(tmp_path / "journal.db") as journal:
        notes = journal.inbox("inbox")
        came = datetime.fromisoformat("2026-11-24 04:30").astimezone()
        notes.first_seen("a.csv", "1:2:3", came.timestamp())
        days = [datetime.fromisoformat(f"2026-11-{day} 05:00").astimezone() for day in (24, 25, 26, 26, 27)]

        said = [missing_list(tmp_path, due("04:00"), notes, day) for day in days]

    assert [bool(text) for text in said] == [False, False, True, False, True]
    assert "since 2026-11-25 04:00; one was due at 2026-11-26 04:00" in said[2]


@pytest.mark.parametrize(
    ("codes", "code"), [([], 0), ([4, 3], 3), ([130, 8], 8), ([10, 3, 5], 5), ([5, 7, 2], 2), ([1, 2], 1), ([0, 4], 4)]
)
def test_the_most_severe_code_counts(codes: list[int], code: int) -> None:
    """Not the highest number."""
    assert worst(codes) == code


def test_only_whole_files_that_are_lists_are_taken(
    arrivals: Arrivals, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that is hidden, unfinished, open, or a way to a file elsewhere; what somebody may wait for is told."""
    folder = arrivals.folder
    for name in (".hidden.csv", "~$c.csv", "c.csv.part", "c.tmp", "LOUD.CSV", "open.xlsx", "~$open.xlsx", "text.doc"):
        (folder / name).write_text("x", encoding="utf-8")
    for name in ("office.csv", ".~lock.office.csv#"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "folder.csv").mkdir()
    (folder / "gone.csv").symlink_to(tmp_path / "gone")
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (folder / "link.csv").symlink_to(tmp_path / "secret")
    (folder / "second.csv").hardlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe.csv")

    assert [arrival.path.name for arrival in arrivals.complete()] == ["LOUD.CSV", "a.csv", "b.csv"]
    told = {
        record.getMessage().partition(": ")[0].rpartition("/")[2] for record in caplog.records if record.levelno > 20
    }
    assert told == {"gone.csv", "link.csv", "office.csv", "open.xlsx", "pipe.csv", "second.csv", "text.doc"}


def test_a_file_that_is_opened_during_the_wait_is_left(arrivals: Arrivals) -> None:
    """And one that goes away then."""

    def open_one(_seconds: float) -> None:
        (arrivals.folder / "~$a.csv").write_text("x", encoding="utf-8")
        (arrivals.folder / "b.csv").unlink()

    waiting = Arrivals(arrivals.place, arrivals.notes, 30, clock=lambda: 1000.0, sleep=open_one)

    assert waiting.complete() == []


def test_files_go_in_the_order_in_which_they_were_first_seen(arrivals: Arrivals) -> None:
    arrivals.complete()
    (arrivals.folder / "0.csv").write_text("x", encoding="utf-8")
    later = Arrivals(arrivals.place, arrivals.notes, 30, clock=lambda: 1100.0, sleep=lambda _: None)

    assert [arrival.path.name for arrival in later.complete()] == ["a.csv", "b.csv", "0.csv"]


def test_what_is_no_list_is_told_once(arrivals: Arrivals, caplog: pytest.LogCaptureFixture) -> None:
    (arrivals.folder / "text.doc").write_text("x", encoding="utf-8")

    arrivals.complete()
    arrivals.complete()

    assert [record.getMessage().partition(": ")[2] for record in caplog.records if record.levelname == "ERROR"] == [
        "is not a file to import (inbox.patterns); it stays where it is"
    ]


def test_a_file_that_has_changed_since_waits_and_is_told_of_anew(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        notes = journal.inbox("inbox")

        seen = [notes.first_seen("a.csv", mark, now) for mark, now in (("1", 1.0), ("1", 2.0), ("2", 3.0), ("2", 4.0))]
        told = [
            notes.tell_once("a.csv", mark, what, 5.0) for mark, what in (("2", "x"), ("2", "x"), ("2", "y"), ("3", "y"))
        ]

    assert seen == [1.0, 1.0, 3.0, 3.0]
    assert told == [True, False, True, True]


def test_that_a_file_waits_for_a_person_is_not_told_anew_when_it_is_seen(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        notes = journal.inbox("inbox")
        notes.tell_once("a.csv", "1", "x", 5.0)
        notes.first_seen("a.csv", "1", 4.0)

        assert not notes.tell_once("a.csv", "1", "x", 6.0)
