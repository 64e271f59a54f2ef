"""Takes the README's pictures again: a plan in the terminal, and the report of the demo. ``python docs/picture.py``."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from dialler_sync.jobs.demo import run_demo
from dialler_sync.observer import Silent
from dialler_sync.simulator import SimulatorServer, Store

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1200, "height": 900}
WIDTH = 108
EARLIER = {";1754,67;": ";1200,00;", "0171.3920075": "0171 3920001"}
"""The list's texts, and what was in their place when it was last imported."""
NEW = b"00015664;"
"""The customer who was not there yet."""


def plan() -> None:
    """Import an earlier state of the list, and draw what ``plan`` prints for the list of today."""
    with tempfile.TemporaryDirectory() as name, Store({538: "Nightly"}) as store, SimulatorServer(store) as server:
        folder = Path(name)
        today = (ROOT / "sample_data" / "crm_export.csv").read_bytes()
        earlier = b"".join(line for line in today.splitlines(keepends=True) if not line.startswith(NEW))
        for now, then in EARLIER.items():
            assert now.encode() in earlier  # noqa: S101
            earlier = earlier.replace(now.encode(), then.encode())
        (folder / "list.csv").write_bytes(earlier)
        config = (ROOT / "configs" / "demo.yaml").read_text("utf-8")
        config = config.replace("http://127.0.0.1:8080/rest/v1.0", server.base_url)
        (folder / "dialler-sync.yaml").write_text(config, "utf-8")
        _run(folder, "import", "list.csv")
        (folder / "list.csv").write_bytes(today)
        _draw("dialler-sync plan list.csv", _run(folder, "plan", "list.csv"), IMAGES / "plan.svg")


def _run(folder: Path, *words: str) -> str:
    environment = {**os.environ, "DIALLER_SYNC_TOKEN": "simulator", "DIALLER_SYNC_STATE": str(folder / "journal.db")}
    command = [sys.executable, "-m", "dialler_sync", "-q", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode in (0, 4), done.stderr  # noqa: S101
    return done.stdout


def _draw(command: str, printed: str, path: Path) -> None:
    """As rich draws a terminal, in a font of the reader's machine in place of one from the network."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(f"$ {command}", style="bold"))
    for line in printed.splitlines():
        style = {"+": "green", "~": "yellow", "x": "red", "=": "dim"}.get(line[:1], "")
        console.print(Text(line, style=style, overflow="ellipsis", no_wrap=True))
    drawn = console.export_svg(title="dialler-sync", theme=MONOKAI, unique_id="plan")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL).replace("Fira Code, monospace", "monospace")
    path.write_text(drawn, encoding="utf-8")


def report() -> None:
    """Run the demo, and take its page in Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / "reports"
        run_demo(reports, Silent())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto((reports / "report.html").as_uri())
            page.screenshot(path=IMAGES / "report.png")
            browser.close()


if __name__ == "__main__":
    plan()
    report()
