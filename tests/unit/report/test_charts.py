"""Geometry of charts."""

from __future__ import annotations

import pytest

from dialler_sync.report.charts import HEIGHT, WIDTH, bars, stacked_bar, stacked_columns


def test_parts_of_a_bar_fill_it_and_follow_each_other() -> None:
    boxes = stacked_bar({"succeeded": 700, "failed": 300, "unknown": 0})

    assert [box.tone for box in boxes] == ["succeeded", "failed"]
    assert boxes[0].width / boxes[1].width == pytest.approx(7 / 3, rel=0.01)
    assert boxes[0].x + boxes[0].width < boxes[1].x
    assert boxes[1].x + boxes[1].width == pytest.approx(WIDTH)


def test_three_rows_of_a_million_are_seen() -> None:
    """Few failures must stay visible beside many successes."""
    _, failed = stacked_bar({"succeeded": 999_997, "failed": 3})

    assert failed.width > WIDTH / 150


def test_a_bar_of_nothing_has_no_parts() -> None:
    assert stacked_bar({"succeeded": 0}) == []


def test_columns_stand_on_the_ground_and_the_highest_is_as_high_as_the_drawing() -> None:
    low, high_good, high_bad = stacked_columns([[("good", 1), ("bad", 0)], [("good", 3), ("bad", 1)]], ["a", "b"])

    assert low.y + low.height == HEIGHT == high_good.y + high_good.height
    assert (high_bad.y, high_bad.height + high_good.height) == (0, HEIGHT)
    assert low.x + low.width < high_good.x


def test_bars_are_as_long_as_their_values() -> None:
    long, short, none = bars([("a", 400, "400"), ("b", 100, "100"), ("c", 0, "0")])

    assert (long.share, short.share, none.share) == (1, 0.25, 0)
