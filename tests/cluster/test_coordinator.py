"""Coordinator and senders without a network between them, which can so be cut at any exchange."""

from __future__ import annotations

import asyncio
import pickle
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from dialler_sync.api.pace import Gate
from dialler_sync.cluster.conversation import Lost, RemoteSender
from dialler_sync.cluster.coordinator import Coordinator
from dialler_sync.cluster.messages import Order, Report, Share
from dialler_sync.cluster.partitions import partition_of
from dialler_sync.cluster.sender import Sender
from dialler_sync.cluster.writer import Writer
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import (
    ClusterLost,
    Interrupted,
    JournalError,
    JournalLost,
    NoRowCanSucceed,
    SafetyLimit,
    StopRun,
)
from dialler_sync.exit_codes import ExitCode
from dialler_sync.journal import Journal, Outcome, PlannedRow, RowState
from dialler_sync.load.named import Named
from dialler_sync.load.recorder import Book
from dialler_sync.load.rules import Rules
from dialler_sync.model import Action, SpooledRow
from dialler_sync.simulator import FaultPlan, SimulatorServer

from ..conftest import Configure, Run
from ..helpers.records import RUN
from ..helpers.run_log import Log
from ..helpers.watched import Watched

ROWS = 60
LEASE = 0.25


class Cut(RemoteSender):
    """A sender from which the coordinator is cut off when ``fate`` says so; what it had begun goes on."""

    where, trusted = "tcp://127.0.0.1:1", True

    def __init__(self, share: Share, engine: Here) -> None:
        self.sender = Sender(pickle.loads(pickle.dumps(share)))
        self._engine = engine
        self._lost = False

    async def exchange(self, order: Order) -> Report:
        fate = self._engine.fate() if order.rows or order.written else ""
        if fate == "frozen":
            asyncio.get_running_loop().call_soon(time.sleep, 1.5 * LEASE)  # the process stands still
        self._lost = self._lost or fate == "before"
        if self._lost:
            raise Lost("cut off")
        try:
            report = await self.sender.exchange(pickle.loads(pickle.dumps(order)))
        except ConnectionError as error:
            raise Lost(str(error)) from error
        self._lost = fate == "after"
        if self._lost:
            raise Lost("cut off")
        return pickle.loads(pickle.dumps(report))  # type: ignore[no-any-return]


class Here:
    """Senders in this process; ``chance`` is that of being cut off at an exchange."""

    def __init__(self, seed: int = 0, chance: float = 0.0, workers: int = 3) -> None:
        self.workers = workers
        self.lacking: list[str] = []
        self.shares: list[Share] = []
        self.senders: list[Cut] = []
        self.cuts = 0
        self._random = Random(seed)
        self._chance = chance

    def fate(self) -> str:
        if self.cuts >= 4 or self._random.random() >= self._chance:
            return ""
        self.cuts += 1
        return self._random.choice(["before", "after"])

    async def begin(self, share: Share) -> RemoteSender:
        self.shares.append(share)
        self.senders.append(Cut(share, self))
        return self.senders[-1]


class World:
    """A run of ``ROWS`` rows that is to be sent by senders."""

    def __init__(self, dialler: SimulatorServer, journal: Journal, folder: Path) -> None:
        self.dialler = dialler
        self.journal = journal
        self.folder = folder
        self.outcomes: list[Outcome] = []
        self.stop_after = 0
        self.book: Book = journal
        journal.add_run(RUN)

    def run(self, engine: Here, mode: str = "overwrite", **settings: Any) -> StopRun | None:
        """Send all; gives what stopped it."""
        keys = [f"K{seq}" if mode != "keyless" else "" for seq in range(ROWS)]
        self.journal.add_rows(RUN.id, [PlannedRow(seq, 0, seq, key) for seq, key in enumerate(keys)])
        rows = [SpooledRow(seq, key, self.body(seq, key)) for seq, key in enumerate(keys)]
        base = {"base_url": self.dialler.base_url, "clients_id": 1, "timeout": 0.25, "concurrency": 7, **settings}
        dialler = DiallerSettings(**base)

        async def work() -> None:
            gate = self.gate = Gate(7)

            def settled(outcome: Outcome) -> None:
                self.outcomes.append(outcome)
                if len(self.outcomes) == self.stop_after:
                    gate.stop(SafetyLimit("enough"))

            decided = {5: Action.OVERWRITE}
            writer = self.writer = Writer(self.book, RUN.id, gate, Log(settled, decided), Named(gate))
            rules = Rules(mode == "overwrite", "538", 5, 0.25)
            coordinator = Coordinator(engine, writer, self.folder, dialler, SecretStr("simulator"), 0.3, rules, LEASE)
            try:
                await coordinator.load(rows, [])
            finally:
                for cut in engine.senders:
                    await cut.sender.close("the test is over")

        try:
            asyncio.run(work())
        except StopRun as stop:
            return stop
        return None

    @staticmethod
    def body(seq: int, key: str) -> bytes:
        fields = {"DiallerCampaignsID": 538, "Name": f"N{seq}", "PhoneNumber1": f"+4917{seq:08}"}
        return orjson.dumps({"UserData": key, **fields} if key else fields)

    @property
    def statuses(self) -> Counter[str]:
        return Counter(str(row.result.status) for row in self.journal.rows(RUN))

    @property
    def made(self) -> Counter[str]:
        """Contacts by the name of their row."""
        return Counter(str(contact["Name"]) for contact in self.dialler.store.contacts.values())


