"""A call's record is read right or not at all, wherever the dialler puts a fact and however it writes it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from dialler_sync.api.call_times import read_time
from dialler_sync.contacts.call_records import Call, NotTold, each_once, records_of
from dialler_sync.reconciliation.calls import CallTally
from dialler_sync.reconciliation.sides import Called
from dialler_sync.report.contacts_output import cell_text

START, CONNECT, END = "2026-01-02 10:00:00", "2026-01-02 10:00:09", "2026-01-02 10:01:09"


def customer(**fields: Any) -> dict[str, Any]:
    """A record with the customer's leg."""
    return {"StatisticsPartA": {"ID": 9, "bOutbound": True, "dtCallStart": START, **fields}}


def answered(**beside: Any) -> dict[str, Any]:
    """An answered call, and what stands beside it."""
    return {**customer(dtCallConnect=CONNECT, dtCallEnd=END), **beside}


# Times


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-01-02 10:00:09", "2026-01-02 10:00:09"),
        (" 2026-01-02T10:00:09.123Z ", "2026-01-02T10:00:09.123Z"),
        ("2026-01-02T10:00:09+01:00", "2026-01-02T10:00:09+01:00"),
        ("2026-01-02T10:00:09-0500", "2026-01-02T10:00:09-0500"),
        ("2026-01-02 10:00:09.0", "2026-01-02 10:00:09.0"),
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02 9:05:09", "2026-01-02 09:05:09"),
        ("2026-01-02 10:00:09 UTC", "2026-01-02 10:00:09 UTC"),
        ("2026-01-02T10:00:09.123456789Z", "2026-01-02T10:00:09.123456789Z"),
        ("20260102T100009Z", "2026-01-02 10:00:09Z"),
        ("20260102100009", "2026-01-02 10:00:09"),
        (20260102100009, "2026-01-02 10:00:09"),
        (20260102, "2026-01-02"),
        ("02.01.2026 10:00:09", "2026-01-02 10:00:09"),
        ("2.1.2026 10:00", "2026-01-02 10:00:00"),
        ("2026/01/02 10:00:09", "2026-01-02 10:00:09"),
        ("31/01/2026 10:00:09", "2026-01-31 10:00:09"),
        ("01/31/2026 10:00:09", "2026-01-31 10:00:09"),
        ("Fri, 02 Jan 2026 10:00:09 GMT", "2026-01-02 10:00:09Z"),
        ("/Date(1767348009000)/", "2026-01-02 10:00:09Z"),
        ("/Date(1767348009000+0100)/", "2026-01-02 10:00:09Z"),
        ([2026, 1, 2, 10, 0, 9], "2026-01-02 10:00:09"),
        ([2026, 1, 2, 10, 0, 9, 123_000_000], "2026-01-02 10:00:09"),
        (1767348009, "2026-01-02 10:00:09Z"),
        (1767348009.75, "2026-01-02 10:00:09Z"),
        (1767348009000, "2026-01-02 10:00:09Z"),
        (1767348009000000, "2026-01-02 10:00:09Z"),
        (1767348009000000000, "2026-01-02 10:00:09Z"),
        ("1767348009", "2026-01-02 10:00:09Z"),
        ("1767348009000", "2026-01-02 10:00:09Z"),
    ],
)
def test_times_in_the_forms_of_many_servers(value: object, text: str) -> None:
    """An ISO time stays as it is; counted seconds are UTC, and all others what they say."""
    call = Call.read(customer(dtCallConnect=value))

    assert (call.connect, call.reached) == (text, True)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", " ", [], {}, False, 0, 0.0, "0", -1, "-1", -62135596800000),
        *("0000-00-00 00:00:00", "0000-00-00", "0001-01-01T00:00:00", "1900-01-01 00:00:00", "1970-01-01 01:00:00"),
        *("1970-01-01T00:00:00Z", "9999-12-31 23:59:59", "null", "NULL", "None", "-", "--", "n/a", "nan"),
    ],
)
def test_no_time_is_nobody_who_answered(value: object) -> None:
    """However the server says that there was none."""
    call = Call.read(customer(dtCallConnect=value))

    assert (call.connect, call.reached) == ("", False)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "not answered 1",
            "busy",
            "2026-02-30 10:00:00",
            "Jan 2, 2026 10:00:00 PM",
            "2026-01-02 10:00:09 PM",
            "Fri Jan 02 10:00:09 CET 2026",
            "2026-01-02 24:00:00",
            "02.01.26 10:00",
            "491713920011",
            491713920011,
            "01/02/2026 10:00:09",
            "10:00",
            "2026",
            "٢٠٢٦-٠١-٠٢",
            "x" * 999,
        ),
        *(
            5,
            12345,
            10**400,
            float("nan"),
            float("inf"),
            1e300,
            "9" * 6000,
            "1e400",
            ["x"],
            [2026],
            [2026, 13, 1],
            [[1]],
        ),
        *({"a": {"b": 1}}, [{"time": 1}]),
    ],
)
def test_what_is_not_a_time_is_neither_answered_nor_missed(value: object) -> None:
    """Day and month are not guessed either; the record's own column still shows what came."""
    call = Call.read(customer(dtCallConnect=value, dtCallEnd=value))

    assert (call.connect, call.end, call.reached) == ("", "", None)
    assert call.start == START


