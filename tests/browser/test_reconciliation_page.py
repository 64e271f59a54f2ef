"""``reconciliation.html`` as its readers meet it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialler_sync import reconcile
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure
from .conftest import Open


@pytest.fixture
def page_path(configure: Configure, contacts_csv: Callable[..., Path], dialler: SimulatorServer) -> Path:
    """A contact of every class, compared a second time after nothing has moved."""
    config, file = configure(), contacts_csv(4)
    for key, name in (("K2", "Name 2"), ("K3", "Another"), ("K4", "Twice"), ("K4", "Twice"), ("EXTRA", "Nobody")):
        dialler.store.add(DiallerCampaignsID=538, UserData=key, Name=name, PhoneNumber1="+4917139200")
    reconcile(file, config)

    return reconcile(file, config, since="last", with_history=True).folder / "reconciliation.html"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_it_is_accessible_in_both_themes_and_on_a_phone(
    page_path: Path, open_page: Open, scheme: str, width: int
) -> None:
    """As axe-core sees it, and nothing stands out of the screen."""
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(page_path, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.locator("#records .toggle").first.click()

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_phone_numbers_say_what_they_are(page_path: Path, open_page: Open) -> None:
    """Where cells flow, the head of the table no longer does."""
    page = open_page(page_path, viewport={"width": 360, "height": 800})

    labels = (
        page.locator("#records tbody tr")
        .first.locator("td")
        .evaluate_all("cells => cells.map(cell => getComputedStyle(cell, '::before').content)")
    )

    assert labels == [
        *("none", '"Row "', '"Contact ID "', '"Differences "', '"In the dialler "', '"In the file "'),
    ]


def test_what_has_not_moved_is_said(page_path: Path, open_page: Open) -> None:
    """Silence could also mean that nobody looked."""
    page = open_page(page_path)

    assert page.get_by_text("Nothing has moved since run").is_visible()
