"""One message for all runs of a night: who is told, of which campaigns, and what counts as a change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.config.notify import NotifySettings
from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs.digest import Member, ping_starts, tell_of_night
from dialler_sync.journal import Journal
from dialler_sync.report.night_page import CampaignNight

from ...helpers.records import facts

STAFF, BOSS = "https://staff.example.com/", "https://boss.example.com/"
OK, DOWN = ExitCode.OK, ExitCode.UNAVAILABLE


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


class Calls:
    """What receivers are told and pinged. ``down``: addresses that do not answer."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Any]] = []
        self.down: set[str] = set()

    def call(self, _name: str, _failure: str, _method: str, url: str, **content: Any) -> bool:
        if url in self.down:
            return False
        body = content.get("json")
        told = {each["name"]: each["event"] for each in body["campaigns"]} if body else content.get("content", b"")
        self.made.append((url, told))
        return True

    def taken(self) -> list[tuple[str, Any]]:
        made, self.made = self.made, []
        return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr("dialler_sync.jobs.receivers._call", calls.call)
    return calls


def member(name: str, code: int = OK, *, runs: int = 1, history: list[Any] | None = None, **notify: Any) -> Member:
    """A configuration whose night ended so; with ``notify=None`` one that could not be read."""
    target = notify.pop("target", f"dialler#{name}")
    ours = [facts(f"run-{name}", exit_code=int(code))] * runs
    night = CampaignNight(name, code, runs=ours, history=ours if history is None else history)
    given = (
        None if notify.get("notify", ...) is None else NotifySettings(**{"digest": True, "webhook": STAFF, **notify})
    )
    return Member(Path(f"{name}.yaml"), night, given, target)


def tell(journal: Journal, *members: Member) -> None:
    tell_of_night(Path("night"), members, journal)


def test_people_are_told_when_the_state_of_a_campaign_changes(journal: Journal, calls: Calls) -> None:
    """Once; a night in which nothing came changes nothing."""
    told = []
    for code, runs in ((OK, 1), (DOWN, 1), (DOWN, 1), (OK, 0), (OK, 1), (ExitCode.ROWS_FAILED, 1)):
        tell(journal, member("a", code, runs=runs), member("b"))
        told.append([campaigns for _, campaigns in calls.taken()])

    assert told == [[], [{"a": "failing", "b": ""}], [], [], [{"a": "recovered", "b": ""}], []]


def test_a_campaign_that_is_not_right_when_nothing_comes_has_failed(journal: Journal, calls: Calls) -> None:
    """Only a night that is well without a list changes nothing."""
    tell(journal, member("a", ExitCode.INPUT, runs=0))

    assert calls.taken() == [(STAFF, {"a": "failing"})]


@pytest.mark.parametrize(
    ("on", "code", "told"),
    [
        ("change", OK, False),
        ("failed", OK, False),
        ("always", OK, True),
        ("change", DOWN, False),
        ("failed", DOWN, True),
    ],
)
def test_without_a_change_it_depends_on_what_people_want(
    journal: Journal, calls: Calls, on: str, code: int, told: bool
) -> None:
    tell(journal, member("a", code))
    calls.taken()

    tell(journal, member("a", code, on=on))

    assert [campaigns for _, campaigns in calls.taken()] == [{"a": "" if code == OK else "still failing"}] * told


def test_each_receiver_gets_one_message_of_its_own_campaigns(journal: Journal, calls: Calls) -> None:
    """And of one that could not be read, which names nobody; not of one that tells of each run by itself."""
    tell(
        journal,
        member("a", DOWN),
        member("b", DOWN),
        member("c", DOWN, webhook=BOSS),
        member("d", DOWN, digest=False),
        member("e", ExitCode.USAGE, notify=None),
    )

    assert calls.taken() == [
        (STAFF, {"a": "failing", "b": "failing", "e": "failing"}),
        (BOSS, {"c": "failing", "e": "failing"}),
    ]


def test_a_configuration_that_stays_unreadable_is_told_once(journal: Journal, calls: Calls) -> None:
    """What people want to hear it does not say; it counts as one that tells of changes."""
    told = []
    for _ in range(2):
        tell(journal, member("a"), member("e", ExitCode.USAGE, notify=None, target=""))
        told.append(calls.taken())

    assert told == [[(STAFF, {"e": "failing", "a": ""})], []]


def test_campaigns_that_have_never_run_are_not_one(journal: Journal, calls: Calls) -> None:
    """They have no target yet, only the name of their file."""
    for _ in range(2):
        tell(journal, member("a", DOWN, target=""), member("b", target=""))

    assert calls.taken() == [(STAFF, {"a": "failing", "b": ""})]


def test_what_a_night_told_counts_for_a_run_that_is_started_by_hand(journal: Journal, calls: Calls) -> None:
    """That a campaign has recovered is told by whichever comes first."""
    tell(journal, member("a", DOWN), member("b"))

    assert (journal.last_event("dialler#a"), journal.last_event("dialler#b")) == ("failing", "")


def test_what_was_not_delivered_goes_to_those_whom_it_is_about(journal: Journal, calls: Calls) -> None:
    """By the next night, once; another receiver of the same folder does not get it."""
    calls.down = {STAFF}
    tell(journal, member("a", DOWN), member("c", webhook=BOSS))
    assert calls.taken() == []

    calls.down = set()
    for _ in range(2):
        tell(journal, member("c", webhook=BOSS), member("a", DOWN))

    assert calls.taken() == [(STAFF, {"a": "failing"})]


def test_those_that_fail_come_first_then_those_with_rows_to_fix(journal: Journal, calls: Calls) -> None:
    left = facts("run-left", counts={"read": 1, "failed": 1})
    part = Member(Path("a.yaml"), CampaignNight("y", ExitCode.ROWS_FAILED, runs=[left], history=[left]), None, "x#y")
    tell(journal, member("b"), member("a"), part, member("z", DOWN))

    ((_, campaigns),) = calls.taken()
    assert list(campaigns) == ["z", "y", "a", "b"]


@pytest.mark.parametrize("mended", [False, True])
def test_an_alarm_stands_until_the_next_whole_list(journal: Journal, calls: Calls, mended: bool) -> None:
    """A fixed file has only a few rows of one."""
    files = [{"name": "failed.xlsx", "layout": {"mended": mended}}]
    history = [facts("run-2", files=files), facts("run-1", alarm="1 row was read")]

    tell(journal, member("a", history=history))

    assert calls.taken() == ([(STAFF, {"a": "failing"})] if mended else [])


def test_each_address_is_pinged_once_with_how_its_own_campaigns_ended(journal: Journal, calls: Calls) -> None:
    one, two = "https://ping.example.com/1", "https://ping.example.com/2"
    members = [
        member("a", ping=one, webhook=None),
        member("b", DOWN, ping=one, webhook=None),
        member("c", ping=two, webhook=None),
        member("d", DOWN, ping=two, webhook=None, digest=False),
        member("e", ExitCode.USAGE, notify=None),
        member("f", ping="https://ping.example.com/3", webhook=None, digest=False),
    ]

    ping_starts(each.notify for each in members if each.notify)
    assert calls.taken() == [(f"{one}/start", b""), (f"{two}/start", b"")]

    tell(journal, *members)
    (failed, why), well = calls.taken()
    assert (failed, why[:7]) == (f"{one}/fail", b"exit 5:")
    assert b"1 of 1 campaign" in why
    assert well == (two, b"")
