"""What a message says of a campaign, and of how many rows a list has."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.config.notify import NotifySettings
from dialler_sync.jobs.message import DIGEST, facts
from dialler_sync.jobs.notify import _row_count_alarm
from dialler_sync.run.reports import Summary

from ...helpers import records

CAMPAIGN = {"name": "nord", "event": "", "needs": "", "alarm": "", "counts": {}, "errors": {}}


@pytest.mark.parametrize(
    ("campaign", "said"),
    [
        ({}, "no list"),
        ({"event": "failing", "needs": "gone"}, "failing: gone"),
        ({"event": "failing", "needs": "gone", "alarm": "few rows"}, "failing: gone; few rows"),
        ({"alarm": "few rows", "counts": {"read": 2, "succeeded": 1}}, "few rows; 1 of 2 imported"),
    ],
)
def test_a_campaign_of_a_night_is_one_sentence(campaign: dict[str, Any], said: str) -> None:
    assert facts({"event": DIGEST, "campaigns": [CAMPAIGN | campaign]}) == {"nord": said}


@pytest.mark.parametrize(
    ("before", "read", "said"),
    [
        ([100], 20, "20 rows were read; the last import had 100 (notify.row_count: 50%)"),
        ([100, 90], 1, "1 row was read; the last 2 imports had 95 (notify.row_count: 50%)"),
        ([100], 80, ""),
    ],
)
def test_an_alarm_counts_in_good_english(before: list[int], read: int, said: str) -> None:
    def of(count: int) -> dict[str, Any]:
        return records.facts("20260131-000000-aaaaaa", counts={"read": count})

    settings = NotifySettings(row_count="50%")  # type: ignore[arg-type]

    assert _row_count_alarm(Summary.read(of(read)), list(map(of, before)), settings) == said
