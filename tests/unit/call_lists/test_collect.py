"""Of each call it is decided whether it is given: no call is lost, none is given twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.call_lists.collect import Collector, ContactLines, History
from dialler_sync.call_lists.findings import Findings
from dialler_sync.call_lists.lines import contact_facts, fingerprint, is_going_on, key_of, line_of, same_start
from dialler_sync.call_lists.since import Since
from dialler_sync.contacts.call_records import Call
from dialler_sync.contacts.record_file import RecordFile
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CALL, CONTACT, GOING_ON, CallNotes, Note

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

        def collect(notes: CallNotes | None = None, since: Since | None = None) -> tuple[Collector, Findings]:
            lines, to_note = (held.enter_context(RecordFile(tmp_path)) for _ in range(2))
            found = Findings(lines, to_note)
            collector = Collector(found, since or Since(last=notes is not None), notes, {}, NOW)
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
    assert found.gone == left[0]
    assert [(note.value, note.start) for note in found.notes_to_make()] == [(GOING_ON, MINUTE_AGO)] * left[0]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"DiallerCampaignsResultCodes": {"ExportKey": "SALE"}}, False),
        ({"EndReason": "hang up"}, False),
        ({"dtCallEnd": MINUTE_AGO}, False),
        ({"Duration": 5}, False),
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
        ("99:00", "99:00", True),
    ],
)
def test_when_two_records_of_one_id_may_be_one_call(one: str, other: str, expected: bool) -> None:
    assert same_start(one, other) is expected


def test_calls_without_id_time_and_number_are_told_by_their_records() -> None:
    keys = [key_of(Call.read({"Agent": agent}), "7") for agent in ("Anna", "Anna", "Eva")]

    assert keys[0] == keys[1] != keys[2]


def test_calls_without_an_id_are_told_by_their_number_too() -> None:
    keys = [key_of(Call.read({"dtCallStart": MINUTE_AGO, "Number": number}), "7") for number in ("0171 1", "0171 2")]

    assert keys[0] != keys[1]


def test_calls_without_an_id_are_told_by_their_moment() -> None:
    starts = ("2026-01-02 10:00:00Z", "2026-01-02T11:00:00+01:00", "2026-01-02 10:00:01Z")
    keys = [key_of(Call.read({"dtCallStart": start, "Number": "0171 1"}), "7") for start in starts]

    assert keys[0] == keys[1] != keys[2]


def test_the_order_of_fields_is_no_change() -> None:
    record = call(Agent="Anna", Site="B")

    assert fingerprint(Call.read(record)) == fingerprint(Call.read(dict(reversed(record.items()))))


@pytest.mark.parametrize(
    ("field", "changed"), [("Result.Text", False), ("Result.Content", False), ("Result.ID", True), ("Agent", True)]
)
def test_a_text_in_another_language_is_no_change(field: str, changed: bool) -> None:
    one, other = (fingerprint(Call.read(call(**{field: text}))) for text in ("sold", "verkauft"))

    assert (one != other) is changed


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ({"DiallerCampaignsName": "North", "DiallerCampaignsID": 5}, "North"),
        ({"DiallerCampaignsID": 5}, "South"),
        ({"DiallerCampaignsID": 6}, "6"),
        ({}, None),
    ],
)
def test_the_campaign_of_a_contact(contact: dict[str, Any], told: str | None) -> None:
    assert contact_facts({"ID": 7, **contact}, {"5": "South"})["Campaign"] == told


def test_a_call_that_begins_after_one_with_an_end_goes_on(collect: Collect, notes: CallNotes) -> None:
    """The dialler tells ends, though the record of this call has no field for it."""
    collector, found = collect(notes)

    collector.take([of(7, call(), {"ID": 2, "dtCallStart": MINUTE_AGO})])

    assert list(found.going_on) == ["id 2"]


@pytest.mark.parametrize(("contact_id", "told"), [(7, 7), ("a7", "a7"), ("9" * 19, "9" * 19)])
def test_an_id_stays_as_it_is(contact_id: object, told: object) -> None:
    """A spreadsheet would round a longer number."""
    assert contact_facts({"ID": contact_id}, {})["ContactID"] == told


def test_no_field_of_a_record_takes_the_place_of_a_fact() -> None:
    line = line_of(
        contact_facts({"ID": 7, "Name": "Anna"}, {}), Call.read(call(Name="Switchboard", Campaign="X", Site="B"))
    )

    assert (line["Name"], line["Campaign"]) == ("Anna", None)
    assert (line["DiallerContactsHistory.Name"], line["Site"]) == ("Switchboard", "B")


@pytest.mark.parametrize("start", [None, "99.99.2026 10:00"])
def test_a_call_whose_time_is_not_known_is_wanted(start: str | None) -> None:
    assert Since(NOW).wants(Call.read({"ID": 1, "dtCallStart": start}))


def given(notes: CallNotes, *made: Note) -> None:
    notes.intend(INTENT, made)
    notes.settle()


def test_what_was_given_is_not_given_again(collect: Collect, notes: CallNotes) -> None:
    """Given are the calls of the first look, with a note each; a changed one is given once more."""
    first, found = collect(notes)
    first.take([of(7, call(), call(ID=2))])
    assert (found.new, found.updated, len(list(found.notes_to_make()))) == (2, 0, 2)
    given(notes, *found.notes_to_make())
    again, found = collect(notes)

    again.take([of(7, call(), call(ID=2, ResultCode="SALE"))])

    assert [(line["CallID"], line["_change"]) for line in found.lines] == [("2", "updated")]
    assert (found.new, found.updated) == (0, 1)
    assert not again.lacks(["id 1", "id 2"])
    assert again.lacks(["id 1", "id 3"])


def test_a_call_of_an_id_that_another_call_had_is_given(collect: Collect, notes: CallNotes) -> None:
    given(notes, Note(CALL, "id 1", "hash", "2026-01-01 10:00:00"))
    collector, found = collect(notes)

    collector.take([of(7, call())])

    assert [line["_change"] for line in found.lines] == ["new"]
    assert found.double_ids == 1


def test_a_record_that_stands_twice_is_given_once(collect: Collect) -> None:
    collector, found = collect()

    collector.take([of(7, call(), call()), of(7, call())])

    assert (len(found.lines), found.repeated) == (1, 2)


def test_a_call_of_another_contact_is_left_out(collect: Collect) -> None:
    collector, found = collect()

    collector.take([of(7, call(DiallerContactsID=8), call(ID=2, DiallerContactsID=7))])

    assert ([line["CallID"] for line in found.lines], found.foreign) == (["2"], 1)


def test_only_calls_of_the_time_that_is_wanted_are_given(collect: Collect) -> None:
    collector, found = collect(since=Since(datetime(2026, 1, 2, 12, tzinfo=UTC)))

    collector.take([of(7, call(), call(ID=2, dtCallStart="2026-01-03 10:00:00"))])

    assert [line["CallID"] for line in found.lines] == ["2"]


@pytest.mark.parametrize(
    ("receiver", "mark", "calls", "noted"),
    [
        (True, "3 tries", [call()], [("7", "3 tries")]),
        (False, "3 tries", [call()], []),
        (True, "", [call()], []),
        (True, "3 tries", [], []),
        (True, "3 tries", [call(), going_on(ID=2)], []),
    ],
    ids=["settled", "no receiver", "no sign in the list", "no calls", "one goes on"],
)
def test_a_contact_is_not_asked_again_only_if_all_is_known(
    receiver: bool, mark: str, calls: list[Any], noted: list[Any], collect: Collect, notes: CallNotes
) -> None:
    collector, found = collect(notes if receiver else None)

    collector.take([of(7, *calls)._replace(mark=mark)])

    assert [(note.key, note.value) for note in found.notes_to_make() if note.kind == CONTACT] == noted


def test_calls_that_the_journal_has_forgotten_count_as_given(collect: Collect, notes: CallNotes) -> None:
    """A call whose time is not known, or that began then, is given."""
    notes.forget("2026-01-02T09:00:00Z", lambda _: True)
    collector, found = collect(notes)
    starts = ("2026-01-01 10:00:00Z", "2026-01-02 09:00:00Z", None)

    collector.take([of(7, *(call(ID=n, dtCallStart=start, dtCallEnd=None) for n, start in enumerate(starts)))])

    assert ([line["CallID"] for line in found.lines], found.forgotten) == (["1", "2"], 1)


def test_without_a_receiver_nothing_has_vanished(collect: Collect) -> None:
    collector, found = collect()

    collector.give_vanished()

    assert not len(found.lines)


def test_what_call_records_lack_is_told(collect: Collect) -> None:
    collector, found = collect()

    collector.take([of(7, {"ID": 1})])

    assert "CallEnd" in str(found.not_told)


def contact_lines(
    tmp_path: Path, *taken: History, rest: Sequence[Any] = (), since: Since | None = None
) -> tuple[list[Any], Findings]:
    with RecordFile(tmp_path) as lines, RecordFile(tmp_path) as notes:
        found = Findings(lines, notes)
        taker = ContactLines(found, since or Since(), {})
        taker.take(taken)
        taker.rest(rest)
        taker.close()
        return list(lines), found


CALLED = call(ResultCode="SALE", ResultText="sold", bDone=True, dtCallConnect="2026-01-02 10:00:05", Number="0171 1")


@pytest.mark.parametrize(
    ("contact", "history", "expected"),
    [
        ({}, [CALLED], {"Tries": 1, "Calls": 1, "Reached": True, "ResultText": "sold", "Done": True}),
        ({}, [CALLED], {"ResultCode": "SALE", "Number": "0171 1"}),
        ({"nTries": 3}, [CALLED], {"Tries": 3, "Calls": 1, "LastCall": "2026-01-02 10:00:00"}),
        ({}, [], {"Tries": 0, "Calls": 0, "Reached": False, "LastCall": None, "ResultCode": None, "Done": None}),
        ({}, "no calls", {"Tries": None, "Calls": None, "Reached": None, "LastCall": None}),
        (
            {"DiallerCampaignsResultCodes": {"ExportKey": "NO", "bDone": False, "Content": "no"}},
            [CALLED],
            {"ResultCode": "NO", "ResultText": "no", "Done": False},
        ),
    ],
)
def test_the_line_of_a_contact(contact: dict[str, Any], history: Any, expected: dict[str, Any], tmp_path: Path) -> None:
    """What is known now counts before its last call; what cannot be read is not told as "not reached"."""
    (line,), found = contact_lines(tmp_path, History({"ID": 7, **contact}, history))

    assert {name: line[name] for name in expected} == expected
    assert found.unreadable == (["7"] if history == "no calls" else [])
    assert found.not_told.calls == expected.get("Calls", len(history)) or history == "no calls"


def test_each_contact_has_one_line(tmp_path: Path) -> None:
    """Also one that was not asked; of its calls those count that are wanted."""
    since = Since(datetime(2026, 1, 2, 12, tzinfo=UTC))
    lines, found = contact_lines(
        tmp_path, of(7, call()), of(7, call()), rest=[{"ID": 7}, {"ID": 8}, {"ID": 8}], since=since
    )

    assert [(line["ContactID"], line["Calls"]) for line in lines] == [(7, 0), (8, 0)]
    assert found.new == 2