@pytest.fixture
def world(dialler: SimulatorServer, tmp_path: Path) -> Iterator[World]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield World(dialler, journal, tmp_path)


def test_rows_are_split_by_their_key() -> None:
    """The same key goes to the same partition, rows without one by their place; all partitions are used."""
    rows = [SpooledRow(seq, f"K{seq % 500}", b"{}") for seq in range(2_000)]
    numbers = {row.seq: partition_of(row, 4) for row in rows}

    assert all(numbers[seq] == numbers[seq + 500] for seq in range(1_500))
    assert min(Counter(numbers.values()).values()) > 300
    assert [partition_of(SpooledRow(seq, "", b"{}"), 3) for seq in range(4)] == [0, 1, 2, 0]


def test_every_row_is_sent_and_written_down(world: World) -> None:
    """Once, with what was decided for it; each sender has its share of requests in flight and a second."""
    engine = Here()

    assert world.run(engine, rate=900.0) is None

    assert world.statuses == {"succeeded": ROWS}
    assert world.made == {f"N{seq}": 1 for seq in range(ROWS)}
    assert {outcome.action for outcome in world.outcomes} == {Action.IMPORT, Action.OVERWRITE}
    assert sorted({share.name: share.dialler.concurrency for share in engine.shares}.values()) == [2, 2, 3]
    assert {share.dialler.rate for share in engine.shares} == {300.0}


def test_the_description_of_a_partition_holds_no_token(world: World) -> None:
    """Dask keeps it, and shows it to whoever asks."""
    engine = Here()

    world.run(engine, token="simulator")

    assert b"simulator" not in pickle.dumps(engine.shares)
    assert "simulator" not in repr(Order(0, token=SecretStr("simulator")))


CASES = [("overwrite", 1), ("create", 2), ("keyless", 3)]
MORE = [pytest.param(mode, seed, marks=pytest.mark.long) for mode, _ in CASES for seed in range(10, 30)]


@pytest.mark.parametrize(("mode", "seed"), [*CASES, *MORE])
def test_lost_senders_lose_and_repeat_nothing(mode: str, seed: int, world: World) -> None:
    """Cut off at any exchange, while they work on: each row is in the dialler once, or unknown where it has no key."""
    engine = Here(seed, chance=0.5)

    assert world.run(engine, mode) is None

    assert engine.cuts
    assert set(world.made.values()) == {1}
    if mode == "keyless":
        assert world.statuses["succeeded"] + world.statuses["unknown"] == ROWS
        assert world.statuses["unknown"] <= 7 * engine.cuts
    else:
        assert world.statuses == {"succeeded": ROWS}
        assert len(world.made) == ROWS


@pytest.mark.parametrize("mode", ["overwrite", "create"])
def test_senders_that_were_frozen_do_not_stop_the_run(mode: str, world: World) -> None:
    """Longer than their lease: they have given up, and others go on with their rows."""

    class Freezing(Here):
        def fate(self) -> str:
            self.cuts += 1
            return "frozen" if self.cuts == 4 else ""

    engine = Freezing()

    assert world.run(engine, mode) is None

    assert len(engine.senders) > engine.workers
    assert world.statuses == {"succeeded": ROWS}
    assert world.made == {f"N{seq}": 1 for seq in range(ROWS)}


def test_a_refused_token_stops_all_senders(world: World) -> None:
    """What was not sent stays as it was."""
    world.dialler.order(FaultPlan.parse("401_from:1"))

    stopped = world.run(Here())

    assert isinstance(stopped, NoRowCanSucceed)
    assert world.statuses == {"unprocessed": ROWS}


def test_a_dialler_that_is_away_stops_all_senders(world: World) -> None:
    """And what the gates of the workers say is heard here."""
    world.dialler.order(FaultPlan.parse("503:100%:on=all:retry_after=0"))

    stopped = world.run(Here(), give_up_after=0.3)

    assert "kept failing" in str(stopped)
    assert world.statuses == {"unprocessed": ROWS}


