"""Imports do not go round in a circle."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "dialler_sync"


def modules() -> dict[str, Path]:
    """``report.csv_files`` → its file."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__") or "__init__"] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """The package's modules that a module imports, anywhere but for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if package else []
            target = ".".join([*base, *(node.module or "").split(".")]).strip(".")
        elif (node.module or "").partition(".")[0] == "dialler_sync":
            target = (node.module or "").partition(".")[2]
        else:
            continue
        inner = {f"{target}.{alias.name}".strip(".") for alias in node.names}
        found |= (inner & known.keys()) or ({target} & known.keys())
    return found - {name}


KNOWN = modules()
GRAPH = {name: imports(name, path, KNOWN) for name, path in KNOWN.items()}


def test_no_module_imports_itself_round_a_corner() -> None:
    """No import cycles, also not through imports inside functions."""
    packages = {name for name, path in KNOWN.items() if path.name == "__init__.py"}
    graph = {name: {other for other in found if other not in packages} for name, found in GRAPH.items()}

    assert list(TopologicalSorter(graph).static_order())
