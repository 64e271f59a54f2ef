"""``calls.html``: what came of the contacts, counted in one pass; and the numbers that the dialler found invalid."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.report.calls_page import CallsPage, write_calls_page
from dialler_sync.report.calls_tally import Answer, CallsTally, Contacts, Nth
from dialler_sync.report.invalid_numbers import FILE
from dialler_sync.text.spreadsheet import restore

from ...helpers.report_samples import HOSTILE


def call(key: str = "K-1", start: str = "2026-11-02 10:00:00", reached: Any = False, **facts: Any) -> dict[str, Any]:
    """A line of a list of calls."""
    ended = {"CallEnd": start, "ResultCode": "SALE" if reached else "NOANSWER", "Done": bool(reached)}
    known = {"UserData": key, "ContactID": key[2:], "Campaign": "Nightly", "CallStart": start, "Reached": reached}
    return known | ended | facts


def counted(*calls: dict[str, Any], **options: Any) -> tuple[CallsTally, Contacts]:
    """The calls, counted."""
    tally = CallsTally(**options)
    for each in calls:
        tally.add(each)
    return tally, tally.contacts()


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def text_of(path: Path) -> str:
    """The page without its style and script, in one line."""
    html = path.read_text(encoding="utf-8")
    return " ".join(html[html.index("<body>") :].split())


def test_contacts_are_counted_as_one_would_count_them_by_hand() -> None:
    """By contact, campaign and file, whatever the order of the calls."""
    draw = random.Random(5)
    calls = []
    for n in range(400):
        start = f"2026-11-{draw.randrange(1, 29):02} {draw.randrange(8, 18):02}:{n // 60:02}:{n % 60:02}"
        reached, done = draw.choice([True, False, False, None]), draw.choice([True, False, None])
        calls.append(call(f"K-{draw.randrange(80)}", start, reached, Campaign=draw.choice(["A", "B"]), Done=done))
    files = {f"K-{n}": f"{n % 3}.csv" for n in range(60)}
    tally, found = counted(*calls, files=files)

    own = defaultdict(list)
    for each in sorted(calls, key=lambda each: each["CallStart"]):
        own[each["UserData"]].append(each)
    reached = {key for key, made in own.items() if any(c["Reached"] for c in made)}
    untold = {key for key, made in own.items() if key not in reached and any(c["Reached"] is None for c in made)}
    done = {key for key, made in own.items() if [c["Done"] for c in made if c["Done"] is not None][-1:] == [True]}
    firsts = {key: next((n for n, c in enumerate(made, 1) if c["Reached"]), 999) for key, made in own.items()}
    assert (tally.calls, found.called, found.done) == (400, len(own), len(done))
    assert found.answers == {
        Answer.REACHED: len(reached),
        Answer.NOT_TOLD: len(untold),
        Answer.MISSED: len(own) - len(reached) - len(untold),
        Answer.GOING_ON: 0,
    }
    for group, of in ((found.by_campaign, "Campaign"), (found.by_file, "File")):
        name = {key: made[-1]["Campaign"] if of == "Campaign" else files.get(key, "") for key, made in own.items()}
        for each in group:
            its = {key for key in own if name[key] == each.name}
            told = len(its), len(its & reached), len(its & untold), len(its & done)
            assert (each.contacts, each.reached, each.not_told, each.done) == told
        assert sum(each.calls for each in group) == 400
    for nth in found.tries[:-1]:
        had = [key for key, made in own.items() if len(made) >= nth.nth <= firsts[key]]
        assert (nth.contacts, nth.reached) == (len(had), sum(firsts[key] == nth.nth for key in had))
        assert nth.not_told == sum(own[key][nth.nth - 1]["Reached"] is None for key in had)
    assert sum(nth.reached for nth in found.tries) == len(reached)


def test_what_is_not_told_is_not_missed() -> None:
    """Neither in the verdict, nor in a share, nor among tries."""
    tally, found = counted(call("K-1", reached=None), call("K-2", reached=None, Done=None), call("K-3"))

    assert found.answers[Answer.NOT_TOLD] == tally.settled()[Answer.NOT_TOLD] == 2
    assert found.tries == [Nth(1, 3, 0, 2)]
    assert found.by_campaign[0].not_told == 2


def test_a_call_without_an_end_is_going_on_where_others_have_one() -> None:
    """Where no call has an end, the dialler does not say of ends, and the call was not answered."""
    open_call = call("K-1", CallEnd=None, ResultCode=None, Done=None)

    tally, found = counted(open_call, call("K-2"))
    alone, its = counted(open_call)

    assert (tally.settled()[Answer.GOING_ON], found.answers[Answer.GOING_ON]) == (1, 1)
    assert (alone.settled()[Answer.MISSED], its.answers[Answer.MISSED]) == (1, 1)
    assert its.done is None
    assert "CallEnd" in alone.not_told


def test_times_are_the_dialler_s_and_those_with_a_zone_are_told_in_ours(in_zone: Callable[[str], None]) -> None:
    """A day without a time has no hour; what is no time is in no day."""
    starts = ["2026-11-02 10:00:00", "2026-11-02T23:30:00-02:00", "2026-11-03 01:00:00 UTC", "2026-11-03", "soon", ""]
    in_zone("UTC")
    tally, _ = counted(*(call(start=start) for start in starts))

    assert {hour: n for (hour, _), n in tally.hours.items()} == {10: 1, 1: 2}
    assert {day.day: n for (day, _), n in tally.days.items()} == {2: 1, 3: 3}


def test_names_beyond_the_first_thousand_are_counted_together() -> None:
    """A dialler that writes a text of its own for each call does not fill the memory."""
    tally, found = counted(*(call(f"K-{n}", Campaign=f"C{n}", ResultCode=f"R{n}") for n in range(1_500)))

    assert len(tally.results()) == len(found.by_campaign) == 1_001
    assert found.by_campaign[0].name == "(others)"
    assert (found.by_campaign[0].calls, sum(each.contacts for each in found.by_campaign)) == (500, 1_500)


def test_calls_without_a_contact_are_counted_as_calls_alone(tmp_path: Path) -> None:
    """They cannot be told apart; the page says so."""
    nobody = call() | {"UserData": None, "ContactID": ""}
    write_calls_page(tmp_path / "calls.html", [nobody, nobody])

    page = text_of(tmp_path / "calls.html")

    assert "2 calls; the dialler does not say to whom" in page
    assert "Without a contact: 2 calls" in page


@pytest.mark.parametrize(
    ("days", "title"),
    [
        (1, "Calls by day"),
        (60, "Calls by day"),
        (90, "Calls by week"),
        (600, "Calls by month"),
        (4_000, "Calls by year"),
    ],
)
def test_days_are_drawn_as_far_as_they_can_be_told_apart(tmp_path: Path, days: int, title: str) -> None:
    """Then weeks, months, years: no call is left out."""
    calls = [call(start=f"{date(2020, 1, 1) + timedelta(days=n)} 10:00:00") for n in range(days)]
    write_calls_page(tmp_path / "calls.html", calls)

    page = text_of(tmp_path / "calls.html")
    table = page[page.index(f'aria-label="{title} as a table"') :].split("</table>")[0]
    assert sum(int(row.split("<")[0].replace(",", "")) for row in table.split('<td class="number">')[1::3]) == days


def test_the_page_tells_all_in_words(tmp_path: Path) -> None:
    """Verdict, result codes with their texts, campaigns, lists, and what no call tells."""
    calls = [call(f"K-{n}", reached=n < 3, ResultText="Sold & done" if n < 3 else "") for n in range(10)]
    calls[9]["_change"] = "updated"
    write_calls_page(tmp_path / "calls.html", calls, files={"K-1": "list.csv"}, asked=1_234, facts=[("Requests", "7")])

    page = text_of(tmp_path / "calls.html")

    for said in (
        "3 of 10 contacts reached", "of 1,234", "SALE – Sold &amp; done", "Nightly", "list.csv", "in no imported list",
        "The dialler does not give Number, DurationSeconds and Agent for any call", "2 Nov 2026", "Requests",
        "Reported earlier, and changed since:", "do not tell (<code>bPhoneNumber1Invalid</code>",
    ):  # fmt: skip
        assert said in page, said
    assert not (tmp_path / FILE).exists()


def test_nothing_is_a_page_too(tmp_path: Path) -> None:
    """A night without calls."""
    write_calls_page(tmp_path / "calls.html", [], contacts=[{"ID": 1, "bPhoneNumber1Invalid": None}])

    page = text_of(tmp_path / "calls.html")

    assert "No calls" in page
    assert "None, among the contacts" in page
    assert read_rows(tmp_path / FILE) == []


CONTACT = {
    "ID": 7,
    "UserData": "K-7",
    "Name": "=1+1",
    "DiallerCampaignsID": 538,
    "PhoneNumber1": "+491713920012",
    "PhoneNumber2": "+4930123456",
    "PhoneNumber3": "+4930999",
    "bPhoneNumber1Invalid": True,
    "bPhoneNumber2Invalid": False,
    "bPhoneNumber3Invalid": None,
    "bPhoneNumber4Invalid": True,
}


@pytest.mark.parametrize("mask", [False, True])
def test_invalid_numbers_are_in_the_page_and_in_a_file(tmp_path: Path, mask: bool) -> None:
    """Each once, as the dialler's marks tell it; masked in the page, whole in the file, harmless in a spreadsheet."""
    page = CallsPage({"K-7": "list.csv"}, mask=mask)
    page.add(call("K-7"))
    page.add_contact(CONTACT)
    page.add_contact(CONTACT)
    page.write(tmp_path / "calls.html")

    (row,) = read_rows(tmp_path / FILE)

    assert list(row) == ["PhoneNumber", "UserData", "ContactID", "Name", "Campaign", "Field", "File"]
    assert row["Name"] != "=1+1"
    assert [restore(cell) for cell in row.values()] == [
        *("+491713920012", "K-7", "7", "=1+1", "538", "PhoneNumber1", "list.csv")
    ]
    assert ("+491713920012" in text_of(tmp_path / "calls.html")) is not mask
    assert "+491•" in text_of(tmp_path / "calls.html") or not mask


