"""``calls.html`` as its readers meet it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialler_sync.report.calls_page import write_calls_page

from .conftest import Open


def _calls(count: int) -> list[dict[str, Any]]:
    """Calls of every kind, over a month."""
    answers = [True, False, False, None]
    return [
        {
            "UserData": f"K-{n % 40}",
            "ContactID": n % 40,
            "Campaign": "A campaign with a name that is rather long",
            "CallStart": f"2026-11-{n % 28 + 1:02} {n % 12 + 8:02}:00:00",
            "CallEnd": f"2026-11-{n % 28 + 1:02} {n % 12 + 8:02}:01:00",
            "DurationSeconds": 51,
            "Reached": answers[n % 4],
            "ResultCode": "SALE" if answers[n % 4] else "NOANSWER",
            "ResultText": "Sale" if answers[n % 4] else "Nobody answered",
            "Done": answers[n % 4],
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 300])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_it_is_accessible_in_both_themes_and_on_a_phone(
    tmp_path: Path, open_page: Open, scheme: str, width: int, count: int
) -> None:
    """As axe-core sees it, and nothing stands out of the screen: without a call, with one, with many."""
    from axe_playwright_python.sync_playwright import Axe

    contacts = [
        {"ID": n, "UserData": f"K-{n}", "Name": "Meier", "PhoneNumber1": f"+49301234{n}", "bPhoneNumber1Invalid": True}
        for n in range(min(count, 40))
    ]
    files = {"K-1": "a_list_with_a_long_name_of_its_own.csv"}
    write_calls_page(tmp_path / "calls.html", _calls(count), contacts=contacts, files=files, facts=[("Requests", "7")])
    page = open_page(tmp_path / "calls.html", color_scheme=scheme, viewport={"width": width, "height": 800})
    for summary in page.locator("summary").all():
        summary.click()

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("result", ["Nobody answered, call again next week in the morning", "W" * 3000])
def test_a_long_result_stays_on_the_screen(tmp_path: Path, open_page: Open, result: str) -> None:
    calls = [call | {"ResultText": result} for call in _calls(40)]
    write_calls_page(tmp_path / "calls.html", calls)

    page = open_page(tmp_path / "calls.html", viewport={"width": 360, "height": 800})

    assert result in " ".join(page.locator(".bars th").all_inner_texts())
    assert page.evaluate("document.documentElement.scrollWidth") == 360
