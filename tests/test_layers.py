"""Imports point one way, down the list in docs/architecture.md, so that every room can be read and replaced alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from .house import FACE, PAGE, ROOT, Graph, arrows_of, circle, graph_of, listed, picture, place_of, upwards

LINES = listed(PAGE.read_text(encoding="utf-8"))
ROOMS = [room for _, rooms in LINES for room in rooms]
GROUND = {room for name, rooms in LINES if name.startswith("ground") for room in rooms}
DOORS = set(LINES[0][1])

Arrows = Mapping[tuple[str, str], set[str]]


@pytest.fixture(scope="module")
def inner() -> Graph:
    """The imports between all modules but the doorsteps."""
    return {name: used for name, used in graph_of(ROOT / "dialler_sync").items() if name not in (FACE, "__main__")}


@pytest.fixture(scope="module")
def arrows(inner: Graph) -> Arrows:
    return arrows_of(inner, ROOMS)


def test_every_room_is_on_the_list(inner: Graph) -> None:
    """No flat module and no folder beside those that the page names, and none named that is not there."""
    assert {place_of(name, ROOMS) for name in inner} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_down(room: str, arrows: Arrows) -> None:
    """A room imports rooms on lines below its own, and no neighbour on its line."""
    up = {pair: arrows[pair] for pair in upwards(arrows, LINES) if pair[0] == room}

    assert not up


def test_no_import_goes_round_in_a_circle(inner: Graph) -> None:
    """Not between modules either; a package's own module only hands names on."""
    packages = {name for name in inner if any(other.startswith(f"{name}.") for other in inner)}

    assert circle({name: used - packages for name, used in inner.items()}) == []


@pytest.mark.parametrize("door", sorted(DOORS))
def test_the_doors_call_jobs_only(door: str, arrows: Arrows) -> None:
    """What a command or a notebook can have done is a function in jobs/."""
    below = {pair[1] for pair in arrows if pair[0] == door}

    assert below <= {"jobs"} | GROUND


def test_nothing_imports_the_doors(inner: Graph, arrows: Arrows) -> None:
    """But the package's face, which names the Python API, and ``python -m dialler_sync``."""
    assert {pair for pair in arrows if pair[1] in DOORS} == set()
    assert not any(FACE in used for used in inner.values())


def test_the_simulator_shares_no_mistake_with_the_client(arrows: Arrows) -> None:
    """It knows the fields and the errors, and has its own idea of the protocol."""
    assert {pair[1] for pair in arrows if pair[0] == "simulator"} == {"errors", "fields"}


def test_the_picture_is_the_list() -> None:
    """``python -m tests.house --write`` draws it anew."""
    assert picture(LINES) in PAGE.read_text(encoding="utf-8")
