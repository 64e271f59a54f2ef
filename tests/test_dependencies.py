"""The tested set satisfies the project's bounds, and each dependency has its licence and reason."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
SHIPPED = [*PROJECT["dependencies"], *EXTRAS["postgres"], *EXTRAS["cluster"]]
ALL = [line for line in (*PROJECT["dependencies"], *chain(*EXTRAS.values())) if not line.startswith("dialler-sync")]

TABLE = dict(
    re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \| .+ \|$", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE
    )
)
"""Package → licence."""

PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_the_tested_set_satisfies_the_bounds() -> None:
    """Also where a package has several versions, for several releases of Python."""
    for line in SHIPPED:
        wanted = Requirement(line)
        found = re.findall(rf"^{re.escape(wanted.name)}(?:\[.*\])?==([^ ;\\]+)", PINS, re.MULTILINE | re.IGNORECASE)

        assert found, f"{wanted.name} is not in constraints.txt"
        assert all(version in wanted.specifier for version in found), line


def test_the_tested_set_has_hashes() -> None:
    """Each package, and nothing comes from a place of its own."""
    blocks = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", PINS, flags=re.MULTILINE).strip())

    assert len(blocks) > 30
    assert all(re.match(r"[\w.\-]+(\[[\w,-]+\])?==\S+", block) and "--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|--index|--find-links", re.sub("#.*", "", PINS))


def test_every_dependency_has_licence_and_reason() -> None:
    """No more and no less than the project has."""
    assert sorted(TABLE) == sorted({Requirement(line).name for line in ALL})


@pytest.mark.parametrize("name", sorted(TABLE))
def test_licences_are_those_that_packages_have(name: str) -> None:
    """Where a package says it in the form that can be compared."""
    try:
        said = metadata.metadata(name).get("License-Expression")
    except metadata.PackageNotFoundError:
        pytest.skip("not installed")

    assert said in {None, TABLE[name]}


def test_the_forge_looks_for_advisories() -> None:
    """On each push and on a schedule, in the tested set."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yml").read_text(encoding="utf-8"))
    steps = " ".join(step.get("run", "") for step in workflow["jobs"]["audit"]["steps"])

    assert {"push", "schedule"} <= workflow[True].keys()  # YAML reads "on" as true
    assert "pip-audit" in steps and "-r constraints.txt" in steps
