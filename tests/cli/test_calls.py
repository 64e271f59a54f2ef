"""Lists of calls: each call once, in a file that is whole or not there."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer, Store
from dialler_sync.simulator.calls import ANSWERED, NOT_ANSWERED

from ..conftest import Configure, Run
from ..helpers.commands import Blow, run_apart

COLUMNS = [
    "UserData",
    "ContactID",
    "Name",
    "Campaign",
    "CallID",
    "CallStart",
    "CallConnect",
    "CallEnd",
    "DurationSeconds",
    "Reached",
    "Number",
    "ResultCode",
    "ResultText",
    "Done",
    "Agent",
    "EndReason",
    "_change",
]

SALE, CALLBACK, BUSY = ANSWERED[0], ANSWERED[2], NOT_ANSWERED[1]


def ago(**length: float) -> datetime:
    return datetime.now().replace(microsecond=0) - timedelta(**length)  # noqa: DTZ005 - the dialler's own time


def call(start: datetime, *, seconds: int | None = 60, code: Any = SALE, number: str = "+4917139200") -> dict[str, Any]:
    """A call's record; without ``seconds`` it is still going on."""
    leg = {"BNumber": number, "ANumber": "+4989555", "dtCallStart": str(start), "dtCallConnect": str(start)}
    if seconds is not None:
        leg["dtCallEnd"] = str(start + timedelta(seconds=seconds))
    record: dict[str, Any] = {"StatisticsPartA": leg}
    return record | ({} if code is None or seconds is None else {"DiallerCampaignsResultCodes": code.record()})


def contacts(store: Store, count: int) -> list[int]:
    return [
        store.add(Name=f"Name {n}", UserData=f"K{n}", PhoneNumber1=f"+491713920{n:04}") for n in range(1, count + 1)
    ]


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def given(folder: Path) -> Counter[str]:
    """Call → how often it stands as new in all files."""
    return Counter(line["CallID"] for path in folder.glob("*.csv") for line in lines(path) if line["_change"] == "new")


def calls_of(store: Store) -> set[str]:
    return {str(each["StatisticsPartA"]["ID"]) for history in store.calls.values() for each in history}


