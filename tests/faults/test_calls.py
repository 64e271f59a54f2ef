"""Lists of calls of a dialler that answers in odd ways: an error or a remark, never a wrong number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode

from ..cli.test_calls import ago, given, lines
from ..conftest import Configure, Run
from ..helpers.foreign import Answer, ForeignDialler, served

HISTORY = "DiallerContactsHistory"


@dataclass
class Odd(ForeignDialler):
    """``cap``: contacts that a batch answers for. ``counts``: what list and batch say beyond their records."""

    cap: int = 1000
    beyond: dict[str, int] = field(default_factory=dict)
    more: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        status, answer = super().answer(method, path, query, body)
        if not path.endswith("/contacts") or answer is None:
            return status, answer
        if method == "POST":
            answer["records"] = [{HISTORY: [], **each} for each in answer["records"][: self.cap]] + self.more
        else:  # a list has no calls
            answer["records"] = [{n: v for n, v in each.items() if n != HISTORY} for each in answer["records"]]
        answer["count"] = len(answer["records"]) + self.beyond.get(method, 0)
        return status, answer

    def call(self, contact: int, **record: Any) -> None:
        self.contacts[contact].setdefault(HISTORY, []).append(record)


@pytest.fixture
def odd(configure: Configure) -> Iterator[Odd]:
    with served(Odd()) as dialler:
        configure(base_url=dialler.base_url, retries=0, give_up_after=0)
        yield dialler  # type: ignore[misc]


def start(days: int) -> dict[str, Any]:
    return {"dtStart": str(ago(days=days)), "Duration": 60}


def test_a_batch_that_answers_in_part_is_asked_for_the_rest(run: Run, odd: Odd) -> None:
    odd.cap = 7
    for number in range(20):
        odd.call(odd.add(538, f"K{number}"), ID=number + 100, **start(1))

    done = run("calls", "--since", "last", "--to", "1.csv")

    assert done.code == ExitCode.OK, done.err
    assert given(Path()) == {str(number + 100): 1 for number in range(20)}


def test_a_history_that_cannot_be_read_is_asked_again(run: Run, odd: Odd) -> None:
    """The other contacts' calls are given; its own as soon as they can be read."""
    bad, good = odd.add(538, "K1"), odd.add(538, "K2")
    odd.call(good, ID=2, **start(1))
    odd.contacts[bad][HISTORY] = "no calls"

    done = run("calls", "--since", "last", "--to", "1.csv")
    odd.contacts[bad][HISTORY] = [{"ID": 1, **start(1)}]
    again = run("calls", "--since", "last", "--to", "2.csv")

    assert done.code == ExitCode.ROWS_FAILED
    assert "the calls of 1 contacts cannot be read" in done.err.casefold().replace("\n", " ")
    assert again.code == ExitCode.OK
    assert [[line["CallID"] for line in lines(Path(f"{n}.csv"))] for n in (1, 2)] == [["2"], ["1"]]


def test_what_nobody_asked_for_is_left_out(run: Run, odd: Odd) -> None:
    """Contacts of others in an answer, and calls of others in a history."""
    contact = odd.add(538, "K1")
    odd.call(contact, ID=1, **start(1))
    odd.call(contact, ID=2, DiallerContactsID=77, **start(1))
    odd.more = [{"ID": 99, "UserData": "X", HISTORY: [{"ID": 3, **start(1)}]}]

    done = run("calls", "--since", "last", "--to", "1.csv")

    assert given(Path()) == {"1": 1}
    assert "1 call records name another contact than the one queried, and are left out" in done.err
    assert "1 contacts that were not queried are left out" in done.err


def test_ids_that_stand_twice(run: Run, odd: Odd) -> None:
    """One call of two contacts is one; two calls that began at other times are two, night after night."""
    one, two = odd.add(538, "K1"), odd.add(538, "K2")
    odd.call(one, ID=1, **start(3))
    odd.call(two, ID=1, **start(3))
    odd.call(one, ID=2, **start(2))
    odd.call(two, ID=2, **start(1))

    done = run("calls", "--since", "last", "--to", "1.csv")
    odd.call(two, ID=1, **start(1))
    run("calls", "--since", "last", "--to", "2.csv")
    run("calls", "--since", "last", "--to", "3.csv")

    assert "1 duplicate call records are counted once" in done.err
    assert "1 calls share an ID but not a start time: treated as different calls" in done.err
    assert [len(lines(Path(f"{n}.csv"))) for n in (1, 2, 3)] == [3, 1, 0]


