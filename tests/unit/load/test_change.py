"""Changes of one contact: it must be the one that is meant, and what may have been done is not done again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.api.client import DiallerClient
from dialler_sync.api.pace import Gate
from dialler_sync.config.dialler import DiallerSettings
from dialler_sync.errors import DiallerUnavailable, MaybeDone, Refused
from dialler_sync.journal import Journal, Outcome, PlannedRow
from dialler_sync.load.change import Changer, ContactChanger, UncheckedChanger
from dialler_sync.load.recorder import Recorder
from dialler_sync.model import SpooledRow
from dialler_sync.simulator import FaultPlan, SimulatorServer, Store

from ...helpers.records import RUN

Change = Callable[..., Outcome]
Make = Callable[[DiallerClient, Recorder], Changer]


def checked(client: DiallerClient, _: Recorder) -> Changer:
    return ContactChanger(client)


def resumed(client: DiallerClient, _: Recorder) -> Changer:
    return ContactChanger(client, resumed=True)


@pytest.fixture
def dialler() -> Iterator[SimulatorServer]:
    with Store({538: "Nightly"}) as store, SimulatorServer(store) as server:
        yield server


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def change(dialler: SimulatorServer, journal: Journal) -> Change:
    """Make one change of a contact; gives its outcome, or raises what it raises."""
    base: dict[str, Any] = {"base_url": dialler.base_url, "clients_id": 1, "token": "simulator"}
    settings = DiallerSettings(**base, retries=1, timeout=0.3)

    def change(make: Make, kind: str, contact_id: str | int, patience: float = 20.0) -> Outcome:
        journal.add_run(RUN)
        journal.add_rows(RUN.id, [PlannedRow(0, 0, 0, "K")])
        row = SpooledRow(0, "K", b"", kind, str(contact_id))

        async def work() -> Outcome:
            gate = Gate(1, give_up_after=patience)
            async with DiallerClient(settings, gate=gate) as client:
                recorder = Recorder(journal, RUN.id, gate.stop)
                try:
                    return await make(client, recorder).change(row)
                finally:
                    await recorder.flush()

        return asyncio.run(work())

    return change


def contact(dialler: SimulatorServer, **fields: object) -> int:
    return dialler.store.add(**{"UserData": "K", "Name": "A", "PhoneNumber1": "+491713920012", **fields})


@pytest.mark.parametrize("kind", ["delete", "lock", "unlock"])
@pytest.mark.parametrize("make", [checked, resumed])
def test_contact_that_carries_another_key_by_now_is_left_alone(
    make: Make, kind: str, change: Change, dialler: SimulatorServer
) -> None:
    number = contact(dialler, UserData="SOMEBODY ELSE")
    before = dict(dialler.store.contacts[number])

    outcome = change(make, kind, number)

    assert (outcome.status, outcome.error_code) == ("failed", "contact_changed")
    assert dialler.store.contacts == {number: before}


@pytest.mark.parametrize(
    ("make", "kind", "status"),
    [
        (checked, "delete", "skipped"),
        (checked, "unlock", "skipped"),
        (checked, "lock", "failed"),
        (resumed, "delete", "succeeded"),
        (resumed, "unlock", "skipped"),
        (resumed, "lock", "failed"),
    ],
)
def test_contact_that_is_gone(make: Make, kind: str, status: str, change: Change) -> None:
    """A resumed run may have deleted it itself."""
    assert change(make, kind, 7).status == status


@pytest.mark.parametrize(("kind", "locked"), [("unlock", False), ("lock", True)])
def test_what_changes_nothing_is_not_counted(kind: str, locked: bool, change: Change, dialler: SimulatorServer) -> None:
    number = contact(dialler)
    dialler.store.update(number, bLocked=locked)

    assert change(checked, kind, number).status == "skipped"


@pytest.mark.parametrize("kind", ["delete", "lock"])
@pytest.mark.parametrize(("mirrored", "why"), [({0}, "reserved"), ((), "reserved"), ({0}, "")])
def test_a_contact_of_the_mirror_may_be_protected_by_now(
    kind: str, mirrored: Container[int], why: str, change: Change, dialler: SimulatorServer
) -> None:
    """Contacts that are locked for another reason, as a do-not-call list says so, are locked all the same."""
    number = contact(dialler)
    before = dict(dialler.store.contacts[number])

    outcome = change(lambda client, _: ContactChanger(client, protected=lambda _: why, mirrored=mirrored), kind, number)

    if mirrored and why:
        assert (outcome.status, outcome.action, outcome.error) == ("skipped", "protected", why)
        assert dialler.store.contacts[number] == before
    else:
        assert (outcome.status, outcome.action) == ("succeeded", kind)
        assert dialler.store.contacts.get(number) != before


@pytest.mark.parametrize(("locked", "status"), [(True, "succeeded"), (False, "skipped")])
def test_a_lock_that_the_run_may_have_made_itself_protects_nobody_from_it(
    locked: bool, status: str, change: Change, dialler: SimulatorServer
) -> None:
    """Else undo would leave it. What was not done is not done any more."""
    number = contact(dialler)
    dialler.store.update(number, bLocked=locked)

    def begun(client: DiallerClient, _: Recorder) -> Changer:
        return ContactChanger(client, begun={0}, protected=lambda _: "locked", mirrored={0})

    assert change(begun, "lock", number).status == status
    assert bool(dialler.store.contacts[number]["bLocked"]) is locked


@pytest.mark.parametrize("kind", ["delete", "lock", "unlock"])
def test_lost_answer_of_a_change_by_id(kind: str, change: Change, dialler: SimulatorServer) -> None:
    """It is repeated while the dialler is away; a contact that is then gone was deleted by this run."""
    number = contact(dialler)
    dialler.store.update(number, bLocked=kind == "unlock")
    dialler.order(FaultPlan.parse(f"502_after:#1:on={kind}_by_id,502_before:#2-4:on={kind}_by_id"))

    outcome = change(checked, kind, number)

    assert outcome.status == "succeeded", outcome
    assert dialler.store.contacts.get(number, {}).get("bLocked") == {"lock": True, "unlock": False}.get(kind)


@pytest.mark.parametrize("away", ["", "502_before:#2:on=lock_by_id,"], ids=["at once", "after a while"])
def test_a_change_whose_answer_is_lost_stays_in_doubt(away: str, change: Change, dialler: SimulatorServer) -> None:
    """Whatever the answer to a later try: it may have been made by then."""
    number = contact(dialler)
    dialler.order(FaultPlan.parse(f"502_after:#1:on=lock_by_id,{away}400:#{3 if away else 2}-9:on=lock_by_id"))

    with pytest.raises(MaybeDone):
        change(checked, "lock", number)


@pytest.mark.parametrize("kind", ["delete", "lock", "unlock"])
def test_lost_answer_of_an_unchecked_change_is_not_repeated(
    kind: str, change: Change, dialler: SimulatorServer, journal: Journal
) -> None:
    """A repeat might be made to another contact of this key: what was written down before stays in doubt."""
    contact(dialler)
    contact(dialler)
    dialler.order(FaultPlan.parse(f"502_after:#1:on={kind}_by_user_data"))

    with pytest.raises(MaybeDone):
        change(UncheckedChanger, kind, "")

    assert len(dialler.requests) == 1
    assert [entry.state for entry in journal.rows(RUN)] == ["sending"]


@pytest.mark.parametrize(("fault", "repeated", "error"), [("503", True, DiallerUnavailable), ("400", False, Refused)])
def test_unchecked_change_that_was_not_made_is_in_no_doubt(
    fault: str, repeated: bool, error: type[Exception], change: Change, dialler: SimulatorServer, journal: Journal
) -> None:
    """A refusal for load is repeated."""
    contact(dialler)
    dialler.order(FaultPlan.parse(f"{fault}:1:on=delete_by_user_data"))

    with pytest.raises(error):
        change(UncheckedChanger, "delete", "", patience=0.3)

    assert (len(dialler.requests) > 1) is repeated
    assert [entry.state for entry in journal.rows(RUN)] == ["pending"]
    assert len(dialler.store.contacts) == 1


@pytest.mark.parametrize(
    ("faults", "begun", "state"),
    [
        ("503:1:on=lock_by_id", set(), "pending"),
        ("503:1:on=lock_by_id", {0}, "sending"),
        ("502_after:#1:on=lock_by_id,503:#2-99:on=lock_by_id", set(), "sending"),
    ],
    ids=["not sent", "maybe sent before", "maybe sent now"],
)
def test_a_change_before_which_the_run_stops_is_in_no_doubt(
    faults: str, begun: set[int], state: str, change: Change, dialler: SimulatorServer, journal: Journal
) -> None:
    """Unless it may have been sent: by the run that was interrupted, or in an earlier try."""
    dialler.order(FaultPlan.parse(faults))

    with pytest.raises((DiallerUnavailable, MaybeDone)):  # by what the run is stopped is a matter of time
        change(lambda *ours: ContactChanger(ours[0], recorder=ours[1], begun={*begun}), "lock", contact(dialler), 0.3)

    assert [entry.state for entry in journal.rows(RUN)] == [state]
