"""Group commit: what is to be written down is, in few transactions, and before anything depends on it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from dialler_sync.errors import JournalError
from dialler_sync.journal import Journal, Outcome, PlannedRow, RowState
from dialler_sync.load.recorder import BEHIND, Recorder
from dialler_sync.model import Status

from ...helpers.records import RUN

ROWS = 1_000


class Counting(Journal):
    """Counts its transactions, and tells of the first."""

    commits = 0
    written = threading.Event()

    def record(
        self, run_id: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int | None]] = ()
    ) -> None:
        super().record(run_id, outcomes, states)
        self.commits += 1
        self.written.set()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Counting]:
    with Counting.open(f"sqlite:///{tmp_path / 'journal.db'}?timeout=0.1") as journal:
        journal.add_run(RUN)
        journal.add_rows(RUN.id, [PlannedRow(n, 0, n, f"K{n}") for n in range(ROWS)])
        journal.written.clear()
        yield journal


def never(error: JournalError) -> None:
    raise AssertionError(error)


def states(journal: Journal) -> list[str]:
    return [entry.state for entry in journal.rows(RUN)]


def test_intents_are_written_when_they_return_and_share_a_commit(journal: Counting) -> None:
    """A row that must not be sent twice is on disk before it is sent; a hundred at once cost two commits."""

    async def work() -> list[str]:
        recorder = Recorder(journal, RUN.id, never)
        await asyncio.gather(*(recorder.intend(n, 5) for n in range(100)))
        found = states(journal)
        await recorder.flush()
        return found

    found = asyncio.run(work())

    assert found[:101] == ["sending"] * 100 + ["pending"]
    assert journal.commits <= 2


def test_outcomes_wait_for_company_and_flush_writes_the_rest(journal: Counting) -> None:
    """A thousand outcomes are a few commits, and none is lost."""

    async def work() -> None:
        recorder = Recorder(journal, RUN.id, never)
        for seq in range(ROWS):
            recorder.put(Outcome(seq, Status.SUCCEEDED))
            if seq % 100 == 0:
                await asyncio.sleep(0)
        await recorder.flush()

    asyncio.run(work())

    assert set(states(journal)) == {"succeeded"}
    assert journal.commits <= 5


def test_outcomes_are_not_late(journal: Counting) -> None:
    """What has an outcome is written down soon, also where nothing else happens."""

    async def work() -> list[str]:
        recorder = Recorder(journal, RUN.id, never)
        recorder.put(Outcome(0, Status.SUCCEEDED))
        await asyncio.to_thread(journal.written.wait, 5)
        found = states(journal)
        await recorder.flush()
        return found

    assert asyncio.run(work())[0] == "succeeded"


def test_an_intent_is_taken_back(journal: Counting) -> None:
    """A row that was not sent after all is pending again, also in the same commit."""

    async def work() -> None:
        recorder = Recorder(journal, RUN.id, never)
        await recorder.intend(0, 5)
        intending = asyncio.create_task(recorder.intend(1, 5))
        await asyncio.sleep(0)
        recorder.take_back(0)
        recorder.take_back(1)
        await intending
        await recorder.flush()

    asyncio.run(work())

    assert states(journal)[:2] == ["pending", "pending"]


def test_who_cancels_a_flush_waits_for_the_journal(journal: Counting) -> None:
    """The time for requests in flight may be over; what they did is written down all the same."""

    async def work() -> None:
        recorder = Recorder(journal, RUN.id, never)
        for seq in range(ROWS):
            recorder.put(Outcome(seq, Status.SUCCEEDED))
        flushing = asyncio.create_task(recorder.flush())
        await asyncio.sleep(0)
        flushing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await flushing

    asyncio.run(work())

    assert set(states(journal)) == {"succeeded"}


def test_a_journal_that_fails_ends_all_who_wait(journal: Counting, tmp_path: Path) -> None:
    """Nobody waits for ever, and the failure is told once."""
    told: list[JournalError] = []

    async def work() -> None:
        recorder = Recorder(journal, RUN.id, told.append)
        async with asyncio.timeout(5):
            found = await asyncio.gather(*(recorder.intend(n, 5) for n in range(10)), return_exceptions=True)
            assert all(isinstance(error, JournalError) for error in found)
            with pytest.raises(JournalError):
                await recorder.intend(11, 5)
            recorder.put(Outcome(0, Status.SUCCEEDED))
            with pytest.raises(JournalError):
                await recorder.flush()

    with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.run(work())

    assert len(told) == 1
    assert set(states(journal)) == {"pending"}


def test_a_bug_in_the_journal_is_no_hang(journal: Counting) -> None:
    """Also an error that nobody foresaw ends all who wait, and shows as what it is."""
    told: list[JournalError] = []

    async def work() -> None:
        recorder = Recorder(journal, RUN.id, told.append)
        async with asyncio.timeout(5):
            with pytest.raises(JournalError):
                await recorder.intend(0, 10**30)
            with pytest.raises(OverflowError):
                await recorder.flush()

    asyncio.run(work())

    assert len(told) == 1


class Blocked:
    """A journal that writes nothing until it may."""

    def __init__(self) -> None:
        self.began, self.may = threading.Event(), threading.Event()
        self.written = 0

    def record(
        self, _run_id: str, outcomes: Sequence[Outcome], _states: Sequence[tuple[int, RowState, int | None]] = ()
    ) -> None:
        self.began.set()
        assert self.may.wait(30)
        self.written += len(outcomes)


def test_no_row_is_sent_while_the_journal_is_far_behind() -> None:
    """Memory stays flat, and a crash loses few outcomes, however slow the journal is."""
    journal = Blocked()

    async def work() -> int:
        recorder = Recorder(journal, RUN.id, never)
        sent = 0

        async def send() -> None:
            nonlocal sent
            for n in range(3 * BEHIND):
                await recorder.keep_up()
                recorder.put(Outcome(n, Status.SUCCEEDED))
                sent += 1

        sending = asyncio.create_task(send())
        assert await asyncio.to_thread(journal.began.wait, 30)
        before = sent
        journal.may.set()
        await sending
        await recorder.flush()
        return before

    assert BEHIND <= asyncio.run(work()) <= 2 * BEHIND
    assert journal.written == 3 * BEHIND
