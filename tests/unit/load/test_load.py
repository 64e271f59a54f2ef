"""How rows are sent: in which order, how many at once, and what is left when it stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.wire import StoredContact
from dialler_sync.config.settings import DiallerSettings
from dialler_sync.errors import DiallerUnavailable, Interrupted, MaybeDone, NoRowCanSucceed, NotDone, Refused, StopRun
from dialler_sync.journal import Journal, Outcome, PlannedRow
from dialler_sync.load.evidence import LookUp, may_be_trace, trace
from dialler_sync.load.loader import PARKED, Loader, Rules
from dialler_sync.load.recorder import Recorder
from dialler_sync.model import SpooledRow, Status
from dialler_sync.simulator import FaultPlan, SimulatorServer, Span, Store

from ...helpers.records import RUN

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
                loader = Loader(client, Recorder(self.journal, RUN.id, gate.stop), rules, settled=settled)
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
    newest = [entry.newest_id for entry in journal.rows(RUN)]
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


SENT: dict[str, Any] = {"DiallerCampaignsID": 538, "UserData": "K", "Name": "Müller", "PhoneNumber1": "+49171"}
AS_SENT = {**SENT, "ID": 0, "bLocked": False}
TIDIED = {**AS_SENT, "PhoneNumber1": "49171", "Name": "MÜLLER"}
ANOTHER = {**AS_SENT, "Name": "Meier"}


@pytest.mark.parametrize(
    ("values", "contact_id", "newest_before", "shown", "possible"),
    [
        (AS_SENT, "7", None, True, True),
        (AS_SENT, "7", 6, True, True),
        (AS_SENT, "7", 0, True, True),
        (AS_SENT, "7", 7, False, False),
        (AS_SENT, "7", 9, False, False),
        (AS_SENT, "7", -1, False, True),
        (AS_SENT, "x7", 6, False, True),
        (TIDIED, "7", None, False, True),
        (TIDIED, "7", 6, False, True),
        (TIDIED, "7", 8, False, False),
        (ANOTHER, "7", None, False, False),
        (ANOTHER, "7", 6, False, False),
    ],
)
def test_what_a_contact_tells_of_a_row(
    values: dict[str, Any], contact_id: str, newest_before: int | None, shown: bool, possible: bool
) -> None:
    """Whether it shows that the row was done, and whether it may at least come from it."""
    contact = StoredContact(contact_id, "K", values)

    assert (trace(SENT, [contact], newest_before, {}) is contact) == shown
    assert may_be_trace(SENT, contact, newest_before, {}) == possible


def test_two_contacts_that_look_alike_show_nothing_without_overwriting() -> None:
    """Which of them is the row's would be a guess; when overwriting, either is as it should be."""
    both = [StoredContact("7", "K", AS_SENT), StoredContact("8", "K", AS_SENT)]

    assert trace(SENT, both, 6, {}) is None
    assert trace(SENT, both, None, {}) is both[0]


def test_a_row_that_resets_the_contact_is_not_shown_by_it() -> None:
    """ResetContact is no field that the dialler keeps: that all others fit does not tell that it was done."""
    assert trace({**SENT, "ResetContact": True}, [StoredContact("7", "K", AS_SENT)], None, {}) is None


def test_contact_of_another_campaign_shows_nothing_of_a_row() -> None:
    """It is another contact with the same key."""
    there = StoredContact("7", "K", {**AS_SENT, "DiallerCampaignsName": "Other"})
    sent = {name: value for name, value in SENT.items() if name != "DiallerCampaignsID"}
    sent["DiallerCampaignsName"] = "Nightly"
    known_by_id = StoredContact("7", "K", {**AS_SENT, "DiallerCampaignsID": 539})

    for contact in (there, known_by_id):
        assert trace(sent, [contact], None, {"Nightly": "538"}) is None
        assert not may_be_trace(sent, contact, None, {"Nightly": "538"})


class Answers:
    """A client whose look-up by key, and in a batch, gives these records, or raises; ``asked`` says in which order."""

    def __init__(self, by_key: list[Any] | Exception, in_batch: list[Any] | Exception) -> None:
        self.asked: list[str] = []
        self.gate = SimpleNamespace(last_success=0)
        self._by_key, self._in_batch = by_key, in_batch

    async def find_contacts(self, _user_data: str, *, proof: bool) -> list[StoredContact]:
        assert proof
        return self._told("key", self._by_key)

    async def batch_contacts(self, *, user_data: list[str]) -> list[Any]:
        assert user_data == ["K"]
        return self._told("batch", self._in_batch)

    def _told(self, name: str, answer: list[Any] | Exception) -> list[Any]:
        self.asked.append(name)
        self.gate.last_success += 1  # the dialler is there
        if isinstance(answer, Exception):
            raise answer
        return answer


MISSING = Refused("endpoint_missing", "no such function", http_status=404)
NOT_FOUND = Refused("not_found", "not found", http_status=404)
FOUND = [StoredContact("7", "K", AS_SENT)]
IN_BATCH = [{**AS_SENT, "ID": 8}, {**AS_SENT, "ID": 9, "UserData": "k"}]


@pytest.mark.parametrize(
    ("by_key", "in_batch", "found", "asked", "possible"),
    [
        (FOUND, IN_BATCH, ["7"], ["key"] * 2, True),
        ([], IN_BATCH, [], ["key"] * 2, True),
        (MISSING, IN_BATCH, ["8"], ["key", "batch", "batch"], True),
        (NOT_FOUND, IN_BATCH, ["8"], ["key", "batch"] * 2, True),
        (MISSING, MISSING, None, ["key", "batch"], False),
        (NOT_FOUND, NOT_FOUND, None, ["key", "batch"] * 2, True),
        (NotDone("unavailable", "down"), IN_BATCH, None, ["key"] * 2, True),
        (MaybeDone("timeout", "no answer"), IN_BATCH, None, ["key"] * 2, True),
    ],
)
def test_look_up_by_whichever_function_there_is(
    by_key: list[Any] | Exception,
    in_batch: list[Any] | Exception,
    found: list[str] | None,
    asked: list[str],
    possible: bool,
) -> None:
    """One that is missing is asked for once; that none answers is not that there is no contact."""
    client = Answers(by_key, in_batch)
    look_up = LookUp(cast("DiallerClient", client))

    async def twice() -> list[list[StoredContact] | None]:
        return [await look_up("K"), await look_up("K")]

    for contacts in asyncio.run(twice()):
        assert (None if contacts is None else [contact.id for contact in contacts]) == found
    assert (client.asked, look_up.possible) == (asked, possible)


def test_function_that_two_rows_find_missing_at_once() -> None:
    """It is left out once."""
    client = Answers(MISSING, IN_BATCH)
    look_up = LookUp(cast("DiallerClient", client))
    slow = asyncio.Barrier(2)

    async def by_key(user_data: str, *, proof: bool) -> list[StoredContact]:
        await slow.wait()
        return await Answers.find_contacts(client, user_data, proof=proof)

    client.find_contacts = by_key  # type: ignore[method-assign]

    async def at_once() -> list[Any]:
        return await asyncio.gather(look_up("K"), look_up("K"))

    assert all(found is not None and len(found) == 1 for found in asyncio.run(at_once()))
