"""What ends a run: the same for every command."""

from __future__ import annotations

import errno
import gc
import os
import sqlite3
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import pytest

from dialler_sync.cli import main
from dialler_sync.errors import Interrupted, JournalDamaged, JournalError, JournalFailed, JournalLost, StopRun
from dialler_sync.journal import Journal, RunRecord
from dialler_sync.run.lifecycle import carrying_out, collect_rarely, load_reports, reporting

from ...helpers.records import RUN


@dataclass
class Worked:
    """A run that is carried out."""

    journal: Journal
    run: RunRecord
    planned: bool = True


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Worked]:
    (tmp_path / "reports").mkdir()
    with Journal.open(tmp_path / "journal.db") as journal:
        run = replace(RUN, out=str(tmp_path / "reports"), state="running", options={})
        journal.add_run(run)
        yield Worked(journal, run)


def stopped_by(work: Worked, error: BaseException) -> StopRun:
    with carrying_out(work) as course:
        raise error
    assert course.stopped
    return course.stopped


@pytest.mark.parametrize(
    ("planned", "dry_run", "kind"),
    [(True, False, JournalFailed), (True, True, JournalError), (False, False, JournalError)],
)
def test_a_journal_that_fails_in_mid_run_is_told_apart(work: Worked, planned: bool, dry_run: bool, kind: type) -> None:
    """Only a run that may have sent rows names the command that goes on with it."""
    work.planned = planned
    work.run = replace(work.run, options={"dry_run": dry_run})

    assert type(stopped_by(work, JournalError("full"))) is kind


def test_a_journal_that_is_damaged_in_mid_run_is_not_gone_on_with(work: Worked) -> None:
    assert type(stopped_by(work, JournalDamaged("garbage"))) is JournalLost


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted("interrupted")])
@pytest.mark.parametrize(
    ("command", "said"),
    [("import", f"resume {RUN.id}"), ("undo", f"resume {RUN.id}"), ("validate", "again."), ("reconcile", "again.")],
)
def test_an_interrupt_says_how_to_go_on(work: Worked, command: str, said: str, error: BaseException) -> None:
    """Whenever it comes; by Ctrl-C, or by a signal while requests are in flight."""
    work.run = replace(work.run, command=command)

    assert str(stopped_by(work, error)).endswith(said)


def test_an_interrupt_before_the_work_begins_is_no_bug(work: Worked) -> None:
    """At whichever call: Python says of a block that is left out that a generator did not yield."""
    left = 0

    def press(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        left -= event == "call"
        if left == 0 and event == "call":
            raise KeyboardInterrupt

    for call in range(2, 8):  # the first is that of the test itself
        left = call
        with suppress(KeyboardInterrupt):
            sys.setprofile(press)
            with carrying_out(work):
                sys.setprofile(None)
        sys.setprofile(None)


@pytest.mark.parametrize(("command", "said"), [("import", f"resume {RUN.id}"), ("reconcile", "again.")])
def test_an_interrupt_while_reports_are_written_says_so_too(work: Worked, command: str, said: str) -> None:
    with pytest.raises(Interrupted) as caught, reporting(replace(work.run, command=command)):
        raise KeyboardInterrupt

    assert str(caught.value).endswith(said)


def test_a_full_disk_stops_any_run(work: Worked) -> None:
    """SQLite keeps what it compares in temporary files."""
    said = stopped_by(work, sqlite3.OperationalError("database or disk is full"))

    assert isinstance(said, JournalError)
    assert "disk is full" in str(said)


def test_what_a_run_has_left_is_collected_after_the_next_one_has_begun() -> None:
    """A night has many runs in one process."""

    class Left:
        pass

    collect_rarely()
    before = gc.get_freeze_count()
    left = Left()
    left.itself = left  # type: ignore[attr-defined]
    gone = weakref.ref(left)
    del left
    collect_rarely()
    gc.collect()

    assert gone() is None
    assert gc.get_freeze_count() <= before


def test_a_process_that_goes_on_keeps_no_garbage_of_a_command() -> None:
    """As a process does that calls ``main`` with arguments."""
    before = gc.get_freeze_count()

    with pytest.raises(SystemExit):
        main(["--version"])

    assert gc.get_freeze_count() <= before


def test_what_cannot_be_loaded_beforehand_is_no_error_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is loaded in a thread that nobody waits for: Python printed a traceback beside a run that had succeeded."""

    def load() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("dialler_sync.run.report_files.load", load)

    load_reports()
