"""How a row whose first try failed comes to its end: what is tried again, what is waited for, what stops the run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle, product
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.wire import StoredContact, stored_contact
from dialler_sync.errors import Interrupted, MaybeDone, NoRowCanSucceed, NotDone, Refused
from dialler_sync.journal import Outcome
from dialler_sync.load.attempt import CROWD, TRANSITIONS, Attempt, Event, State
from dialler_sync.load.change import change_by_id
from dialler_sync.load.moves import Moves
from dialler_sync.load.outcomes import Outcomes
from dialler_sync.load.recorder import Recorder
from dialler_sync.load.retrier import Retrier
from dialler_sync.load.rules import Rules
from dialler_sync.model import Action, SpooledRow

from ...helpers.run_log import Log

ROW = SpooledRow(0, "K", b'{"UserData": "K", "Name": "A"}')
KEYLESS = SpooledRow(0, "", b'{"Name": "A"}')
AS_SENT = stored_contact({"ID": 7, "UserData": "K", "Name": "A"})
REFUSED_BEFORE_THE_DIALLER = Refused("bad_request", "said so", http_status=400, foreign=True)
TURNED_AWAY = NotDone("rate_limited", "said so", http_status=429)


class Patient(Gate):
    """A gate at which the time does not pass; ``rests`` are the seconds that somebody waited.

    ``endless``: who rests there waits for ever.
    """

    def __init__(self) -> None:
        super().__init__(1, clock=lambda: 0.0)
        self.last_success = 1.0
        self.rests: list[float] = []
        self.endless = False

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        if self.endless:
            await asyncio.Event().wait()
        if self.stopped:
            raise self.stopped


class Notes:
    """A recorder that remembers. With ``hanging``, nothing that is intended is ever written."""

    def __init__(self, *, hanging: bool = False) -> None:
        self.outcomes: list[Outcome] = []
        self.intended: list[tuple[int, int | None]] = []
        self.taken_back: list[int] = []
        self._hanging = hanging

    def put(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    async def intend(self, seq: int, watermark: int | None) -> None:
        self.intended.append((seq, watermark))
        if self._hanging:
            await asyncio.Event().wait()

    def take_back(self, seq: int) -> None:
        self.taken_back.append(seq)


class Dialler:
    """A client. ``imports`` gives the answer to an import; ``found`` is what a lookup finds, or what it raises."""

    def __init__(
        self, imports: Callable[[], Exception | StoredContact], found: list[StoredContact] | Exception
    ) -> None:
        self.gate = Patient()
        self.looked = 0
        self._imports = imports
        self.found = found

    async def import_contact(self, _body: bytes, *, overwrite: bool, user_data: str) -> StoredContact:
        assert user_data in {ROW.user_data, ""}
        del overwrite
        answer = self._imports()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def find_contacts(self, user_data: str, *, proof: bool) -> list[StoredContact]:
        assert (user_data, proof) == (ROW.user_data, True)
        self.looked += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def batch_contacts(self, *, user_data: list[str]) -> list[Any]:
        raise Refused("endpoint_missing", f"no such function for {user_data}", http_status=404)


class Bench:
    """A retrier and all that it works with."""

    def __init__(
        self,
        imports: Callable[[], Exception | StoredContact] = lambda: AS_SENT,
        found: list[StoredContact] | Exception | None = None,
        *,
        overwrite: bool = True,
        hanging: bool = False,
        retries: int = 1,
    ) -> None:
        self.dialler = Dialler(imports, [] if found is None else found)
        self.gate = self.dialler.gate
        self.notes = Notes(hanging=hanging)
        recorder, client = cast("Recorder", self.notes), cast("DiallerClient", self.dialler)
        self.outcomes = Outcomes(recorder, Log(), overwrite=overwrite)
        self.now = 0.0
        rules = Rules(overwrite, None, retries, timeout=60)
        self.retrier = Retrier(client, recorder, self.outcomes, rules, Moves(client), lambda: self.now)

    def retry(self, error: Exception, row: SpooledRow = ROW, watermark: int | None = None) -> None:
        asyncio.run(self.retrier.retry(Attempt(row, watermark, 0.0), cast("Any", error)))

    def resolve(self, row: SpooledRow = ROW, watermark: int | None = None) -> None:
        asyncio.run(self.retrier.resolve(row, watermark))

    @property
    def outcome(self) -> Outcome:
        (outcome,) = self.notes.outcomes
        return outcome


@pytest.mark.parametrize(
    ("done", "opened", "before", "stops"),
    [(1, True, 1, False), (1, False, 1, False), (0, True, 0, False), (0, True, 1, True), (0, False, 0, True)],
)
def test_refusal_by_what_stands_before_the_dialler(done: int, opened: bool, before: int, stops: bool) -> None:
    """It is about the row where rows have passed, or where it is the first one of a dialler that answers."""
    bench = Bench()
    bench.outcomes.done, bench.gate.opened = 1, True
    for _ in range(before):
        bench.retrier.stop_if_fatal(REFUSED_BEFORE_THE_DIALLER, None)
    bench.outcomes.done, bench.gate.opened = done, opened

    bench.retry(REFUSED_BEFORE_THE_DIALLER)

    assert isinstance(bench.gate.stopped, NoRowCanSucceed) is stops
    assert [outcome.status for outcome in bench.notes.outcomes] == ([] if stops else ["failed"])
    assert bench.retrier.refuses_all is not done


def test_refusals_of_the_dialler_itself_are_about_the_row() -> None:
    bench = Bench()

    bench.retry(Refused("conflict", "said so", http_status=409))

    assert (bench.outcome.status, bench.retrier.refuses_all, bench.gate.stopped) == ("failed", False, None)


@pytest.mark.parametrize(
    ("turned_away", "done", "excused"),
    [
        (CROWD + 1, 1, True),
        (CROWD + 1, CROWD * (CROWD + 1), True),
        (CROWD, 1, False),
        (CROWD + 1, 0, False),
        (CROWD + 1, CROWD * (CROWD + 1) + 1, False),
    ],
)
@pytest.mark.parametrize("code", ["rate_limited", "gateway_timeout"])
def test_tries_that_are_turned_away_in_a_crowd_do_not_count(
    code: str, turned_away: int, done: int, excused: bool
) -> None:
    """Where many are, and others are done; but for refusals for load alone."""
    left = 4

    def imports() -> Exception | StoredContact:
        nonlocal left
        left -= 1
        bench.gate.turned_away += turned_away
        bench.outcomes.done += done
        return NotDone(code, "said so", http_status=429) if left else AS_SENT

    bench = Bench(imports)
    bench.retry(NotDone(code, "said so", http_status=429))

    excused = excused and code == "rate_limited"
    assert (bench.outcome.status, bench.outcome.attempts) == (("succeeded", 5) if excused else ("failed", 2))


def test_interrupted_row_is_left_in_doubt_where_the_run_ends_before_it_is_looked_for() -> None:
    """Nobody raises, so that the others come to their end; nothing is written down of it."""
    bench = Bench(found=Interrupted("enough"))

    bench.resolve()

    assert (bench.notes.outcomes, bench.notes.taken_back) == ([], [])


@pytest.mark.parametrize(
    ("found", "passed", "rests"), [([], 0.0, 10.0), ([], 3.0, 7.0), ([], 60.0, 0.0), ([AS_SENT], 0.0, None)]
)
def test_interrupted_row_is_not_repeated_before_the_dialler_is_surely_through_with_it(
    found: list[StoredContact], passed: float, rests: float | None
) -> None:
    """One that is there need not be waited for."""
    bench = Bench(found=found)
    bench.now = passed

    bench.resolve()

    assert bench.gate.rests[:1] == ([] if rests is None else [rests])
    assert bench.outcome.status == "succeeded"
    assert bench.retrier.retries == (0 if found else 1)


@pytest.mark.parametrize("older", [True, False])
def test_interrupted_row_without_overwriting_is_shown_by_a_newer_contact_only(older: bool) -> None:
    bench = Bench(found=[AS_SENT], overwrite=False)

    bench.resolve(watermark=7 if older else 6)

    assert (bench.outcome.contact_id, bench.retrier.retries) == ("7", int(older))


def test_interrupted_row_that_is_there_twice_is_reported() -> None:
    """The run that was interrupted may have sent it more than once; both contacts stay."""
    bench = Bench(found=[AS_SENT, stored_contact({**AS_SENT.values, "ID": 8})])

    bench.resolve()

    assert (bench.outcome.status, bench.outcome.error_code) == ("unknown", "possible_duplicate")


def test_interrupted_row_without_a_key_stays_in_doubt() -> None:
    """It is neither looked for nor sent again."""
    bench = Bench()

    bench.resolve(KEYLESS)

    assert (bench.outcome.status, bench.outcome.error_code) == ("unknown", "interrupted")
    assert bench.outcome.error == "it was sent before without an answer, and whether it was done cannot be found out"
    assert (bench.retrier.retries, bench.dialler.looked, bench.gate.rests) == (0, 0, [])


async def _cancelled(work: Awaitable[object]) -> None:
    task = asyncio.ensure_future(work)
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_row_that_was_not_sent_after_all_is_in_no_doubt() -> None:
    """The run ended while it was written down that the row is about to be sent."""
    bench = Bench(overwrite=False, hanging=True)

    asyncio.run(_cancelled(bench.retrier.intend(ROW, 5)))

    assert (bench.notes.intended, bench.notes.taken_back) == ([(0, 5)], [0])


@pytest.mark.parametrize(
    ("row", "known", "newest", "looked"),
    [(ROW, 5, 5, 0), (ROW, None, 7, 1), (KEYLESS, None, None, 0), (KEYLESS, 5, 5, 0)],
)
def test_what_is_older_than_a_row(row: SpooledRow, known: int | None, newest: int | None, looked: int) -> None:
    """It is looked for where no ID is known yet, and where there is a key to look for."""
    bench = Bench(found=[AS_SENT], overwrite=False)

    assert asyncio.run(bench.retrier.intend(row, known)) == newest

    assert (bench.notes.intended, bench.dialler.looked) == ([(0, newest)], looked)


@pytest.mark.parametrize("code", ["bad_gateway", "server_error"])
@pytest.mark.parametrize("key", [True, False])
def test_row_that_keeps_failing_is_not_tried_more_often_than_it_may(key: bool, code: str) -> None:
    """A lookup tells that the dialler is there."""
    bench = Bench(lambda: NotDone(code, "said so"), retries=2)

    bench.retry(NotDone(code, "said so"), ROW if key else KEYLESS)

    assert (bench.outcome.status, bench.outcome.attempts) == ("failed", 3)
    assert bench.dialler.looked == (1 + 1 if key and code == "bad_gateway" else 0)


def test_dialler_without_a_look_up_is_away_only_where_nothing_was_done_since_the_rows_first_try() -> None:
    """One more try is made where it was away before, and then no other."""
    left = 6

    def imports() -> Exception | StoredContact:
        nonlocal left
        left -= 1
        return NotDone("unavailable", "down") if left else AS_SENT

    bench = Bench(imports, Refused("endpoint_missing", "no such function", http_status=404))
    bench.now = 2.0

    bench.retry(NotDone("unavailable", "down"))

    assert (bench.outcome.status, bench.outcome.attempts) == ("failed", 3)


def test_dialler_that_goes_away_at_a_rows_last_try_does_not_cost_the_row() -> None:
    def imports() -> Exception | StoredContact:
        if bench.gate.last_success < 0:
            return AS_SENT
        bench.gate.last_success = -1.0
        return NotDone("unavailable", "down")

    bench = Bench(imports)

    bench.retry(NotDone("unavailable", "down"))

    assert (bench.outcome.status, bench.outcome.attempts) == ("succeeded", 3)


def test_rows_that_always_fail_together_are_not_tried_for_ever() -> None:
    """A few tries more than each alone would have, as it may be the dialler."""
    left = 50

    def imports() -> Exception | StoredContact:
        nonlocal left
        left -= 1
        return NotDone("bad_gateway", "said so") if left else AS_SENT

    bench = Bench(imports)
    bench.gate.bout.rows |= {8, 9}

    bench.retry(NotDone("bad_gateway", "said so"))

    assert bench.outcome.status == "failed"
    assert 2 < bench.outcome.attempts < 9


@pytest.mark.parametrize(("overwrite", "taken_back"), [(True, []), (False, [0])])
def test_row_that_was_certainly_not_done_is_still_to_be_done_when_the_run_stops(
    overwrite: bool, taken_back: list[int]
) -> None:
    """What was written down of it before it was sent is taken back."""
    bench = Bench(overwrite=overwrite)
    bench.gate.stop(Interrupted("enough"))

    bench.retry(TURNED_AWAY)

    assert (bench.notes.outcomes, bench.notes.taken_back) == ([], taken_back)


def test_row_that_may_have_been_done_is_unknown_when_the_run_stops() -> None:
    bench = Bench()
    bench.gate.stop(Interrupted("enough"))

    bench.retry(MaybeDone("timeout", "no answer"))

    assert (bench.outcome.status, bench.notes.taken_back) == ("unknown", [])


@pytest.mark.parametrize(("overwrite", "tries"), [(True, 2), (False, 1)])
def test_row_that_may_have_been_done_is_repeated_only_where_that_is_harmless(overwrite: bool, tries: int) -> None:
    """A contact is there that may be the row's, as the dialler tidies it."""
    bench = Bench(found=[stored_contact({**AS_SENT.values, "ID": 9, "Name": "a"})], overwrite=overwrite)

    bench.retry(MaybeDone("server_error", "lost", running=False), watermark=6)

    assert (bench.outcome.status, bench.outcome.attempts) == ("succeeded" if overwrite else "unknown", tries)


