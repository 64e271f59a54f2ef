"""Of each call it is decided whether it is given: no call is lost, none is given twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.call_lists.collect import Collector, History
from dialler_sync.call_lists.findings import Findings
from dialler_sync.call_lists.lines import contact_facts, is_going_on, key_of, line_of, same_start
from dialler_sync.call_lists.since import Since
from dialler_sync.contacts.call_records import Call
from dialler_sync.contacts.record_file import RecordFile
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CALL, GOING_ON, CallNotes, Note

from ...helpers.records import TARGET

NOW = datetime.now(UTC)
MINUTE_AGO = f"{NOW - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}Z"
LOOKED_AT = "2026-01-02T00:00:00Z"
INTENT = {"path": "/x", "draft": "/y", "sha256": "", "calls": 1, "updated": 0, "looked_at": LOOKED_AT}

Collect = Callable[..., tuple[Collector, Findings]]


def call(**fields: Any) -> dict[str, Any]:
    return {"ID": 1, "dtCallStart": "2026-01-02 10:00:00", "dtCallEnd": "2026-01-02 10:01:00", **fields}


def going_on(**fields: Any) -> dict[str, Any]:
    return call(dtCallStart=MINUTE_AGO, dtCallEnd=None, **fields)


def of(contact: int | str, *calls: dict[str, Any]) -> History:
    return History({"ID": contact, "UserData": f"K{contact}"}, list(calls))


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[CallNotes]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal.call_notes(TARGET, "crm")


@pytest.fixture
def collect(tmp_path: Path) -> Iterator[Collect]:
    with ExitStack() as held:

        def collect(notes: CallNotes | None = None) -> tuple[Collector, Findings]:
            lines, to_note = (held.enter_context(RecordFile(tmp_path)) for _ in range(2))
            found = Findings(lines, to_note)
            collector = Collector(found, Since(last=notes is not None), notes, {}, NOW)
            held.callback(collector.close)
            return collector, found

        yield collect


def test_calls_of_one_id_are_each_given_once(collect: Collect) -> None:
    """Also the second of them, when its contact stands twice in the list."""
    collector, found = collect()
    for history in (of(7, call()), *[of(8, call(dtCallStart="2026-01-03 10:00:00"))] * 2):
        collector.take([history])

    assert (len(found.lines), found.double_ids, found.repeated) == (2, 1, 1)


def test_the_call_of_a_contact_without_an_id_is_given(collect: Collect) -> None:
    collector, found = collect()

    collector.take([of("", call(DiallerContactsID=7))])

    assert (len(found.lines), found.foreign) == (1, 0)


def test_a_call_that_goes_on_waits_only_for_a_receiver(collect: Collect, notes: CallNotes) -> None:
    """Who asks but once gets it as it is."""
    once, given_once = collect()
    nightly, kept = collect(notes)

    for collector in (once, nightly):
        collector.take([of(7, going_on())])

    assert (len(given_once.lines), given_once.still_open) == (1, 1)
    assert (len(kept.lines), list(kept.going_on)) == (0, ["id 1"])


def test_a_call_that_was_given_and_goes_on_again_is_given_as_changed(collect: Collect, notes: CallNotes) -> None:
    notes.intend(INTENT, [Note(CALL, "id 1", "another hash", MINUTE_AGO)])
    notes.settle()
    collector, found = collect(notes)

    collector.take([of(7, going_on())])

    assert [line["_change"] for line in found.lines] == ["updated"]


@pytest.mark.parametrize(
    ("given", "history", "left"),
    [
        ([], None, (1, [])),
        ([Note(CALL, "id 1", "hash")], None, (0, [])),
        ([], of(7, going_on()), (0, ["id 1"])),
        ([], History({"ID": 7}, "no calls"), (0, ["id 1"])),
    ],
    ids=["gone", "given by a process that was killed", "goes on", "cannot be read"],
)
def test_only_a_call_that_is_gone_is_given_as_it_was(
    given: list[Note], history: History | None, left: tuple[int, list[str]], collect: Collect, notes: CallNotes
) -> None:
    notes.intend(INTENT, [])
    notes.settle([("id 1", {"ContactID": 7, "CallStart": MINUTE_AGO})])
    notes.intend(INTENT, given)
    notes.settle()
    collector, found = collect(notes)

    collector.take([history] if history else [])
    collector.give_vanished()

    assert (len(found.lines), list(found.going_on)) == left
    assert all(note.value == GOING_ON for note in found.notes_to_make())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"DiallerCampaignsResultCodes": {"ExportKey": "SALE"}}, False),
        ({"EndReason": "hang up"}, False),
        ({"dtCallStart": None}, False),
        ({"dtCallStart": f"{NOW - timedelta(days=2):%Y-%m-%d %H:%M:%S}Z"}, False),
    ],
)
def test_what_shows_that_a_call_is_over(fields: dict[str, Any], expected: bool) -> None:
    """A result, an end, or that no call takes so long."""
    assert is_going_on(Call.read({**going_on(), **fields}), NOW, ends_are_told=True) is expected


def test_a_dialler_that_tells_no_ends_has_no_calls_that_go_on() -> None:
    begun = Call.read({"ID": 1, "dtCallStart": MINUTE_AGO})

    assert [is_going_on(begun, NOW, ends_are_told=told) for told in (True, False)] == [True, False]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "2026-01-02 10:00:00", True),
        ("2026-01-02 10:00:00", "", True),
        ("2026-01-02 10:00:00Z", "2026-01-02T11:00:00+01:00", True),
        ("2026-01-02 10:00:00", "2026-01-02 10:00:01", False),
        ("99:00", "99:01", False),
    ],
)
def test_when_two_records_of_one_id_may_be_one_call(one: str, other: str, expected: bool) -> None:
    assert same_start(one, other) is expected


def test_calls_without_id_time_and_number_are_told_by_their_records() -> None:
    keys = [key_of(Call.read({"Agent": agent}), "7") for agent in ("Anna", "Anna", "Eva")]

    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(("contact_id", "told"), [(7, 7), ("a7", "a7"), ("9" * 19, "9" * 19)])
def test_an_id_stays_as_it_is(contact_id: object, told: object) -> None:
    """A spreadsheet would round a longer number."""
    assert contact_facts({"ID": contact_id}, {})["ContactID"] == told


def test_no_field_of_a_record_takes_the_place_of_a_fact() -> None:
    line = line_of(contact_facts({"ID": 7, "Name": "Anna"}, {}), Call.read(call(Name="Switchboard", Campaign="X")))

    assert (line["Name"], line["Campaign"]) == ("Anna", None)
    assert line["DiallerContactsHistory.Name"] == "Switchboard"


@pytest.mark.parametrize("start", [None, "99.99.2026 10:00"])
def test_a_call_whose_time_is_not_known_is_wanted(start: str | None) -> None:
    assert Since(NOW).wants(Call.read({"ID": 1, "dtCallStart": start}))
