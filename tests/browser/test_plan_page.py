"""``plan.html`` as its readers meet it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from dialler_sync.report.plan_page import write_plan_page

from .conftest import Open

ACTIONS = ("create", "overwrite", "overwrite", "protected", "delete")


def entry(n: int, action: str) -> dict[str, object]:
    """One line of a plan."""
    hostile = "</script><script>alert(1)</script>"
    changes = {"Name": ["Old", f"New {hostile}"], "City": [None, "Köln"]} if action == "overwrite" else {}
    fields = {"UserData": f"K{n}", "Name": f"Name {n}", "Amount": 1.5} if action == "create" else {}
    reason = "the contact is locked" if action == "protected" else ""
    return {
        "row": n if action != "delete" else 0, "action": action, "user_data": f"K{n}", "contact_id": str(n),
        "changes": changes, "fields": fields, "reason": reason, "name": f"Name {n}",
    }  # fmt: skip


@pytest.fixture(params=[0, 1, 20_000])
def page_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A plan of so many changes."""
    entries = [entry(n, ACTIONS[n % len(ACTIONS)]) for n in range(1, request.param + 1)]
    counts = {name: sum(each["action"] == name for each in entries) for name in sorted(set(ACTIONS))}
    path = tmp_path / "plan.html"
    plan = {
        "files": [{"name": "liste <b>.csv"}], "campaign": "538", "created_at": "2026-11-29T01:02:03+00:00",
        "compare": "dialler", "counts": counts, "rejected": 0, "entries": entries, "differs": bool(entries),
        "changed_fields": {"Name": counts["overwrite"], "City": counts["overwrite"]} if entries else {},
        "labels": {"City": "Ort"},
    }  # fmt: skip
    write_plan_page(path, plan)
    return path


def test_it_shows_every_change_accessibly(page_path: Path, open_page: Open, request: pytest.FixtureRequest) -> None:
    """With none, one or many; in the dark, on a phone, nothing stands out of the screen."""
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(page_path, color_scheme="dark", viewport={"width": 360, "height": 800})
    number = request.node.callspec.params["page_path"]

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("#records").count() == bool(number)
    if number:
        assert page.locator(".found").inner_text().endswith(f"of {number:,}")
    else:
        assert page.get_by_role("heading", level=1).inner_text() == "Nothing would change"


@pytest.mark.parametrize("page_path", [20_000], indirect=True)
def test_it_is_filtered_by_action_and_field_and_searched(page_path: Path, open_page: Open) -> None:
    """A person who is asked for a yes looks at what is deleted first."""
    page = open_page(page_path)

    page.get_by_label("Action").select_option("delete")
    expect(page.locator(".found")).to_contain_text("4,000 found among 20,000")
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Fields").select_option("Ort")
    expect(page.locator(".found")).to_contain_text("8,000 found among 20,000")
    page.get_by_label("Search").fill("K19996")
    expect(page.locator(".found")).to_contain_text("of 1 found")

    shown = page.locator("#records tbody tr").inner_text()
    assert "Name: Old → New </script><script>alert(1)</script>; Ort: (empty) → Köln" in shown
