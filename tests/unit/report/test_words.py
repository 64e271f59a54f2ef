"""Wording of the reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.model import Action, Reason, RowResult, Status
from dialler_sync.report import words
from dialler_sync.text import forms

from ...helpers.report_samples import rejected, result_of, summary_of

GOOD, SKIPPED = result_of(2), result_of(3, Status.SKIPPED, action=Reason.UNCHANGED)
WAITING = result_of(4, Status.UNPROCESSED)


@pytest.mark.parametrize(
    ("rows", "values", "verdict"),
    [
        ([], {}, "The files hold no rows"),
        ([GOOD], {}, "The one row succeeded"),
        ([GOOD] * 1_200, {}, "All 1,200 rows succeeded"),
        ([GOOD, SKIPPED], {}, "All is well: 1 succeeded, 1 needed no change"),
        ([GOOD, rejected(3)], {}, "1 of 2 rows did not succeed"),
        ([GOOD] * 2, {"command": "validate"}, "All 2 rows are valid"),
        ([GOOD, rejected(3)], {"command": "validate"}, "1 of 2 rows would be rejected"),
        ([SKIPPED], {"dry_run": True}, "The one row is ready to be imported"),
        ([GOOD, rejected(3), WAITING], {"stopped_because": "down"}, "Stopped early: 2 of 3 rows are settled"),
    ],
)
def test_the_verdict_says_at_a_glance_how_it_went(rows: list[RowResult], values: dict[str, Any], verdict: str) -> None:
    assert words.verdict(summary_of(rows, **values)) == verdict


@pytest.mark.parametrize("code", [code for code in ExitCode if code is not ExitCode.SAFETY_LIMIT])
def test_a_run_that_stopped_says_how_to_go_on(code: ExitCode) -> None:
    sentence, command = words.next_step(summary_of([WAITING], stopped_because="x", exit_code=int(code)))

    assert sentence.endswith(".")
    assert command == "dialler-sync resume 20261123-020000-abc123"


def test_a_safety_limit_is_not_simply_passed_by() -> None:
    """Resuming would only stop there again, or defeat the limit."""
    sentence, command = words.next_step(summary_of([WAITING], stopped_because="x", exit_code=8))

    assert "Check the reasons below first. Then fix the rows and" in sentence
    assert command == ""


def test_a_run_whose_journal_is_lost_is_not_resumed() -> None:
    sentence, command = words.next_step(
        summary_of([WAITING], stopped_because="deleted", exit_code=ExitCode.UNAVAILABLE, resumable=False)
    )

    assert "import the files again" in sentence
    assert command == ""


def test_a_validation_that_stopped_is_repeated_and_not_resumed() -> None:
    assert words.next_step(summary_of(command="validate", stopped_because="x", exit_code=8))[1] == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.41, "0.4 s"),
        (9.96, "10 s"),
        (59.7, "1 min"),
        (312, "5 min 12 s"),
        (7_500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_read_like_speech(seconds: float, text: str) -> None:
    assert forms.duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"),
        (1, 1_000_000, "< 0.1 %"),
        (999_999, 1_000_000, "> 99.9 %"),
        (10, 10, "100 %"),
        (1, 3, "33.3 %"),
        (0, 0, "–"),
    ],
)
def test_a_share_never_rounds_something_to_nothing_or_less_than_all_to_all(part: int, whole: int, text: str) -> None:
    assert forms.percent(part, whole) == text


def test_times_are_told_as_they_were_where_the_run_was(in_zone: Callable[[str], None]) -> None:
    in_zone("Europe/Berlin")
    assert forms.moment("2026-11-23T23:30:00Z") == "24 Nov 2026, 00:30 CET"
    assert forms.moment("") == ""


def test_every_status_and_action_has_its_meaning() -> None:
    assert set(words.STATUS_MEANINGS) == set(Status)
    assert set(Action) <= set(words.ACTION_MEANINGS)
