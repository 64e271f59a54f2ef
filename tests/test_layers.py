"""Imports point one way, so that every part can be read, tested and replaced without the ones below it."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "dialler_sync"

FACTS = {"errors", "nearest", "spreadsheet_text", "fields", "endpoints", "model", "exit_codes", "error_codes"}
FACTS |= {"double_encoding", "outward", "own_columns", "private_files", "secret_text", "spreadsheet_changes", "target"}
FACTS |= {"command_line", "readings", "trust"}

ALLOWED = {
    "config": FACTS,
    "read": FACTS | {"config", "header_words"},
    "mapping": FACTS | {"config", "header_words"},
    "api": FACTS | {"config"},
    "journal": FACTS,
    "report": FACTS | {"config"},
    "simulator": {"errors", "fields"},
}
"""What each stage may import beside itself. Stages never import each other; the simulator shares no mistake with
the client."""

MAPPING = {"mapping", "numbering", "phones", "convert", "validate", "propose"}
"""The modules of the stage that turns cells into contacts."""

ORDER = (
    FACTS,
    {"config"},
    {"header_words"},
    {"read", "mapping", "api", "journal", "report", "simulator"},
    {"observer", "spool", "mended"},
    {"prepare"},
    {"plan", "load"},
    {"cluster"},
    {"run"},
    {"contacts"},
    {"jobs"},
    {"reconciliation", "nights", "doctor", "demo"},
    {"notebook"},
    {"cli"},
    {"__main__"},
)
"""The packages and modules at the top of the package, from what all others may use down to what uses them."""


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


def stage(name: str) -> str:
    top = name.partition(".")[0]
    return "mapping" if top in MAPPING else top


def test_no_module_imports_itself_round_a_corner() -> None:
    """No import cycles, also not through imports inside functions."""
    packages = {name for name, path in KNOWN.items() if path.name == "__init__.py"}
    graph = {name: {other for other in found if other not in packages} for name, found in GRAPH.items()}

    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("name", [name for name in KNOWN if stage(name) in ALLOWED])
def test_a_stage_imports_only_what_stands_above_it(name: str) -> None:
    """As drawn in the layout: facts, configuration, then stages that do not know each other."""
    foreign = {other for other in GRAPH[name] if stage(other) not in ALLOWED[stage(name)] | {stage(name)}}

    assert not foreign


@pytest.mark.parametrize("name", KNOWN)
def test_imports_point_upwards_only(name: str) -> None:
    """A package uses what stands above it, and no neighbour on its own line."""
    depth = {group: level for level, groups in enumerate(ORDER) for group in groups} | {"__init__": 0}
    mine = stage(name)

    foreign = {
        other for other in GRAPH[name] if stage(other) not in {mine} | FACTS and depth[stage(other)] >= depth[mine]
    }

    assert not foreign


def test_commands_are_thin() -> None:
    """cli/ imports the core; nothing imports cli/."""
    users = {name for name, found in GRAPH.items() if any(stage(other) == "cli" for other in found)}

    assert {stage(name) for name in users} <= {"cli", "__main__"}