def test_what_stops_the_run_stops_all_senders(world: World) -> None:
    """What is in flight comes to its end and is written down; the rest is not sent."""
    world.stop_after = 1

    stopped = world.run(Here())

    assert isinstance(stopped, SafetyLimit)
    assert world.statuses["succeeded"] == len(world.made)
    assert world.statuses["succeeded"] + world.statuses["unprocessed"] == ROWS


def test_a_journal_that_fails_stops_all_senders(world: World) -> None:
    """A row that must not be sent twice is not sent before that is written down."""

    class Full:
        def record(self, *_: object) -> None:
            raise JournalError("the disk is full")

    world.book = Full()

    stopped = world.run(Here(), "keyless")

    assert isinstance(stopped, JournalError)
    assert not world.made


class Busy:
    """A journal that ``error`` takes away after the first outcomes."""

    def __init__(self, journal: Journal, error: JournalError) -> None:
        self._journal = journal
        self._error = error
        self._written = False

    def record(self, run_id: str, outcomes: Any, states: Any = (), /) -> None:
        if self._written:
            raise self._error
        self._journal.record(run_id, outcomes, states)
        self._written = bool(outcomes)


@pytest.mark.parametrize("mode", ["overwrite", "create"])
def test_what_a_busy_journal_does_not_take_is_kept(mode: str, world: World) -> None:
    """Of every sender, also what was in flight: the run tries once more to write it down, and else names the rows."""
    world.book = Busy(world.journal, JournalError("it is locked"))

    stopped = world.run(Here(), mode)
    unwritten = world.writer.unwritten

    assert str(stopped) == "it is locked"
    assert unwritten
    world.journal.record(RUN.id, list(unwritten.values()))
    done = [row.result for row in world.journal.rows(RUN) if row.state == "succeeded"]
    assert {f"N{row.seq}" for row in done} == set(world.made)


def test_a_run_names_the_rows_that_a_busy_journal_did_not_take(
    run: Run,
    configure: Configure,
    contacts_csv: Callable[..., Path],
    store: Watched,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As without a cluster; the resume finds them, and each contact is there once."""
    path = tmp_path / "state" / "journal.db"
    monkeypatch.setenv("DIALLER_SYNC_STATE", f"sqlite:///{path}?timeout=0.2")
    monkeypatch.setattr("dialler_sync.cluster.engine.connected", lambda *_: nullcontext(Here()))
    configure(rows="{overwrite_duplicates: false}", timeout=2)
    list_ = contacts_csv(200)
    assert run("import", list_, "--limit", "1").code == ExitCode.ROWS_FAILED
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    with closing(other):
        store.then(10, lambda: other.execute("BEGIN IMMEDIATE"))

        stopped = run("resume", "--cluster", "local")

    sent, statuses = len(store.contacts), Counter(stopped.statuses().values())
    resumed = run("resume")

    assert stopped.code == ExitCode.UNAVAILABLE, stopped.err
    (told,) = re.findall(r"([0-9,]+) rows? w\w+ sent and could not be written down: [0-9, -]+\.", stopped.err)
    assert int(told) == sent - statuses["succeeded"]
    assert resumed.code == ExitCode.OK, resumed.err
    assert Counter(contact["UserData"] for contact in store.contacts.values()) == {f"K{n}": 1 for n in range(2, 202)}


def test_a_journal_that_was_deleted_is_written_to_the_end(world: World) -> None:
    """It is still open: the reports of the run have all that was sent."""

    class Lost(Busy):
        def record(self, run_id: str, outcomes: Any, states: Any = (), /) -> None:
            self._journal.record(run_id, outcomes, states)
            raise self._error

    world.book = Lost(world.journal, JournalLost("it is gone"))

    stopped = world.run(Here())

    assert isinstance(stopped, JournalLost)
    assert not world.writer.unwritten
    assert world.statuses["succeeded"] == len(world.made) > 0


def test_rows_that_kill_their_workers_stop_the_run(world: World) -> None:
    """One worker after the other would die of them."""

    class Deadly(Here):
        def fate(self) -> str:
            return "before"

    stopped = world.run(Deadly(workers=1))

    assert isinstance(stopped, ClusterLost)
    assert not world.made


def test_a_run_that_ends_while_a_lost_worker_may_still_send_is_in_doubt(world: World) -> None:
    """Whoever resumes it looks for these rows first, though each may be repeated."""

    class Vanishing(Here):
        def fate(self) -> str:
            world.gate.stop(Interrupted("Ctrl-C"))
            return "before"

    stopped = world.run(Vanishing(workers=1))

    assert isinstance(stopped, Interrupted)
    assert {row.state for row in world.journal.rows(RUN)} == {str(RowState.SENDING)}
