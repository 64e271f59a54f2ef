"""Which contacts are asked, by what a list tells of their calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dialler_sync.contacts.telling import Choice, told_of

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
TODAY, LONG_AGO = "2026-02-01 08:00:00", "2026-01-01 08:00:00"
NEVER: dict[str, Any] = {"ID": 1, "nTries": None, "dtLastTry": None, "bDone": None, "dtModified": TODAY}


def choice(since: datetime | None = None, *, some_called: bool = True) -> Choice:
    found = Choice(timedelta(days=7), NOW, since)
    found.some_called = some_called
    return found


@pytest.mark.parametrize(
    ("record", "known", "asked"),
    [
        (NEVER, None, False),
        ({**NEVER, "nTries": 0, "nTriesPhoneNumber1": "0"}, None, False),
        ({"ID": 1}, None, True),  # the list does not tell
        ({**NEVER, "LastUsersUID": "anna"}, None, True),
        ({**NEVER, "nTries": 1, "dtLastTry": TODAY}, None, True),
        ({**NEVER, "nTries": 1, "dtLastTry": TODAY}, "same", True),  # open, within look_back
        ({**NEVER, "nTries": 1, "dtLastTry": LONG_AGO}, "same", False),
        ({**NEVER, "nTries": 1, "dtLastTry": LONG_AGO}, "other", True),
        ({**NEVER, "nTries": 1}, "same", True),  # open, and it does not tell when it was called
        ({**NEVER, "nTries": 1, "dtLastTry": TODAY, "bDone": True}, "same", False),
        ({**NEVER, "nTries": 1, "dtLastTry": TODAY, "bDone": True}, "other", True),
        ({**NEVER, "nTries": 1, "dtLastTry": TODAY, "DiallerCampaignsResultCodes": {"bDone": 1}}, "same", False),
    ],
)
def test_contacts_that_cannot_have_new_calls_are_not_asked(
    record: dict[str, Any], known: str | None, asked: bool
) -> None:
    told = told_of(record)
    mark = told.mark if known == "same" else known

    assert choice().may_have_new(told, mark) is asked


def test_a_list_in_which_nobody_was_called_proves_nothing() -> None:
    assert choice(some_called=False).may_have_new(told_of(NEVER), None)


@pytest.mark.parametrize(("last", "asked"), [(TODAY, True), (LONG_AGO, False), ("", True)])
def test_since_a_day_only_those_called_since_are_asked(last: str, asked: bool) -> None:
    since = datetime(2026, 1, 20, tzinfo=UTC)

    assert choice(since).may_have_new(told_of({**NEVER, "nTries": 1, "dtLastTry": last}), None) is asked
