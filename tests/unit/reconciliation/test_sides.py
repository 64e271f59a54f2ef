"""Both sides on disk: rows whose number another row has are taken out, and say why their contacts are no extras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import orjson
import pytest

from dialler_sync.journal import Outcome, PlannedRow
from dialler_sync.model import ContactClass, Reason, Status
from dialler_sync.plan.suppress import SuppressionLists
from dialler_sync.reconciliation.scope import Scope
from dialler_sync.reconciliation.sides import Sides

KEYS = ["A", "B", "B", "C", "", ""]
"""UserData of the file's rows; of the two with B the last one counts."""


@pytest.fixture
def sides() -> Iterator[Sides]:
    with closing(Sides("last", lambda _: None)) as sides:
        sides.scope = Scope(frozenset({"538"}))
        sides.add_rows([PlannedRow(seq, 0, seq + 2, key) for seq, key in enumerate(KEYS)])
        sides.add([{"ID": number, "UserData": key} for number, key in enumerate("ABCD", 1)])
        sides.index()
        yield sides


def refused(seq: int) -> Outcome:
    error = "row 9 has the same number"
    return Outcome(seq, Status.REJECTED, error_code="shared_number", error_field="PhoneNumber1", error=error)


def left(seq: int) -> Outcome:
    return Outcome(seq, Status.SKIPPED, Reason.SUPERSEDED, error="row 9 is used instead")


def lines(sides: Sides) -> list[tuple[str, str, int | None, str]]:
    """(class, UserData, place of the row, what is said) of each line."""
    bodies = [(seq, key, orjson.dumps({"UserData": key} if key else {})) for seq, key in enumerate(KEYS)]
    found = sides.lines([bodies], range(2, len(KEYS) + 2), SuppressionLists())
    return [(str(line.kind), line.user_data, line.seq, line.text) for line in found]


MATCHING, DIFFERING, EXTRA = str(ContactClass.MATCHING), str(ContactClass.DIFFERING), str(ContactClass.EXTRA)


def test_without_shared_numbers_every_row_has_its_lines(sides: Sides) -> None:
    before = lines(sides)
    sides.settle_shared([], ())

    assert lines(sides) == before
    assert [(kind, key, seq) for kind, key, seq, _ in before] == [
        (MATCHING, "A", 0), ("duplicate", "B", 2), (MATCHING, "C", 3), ("missing", "", 4), ("missing", "", 5),
        (EXTRA, "D", None),
    ]  # fmt: skip


def test_a_rejected_row_and_one_that_is_left_to_another_are_taken_out(sides: Sides) -> None:
    """The contact of either is in the file, but not compared; only the rejected one is among the faults. Of rows with
    one key the one that counts takes the others with it; a row without a key goes alone."""
    sides.settle_shared([left(0), refused(2), left(4)], ())

    rows, contacts = lines(sides)[:2], lines(sides)[2:]
    assert [(kind, key, seq) for kind, key, seq, _ in rows] == [(MATCHING, "C", 3), ("missing", "", 5)]
    assert contacts == [
        (MATCHING, "A", None, "superseded: row 9 is used instead"),
        (DIFFERING, "B", None, "rejected: row 9 has the same number"),
        (EXTRA, "D", None, ""),
    ]
    faults = [(seq, code, name, error) for seq, _, code, name, error, *_ in sides.rejected()]
    assert faults == [(2, "shared_number", "PhoneNumber1", "row 9 has the same number")]
    assert sides.valid == len(KEYS) - 4 == len(rows)


def test_a_row_that_does_not_count_takes_nothing_with_it(sides: Sides) -> None:
    """The contact of its key is compared with the row that counts."""
    sides.settle_shared([left(1)], ())

    assert [line[:3] for line in lines(sides)][:2] == [(MATCHING, "A", 0), ("duplicate", "B", 2)]


def test_keys_that_are_rejected_are_faults_and_those_left_to_others_are_not(sides: Sides) -> None:
    sides.settle([left(0), refused(1)])

    assert [seq for seq, *_ in sides.rejected()] == [1]


def test_which_records_belong(sides: Sides) -> None:
    """Those of the campaign; of others only with a key of the file, where rows name their campaigns; with a part of a
    list no contact that the file does not name. The rest is counted."""
    ours, theirs = ({"ID": 9, "DiallerCampaignsID": number} for number in (538, 539))

    def stored(scope: Scope) -> tuple[list[str], int]:
        sides.clear()
        sides.scope = scope
        sides.add({**record, "UserData": key} for record in (ours, theirs) for key in ("A", "D", ""))
        sides.add_beside([theirs])
        return [contact.user_data for contact in sides.contacts()], sides.outside

    here = frozenset({"538"})
    assert stored(Scope(here)) == (["A", "D", ""], 4)
    assert stored(Scope(here, extras=False)) == (["A"], 6)
    assert stored(Scope(here, moved=True)) == (["A", "D", "", "A"], 3)
    assert sides.fields == {"ID", "UserData", "DiallerCampaignsID"}


def test_rows_in_any_state_are_known_by_their_keys(sides: Sides) -> None:
    """A contact of a rejected or filtered row is named by the file; a row without a key names nobody."""
    states = [PlannedRow(seq, 0, seq + 2, key, state=str(Status.REJECTED)) for seq, key in enumerate(["R", ""], 6)]
    rule = {"state": str(Status.SKIPPED), "action": str(Reason.FILTERED), "error": "rows.skip"}
    filtered = [PlannedRow(seq, 0, seq + 2, key, **rule) for seq, key in enumerate(["F", ""], 8)]
    sides.add_rows([*states, *filtered, PlannedRow(10, 0, 12, "S", state=str(Status.SKIPPED), action="suppressed")])

    named = [key for key in ["A", "R", "F", "S", "", "None"] if sides.is_named({"UserData": key})]
    assert named == ["A", "R", "F"]
    assert (sides.valid, sides.count_keys(), sorted(sides.keys())) == (6, 5, ["A", "B", "C", "F", "R"])
    assert not sides.is_named({})
