"""The documentation as a site: its links lead somewhere, and its pages load nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..helpers.blocks import PAGES, ROOT

pytest.importorskip("material", reason="the extra docs is not installed")

_LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"?(?:https?:)?//[^\" >]+|url\(https?:[^)]+")


def test_it_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """Fonts, scripts and pictures are its own: nobody else learns who reads it."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    built = [*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")]
    assert len(built) > len(PAGES)
    assert [found[0] for path in built for found in _LOADED.finditer(path.read_text(encoding="utf-8"))] == []


def test_every_page_is_in_its_menu() -> None:
    """Those of docs/, its references, and those of the repository's top."""
    listed = set(re.findall(r": ([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    docs = ROOT / "docs"

    assert listed == {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} | {
        *("index.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
    }