def test_hostile_texts_do_not_act(tmp_path: Path) -> None:
    """Whatever the dialler tells: in names, codes and numbers."""
    bad = dict.fromkeys(("Campaign", "ResultCode", "ResultText", "Name"), HOSTILE)
    contact = CONTACT | {"Name": HOSTILE, "PhoneNumber1": HOSTILE, "UserData": HOSTILE}
    write_calls_page(tmp_path / "calls.html", [call() | bad], contacts=[contact], files={"K-1": HOSTILE})

    page = text_of(tmp_path / "calls.html")

    assert "alert('x')" not in page
    assert page.count("<script>") == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"Reached": "true", "Done": "false", "DurationSeconds": "12.5"},
        {"Reached": "yes", "DurationSeconds": "long", "CallStart": 5, "ResultCode": 7, "ContactID": 1.5},
        {"CallStart": "9999-12-31T23:59:59-14:00", "UserData": "\ud800", "Campaign": []},
        {"CallStart": "0001-01-01T00:00:00+14:00", "Done": "?"},
    ],
)
def test_odd_values_are_counted_or_not_told(tmp_path: Path, odd: dict[str, Any]) -> None:
    """Texts as a CSV file has them are understood; what cannot be read is not told."""
    write_calls_page(tmp_path / "calls.html", [call(**odd), call("K-2")])

    assert "The dialler does not give" in text_of(tmp_path / "calls.html")