def test_second_contact_after_a_repeat_is_reported() -> None:
    """The try that was lost may have made it."""
    twice = [stored_contact({**AS_SENT.values, "ID": number}) for number in (7, 8)]

    def imports() -> StoredContact:
        bench.dialler.found = twice
        return AS_SENT

    bench = Bench(imports, MaybeDone("server_error", "no answer"))
    bench.retry(MaybeDone("server_error", "lost", running=False))

    assert (bench.outcome.status, bench.outcome.error_code) == ("unknown", "possible_duplicate")


def test_row_that_is_cut_off_is_unknown() -> None:
    """The time for what is in flight was over while it waited."""
    bench = Bench()
    bench.gate.endless = True

    asyncio.run(_cancelled(bench.retrier.retry(Attempt(ROW, None, 0.0), TURNED_AWAY)))

    assert (bench.outcome.status, bench.outcome.error_code) == ("unknown", "interrupted")


def test_repeat_that_may_do_harm_is_written_down_with_what_was_known_at_first() -> None:
    """A resume tells the row's contact from older ones by it."""
    bench = Bench(overwrite=False)

    bench.retry(TURNED_AWAY, watermark=5)

    assert bench.notes.intended == [(0, 5)]


def test_newest_contact_is_the_one_with_the_greatest_number() -> None:
    outcomes = Bench().outcomes

    newest = []
    for number in (0, 9, 7, None, "x"):
        outcomes.succeeded(ROW, stored_contact({"ID": number}), 1, "")
        newest.append(outcomes.newest_id)

    assert newest == [0, 9, 9, 9, 9]