def test_a_connect_that_is_only_true_was_answered() -> None:
    """Without a time."""
    call = Call.read(customer(dtCallConnect=True))

    assert (call.connect, call.reached) == ("", True)


def test_the_duration_is_between_times_that_can_be_compared() -> None:
    """Across zones; not where only one has a zone, or the end comes first."""

    def duration(connect: object, end: object, **more: Any) -> float | None:
        return Call.read(customer(dtCallConnect=connect, dtCallEnd=end, **more)).duration

    assert duration(CONNECT, END) == 60
    assert duration("2026-01-02T10:00:09Z", "2026-01-02T12:01:09+02:00") == 60
    assert duration(1767348009000, "2026-01-02T10:01:09Z") == 60
    assert duration("2026-01-02 10:00:09 UTC", "2026-01-02T10:01:09Z") == 60
    assert duration(CONNECT, "2026-01-02T10:01:09+01:00") is None
    assert duration(END, CONNECT) is None
    assert duration(CONNECT, None) is None
    assert duration(CONNECT, END, Duration=61) == 61


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *((61, 61), ("61", 61), (61.5, 61.5), ("0:01:01", 61), (0, 0)),
        *((-5, None), ("-5", None), ("nan", None), ("inf", None), (float("inf"), None), (10**400, None), (1e12, None)),
        *(("01:01", None), ("61,5", None), (True, None), ("9" * 9000 + ":00:00", None), ([61], None), ({}, None)),
    ],
)
def test_durations(value: object, seconds: float | None) -> None:
    """Seconds, or nothing: no call lasted less than none, or for ever."""
    call = Call.read({"dtStart": START, "Duration": value})

    assert call.duration == seconds
    assert call.reached is (None if seconds is None else seconds > 0)


# Legs


def test_the_agents_leg_does_not_say_whether_the_customer_answered() -> None:
    """In whatever order, and also where the customer's leg does not tell it: the agent was connected before."""
    agent = {"ID": 3, "dtCallStart": "2026-01-02 09:59:00", "dtCallConnect": CONNECT, "dtCallEnd": END}
    for table in ("StatisticsPartB", "AcdStatisticsPartB", "StatisticsPartO"):
        for record in ({table: agent, **customer(dtCallConnect=None)}, {**customer(dtCallConnect=None), table: agent}):
            call = Call.read(record)
            assert (call.call_id, call.start, call.connect, call.end) == ("9", START, "", "")
            assert (call.reached, call.duration) == (False, None)
        silent = Call.read({table: agent, **customer()})
        assert (silent.start, silent.connect, silent.reached) == (START, "", None)
        alone = Call.read({table: agent})
        assert (alone.start, alone.connect, alone.reached) == ("", "", None)


