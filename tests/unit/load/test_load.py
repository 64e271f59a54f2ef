"""How rows are sent: in which order, how many at once, and what is left when it stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import DiallerUnavailable, Interrupted, NoRowCanSucceed, StopRun
from dialler_sync.journal import Journal, Outcome, PlannedRow
from dialler_sync.load.loader import PARKED, Loader
from dialler_sync.load.recorder import Recorder
from dialler_sync.load.rules import Rules
from dialler_sync.model import SpooledRow, Status
from dialler_sync.simulator import FaultPlan, SimulatorServer, Span, Store

from ...helpers.records import RUN
from ...helpers.run_log import Log

CONCURRENCY = 4


class Load:
    """Rows on their way to a simulated dialler."""

    def __init__(self, dialler: SimulatorServer, journal: Journal, *, overwrite: bool = True) -> None:
        self.dialler = dialler
        self.journal = journal
        self.overwrite = overwrite
        self.outcomes: list[Outcome] = []
        self.taken = 0

    def rows(self, count: int) -> Iterator[SpooledRow]:
        for seq in range(count):
            self.taken += 1
            key = f"K{seq}"
            fields = {"DiallerCampaignsID": 538, "UserData": key, "Name": "A", "PhoneNumber1": f"+4917{seq:08}"}
            yield SpooledRow(seq, key, orjson.dumps(fields))

    def run(self, count: int, *, stop_after: int = 0, **settings: Any) -> StopRun | None:
        """Send so many rows; gives what stopped it. ``stop_after`` so many outcomes it is interrupted."""
        self.journal.add_run(RUN)
        self.journal.add_rows(RUN.id, [PlannedRow(seq, 0, seq, f"K{seq}") for seq in range(count)])
        base: dict[str, Any] = {"base_url": self.dialler.base_url, "clients_id": 1, "token": "simulator", **settings}
        dialler = DiallerSettings(concurrency=CONCURRENCY, **base)

        async def work() -> None:
            gate = Gate(CONCURRENCY, give_up_after=dialler.give_up_after)

            def settled(outcome: Outcome) -> None:
                self.outcomes.append(outcome)
                if len(self.outcomes) == stop_after:
                    gate.stop(Interrupted("enough"))

            async with DiallerClient(dialler, gate=gate) as client:
                rules = Rules(self.overwrite, "538", dialler.retries, dialler.timeout)
                loader = Loader(client, Recorder(self.journal, RUN.id, gate.stop), rules, Log(settled))
                await loader.load(self.rows(count))

        try:
            asyncio.run(work())
        except StopRun as stopped:
            return stopped
        return None

    def states(self) -> Counter[str]:
        return Counter(entry.state for entry in self.journal.rows(RUN))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def dialler() -> Iterator[SimulatorServer]:
    with Store({538: "Nightly"}) as store, SimulatorServer(store, processing=Span(0.02, 0.02)) as server:
        yield server


def test_every_row_is_sent_once_and_as_many_at_once_as_may_be(dialler: SimulatorServer, journal: Journal) -> None:
    """The first goes alone: a wrong token or campaign costs one request."""
    load = Load(dialler, journal)

    assert load.run(40) is None

    spans = sorted((request.started, request.finished or 0.0) for request in dialler.requests)
    assert Counter(request.user_data for request in dialler.requests) == {f"K{n}": 1 for n in range(40)}
    assert spans[1][0] >= spans[0][1]
    most = max(sum(start <= at < end for start, end in spans) for at, _ in spans)
    assert most == CONCURRENCY
    assert load.states() == {"succeeded": 40}
    assert len(load.outcomes) == 40


def test_what_is_in_flight_ends_when_it_is_stopped(dialler: SimulatorServer, journal: Journal) -> None:
    """And what was not taken waits."""
    load = Load(dialler, journal)

    stopped = load.run(100, stop_after=10)

    assert isinstance(stopped, Interrupted)
    states = load.states()
    assert 10 <= states["succeeded"] < 10 + 2 * CONCURRENCY
    assert states["succeeded"] == len(dialler.store.contacts)
    assert states["pending"] == 100 - states["succeeded"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_wrong_campaign_costs_one_request(overwrite: bool, dialler: SimulatorServer, journal: Journal) -> None:
    """404 for the campaign of all rows: none is settled, so that a resume sends all of them."""
    dialler.store.campaigns.clear()
    load = Load(dialler, journal, overwrite=overwrite)

    stopped = load.run(20)

    assert isinstance(stopped, NoRowCanSucceed)
    assert len([request for request in dialler.requests if request.function == "import"]) == 1
    assert load.states() == {"pending": 20}


def test_memory_stays_flat_while_every_row_waits(dialler: SimulatorServer, journal: Journal) -> None:
    """A dialler that fails for long must not have the whole file parked."""
    dialler.order(FaultPlan.parse("down:11-100000"))
    load = Load(dialler, journal)

    stopped = load.run(2_000, give_up_after=1.0, retries=50)

    assert isinstance(stopped, DiallerUnavailable)
    assert load.taken <= 10 + CONCURRENCY * (PARKED + 2)
    assert load.states() == {"succeeded": 10, "pending": 1_990}


def test_an_id_is_known_before_many_are_sent_that_must_not_be_doubled(
    dialler: SimulatorServer, journal: Journal
) -> None:
    """Without overwriting, rows go one by one until one tells an ID: a lost row is told from older ones by it."""
    dialler.order(FaultPlan.parse("409_for:K0|K1"))
    load = Load(dialler, journal, overwrite=False)

    assert load.run(20) is None

    starts = {r.user_data: r.started for r in dialler.requests if r.function == "import"}
    ends = {r.user_data: r.finished or 0.0 for r in dialler.requests if r.function == "import"}
    assert ends["K0"] <= starts["K1"]
    assert ends["K1"] <= starts["K2"]
    assert ends["K2"] <= min(start for key, start in starts.items() if key not in {"K0", "K1", "K2"})
    assert load.states() == {"succeeded": 18, "failed": 2}
    newest = [entry.watermark for entry in journal.rows(RUN)]
    assert newest[2] == 0, "no contact carried its key"
    assert min(newest[3:]) >= 1


def test_every_outcome_says_what_was_tried(dialler: SimulatorServer, journal: Journal) -> None:
    """Attempts, HTTP status and time of the last try."""
    dialler.order(FaultPlan.parse("503:#3:retry_after=0.05,400_for:K5"))
    load = Load(dialler, journal)

    assert load.run(8) is None

    by_seq = {outcome.seq: outcome for outcome in load.outcomes}
    tries = Counter(request.user_data for request in dialler.requests)
    assert {f"K{seq}": outcome.attempts for seq, outcome in by_seq.items()} == tries
    assert sum(tries.values()) == 9
    assert (by_seq[5].status, by_seq[5].http_status, by_seq[5].error_code) == (Status.FAILED, 400, "bad_request")
    assert by_seq[5].error == "The dialler refuses this contact"
    assert all(outcome.sent_at.endswith("Z") for outcome in load.outcomes)
