"""What a record says of the calls to its contact, in the forms that diallers give."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.plan.called import is_done, last_call, result_names
from dialler_sync.plan.decide import PlanRules, protection

EARLY, LATE = "2026-01-02 10:00:00", "2026-03-04 10:00:00"


@pytest.mark.parametrize(
    ("record", "last"),
    [
        ({}, ""),
        ({"dtLastTry": None, "DiallerContactsHistory": []}, ""),
        ({"dtLastTry": LATE}, LATE),
        ({"dtLastTry": EARLY, "DiallerContactsHistory": [{"dtCallStart": LATE}]}, EARLY),
        ({"DiallerContactsHistory": [{"StatisticsPartA": {"dtCallStart": t}} for t in (EARLY, LATE, EARLY)]}, LATE),
        ({"dtLastTry": "0000-00-00 00:00:00", "DiallerContactsHistory": [{"dtCallStart": EARLY}]}, EARLY),
        (
            {"DiallerContactsHistory": [{"dtCallStart": f"2026-01-02 {at}"} for at in ("10:00:00Z", "11:00:00+02:00")]},
            "2026-01-02 10:00:00Z",
        ),
        ({"dtLastTry": 1_770_000_000}, "2026-02-02 02:40:00Z"),
    ],
)
def test_the_last_call(record: dict[str, Any], last: str) -> None:
    """By dtLastTry, else the newest start of a call, wherever it stands."""
    assert last_call(record) == last


@pytest.mark.parametrize("time", ["01/02/2026", "2026-02-30 10:00:00", {"at": 1}])
def test_a_time_that_cannot_be_read_is_no_answer(time: object) -> None:
    with pytest.raises(UsageError, match=r"whether contact 7 is protected: dtLastTry is .*, which is not understood"):
        last_call({"ID": 7, "dtLastTry": time})


@pytest.mark.parametrize(
    ("record", "done"),
    [
        ({}, False),
        ({"bDone": True}, True),
        ({"bDone": 0}, False),
        ({"DiallerCampaignsResultCodes": None}, False),
        ({"DiallerCampaignsResultCodes": {"ID": 1, "bDone": "true"}}, True),
        ({"DiallerCampaignsResultCodes": [{"ID": 1, "bDone": False}]}, False),
        ({"DiallerCampaignsResultCodes": [{"ID": 1, "bDone": True}]}, True),
        ({"DiallerCampaignsResultCodes": ["SALE"]}, False),
        ({"DiallerCampaignsResultCodes": {}}, False),
    ],
)
def test_who_is_done(record: dict[str, Any], done: bool) -> None:
    assert is_done(record) is done


def test_a_result_code_without_flags_does_not_tell_who_is_done() -> None:
    with pytest.raises(UsageError, match=r"DiallerCampaignsResultCodes\.bDone is not there"):
        is_done({"ID": 7, "DiallerCampaignsResultCodes": {"ID": 1}})


def test_a_result_code_has_several_names() -> None:
    record = {"DiallerCampaignsResultCodes": {"ID": 2871, "ExportKey": "SALE", "Content": "Verkauf  1"}}

    assert dict(result_names(record)) == {"sale": "SALE", "verkauf1": "Verkauf  1", "2871": "2871"}


@pytest.mark.parametrize(("last", "held"), [("2026-03-04T09:59:59Z", False), ("2026-03-04T10:00:00Z", True)])
def test_who_was_called_within_the_time_is_protected(last: str, held: bool) -> None:
    rules = PlanRules(called="14d", since=datetime(2026, 3, 4, 10, tzinfo=UTC))

    assert bool(protection({"dtLastTry": last}, rules)) is held