def test_an_agent_without_a_talk_proves_nothing() -> None:
    """A duration of 0 and an agent contradict each other: the agent may have been chosen before the call."""
    assert Call.read({"dtStart": START, "Duration": 0, "UsersUID": "anna"}).reached is None
    assert Call.read({"dtStart": START, "Duration": 0}).reached is False
    assert Call.read({"dtStart": START, "UsersUID": "anna"}).reached is True


def test_legs_in_a_list() -> None:
    """One in place of an object; of several, one that was answered is enough."""
    leg = {"ID": 9, "dtCallStart": START, "dtCallConnect": None}
    second = {"ID": 10, "dtCallStart": CONNECT, "dtCallConnect": END}

    one = Call.read({"StatisticsPartA": [leg]})
    both = Call.read({"StatisticsPartA": [leg, second]})

    assert (one.call_id, one.start, one.reached) == ("9", START, False)
    assert (both.call_id, both.start, both.reached) == ("9", START, True)


# Numbers


@pytest.mark.parametrize(
    ("fields", "numbers", "number"),
    [
        ({"ANumber": "+4989555", "BNumber": "+49301234567"}, [], "+49301234567"),
        ({"ANumber": "+4989555", "BNumber": "anonymous"}, [], ""),
        ({"ANumber": "+4989555"}, [], ""),
        ({"DiallerNumber": "+49301234567", "LineNumber": "+4989555"}, ["+49301234567"], "+49301234567"),
        ({"DiallerNumber": "+49301234567"}, ["+49401234568"], ""),
        ({"DiallerContacts": {"PhoneNumber1": "+49301234567"}, "x": 1}, ["+49301234567"], ""),
        ({"CallerID": "+4989555", "PhoneNumber": "+49301234567"}, [], "+49301234567"),
        ({"ANumber": "+49301234567", "BNumber": "+4989555", "bOutbound": False}, [], "+49301234567"),
        ({"BNumber": "+4989555", "bOutbound": False}, [], ""),
        ({"ANumber": "+49301234567", "BNumber": "+4989555", "bOutbound": None}, ["030 1234567"], "+49301234567"),
        ({"BNumber": 49301234567}, [], "49301234567"),
        ({"BNumber": "2026-01-02"}, [], ""),
        ({"BNumber": "9" * 6000}, [], ""),
        ({"BNumber": ["+49301234567"]}, [], ""),
        ({"ServiceNumbers": {"Number": "+4989555"}}, [], ""),
        ({"ReferenceNumber": "4711", "ServiceNumbersID": 12345}, [], ""),
    ],
)
def test_the_number_is_the_customers(fields: dict[str, Any], numbers: list[str], number: str) -> None:
    """Never the call centre's own line, nor a date."""
    assert Call.read(customer(**fields), numbers).number == number


# Result codes

