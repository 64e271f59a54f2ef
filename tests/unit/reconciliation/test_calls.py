"""What came of contacts, whatever a call's record looks like."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.reconciliation.calls import CallTally


def test_calls_are_counted_by_campaign_result_code_and_day() -> None:
    """Contacts once each, in whatever they had."""
    tally = CallTally()
    sale = {"ResultCode": "Sale", "dtStart": "2026-01-02 10:00:00", "UsersUID": "anna", "DiallerCampaignsID": 539}
    refused = {"ResultCode": {"Name": "Refused"}, "dtStart": "2026-01-01 09:00:00", "Duration": 12}
    nobody = {"ResultCode": "No answer", "dtStart": "2026-01-01 10:00:00", "Duration": 0}

    assert tally.add("538", [sale, refused])[:3] == (2, "2026-01-02 10:00:00", "Sale")
    assert tally.add("538", [nobody, nobody])[:4] == (2, "2026-01-01 10:00:00", "No answer", "false")
    assert tally.add("538", []) is None
    assert tally.add("538", None) is None

    found = tally.summary()
    assert {name: found[name] for name in ("contacts", "called", "reached", "calls", "unreadable")} == {
        "contacts": 4, "called": 2, "reached": 1, "calls": 4, "unreadable": 0,
    }  # fmt: skip
    assert found["by_campaign"] == {
        "538": {"calls": 3, "contacts": 2, "reached": 1},
        "539": {"calls": 1, "contacts": 1, "reached": 1},
    }
    assert found["by_result_code"]["No answer"] == {"calls": 2, "contacts": 1, "reached": 0}
    assert found["by_day"] == {
        "2026-01-01": {"calls": 3, "contacts": 2, "reached": 1},
        "2026-01-02": {"calls": 1, "contacts": 1, "reached": 1},
    }


@pytest.mark.parametrize("history", [["a call"], {"ID": 1}, "calls", 3, [None]])
def test_a_history_that_is_no_list_of_calls_is_counted_and_not_guessed(history: Any) -> None:
    """It is neither called nor not called."""
    tally = CallTally()

    assert tally.add("538", history) is None
    assert (tally.unreadable, tally.total.contacts) == (1, 0)


def test_a_call_that_tells_nothing_is_still_a_call() -> None:
    """Under (none)."""
    tally = CallTally()

    assert tally.add("", [{"dtStart": 5, "Duration": "long"}])[:3] == (1, "", "(none)")
    assert set(tally.by_campaign) | set(tally.by_result_code) | set(tally.by_day) == {"(none)"}
