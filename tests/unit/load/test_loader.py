"""What becomes of rows when sending them ends early: by a stop, a refusal of every row, a cancellation or a bug."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

import orjson
import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.wire import StoredContact, stored_contact
from dialler_sync.errors import Interrupted, MaybeDone, NoRowCanSucceed, NotDone, Refused, SafetyLimit
from dialler_sync.journal import Outcome
from dialler_sync.load.change import Changer
from dialler_sync.load.loader import Loader
from dialler_sync.load.recorder import Recorder
from dialler_sync.load.rules import Rules
from dialler_sync.model import MOVE, SpooledRow

from ...helpers.run_log import Log

CONCURRENCY = 3


class Notes:
    """A recorder that remembers; ``stop`` is raised by what intends to send row number ``stop_at``."""

    def __init__(self, stop: Exception | None = None, stop_at: int = 0) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.taken_back: list[int] = []
        self.kept_up = 0
        self.flushed = 0
        self._stop, self._stop_at = stop, stop_at

    def put(self, outcome: Outcome) -> None:
        assert not self.flushed, "it would not be written down any more"
        assert outcome.seq not in self.outcomes
        self.outcomes[outcome.seq] = outcome

    async def keep_up(self) -> None:
        self.kept_up += 1

    async def intend(self, seq: int, _watermark: int | None) -> None:
        if self._stop and seq == self._stop_at:
            raise self._stop

    def take_back(self, seq: int) -> None:
        self.taken_back.append(seq)

    async def flush(self) -> None:
        self.flushed += 1


class Restless(Gate):
    """A gate at which nobody has to rest, but lets others go on."""

    async def rest(self, seconds: float) -> None:
        del seconds
        await asyncio.sleep(0)
        if self.stopped:
            raise self.stopped


class Dialler:
    """A client: ``answer`` gives what comes of an import; None: nothing ever. ``log``: the keys that were asked for."""

    def __init__(self, answer: Callable[[str], object]) -> None:
        self.gate = Restless(CONCURRENCY)
        self.gate.opened = True
        self.log: list[str] = []
        self.imported: Counter[str] = Counter()
        self.there: dict[str, StoredContact] = {}
        self._answer = answer

    async def import_contact(self, body: bytes, *, overwrite: bool, user_data: str) -> StoredContact:
        del overwrite
        self.log.append(user_data)
        self.imported[user_data] += 1
        self.there[user_data] = stored_contact({**orjson.loads(body), "ID": len(self.log)})
        for _ in range(5):
            await asyncio.sleep(0)
        answer = self._answer(user_data)
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, BaseException):
            raise answer
        return self.there[user_data]

    async def find_contacts(self, user_data: str, *, proof: bool) -> list[StoredContact]:
        assert proof
        self.log.append(user_data)
        await asyncio.sleep(0)
        return [self.there[user_data]] if user_data in self.there else []


def rows(count: int, **changes: Any) -> list[SpooledRow]:
    return [
        SpooledRow(n, f"K{n}", orjson.dumps({"UserData": f"K{n}", "Name": "A"}))._replace(**changes)
        for n in range(count)
    ]


class By:
    """A changer that does what ``change`` does."""

    def __init__(self, change: Callable[[SpooledRow], Awaitable[Outcome]]) -> None:
        self._change = change

    async def change(self, row: SpooledRow) -> Outcome:
        return await self._change(row)


class Bench:
    """A loader and all that it works with."""

    def __init__(
        self,
        answer: Callable[[str], object] = lambda _: "done",
        *,
        overwrite: bool = True,
        stop: Exception | None = None,
        stop_at: int = 0,
        changer: Changer | None = None,
    ) -> None:
        self.dialler = Dialler(answer)
        self.gate = self.dialler.gate
        self.notes = Notes(stop, stop_at)
        self.rules = Rules(overwrite, None, retries=1, timeout=0)
        self.changer = changer

    async def loaded(self, given: Iterable[SpooledRow], doubtful: Iterable[SpooledRow] = ()) -> None:
        client, recorder = cast("DiallerClient", self.dialler), cast("Recorder", self.notes)
        loader = Loader(client, recorder, self.rules, Log(), changer=self.changer)
        await loader.load(iter(given), [(row, None) for row in doubtful])

    def load(self, given: Iterable[SpooledRow], doubtful: Iterable[SpooledRow] = ()) -> BaseException | None:
        """Send rows; gives what was raised."""

        async def within_time() -> BaseException | None:
            async with asyncio.timeout(10):
                (raised,) = await asyncio.gather(self.loaded(given, doubtful), return_exceptions=True)
            return raised

        return asyncio.run(within_time())

    def cancelled(self, given: Iterable[SpooledRow]) -> None:
        """Send rows, and cancel that when nothing moves any more."""

        async def work() -> None:
            loading = asyncio.create_task(self.loaded(given))
            for _ in range(100):
                await asyncio.sleep(0)
            loading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await loading

        asyncio.run(work())

    @property
    def statuses(self) -> list[str]:
        return [f"{outcome.status}" for _, outcome in sorted(self.notes.outcomes.items())]


def test_journal_is_asked_before_each_row_whether_it_keeps_up() -> None:
    bench = Bench()

    assert bench.load(rows(20)) is None

    assert (bench.notes.kept_up, bench.notes.flushed, bench.statuses) == (20, 1, ["succeeded"] * 20)


def test_rows_that_are_cut_off_are_unknown() -> None:
    """Those that are on their way, and one that waits to be sent again; what was not taken stays as it was."""

    def answer(key: str) -> object:
        if key == "K1":
            return NotDone("bad_gateway", "said so") if bench.dialler.imported[key] == 1 else None
        return "done" if key == "K0" else None

    bench = Bench(answer)

    bench.cancelled(rows(20))

    assert bench.statuses == ["succeeded", *["unknown"] * (CONCURRENCY + 1)]
    assert {outcome.error_code for seq, outcome in bench.notes.outcomes.items() if seq} == {"interrupted"}
    assert bench.notes.flushed == 1


def test_change_that_is_cut_off_is_unknown() -> None:
    async def changer(_: SpooledRow) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    bench = Bench(changer=By(changer))

    bench.cancelled(rows(5, body=b"", kind="lock", contact_id="7"))

    assert (bench.statuses, bench.notes.outcomes[0].error_code) == (["unknown"], "interrupted")


@pytest.mark.parametrize("row", [1, 4])
@pytest.mark.parametrize("first", ["done", NotDone("bad_gateway", "said so")], ids=["at once", "when sent again"])
def test_bug_ends_the_run_as_what_it_is(first: object, row: int) -> None:
    """Nobody waits for ever, and what was settled is written down."""

    def answer(key: str) -> object:
        if key != f"K{row}":
            return "done"
        return ValueError("a bug") if first == "done" or bench.dialler.imported[key] > 1 else first

    bench = Bench(answer)

    assert str(bench.load(rows(40))) == "a bug"
    assert bench.notes.flushed == 1
    assert row not in bench.notes.outcomes
    assert bench.statuses[0] == "succeeded"


def test_bug_does_not_wait_for_rows_that_the_dialler_never_answers() -> None:
    bench = Bench({"K0": "done", "K1": ValueError("a bug")}.get)

    assert str(bench.load(rows(8))) == "a bug"

    assert bench.statuses == ["succeeded", "unknown", "unknown"]


@pytest.mark.parametrize(("overwrite", "taken_back"), [(True, []), (False, [0])])
def test_row_that_the_gate_lets_through_no_more_is_still_to_be_done(overwrite: bool, taken_back: list[int]) -> None:
    """No other is taken, and the reason is raised."""
    enough = Interrupted("enough")

    def answer(_: str) -> object:
        bench.gate.stop(enough)
        return enough

    bench = Bench(answer, overwrite=overwrite)
    given = iter(rows(20))

    assert bench.load(given) is enough

    assert (bench.notes.outcomes, bench.notes.taken_back) == ({}, taken_back)
    assert len(list(given)) >= 20 - 1 - CONCURRENCY
    assert sum(bench.dialler.imported.values()) == 1


def test_row_is_not_sent_where_that_cannot_be_written_down() -> None:
    enough = Interrupted("enough")
    bench = Bench(overwrite=False, stop=enough)
    bench.gate.stop(enough)

    assert bench.load(rows(5)) is enough

    assert (bench.notes.outcomes, bench.dialler.imported) == ({}, {})


def test_rows_on_their_way_come_to_their_end_when_the_run_stops_before_another_is_sent() -> None:
    enough = Interrupted("enough")
    bench = Bench(overwrite=False, stop=enough, stop_at=2)

    bench.load(rows(3))

    assert bench.statuses == ["succeeded", "succeeded"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_contact_that_is_as_it_was_sent_shows_that_the_row_was_done(overwrite: bool) -> None:
    """It is not sent again; without overwriting it must be newer than all that were there before."""
    bench = Bench(
        lambda key: MaybeDone("server_error", "lost", running=False) if key == "K3" else "done", overwrite=overwrite
    )

    assert bench.load(rows(8)) is None

    assert bench.statuses == ["succeeded"] * 8
    assert set(bench.dialler.imported.values()) == {1}


def test_rows_that_may_have_been_moved_are_looked_at_one_after_the_other() -> None:
    """The first tells whether the dialler moves contacts; the others wait for it."""
    bench = Bench()
    moved = rows(3, kind=MOVE, contact_id="99")

    bench.load([], moved)

    first_of_next = bench.dialler.log.index("K1") if "K1" in bench.dialler.log else len(bench.dialler.log)
    assert "K0" not in bench.dialler.log[first_of_next:]
    assert bench.statuses[0] == "succeeded"


def test_row_that_may_be_moved_comes_to_its_end_before_the_next_is_sent() -> None:
    """Also where it has to be sent again."""
    bench = Bench(
        lambda key: NotDone("unavailable", "said so") if key == "K1" and bench.dialler.imported[key] == 1 else "done"
    )
    bench.load([*rows(1), *(row._replace(kind=MOVE, contact_id="99") for row in rows(4)[1:])])

    assert bench.dialler.imported["K1"] == 2
    assert "K1" not in bench.dialler.log[bench.dialler.log.index("K2") :]


def test_row_that_was_made_a_second_time_stops_the_run() -> None:
    """It names the contact that is meant, and the dialler says that it has changed another one."""
    bench = Bench()

    raised = bench.load(rows(5, contact_id="99"))

    assert isinstance(raised, SafetyLimit)
    assert (bench.statuses, bench.notes.outcomes[0].error_code) == (["unknown"], "possible_duplicate")
    assert bench.dialler.imported.total() == 1


FOREIGN = Refused("bad_request", "said so", http_status=400, foreign=True)


def test_first_row_comes_to_its_end_before_others_are_sent() -> None:
    """Also where it has to be sent again: it may be what stops all."""
    bench = Bench(
        lambda key: NotDone("unavailable", "said so") if key == "K0" and bench.dialler.imported[key] == 1 else "done"
    )

    assert bench.load(rows(8)) is None

    assert bench.dialler.imported["K0"] == 2
    assert "K0" not in bench.dialler.log[bench.dialler.log.index("K1") :]


@pytest.mark.parametrize(("refused", "imports"), [(1, 8), (2, 2)])
def test_row_after_one_that_was_refused_before_the_dialler_goes_alone_too(refused: int, imports: int) -> None:
    """It tells whether all are refused; where it is done, the others follow."""
    bench = Bench(lambda key: FOREIGN if int(key[1:]) < refused else "done")

    raised = bench.load(rows(8))

    assert isinstance(raised, NoRowCanSucceed) is (refused > 1)
    assert bench.dialler.imported.total() == imports


def test_rows_go_beside_each_other_after_the_first_that_is_done() -> None:
    """One refusal before it does not have ten rows go one by one."""
    most = 0

    def answer(key: str) -> object:
        nonlocal most
        most = max(most, bench.dialler.imported.total() - len(bench.notes.outcomes))
        return FOREIGN if key == "K0" else "done"

    bench = Bench(answer)

    assert bench.load(rows(9)) is None

    assert most > 1


@pytest.mark.parametrize(
    ("error", "opened", "status"),
    [
        (Refused("conflict", "said so", http_status=409), True, "failed"),
        (Refused("not_found", "said so", http_status=404), True, "failed"),
        (NotDone("unavailable", "said so"), True, "failed"),
        (MaybeDone("timeout", "said so"), True, "unknown"),
        (FOREIGN, True, "failed"),
        (FOREIGN, False, ""),
        (Refused("unauthorised", "said so", http_status=401), True, ""),
    ],
)
def test_change_that_fails(error: Exception, opened: bool, status: str) -> None:
    """It is reported, and the others are made; but where none can succeed, all are still to be made."""

    async def changer(row: SpooledRow) -> Outcome:
        if row.seq == 0:
            raise error
        return Outcome(row.seq, cast("Any", "succeeded"))

    bench = Bench(changer=By(changer))
    bench.gate.opened = opened

    raised = bench.load(rows(3, body=b"", kind="lock", contact_id="7"))

    assert isinstance(raised, NoRowCanSucceed) is (not status)
    assert bench.statuses == ([status, "succeeded", "succeeded"] if status else [])


def test_reason_of_a_change_to_stop_is_that_of_the_run() -> None:
    """Only what the changer itself finds need be told to the gate."""
    limit = SafetyLimit("too many")

    async def changer(_: SpooledRow) -> Outcome:
        raise limit

    bench = Bench(changer=By(changer))

    assert bench.load(rows(3, body=b"", kind="lock", contact_id="7")) is limit
    assert bench.statuses == []