SALE = {"ID": 2881, "ExportKey": "SALE", "Content": "Verkauf", "bDone": True}


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ({"DiallerCampaignsResultCodes": SALE}, ("SALE", "Verkauf", True)),
        ({"DiallerCampaignsResultCodes": [SALE]}, ("SALE", "Verkauf", True)),
        ({"ResultCodes": SALE | {"bDone": "0"}}, ("SALE", "Verkauf", False)),
        ({"DiallerCampaignsResultCodes": SALE | {"ExportKey": None}}, ("Verkauf", "Verkauf", True)),
        ({"DiallerCampaignsResultCodes": {"ID": 2881}}, ("2881", "", None)),
        ({"DiallerCampaignsResultCodesID": 2881}, ("2881", "", None)),
        ({"ResultCodesExportKey": "SALE", "DiallerCampaignsResultCodesID": 2881}, ("SALE", "", None)),
        ({"OldResultCodes": {"ExportKey": "X", "bDone": False}, "ResultCodes": SALE}, ("SALE", "Verkauf", True)),
        ({"PreviousResultCodes": {"ExportKey": "X", "Content": "Y", "bDone": False}}, ("", "", None)),
        ({"AgentResultCodes": {"ExportKey": "X"}, "DiallerCampaignsResultCodes": SALE}, ("SALE", "Verkauf", True)),
        ({"ResultCodes": SALE | {"Content": {"1": "Verkauf", "2": "Sale"}}}, ("SALE", "", True)),
        ({"ResultCodes": SALE | {"Content": [{"languagesID": 1, "Content": "Verkauf"}]}}, ("SALE", "", True)),
        ({"ResultCodes": SALE | {"Content": 7, "bDone": 1.0}}, ("SALE", "7", True)),
        ({"ResultCodes": SALE | {"Content": None, "bDone": "maybe"}}, ("SALE", "", None)),
        ({"ResultCodes": SALE | {"bDone": 2}}, ("SALE", "Verkauf", None)),
        ({"DiallerCampaignsResultCodes": None}, ("", "", None)),
        ({"DiallerCampaignsResultCodes": []}, ("", "", None)),
        ({"ResultCode": "Sale"}, ("Sale", "", None)),
        ({"ResultCode": True}, ("", "", None)),
    ],
)
def test_result_codes(beside: dict[str, Any], told: tuple[str, str, bool | None]) -> None:
    """Key, text and whether it is done, all of the same code; a text in several languages is not chosen from."""
    call = Call.read(answered(**beside))

    assert (call.result_code, call.result_text, call.done) == told


def test_agents() -> None:
    """By the name with which they log in, wherever it stands; else by ID."""
    assert Call.read(answered(Users={"ID": 31, "UID": "anna"})).agent == "anna"
    assert Call.read(answered(StatisticsPartB={"UsersID": 31}, Users=[{"UID": "anna"}])).agent == "anna"
    assert Call.read(answered(StatisticsPartB={"UsersID": 31})).agent == "31"
    assert Call.read(answered(Users=None, UsersID=0)).agent == ""


def test_whose_call_it_is() -> None:
    """The IDs of the record, as numbers or text."""
    call = Call.read(answered(DiallerContactsID=7, DiallerCampaigns={"ID": "538"}))

    assert (call.contact_id, call.campaign) == ("7", "538")


# Lists of records


def test_a_history_in_odd_forms() -> None:
    """One nested record in place of a list, and lists in the list; anything else is not a list of calls."""
    one, two = answered(), customer(ID=10)

    assert records_of([one, two]) == records_of([[one], [two]]) == [one, two]
    assert records_of(one) == [one]
    assert records_of(None) == records_of([]) == records_of([[]]) == []
    for odd in ({"ID": 1}, [one, None], [[one], None], "calls", 3, [[1]], {"records": [one]}):
        assert records_of(odd) is None


def test_a_call_that_is_there_twice_is_one() -> None:
    """By its ID: answered if one of them was, with the later one's result; calls without an ID are all counted."""
    first = {**customer(dtCallConnect=CONNECT), "ResultCode": "CALLBACK"}
    again = {**customer(dtCallConnect=None), "ResultCode": "SALE"}
    other = {"dtStart": START, "Duration": 0}
    tally = CallTally()

    calls = each_once(Call.read(record) for record in (first, other, again, other))

    assert [(call.call_id, call.reached, call.result_code) for call in calls] == [
        ("", False, ""), ("9", True, "SALE"), ("", False, ""),
    ]  # fmt: skip
    assert tally.add("538", [first, first, again]) == Called(1, START, "SALE", "true")
    assert (tally.total.calls, tally.total.contacts, tally.total.reached) == (1, 1, 1)


def test_what_is_not_told_is_named() -> None:
    """And not counted as not reached."""
    watch = NotTold()
    watch.watch(Call.read(customer(dtCallConnect="who knows")))

    assert watch.reached == 1
    assert "Reached" in watch.facts
    assert "CallStart" not in watch.facts


