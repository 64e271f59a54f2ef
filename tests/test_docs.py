"""The documentation is true: references are those of the code, and every command is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dialler_sync.cli.main import cli
from dialler_sync.config import load_config
from dialler_sync.endpoints import ASSUMED
from dialler_sync.exit_codes import MEANINGS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_pages_are_fresh() -> None:
    """python docs/generate.py writes them."""
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_readme_names_every_exit_code() -> None:
    """With the words that --help has."""
    plain = README.replace("`", "")

    assert all(f"| {int(code)} | {meaning}" in plain for code, meaning in MEANINGS.items())


def test_the_readme_says_which_paths_are_assumed() -> None:
    """And how to replace one."""
    assert all(name in README for name in ASSUMED)
    assert "endpoints:" in README


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_the_configurations_load_and_name_their_schema(path: Path) -> None:
    """Editors complete and check them."""
    text = path.read_text(encoding="utf-8")

    assert load_config(path).columns or "vendor" in path.name
    schema = re.search(r"# yaml-language-server: \$schema=(\S+)", text)
    assert schema
    assert (path.parent / schema[1]).resolve().exists()
    assert yaml.safe_load(text)


def test_every_command_is_in_the_readme() -> None:
    """A command that nobody reads of is a command that nobody uses."""
    missing = [name for name in cli.commands if f"`{name}" not in README and f"dialler-sync {name}" not in README]

    assert not missing


def test_links_lead_somewhere() -> None:
    """Relative links of README and docs."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
