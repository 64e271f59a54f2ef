"""The house as its imports have it: ``python -m tests.house`` prints places, arrows, arrows upwards and circles.

A place is a folder or a module at the top of the package, or a room that docs/architecture.md lists; an arrow is an
import from one place into another. ``--write`` draws the picture in docs/architecture.md anew, from the list beside it.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"

FACE = "__init__"
"""The package's own module: it names the Python API, and nothing imports it."""

_PICTURE = re.compile(
    r"(?<=<!-- not run: a picture, made by python -m tests.house --write -->\n)```mermaid\n.*?```\n", re.DOTALL
)
_LINE = re.compile(r"^\| ([^|`]*) \| ((?:`[\w/]+`[ ,]*)+) \|", re.MULTILINE)

Graph = Mapping[str, set[str]]


def modules(package: Path) -> dict[str, Path]:
    """``report.csv_files`` → its file."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(part for part in parts if part != FACE) or FACE] = path
    return found


def statements(node: ast.AST, types: bool) -> Iterator[ast.AST]:
    """All statements within, with ``types`` also those for type checkers only; expressions hold none."""
    yield node
    for part in ("body", "handlers", "cases", "orelse", "finalbody"):
        if part == "body" and not types and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        for inner in getattr(node, part, ()):
            yield from statements(inner, types)


def imports(name: str, path: Path, known: Mapping[str, Path], *, types: bool = False) -> set[str]:
    """The package's modules that a module imports anywhere, with ``types`` also those for type checkers only."""
    package = [] if name == FACE else name.split(".")[: None if path.name == f"{FACE}.py" else -1]
    found = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8")), types):
        if not isinstance(node, ast.ImportFrom):
            continue
        inner = (node.module or "").split(".") if node.module else []
        if node.level:
            base = package[: len(package) - node.level + 1] + inner
        elif inner[:1] == ["dialler_sync"]:
            base = inner[1:]
        else:
            continue
        target = ".".join(base) or FACE
        named = {".".join([*base, alias.name]) for alias in node.names}
        found |= (named & known.keys()) or ({target} & known.keys())
    return found - {name}


def graph_of(package: Path, *, types: bool = False) -> dict[str, set[str]]:
    """Module → modules that it imports."""
    known = modules(package)
    return {name: imports(name, path, known, types=types) for name, path in known.items()}


def listed(page: str) -> list[tuple[str, list[str]]]:
    """The lines of the list in docs/architecture.md, from the top: name, rooms."""
    return [(name.strip(), re.findall(r"`([\w/]+)`", rooms)) for name, rooms in _LINE.findall(page)]


def place_of(name: str, rooms: Iterable[str] = ()) -> str:
    """The room that a module stands in: the innermost that is listed, else its folder at the top of the package."""
    path = name.replace(".", "/")
    within = [room for room in rooms if path == room or path.startswith(f"{room}/")]
    return max(within, key=len, default=path.partition("/")[0])


def arrows_of(graph: Graph, rooms: Iterable[str] = ()) -> dict[tuple[str, str], set[str]]:
    """(place, place that it imports) → the modules that do."""
    rooms = list(rooms)
    found: dict[tuple[str, str], set[str]] = {}
    for name, used in graph.items():
        for other in used:
            pair = place_of(name, rooms), place_of(other, rooms)
            if pair[0] != pair[1]:
                found.setdefault(pair, set()).add(f"{name} → {other}")
    return found


def upwards(arrows: Iterable[tuple[str, str]], lines: Sequence[tuple[str, list[str]]]) -> list[tuple[str, str]]:
    """Arrows to a room on the same line or above."""
    level = {room: number for number, (_, rooms) in enumerate(lines) for room in rooms}
    return sorted(pair for pair in arrows if level.get(pair[1], -1) <= level.get(pair[0], -1))


def circle(graph: Graph) -> list[str]:
    """One circle of imports, empty where there is none."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def picture(lines: Sequence[tuple[str, list[str]]]) -> str:
    """The list as a Mermaid flowchart: a box a line, and one arrow from each to the next."""
    drawn = ["```mermaid", "flowchart TB"]
    for number, (name, rooms) in enumerate(lines):
        drawn.append(f'  subgraph line{number}["{name}"]')
        drawn += [f'    {room.replace("/", "_")}_["{room}"]' for room in rooms]
        drawn.append("  end")
    drawn += [f"  line{number} --> line{number + 1}" for number in range(len(lines) - 1)]
    return "\n".join([*drawn, "```", ""])


def main() -> None:
    """Print the figures, or draw the picture."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=ROOT, help="a checkout, this one if left out")
    arguments.add_argument("--write", action="store_true", help="draw the picture in docs/architecture.md anew")
    given = arguments.parse_args()
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_PICTURE.sub(lambda _: picture(listed(page)), page), encoding="utf-8")
        return
    here = given.folder / "docs" / "architecture.md"
    lines = listed(here.read_text(encoding="utf-8")) if here.exists() else []
    graph = {name: used for name, used in graph_of(given.folder / "dialler_sync").items() if name != FACE}
    whole = arrows_of(graph)
    places = {place_of(name) for name in graph}
    inner = arrows_of(graph, [room for _, rooms in lines for room in rooms])
    print(
        f"places: {len(places)}, of them folders: {sum((given.folder / 'dialler_sync' / p).is_dir() for p in places)}"
    )
    print(f"arrows: {len(whole)}")
    if lines:
        up = upwards(inner, lines)
        print(f"arrows upwards: {len(up)}")
        for pair in up:
            print(f"  {pair[0]} → {pair[1]}: {', '.join(sorted(inner[pair]))}")
    else:
        up = [pair for pair in whole if pair[1] == FACE or (pair[1], pair[0]) in whole]
        print(f"arrows upwards (no list: to the package's own module, or both ways): {len(up)}")
    used: dict[str, set[str]] = {}
    for one, other in whole:
        used.setdefault(one, set()).add(other)
    print(f"circle of places: {' → '.join(circle(used)) or 'none'}")
    print(f"circle of modules: {' → '.join(circle(graph)) or 'none'}")


if __name__ == "__main__":
    main()