@pytest.mark.parametrize(
    ("overwrite", "planned", "kind", "action"),
    [
        (True, None, "import", Action.IMPORT),
        (False, None, "import", Action.CREATE),
        (True, Action.OVERWRITE, "import", Action.OVERWRITE),
        (True, Action.OVERWRITE, "lock", Action.LOCK),
    ],
)
def test_outcome_says_what_was_to_be_done(overwrite: bool, planned: Action | None, kind: str, action: Action) -> None:
    row = ROW if kind == "import" else SpooledRow(0, "K", b"", kind, "7")
    recorder = cast("Recorder", Notes())
    outcomes = Outcomes(recorder, Log(every=planned), overwrite=overwrite)

    assert outcomes.cut_off(row, 1, "").action is action


class Changing:
    """A client whose change by ID is not answered, and then finds nobody, or is never answered."""

    def __init__(self, *, answers: bool) -> None:
        self.gate = Patient()
        self.gate.last_success = float("-inf")
        self.looked = 0
        self._answers = answers
        self._tries = 0
        self.delete_by_id = self.lock_by_id = self.unlock_by_id = self._change

    async def _change(self, _contact_id: str) -> bool:
        self._tries += 1
        if self._tries > 1 and self._answers:
            return False
        raise MaybeDone("bad_gateway" if self._answers else "server_error", "said so")

    async def get_contact(self, _contact_id: str) -> None:
        self.looked += 1