# Anything at all

NAMES = [
    *("StatisticsPartA", "StatisticsPartB", "ID", "dtCallStart", "dtCallConnect", "dtCallEnd", "dtStart", "Duration"),
    *(
        "DurationMs",
        "DiallerCampaignsResultCodes",
        "ExportKey",
        "Content",
        "bDone",
        "ResultCode",
        "Users",
        "UID",
        "BNumber",
    ),
    *(
        "PhoneNumber",
        "bOutbound",
        "AcdAgentEndReasons",
        "DiallerContactsID",
        "DiallerCampaignsID",
        "UserData",
        "",
        ".",
        "a.b",
    ),
    *("CallID", "Reached", "\x00", "ß", "1", "StatisticsPartA.dtCallStart", "DiallerContactsHistory"),
]
VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        7,
        538,
        10**10,
        10**13,
        10**19,
        10**400,
        0.0,
        1.5,
        1e308,
        float("nan"),
        float("inf"),
    ),
    *(
        "",
        " ",
        "0",
        "1",
        "x",
        START,
        CONNECT,
        "2026-01-02T10:00:09Z",
        "02.01.2026 10:00",
        "0000-00-00",
        "+491713920011",
    ),
    *(
        "9" * 5000,
        "1:00:00",
        "/Date(99999999999999999999)/",
        "\ud800",
        "\x00",
        "true",
        "nan",
        "-1e5",
        "٣",
        [],
        {},
        [1, 2, 3],
    ),
    *([2026, 1, 2, 25], [None], [[[]]], "Mon, 99 Foo 99999", "31/31/2026", "99999999", "20269999999999"),
]


def anything(random: Random, depth: int = 0) -> Any:
    """A value of JSON, more often than not of what records are made of."""
    kind = random.random()
    if kind < 0.55 or depth > 4:
        return random.choice(VALUES)
    if kind < 0.65:
        return [anything(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(NAMES): anything(random, depth + 1) for _ in range(random.randrange(6))}


def read_all_of(record: dict[str, Any]) -> None:
    """As ``contacts history`` and ``reconcile`` do."""
    call = Call.read(record, ["+491713920011", "", "x"])
    line = call.columns()
    assert [cell_text(value) for value in line.values()]
    assert json.dumps(line)
    assert call.reached in (True, False, None)
    assert call.duration is None or 0 <= call.duration < 1e9
    assert all(text == "" or read_time(text) for text in (call.start, call.connect, call.end))
    tally = CallTally()
    tally.add("538", [record, record], ["+491713920011"])
    assert tally.total.calls in (1, 2)
    tally.add("538", record.get("StatisticsPartA"))
    assert str(tally.not_told) or not tally.not_told.facts


def fuzz(seed: int, times: int) -> None:
    random = Random(seed)
    for _ in range(times):
        record = {random.choice(NAMES): anything(random) for _ in range(random.randrange(1, 9))}
        try:
            read_all_of(record)
        except Exception as error:  # the record is what one wants to see
            raise AssertionError(f"{error!r}: {record!r}") from error


def test_no_record_is_too_odd() -> None:
    """Nothing that is in a record ends in an error, and what is told of it is plausible."""
    fuzz(1, 1500)


@pytest.mark.long
def test_no_record_is_too_odd_for_long() -> None:
    """The same, more often."""
    fuzz(2, 100_000)


@pytest.mark.parametrize("brackets", ['{"a":', "["])
def test_a_record_nested_without_end(brackets: str) -> None:
    """What lies too deep is left out; the rest is read."""
    value: Any = 1
    for _ in range(900):
        value = [value] if brackets == "[" else {"a": value}
    record = {**answered(), "deep": value, "wide": {str(n): [n] for n in range(2000)}}

    read_all_of(record)

    call = Call.read(record)
    assert (call.start, call.reached) == (START, True)
    assert call.record["deep"] == "(nested too deeply)"
