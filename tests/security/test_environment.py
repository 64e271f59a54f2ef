"""Variables of the environment that make no sense: one clear message, or none needed, and never a traceback."""

from __future__ import annotations

import pytest

from .limited import run_limited


@pytest.mark.parametrize("zone", ["AAA9999999999", "AAA-25:00"])
def test_a_time_zone_that_python_cannot_count_with(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)

    done = run_limited("demo")

    assert done.returncode in {0, 4}, done.stderr
    assert "is not a time zone: times are in UTC" in done.stderr