@pytest.mark.parametrize("kind", ["delete", "lock", "unlock"])
def test_contact_that_is_gone_after_a_lost_change_was_deleted_by_nothing_but_a_delete(kind: str) -> None:
    """Somebody else may have deleted the contact that was to be locked: it is not locked."""
    row = SpooledRow(0, "K", b"", kind, "7")

    assert asyncio.run(change_by_id(cast("DiallerClient", Changing(answers=True)), row, set())) is (kind == "delete")


@pytest.mark.parametrize("kind", ["lock", "unlock"])
def test_lost_lock_is_not_shown_by_a_contact_that_is_gone(kind: str) -> None:
    with pytest.raises(MaybeDone):
        row = SpooledRow(0, "K", b"", kind, "7")
        asyncio.run(change_by_id(cast("DiallerClient", Changing(answers=False)), row, set()))


def test_lost_delete_is_shown_by_a_contact_that_is_gone() -> None:
    client = Changing(answers=False)

    assert asyncio.run(change_by_id(cast("DiallerClient", client), SpooledRow(0, "K", b"", "delete", "7"), set()))
    assert client.looked == 1


def test_refusal_of_every_row_settles_none() -> None:
    """They are still to be done when the reason is mended."""
    bench = Bench(lambda: Refused("unauthorised", "said so", http_status=401))

    bench.retry(TURNED_AWAY)

    assert isinstance(bench.gate.stopped, NoRowCanSucceed)
    assert bench.notes.outcomes == []