def test_a_file_has_a_line_for_each_call(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()
    first, second, _ = contacts(dialler.store, 3)
    dialler.store.add_call(first, **call(ago(days=3), seconds=75))
    dialler.store.add_call(first, **call(ago(days=2), code=BUSY))
    dialler.store.add_call(second, **call(ago(days=1), code=CALLBACK), **{"=cmd()": "=1+1"})

    done = run("calls", "--to", "calls.csv")

    assert done.code == ExitCode.OK, done.err
    raw = Path("calls.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfUserData,ContactID,")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 4
    assert Path("calls.csv").stat().st_mode & 0o777 == 0o600
    found = lines(Path("calls.csv"))
    assert list(found[0])[: len(COLUMNS)] == COLUMNS
    assert "StatisticsPartA.dtCallStart" in found[0]
    assert [(line["UserData"], line["ContactID"], line["Campaign"]) for line in found] == [
        ("K1", "1", "Nightly"),
        ("K1", "1", "Nightly"),
        ("K2", "2", "Nightly"),
    ]
    assert found[0]["DurationSeconds"] == "75"
    assert [line["ResultCode"] for line in found] == ["SALE", "BUSY", "CALLBACK"]
    assert {line["Reached"] for line in found} == {"true"}
    assert [line["Done"] for line in found] == ["true", "false", "false"]
    assert b"'=1+1" in raw
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


def test_each_call_is_given_once(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """A result that changes is given again, a call that goes on when it is over; nothing new is a header."""
    configure()
    first, second, _ = contacts(dialler.store, 3)
    store = dialler.store
    store.add_call(first, **call(ago(hours=3), code=CALLBACK))
    going_on = store.add_call(second, **call(ago(minutes=1), seconds=None))

    one = run("calls", "--since", "last", "--to", "1.csv")
    store.calls[first][0]["DiallerCampaignsResultCodes"] = SALE.record()
    two = run("calls", "--since", "last", "--to", "2.csv")
    store.calls[second][0] |= call(ago(minutes=1), seconds=30)
    store.calls[second][0]["StatisticsPartA"]["ID"] = going_on
    run("calls", "--since", "last", "--to", "3.csv")
    four = run("calls", "--since", "last", "--to", "4.csv")

    assert "1 still going on: reported when over." in one.err
    assert "1, 1 of them changed" in two.out
    found = [
        [(line["CallID"], line["_change"], line["ResultCode"]) for line in lines(Path(f"{n}.csv"))] for n in "1234"
    ]
    assert found == [[("1", "new", "CALLBACK")], [("1", "updated", "SALE")], [("2", "new", "SALE")], []]
    assert four.code == ExitCode.OK
    assert next(csv.reader(Path("4.csv").read_text("utf-8-sig").splitlines()))[: len(COLUMNS)] == COLUMNS


def test_each_receiver_has_its_own_last(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()
    (contact,) = contacts(dialler.store, 1)
    dialler.store.add_call(contact, **call(ago(hours=3)))

    for name, number in (("crm", 1), ("crm", 0), ("board", 1)):
        run("calls", "--since", "last", "--for", name, "--to", "to.csv")
        assert len(lines(Path("to.csv"))) == number
        Path("to.csv").unlink()


def test_the_file_of_last_time_is_set_aside(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """What stands in it is not given again; a file without calls is replaced."""
    configure()
    (contact,) = contacts(dialler.store, 1)
    for day in (3, 2):
        dialler.store.add_call(contact, **call(ago(days=day)))
        done = run("calls", "--since", "last", "--to", "calls.csv")

    assert "its calls are not reported again" in done.err
    assert given(Path()) == {"1": 1, "2": 1}
    for _ in range(3):
        run("calls", "--since", "last", "--to", "calls.csv")
    assert given(Path()) == {"1": 1, "2": 1}
    assert len(list(Path().glob("*.csv"))) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "last"), "needs --to"),
        (
            ("--since", "last", "--to", "x.csv", "list.csv"),
            "--since last and FILE cannot be combined: --since last is for all calls of a campaign",
        ),
        (("--to", "x.pdf"), ".csv, .jsonl or .xlsx"),
        (("--to", "there/x.csv"), "no folder"),
        (
            ("--since", "yesterday"),
            "a date such as 2026-01-31 or 2026-01-31T18:00, or a run in the journal (see 'dialler-sync runs list')",
        ),
        (("--for", "crm", "--to", "x.csv"), "--since last"),
        (("--campaign", "538", "list.csv"), "--campaign and FILE cannot be combined: both choose the contacts"),
        (("-o", "xlsx"), "--to"),
        (("--since", "last", "--to", "x.csv", "--for", "../crm"), "--for takes a name"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    arguments: tuple[str, ...], said: str, run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    configure()

    done = run("calls", *arguments)

    assert done.code == ExitCode.USAGE
    assert said in done.err
    assert not Path("x.csv").exists()


def test_calls_of_a_list(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path], dialler: SimulatorServer
) -> None:
    """Only of its contacts; rows without a contact are named."""
    configure()
    for contact in contacts(dialler.store, 4):
        dialler.store.add_call(contact, **call(ago(days=1)))

    done = run(
        "calls",
        contacts_csv(rows=["K2,B,0171 392001", "K3,C,0171 392002", "K3,C,0171 392002", "K9,X,0171 392003"]),
        "-o",
        "json",
    )

    assert [line["UserData"] for line in json.loads(done.out)] == ["K2", "K3"]
    assert "row 5: UserData 'K9': not in the dialler" in done.err


def test_since_a_date_or_a_run(
    run: Run, configure: Configure, contacts_csv: Callable[..., Path], dialler: SimulatorServer
) -> None:
    configure()
    imported = run("import", contacts_csv(1))
    dialler.store.add_call(1, **call(ago(days=3)))
    dialler.store.add_call(1, **call(ago(days=-1)))

    by_day = run("calls", "--since", ago(days=4).date(), "-o", "jsonl")
    later = run("calls", "--since", ago(days=2).date(), "-o", "jsonl")
    by_run = run("calls", "--since", imported.summary["run_id"], "-o", "jsonl")

    assert [len(done.out.splitlines()) for done in (by_day, later, by_run)] == [2, 1, 1]


def test_contacts_without_calls_are_not_asked(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """One list and one batch, whatever the size of the campaign."""
    configure()
    store = dialler.store
    for contact in contacts(store, 3000)[::300]:
        store.add_call(contact, **call(ago(days=1)))

    done = run("calls", "--since", "last", "--to", "1.csv")

    assert "requests    2, 5 saved" in done.out
    assert len(lines(Path("1.csv"))) == 10
    assert "210 of them queried" in done.out


def test_a_list_that_does_not_tell_of_calls_is_not_gone_by(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    configure()
    store = dialler.store
    for contact in contacts(store, 100):
        store.add_call(contact, **call(ago(days=1)))
        if contact > 3:  # as of a dialler whose list is behind
            for name in ("nTries", "dtLastTry", "DiallerCampaignsResultCodesID"):
                store.contacts[contact].pop(name)

    done = run("calls", "--since", "last", "--to", "1.csv")

    assert (
        "The dialler's list shows no calls for contacts that have some: reading the calls of all contacts" in done.err
    )
    assert given(Path()) == dict.fromkeys(calls_of(store), 1)


@pytest.mark.parametrize("step", ["intend", "rename", "settle"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("same", [True, False], ids=["same-file", "other-file"])
def test_a_kill_loses_no_call_and_doubles_none(
    step: str, when: str, same: bool, run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """Whether the next call gives another file, or that of the killed one again."""
    configure()
    store = dialler.store
    first, second = contacts(store, 2)
    store.add_call(first, **call(ago(days=2)))
    run("calls", "--since", "last", "--to", "calls-0.csv")
    store.add_call(first, **call(ago(days=1)))

    killed = run_apart("calls", "--since", "last", "--to", "calls-1.csv", blow=Blow(when, f"calls {step}"))
    store.add_call(second, **call(ago(hours=1)))
    done = run("calls", "--since", "last", "--to", "calls-1.csv" if same else "calls-2.csv")

    assert killed.process.exitcode == -9
    assert done.code == ExitCode.OK, done.err
    assert given(Path()) == {"1": 1, "2": 1, "3": 1}
    assert list(Path().glob(".*.part")) == []
    run("calls", "--since", "last", "--to", "calls-3.csv")
    assert lines(Path("calls-3.csv")) == []


def test_a_file_that_was_taken_before_the_kill_is_not_given_again(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    configure()
    (contact,) = contacts(dialler.store, 1)
    dialler.store.add_call(contact, **call(ago(days=1)))

    run_apart("calls", "--since", "last", "--to", "calls.csv", blow=Blow("after", "calls rename"))
    Path("calls.csv").rename("taken.csv")
    run("calls", "--since", "last", "--to", "calls.csv")

    assert given(Path()) == {"1": 1}


def test_a_month_of_nights_gives_each_call_once(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    """With calls that go on over the look, results that change, contacts that go, and kills."""
    configure()
    store, random = dialler.store, Random(19)
    ids = contacts(store, 60)
    all_calls: set[str] = set()
    open_calls: list[tuple[int, dict[str, Any], datetime]] = []
    steps = [("before", "intend"), ("after", "intend"), ("before", "rename"), ("after", "rename"), ("before", "settle")]
    for night in range(30):
        for contact, record, start in open_calls:
            if contact in store.contacts:
                record["StatisticsPartA"]["dtCallEnd"] = str(start + timedelta(seconds=90))
                record["DiallerCampaignsResultCodes"] = BUSY.record()
        open_calls = []
        for contact in random.sample(sorted(store.contacts), 5):
            start = ago(minutes=random.randrange(2, 500))
            over = random.random() < 0.8
            number = store.add_call(contact, **call(start, seconds=60 if over else None, code=CALLBACK))
            all_calls.add(str(number))
            if not over:
                open_calls.append((contact, store.calls[contact][-1], start))
        if night % 3 == 2:
            record = random.choice([c for h in store.calls.values() for c in h if c.get("DiallerCampaignsResultCodes")])
            record["DiallerCampaignsResultCodes"] = SALE.record()
        if night in (7, 19):
            store.delete(next(each for each in ids if each in store.contacts and each not in store.calls))
        if night == 23 and open_calls:
            store.delete(open_calls[0][0])
        if night % 6 == 1:
            when, step = steps[night // 6]
            killed = run_apart("calls", "--since", "last", "--to", f"{night:02}.csv", blow=Blow(when, f"calls {step}"))
            assert killed.process.exitcode == -9
        else:
            assert run("calls", "--since", "last", "--to", f"{night:02}.csv").code == ExitCode.OK
    for contact, record, start in open_calls:
        if contact in store.contacts:
            record["StatisticsPartA"]["dtCallEnd"] = str(start + timedelta(seconds=90))
    run("calls", "--since", "last", "--to", "end.csv")

    found = given(Path())
    assert set(found.values()) == {1}
    assert set(found) >= calls_of(store)
    assert set(found) <= all_calls


def test_without_batches_each_contact_is_asked(run: Run, configure: Configure, dialler: SimulatorServer) -> None:
    configure()
    (contact,) = contacts(dialler.store, 1)
    dialler.store.add_call(contact, **call(ago(days=1)))
    path = configure(endpoints='{batch_contacts: "POST /nowhere"}')

    done = run("-c", path, "calls", "--to", "1.csv")
    path = configure(endpoints='{batch_contacts: "POST /nowhere", history_by_id: "GET /nowhere/{id}"}')
    neither = run("-c", path, "calls", "--to", "2.csv")

    assert len(lines(Path("1.csv"))) == 1, done.err
    assert neither.code == ExitCode.NO_ROW_CAN_SUCCEED
    assert "dialler.endpoints: {history_by_id:" in neither.err
    assert not Path("2.csv").exists()


def test_two_at_once_are_refused(run: Run, configure: Configure, dialler: SimulatorServer, tmp_path: Path) -> None:
    from dialler_sync.journal import Journal
    from dialler_sync.target import target_of

    configure()
    target = target_of(f"localhost:{dialler.base_url.split(':')[2].split('/')[0]}/rest/v1.0/1", campaign_id=538)
    with Journal.open(tmp_path / "state" / "journal.db") as journal, journal.calls_lock(target, ""):
        done = run("calls", "--since", "last", "--to", "x.csv")

    assert done.code == ExitCode.USAGE
    assert "another 'calls' is reading" in done.err


def test_a_call_that_is_gone_when_its_file_is_made_anew_stays_where_it_is(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """The file of the killed one is set aside, as the dialler no longer has all of it."""
    configure()
    first, second = contacts(dialler.store, 2)
    for contact in (first, second):
        dialler.store.add_call(contact, **call(ago(days=1)))

    run_apart("calls", "--since", "last", "--to", "calls.csv", blow=Blow("before", "calls settle"))
    dialler.store.delete(first)
    dialler.store.add_call(second, **call(ago(hours=1)))
    run("calls", "--since", "last", "--to", "calls.csv")

    assert given(Path()) == {"1": 1, "2": 1, "3": 1}


def test_a_call_that_went_on_when_its_contact_was_deleted_is_given_as_it_was(
    run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    configure()
    first, _ = contacts(dialler.store, 2)
    dialler.store.add_call(first, **call(ago(minutes=2), seconds=None))

    run("calls", "--since", "last", "--to", "1.csv")
    dialler.store.delete(first)
    done = run("calls", "--since", "last", "--to", "2.csv")
    run("calls", "--since", "last", "--to", "3.csv")

    assert "calls that were going on last time are gone: reported as they were then" in done.err
    assert [(line["UserData"], line["CallID"], line["CallEnd"]) for line in lines(Path("2.csv"))] == [("K1", "1", "")]
    assert lines(Path("3.csv")) == []


@pytest.mark.parametrize(
    ("campaign", "expected"),
    [
        ("{name: Nightly}", {"1": "Nightly"}),
        ("{column: List}", {"1": "Nightly", "2": "Trade fair callbacks"}),
    ],
)
def test_whose_calls_are_given(
    campaign: str, expected: dict[str, str], run: Run, configure: Configure, dialler: SimulatorServer
) -> None:
    """Of the campaign that the configuration names; where a column does, of the whole account."""
    configure(campaign=campaign)
    for key, number in (("K1", 538), ("K2", 539)):
        contact = dialler.store.add(Name=key, UserData=key, PhoneNumber1="+4917139200", DiallerCampaignsID=number)
        dialler.store.add_call(contact, **call(ago(days=1)))

    done = run("calls", "--to", "calls.csv")

    assert done.code == ExitCode.OK, done.err
    assert {line["CallID"]: line["Campaign"] for line in lines(Path("calls.csv"))} == expected
