"""The dialler dials: calls, result codes, follow-ups and invalid numbers over time, played without waiting."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.simulator import Clock, Dialling, Store, call_source, dial_plan
from dialler_sync.simulator.record import RESET_STATE

from .wire import Start, contact

START = 1_800_000_000.0
DAY = 86_400
LEG, CODE = "StatisticsPartA", "DiallerCampaignsResultCodes"


def filled(contacts: int = 60, **options: Any) -> Store:
    """A store whose clock stands still, with contacts of two numbers each."""
    store = Store(clock=Clock(START, 0), **options)
    for n in range(contacts):
        store.add(Name="Meier", UserData=f"K-{n}", PhoneNumber1=f"+49301{n}", PhoneNumber2=f"+49302{n}")
    return store


def played(store: Store, days: int = 30, rate: float = 0.02, seed: int = 7, step: float = DAY) -> Store:
    """The store after so many days, which pass in steps."""
    dialling = Dialling(store, rate, seed)
    for _ in range(int(days * DAY / step)):
        store.clock.skip(step)  # type: ignore[attr-defined]
        dialling.advance()
    return store


def calls_of(store: Store) -> list[dict[str, Any]]:
    """All calls, in order of their start."""
    return sorted((c for calls in store.calls.values() for c in calls), key=lambda c: c[LEG]["ID"])


def test_a_month_is_the_same_in_every_rehearsal_and_in_every_step() -> None:
    """Whether somebody looks once a month or every hour; another seed gives other calls."""
    month = played(filled(), step=30 * DAY)
    hourly = played(filled(), step=3600)
    other = played(filled(), seed=8)

    assert month.calls == hourly.calls
    assert month.contacts == hourly.contacts
    assert month.calls != other.calls


def test_everything_that_a_dialler_does_happens_in_a_month() -> None:
    """Each result, done contacts, follow-ups, invalid numbers; no contact is called twice at once, or after it is
    done, or on a number that is invalid."""
    store = played(filled())
    calls = calls_of(store)

    assert {c[CODE]["ExportKey"] for c in calls} == {"SALE", "REFUSED", "CALLBACK", "NOANSWER", "BUSY", "INVALID"}
    assert all(c[LEG]["dtCallEnd"] for c in calls)
    assert [c[LEG]["dtCallStart"] for c in calls] == sorted(c[LEG]["dtCallStart"] for c in calls)
    answered = [c for c in calls if c[LEG]["dtCallConnect"]]
    assert all(("Users" in c) == ("StatisticsPartB" in c) == (c in answered) for c in calls)
    assert all(c["StatisticsPartB"]["dtCallEnd"] == c[LEG]["dtCallEnd"] for c in answered)
    assert all(c[CODE]["ExportKey"] in {"SALE", "REFUSED", "CALLBACK"} for c in answered)
    for contact_id, fields in store.contacts.items():
        own = store.calls[contact_id]
        ends = [c[LEG]["dtCallEnd"] for c in own]
        assert all(end <= after[LEG]["dtCallStart"] for end, after in zip(ends, own[1:], strict=False))
        assert fields["bFinished"]
        assert (fields["nTries"], fields["dtLastTry"]) == (len(own), own[-1][LEG]["dtCallStart"])
        assert fields["nTries"] == sum(fields.get(f"nTriesPhoneNumber{n}", 0) for n in (1, 2))
        assert fields["DiallerCampaignsResultCodesID"] == own[-1][CODE]["ID"]
        bad = [c[LEG]["BNumber"] for c in own if c[CODE]["ExportKey"] == "INVALID"]
        assert len(set(bad)) == len(bad)
        assert [fields[f"PhoneNumber{n}"] for n in (1, 2) if fields.get(f"bPhoneNumber{n}Invalid")] == sorted(bad)
    back = next(own for own in store.calls.values() if [c[CODE]["ExportKey"] for c in own[:-1]][-1:] == ["CALLBACK"])
    assert store.contacts[back[0]["DiallerContactsID"]]["FollowUpDateTime"] <= back[-1][LEG]["dtCallStart"]


def test_a_call_is_going_on_before_it_ends_and_its_code_may_change(start: Start) -> None:
    """As the nested records on the wire tell it, by each function that gives calls."""
    wire = start(store=filled(40), dial=10.0, seed=7)
    seen: dict[int, list[tuple[bool, bool, str | None]]] = {}
    for seconds in (4, 20, 60, 700, *[3600] * 60):
        wire.server.pass_time(seconds)
        batch = wire.http.post("/dialler/contacts", json={"IDList": [*range(1, 41)]}).json()["records"]
        calls = {c[LEG]["ID"]: c for record in batch for c in record["DiallerContactsHistory"]}
        for call_id, call in calls.items():
            now = bool(call[LEG]["dtCallConnect"]), bool(call[LEG]["dtCallEnd"]), (call[CODE] or {}).get("ExportKey")
            if now not in seen.setdefault(call_id, []):
                seen[call_id].append(now)
    by_id = wire.http.get("/dialler/contacts/contact/3/history").json()["records"]
    by_key = wire.http.get("/dialler/contacts/contact/history?userData=K-2").json()["records"]

    ways = [way for way in seen.values() if len(way) > 1]
    assert by_id == by_key == batch[2]["DiallerContactsHistory"]
    assert [(False, False, None), (False, True, "NOANSWER")] in ways
    assert any(way[0] == (False, False, None) and way[-1][:2] == (True, True) for way in ways)
    assert all(code is None for way in ways for _, ended, code in way if not ended)
    corrected = [[code for _, _, code in way if code] for way in ways if len({code for *_, code in way if code}) > 1]
    assert corrected
    assert all(codes[-1] in {"SALE", "REFUSED"} for codes in corrected)


def test_who_is_not_called() -> None:
    """A locked contact, one that is done by an earlier call, one whose follow-up is to come, one without a number."""
    store = filled(0)
    number = {"Name": "Meier", "PhoneNumber1": "+49301"}
    locked = store.add(**number, bLocked=True)
    done = store.add(**number)
    store.add_call(done, StatisticsPartA={"dtCallStart": "2026-01-01 10:00:00"}, **{CODE: {"ID": 1, "bDone": True}})
    later = store.add(**number, FollowUpDateTime="2027-01-20 10:00:00")
    store.add(**number, bPhoneNumber1Invalid=True)
    dialling = Dialling(store, 1.0)

    def after(seconds: float) -> list[int]:
        store.clock.skip(seconds)  # type: ignore[attr-defined]
        dialling.advance()
        return [c["DiallerContactsID"] for c in calls_of(store)[1:]]

    assert after(DAY) == []
    store.update(locked, bLocked=False)
    assert set(after(60)) == {locked}
    store.update(done, **RESET_STATE)
    assert set(after(60)) == {locked, done}
    assert later in after(30 * DAY)
    assert store.calls[later][0][LEG]["dtCallStart"] >= "2027-01-20 10:00:00"


def test_a_contact_may_go_while_its_call_goes_on(start: Start) -> None:
    """Its records go with it; the others are called as ever. A contact that is reset is called again."""
    wire = start(store=filled(2), dial=1.0, seed=1)
    wire.server.pass_time(3)
    wire.http.delete("/dialler/contacts/contact/1")
    wire.server.pass_time(30 * DAY)
    before = len(wire.store.calls[2])
    (reset,) = wire.send(contact("K-1", ResetContact=True)).json()["records"]
    wire.server.pass_time(1)
    (called,) = wire.http.post("/dialler/contacts", json={"IDList": [2]}).json()["records"]
    wire.server.pass_time(30 * DAY)

    assert wire.store.calls.keys() == {2}
    assert (reset["bFinished"], reset["nTries"]) == (None, None)
    assert (called["nTries"], called[CODE]) == (1, None)  # the call that is going on, not one before the reset
    assert wire.store.contacts[2]["nTries"] == len(wire.store.calls[2]) - before > 0


def test_no_id_of_a_rehearsed_call_is_given_again(start: Start, tmp_path: Path) -> None:
    """Calls of a file keep their IDs, and count as calls of their contacts."""
    file = tmp_path / "calls.json"
    file.write_text('[{"UserData": "K-1", "StatisticsPartA": {"ID": 900, "dtCallStart": "2026-01-02 10:00:00"}}]')
    wire = start(store=Store(clock=Clock(START, 0), rehearse=call_source(str(file))), dial=1.0)
    wire.send(contact("K-1"))
    wire.server.pass_time(1)

    assert [c[LEG]["ID"] for c in calls_of(wire.store)] == [900, 901]


def test_it_dials_while_requests_come(start: Start) -> None:
    """Imports and months at once: every call belongs to a contact, no ID is given twice, nothing breaks."""
    wire = start(store=filled(0), dial=5.0, seed=3)

    def months() -> None:
        for _ in range(20):
            wire.server.pass_time(DAY)

    dialler = threading.Thread(target=months)
    dialler.start()
    for n in range(40):
        assert wire.send(contact(f"K-{n % 20}", PhoneNumber1=f"+4930{n}", ResetContact=n >= 20)).status_code == 200
        assert wire.http.get("/dialler/contacts").status_code == 200
    dialler.join()
    wire.server.pass_time(DAY)

    calls = calls_of(wire.store)
    assert {c["DiallerContactsID"] for c in calls} == set(range(1, 21))
    assert len({c[LEG]["ID"] for c in calls}) == len(calls)


def test_real_time_is_enough(start: Start) -> None:
    """Without anybody putting the clock forward, a fast clock makes the calls by itself before each answer."""
    store = Store(clock=Clock(START, 100_000))
    wire = start(store=store, dial=1.0)
    wire.send(contact("K-1"))
    histories = (wire.http.get("/dialler/contacts/contact/1/history").json()["records"] for _ in range(10_000))

    assert next(filter(None, histories))[0][LEG]["BNumber"] == "+4930123456"


def test_a_call_that_was_going_on_ends_after_a_restart(tmp_path: Path) -> None:
    """As it would have ended; its IDs go on after those of calls from a file."""
    file, whole = tmp_path / "state.db", filled(3)
    with filled(3, file=file) as store:
        dialling = Dialling(store, 1.0, 7)
        store.clock.skip(2)  # type: ignore[attr-defined]
        dialling.advance()
        assert not all(c[LEG]["dtCallEnd"] for c in calls_of(store))
    with Store(file=file, clock=Clock(START + 2, 0)) as store:
        dialling = Dialling(store, 1.0, 7)
        store.clock.skip(DAY)  # type: ignore[attr-defined]
        dialling.advance()
        again = [calls[0] for calls in store.calls.values()]
    played(whole, days=1, rate=1.0)

    assert again == [calls[0] for calls in whole.calls.values()]


def test_it_dials_in_its_hours() -> None:
    """Calls go on beyond them; the next day it goes on where it was."""
    assert dial_plan("2/m@9-17") == (pytest.approx(1 / 30), (9, 17))
    store = filled(100)
    dialling = Dialling(store, 1 / 300, 7, (9, 17))
    store.clock.skip(20 * DAY)  # type: ignore[attr-defined]
    dialling.advance()

    starts = [c[LEG]["dtCallStart"] for c in calls_of(store)]
    assert {int(start[11:13]) for start in starts} == set(range(9, 17))
    assert [start[11:] for start in starts if start[:10] == starts[0][:10]][:2] == ["09:00:00", "09:05:00"]
    assert len({start[:10] for start in starts}) > 3


@pytest.mark.parametrize(
    ("text", "rate"), [("2", 2), ("2/s", 2), ("0.5", 0.5), ("30/m", 0.5), ("1800/h", 0.5), ("43200/d", 0.5)]
)
def test_rates(text: str, rate: float) -> None:
    """By the second, minute, hour and day."""
    assert dial_plan(text) == (rate, (0, 24))


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1001", "x", "1/y", "1e9", "9" * 7, "1/", "١", "1@9", "1@9-9", "1@9-25", "1@a-b"]
)
def test_what_is_no_rate(text: str) -> None:
    """Says how one is written."""
    with pytest.raises(UsageError, match="not a rate of calls"):
        dial_plan(text)


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf"), 1e9])
def test_clocks_that_do_not_exist(speed: float) -> None:
    """Are refused."""
    with pytest.raises(UsageError, match="clock runs"):
        Clock(speed=speed)