def test_row_that_was_done_is_not_sent_again_where_the_run_stops_before_its_contacts_are_counted() -> None:
    """Without overwriting that would make another contact."""

    def imports() -> StoredContact:
        bench.gate.stop(Interrupted("enough"))
        bench.dialler.found = Interrupted("enough")
        return AS_SENT

    bench = Bench(imports, overwrite=False)

    bench.retry(MaybeDone("server_error", "lost", running=False), watermark=6)

    assert (bench.outcome.status, bench.notes.taken_back) == ("unknown", [])


LOST = MaybeDone("server_error", "lost", running=False)
STILL_RUNNING = MaybeDone("timeout", "no answer")
ANSWERS = [AS_SENT, TURNED_AWAY, LOST, STILL_RUNNING, Refused("conflict", "said so", http_status=409)]
LOOKUPS: list[list[StoredContact] | Exception] = [
    [],
    [AS_SENT],
    [AS_SENT, stored_contact({**AS_SENT.values, "ID": 8})],
    [stored_contact({**AS_SENT.values, "ID": 9, "Name": "a"})],
    Refused("not_found", "no lookup", http_status=404),
    Interrupted("enough"),
]


class Scripted(Dialler):
    """A client with an answer for each import, and for each lookup."""

    def __init__(self, answers: Iterator[Exception | StoredContact], lookups: Iterator[Any]) -> None:
        super().__init__(lambda: next(answers), [])
        self._lookups = lookups

    async def find_contacts(self, user_data: str, *, proof: bool) -> list[StoredContact]:
        self.found = next(self._lookups)
        return await super().find_contacts(user_data, proof=proof)

    async def delete_by_id(self, _contact_id: str) -> bool:
        return True


FINAL = {
    State.SUCCEEDED: ("succeeded", ""),
    State.DOUBLED: ("unknown", "possible_duplicate"),
    State.FAILED: ("failed", None),
    State.UNKNOWN: ("unknown", None),
}


def test_rows_take_every_way_of_the_table_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """All short stories of a row, each answer with each lookup: its outcome is the state in which it ends."""
    taken: set[tuple[State, Event]] = set()
    note = Attempt.note

    def noted(attempt: Attempt, event: Event) -> None:
        taken.add((attempt.state, event))
        note(attempt, event)

    monkeypatch.setattr(Attempt, "note", noted)
    for first, second, overwrite in product([TURNED_AWAY, LOST, STILL_RUNNING], ANSWERS, [True, False]):
        for third, *looked in product(ANSWERS, LOOKUPS, LOOKUPS):
            bench = Bench(overwrite=overwrite, retries=2)
            client = Scripted(iter([second, third]), cycle(looked))
            bench.retrier._client = bench.retrier._lookup._client = cast("DiallerClient", client)
            attempt = Attempt(ROW, 6, 0.0)

            asyncio.run(bench.retrier.retry(attempt, cast("Any", first)))

            if bench.notes.outcomes:
                status, code = FINAL[attempt.state]
                assert bench.outcome.status == status
                assert code is None or bench.outcome.error_code == code
            else:
                assert not attempt.in_doubt
    assert taken == {(state, event) for state, ways in TRANSITIONS.items() for event in ways}