def test_calls_without_an_id_are_told_by_contact_start_and_number(run: Run, odd: Odd) -> None:
    """Also where the dialler writes the same time with its zone."""
    contact = odd.add(538, "K1")
    odd.call(contact, PhoneNumber="+491713920012", **start(2))
    odd.call(contact, PhoneNumber="+491713920013", **start(2))

    run("calls", "--since", "last", "--to", "1.csv")
    for record in odd.contacts[contact][HISTORY]:
        record["dtStart"] = datetime.fromisoformat(record["dtStart"]).astimezone().isoformat()
    odd.call(contact, PhoneNumber="+491713920012", **start(1))
    run("calls", "--since", "last", "--to", "2.csv")
    new = [line for line in lines(Path("2.csv")) if line["_change"] == "new"]

    assert len(lines(Path("1.csv"))) == 2
    assert len(new) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("beyond", [1, -1])
def test_a_wrong_count_is_no_answer(method: str, beyond: int, run: Run, odd: Odd) -> None:
    """Nothing is given, and the next call gives it."""
    odd.call(odd.add(538, "K1"), ID=1, **start(1))
    odd.beyond = {method: beyond}

    done = run("calls", "--since", "last", "--to", "calls.csv")
    odd.beyond = {}
    run("calls", "--since", "last", "--to", "calls.csv")

    assert done.code == ExitCode.UNAVAILABLE, done.err
    assert given(Path()) == {"1": 1}
    assert len(list(Path().glob("*.csv"))) == 1


def test_a_list_without_ids_is_said(run: Run, odd: Odd) -> None:
    odd.call(odd.add(538, "K1"), ID=1, **start(1))
    odd.add(538, "K2", ID="")

    done = run("calls", "--to", "calls.csv")

    assert given(Path()) == {"1": 1}
    assert "1 contacts in the dialler's list have no ID, so their calls cannot be read" in done.err


def test_a_dialler_that_ignores_the_campaign_gives_its_calls_only(run: Run, odd: Odd) -> None:
    odd.filters = False
    odd.call(odd.add(538, "K1"), ID=1, **start(1))
    odd.call(odd.add(539, "K2"), ID=2, **start(1))

    run("calls", "--since", "last", "--to", "1.csv")
    run("calls", "--since", "last", "--campaign", "Trade fair", "--to", "2.csv")

    assert [[line["CallID"] for line in lines(Path(f"{n}.csv"))] for n in (1, 2)] == [["1"], ["2"]]


@pytest.mark.parametrize("ended", [{"dtCallEnd": None}, {}])
def test_a_call_that_goes_on_is_given_when_it_is_over(ended: dict[str, Any], run: Run, odd: Odd) -> None:
    """Whether its record has no end, or no field for it."""
    contact = odd.add(538, "K1")
    begun = {"dtCallStart": str(ago(minutes=3)), "dtCallConnect": str(ago(minutes=3))}
    odd.call(contact, ID=1, StatisticsPartA={**begun, "dtCallEnd": str(ago(minutes=2))})
    odd.call(contact, ID=2, StatisticsPartA={**begun, **ended})

    run("calls", "--since", "last", "--to", "1.csv")
    odd.contacts[contact][HISTORY][1]["StatisticsPartA"]["dtCallEnd"] = str(ago(minutes=1))
    run("calls", "--since", "last", "--to", "2.csv")

    found = [[(line["CallID"], line["_change"]) for line in lines(Path(f"{n}.csv"))] for n in (1, 2)]
    assert found == [[("1", "new")], [("2", "new")]]


def test_a_call_that_goes_on_of_a_contact_that_is_done_is_asked_for_again(run: Run, odd: Odd) -> None:
    """The list shows nothing new when it is over."""
    contact = odd.add(538, "K1", nTries=2, bDone=True, dtLastTry=str(ago(minutes=3)))
    odd.call(contact, ID=1, dtCallStart=str(ago(days=1)), dtCallEnd=str(ago(days=1)))
    odd.call(contact, ID=2, dtCallStart=str(ago(minutes=3)), dtCallEnd=None)

    run("calls", "--since", "last", "--to", "1.csv")
    odd.contacts[contact][HISTORY][1]["dtCallEnd"] = str(ago(minutes=1))
    run("calls", "--since", "last", "--to", "2.csv")
    quiet = run("-q", "calls", "--since", "last", "--to", "3.csv")

    assert given(Path()) == {"1": 1, "2": 1}
    assert (quiet.out, quiet.err) == ("", "")
    assert odd.requests[-1].startswith("GET"), "nothing can be new, so the list is enough"


def test_a_call_that_the_list_hides_is_found_in_a_night_without_news(run: Run, odd: Odd) -> None:
    """A sample of the contacts without calls is asked, also when there is nobody else to ask."""
    done, silent = odd.add(538, "K1", nTries=1, bDone=True, dtLastTry=str(ago(days=9))), odd.add(538, "K2", nTries=0)
    odd.call(done, ID=1, **start(9))

    run("calls", "--since", "last", "--to", "1.csv")
    odd.call(silent, ID=2, **start(1))
    run("calls", "--since", "last", "--to", "2.csv")

    assert given(Path()) == {"1": 1, "2": 1}
