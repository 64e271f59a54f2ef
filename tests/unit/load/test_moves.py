"""Rows whose key contacts of other campaigns carry: the first contact that is made twice stops the run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.api.wire import StoredContact, stored_contact
from dialler_sync.errors import Interrupted, MaybeDone, SafetyLimit
from dialler_sync.journal import Outcome
from dialler_sync.load.moves import Moves
from dialler_sync.model import MOVE, SpooledRow, Status

MOVED = SpooledRow(0, "K", b"{}", MOVE, "7")
MOVED_BY_A_RETRY = SpooledRow(0, "K", b"{}", MOVE)
OWN = SpooledRow(0, "K", b"{}", contact_id="7")
PLAIN = SpooledRow(0, "K", b"{}")
LOCKED = SpooledRow(0, "K", b"", "lock", "7")


class Dialler:
    """Has the contacts of these IDs; None: it cannot be asked. ``asked`` counts the questions."""

    def __init__(self, ids: Sequence[int] | Exception | None) -> None:
        self.gate = Gate(1)
        self.asked = 0
        self._ids = ids

    async def find_contacts(self, user_data: str, *, proof: bool) -> list[StoredContact]:
        assert proof
        self.asked += 1
        if isinstance(self._ids, Exception):
            raise self._ids
        if self._ids is None:
            raise MaybeDone("timeout", "no answer")
        return [stored_contact({"ID": number, "UserData": user_data}) for number in self._ids]

    @property
    def client(self) -> DiallerClient:
        return cast("DiallerClient", self)


def checked(dialler: Dialler, row: SpooledRow, outcome: Outcome) -> tuple[Outcome, bool]:
    """What becomes of an outcome, and whether a second row of its kind has to wait."""
    moves = Moves(dialler.client)

    async def work() -> tuple[Outcome, bool]:
        found = await moves.checked(row, outcome)
        async with moves.turn(row) as alone:
            return found, alone

    return asyncio.run(work())


def done(contact_id: str) -> Outcome:
    return Outcome(0, Status.SUCCEEDED, contact_id=contact_id)


@pytest.mark.parametrize(
    ("row", "ids", "told", "contact_id"),
    [
        (MOVED, [7], "7", "7"),
        (MOVED, [7], "", "7"),
        (MOVED, [], "7", "7"),
        (MOVED, None, "7", "7"),
        (OWN, None, "7", "7"),
        (OWN, None, "", ""),
    ],
)
def test_contact_that_is_there_once(row: SpooledRow, ids: Sequence[int] | None, told: str, contact_id: str) -> None:
    """The next ones of its kind need not wait any more."""
    dialler = Dialler(ids)

    outcome, alone = checked(dialler, row, done(told))

    assert (outcome.status, outcome.contact_id, alone) == ("succeeded", contact_id, False)
    assert dialler.gate.stopped is None


@pytest.mark.parametrize(
    ("row", "ids", "told", "says"),
    [
        (MOVED, [7, 8], "8", "contact 7 and contact 8"),
        (MOVED, [7, 8], "7", "contact 7 and contact 8"),
        (MOVED_BY_A_RETRY, [7, 8], "8", "contact 7 and contact 8"),
        (MOVED, [], "8", "cannot check whether the contact is still"),
        (MOVED, None, "8", "cannot check whether the contact is still"),
        (MOVED, None, "", "cannot check whether the contact is still"),
        (OWN, None, "8", "was changed, not contact"),
    ],
)
def test_contact_that_may_be_there_twice_stops_the_run(
    row: SpooledRow, ids: Sequence[int] | None, told: str, says: str
) -> None:
    dialler = Dialler(ids)

    outcome, alone = checked(dialler, row, done(told))

    assert (outcome.status, outcome.error_code, alone) == ("unknown", "possible_duplicate", True)
    assert says in outcome.error
    assert isinstance(dialler.gate.stopped, SafetyLimit)


def test_move_that_could_not_be_looked_at_before_the_run_ended() -> None:
    outcome, alone = checked(Dialler(Interrupted("enough")), MOVED, done("7"))

    assert (outcome.status, outcome.error_code, alone) == ("unknown", "interrupted", True)


@pytest.mark.parametrize(
    ("row", "outcome"), [(PLAIN, done("8")), (LOCKED, done("8")), (MOVED, Outcome(0, Status.FAILED, contact_id="8"))]
)
def test_other_rows_are_left_as_they_are(row: SpooledRow, outcome: Outcome) -> None:
    """Rows of which no other campaign knows, changes of contacts, and rows that were not done."""
    dialler = Dialler([7, 8])

    assert checked(dialler, row, outcome)[0] == outcome
    assert dialler.asked == 0
    assert dialler.gate.stopped is None


def test_rows_of_one_kind_go_one_by_one_until_one_has_shown_how_the_dialler_does_it() -> None:
    """The second waits for the first, and is alone only where that one has shown nothing."""

    async def work() -> list[Any]:
        moves = Moves(Dialler([7]).client)
        came: list[Any] = []

        async def second() -> None:
            async with moves.turn(MOVED) as alone:
                came.append(alone)

        async with moves.turn(MOVED) as alone:
            came.append(alone)
            waiting = asyncio.create_task(second())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            came.append("first")
            async with moves.turn(PLAIN) as unwatched, moves.turn(LOCKED) as changed:
                came += [unwatched, changed]
            await moves.checked(MOVED, done("7"))
        await waiting
        return came

    assert asyncio.run(work()) == [True, "first", False, False, False]


def test_rows_wait_for_each_other_no_more_when_one_has_shown_how_the_dialler_does_it() -> None:
    async def work() -> list[bool]:
        moves = Moves(Dialler([7]).client)
        await moves.checked(MOVED, done("7"))
        async with asyncio.timeout(5), moves.turn(MOVED) as first, moves.turn(MOVED) as second:
            return [first, second]

    assert asyncio.run(work()) == [False, False]
