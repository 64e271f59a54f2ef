"""``night.html`` as its readers meet it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.report.night_page import CampaignNight, write_night_page

from .conftest import Open


def summary(n: int, read: int, rejected: int = 0) -> dict[str, object]:
    """What the journal keeps of a run."""
    return {
        "run_id": f"run-{n}", "started_at": f"2026-11-{n:02}T03:15:00+00:00", "out": f"reports/run-{n}",
        "files": [{"name": "<b>ost</b>.csv"}], "stopped_because": None,
        "counts": {"read": read, "succeeded": read - rejected, "rejected": rejected, "skipped": 0, "failed": 0,
                   "unknown": 0, "unprocessed": 0},
    }  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_it_shows_each_campaign_with_its_trend_and_what_needs_a_hand(
    tmp_path: Path, open_page: Open, scheme: str, width: int
) -> None:
    """Accessible in both themes, and on a phone nothing stands out of the screen."""
    from axe_playwright_python.sync_playwright import Axe

    history = [summary(n, 100 + n, n % 3) for n in range(9, 0, -1)]
    nights = [
        CampaignNight("ost", 4, runs=[summary(10, 110, 2)], history=[summary(10, 110, 2), *history]),
        CampaignNight("süd", 7, "the dialler refuses the token </script><script>alert(1)</script>"),
        *(CampaignNight(f"list-{n}", 0, runs=[summary(n, n)]) for n in range(1, 20)),
    ]
    path = tmp_path / "night.html"
    write_night_page(path, nights, "2026-11-10T03:15:00+00:00", 7)

    page = open_page(path, color_scheme=scheme, viewport={"width": width, "height": 800})
    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("#campaigns tbody tr").count() == 21
    assert page.locator("#campaigns svg.drawing").count() == 1
    assert "1 of 21 campaigns needs a hand" in page.get_by_role("heading", level=1).inner_text()
    assert "</script><script>alert(1)</script>" in page.locator("#needs").inner_text()
    assert "2 rows did not succeed: see reports/run-10/failed.xlsx" in page.locator("#needs").inner_text()
