"""Takes the README's picture again: the report of the demo, in Chromium. ``python docs/picture.py``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from dialler_sync.jobs.demo import run_demo
from dialler_sync.observer import Silent

PICTURE = Path(__file__).parent / "images" / "report.png"
SIZE = {"width": 1200, "height": 900}


def take() -> None:
    """Run the demo, and write what its page looks like."""
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / "reports"
        run_demo(reports, Silent())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto((reports / "report.html").as_uri())
            page.screenshot(path=PICTURE)
            browser.close()


if __name__ == "__main__":
    take()
