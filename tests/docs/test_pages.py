"""Pages about the code name files and functions that are there, and each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ..helpers.blocks import ROOT

NAMING = [ROOT / "docs" / "architecture.md", ROOT / "docs" / "decisions.md", ROOT / "CONTRIBUTING.md"]
"""Pages that name files, and what is defined in them as `path: name, Class.name`."""

_SPAN = re.compile(r"`((?:dialler_sync|tests|docs|\.github|\.ci)/[\w./-]*)(?:: ([\w., ]+))?`")


def named(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each path that a page names, with the names that it says are defined there."""
    for path, names in _SPAN.findall(page.read_text(encoding="utf-8")):
        yield path, names.split(", ") if names else []


@cache
def defined(path: Path) -> frozenset[str]:
    """Functions and classes of a module, and the methods of its classes."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)))
            found.update(f"{node.name}.{each.name}" for each in methods)
    return frozenset(found)


@pytest.mark.parametrize("page", NAMING, ids=lambda page: page.name)
def test_what_pages_name_is_there(page: Path) -> None:
    """Whoever moves or renames it changes the page, too."""
    spans = list(named(page))

    assert spans
    assert [path for path, _ in spans if not (ROOT / path).exists()] == []
    assert [f"{path}: {name}" for path, names in spans for name in names if name not in defined(ROOT / path)] == []


def test_every_page_is_listed() -> None:
    """The README links each page of docs/ that is written by hand, and CONTRIBUTING."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")]

    assert [page for page in (*pages, "CONTRIBUTING.md") if f"({page})" not in readme] == []
