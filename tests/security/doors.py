"""What the fuzzers of all doors share: values that nobody expects, places to put them, and how a command may end."""

from __future__ import annotations

import json
import os
import random
import re
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.text.outward import LONGEST

from ..conftest import Done

SHORT, LONG = 8, float(os.environ.get("DIALLER_SYNC_FUZZ_SECONDS", "120"))
LENGTHS = [
    pytest.param(0.0, id="short"),
    pytest.param(LONG, id="long", marks=[pytest.mark.long, pytest.mark.timeout(LONG + 300)]),
]
"""Seconds that a door is tried; 0: a fixed number of attempts."""


@dataclass(frozen=True, slots=True)
class Raw:
    """JSON that no writer makes, as it is to stand there."""

    text: str


DEEP = 60_000
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**200, "", " ", "K2", "538", "null", "\0", "\ud800", "a\nb",
    "x" * 70_000, "\x1b]0;x\x07", "0000-00-00 00:00:00", "0000-01-01T00:00:00Z", "99999-12-31", "finished",
    "2026-01-31T24:00:00Z", "0001-01-01T00:00:00+23:59", [], [None], [[]], [1, "a"], {}, {"": None}, {"ID": None},
    {"a": {"b": []}}, [{"ID": 1}], "[]", "{}", "[1", "NaN", Raw("NaN"), Raw("Infinity"), Raw("-Infinity"),
    Raw("1e999"), Raw("9" * 5_000), Raw("-" + "9" * 5_000), Raw("[" * DEEP + "]" * DEEP),
    Raw('{"a":' * DEEP + "1" + "}" * DEEP), Raw('{"ID": 1, "ID": "2"}'), Raw('"\\ud800"'),
    Raw("[" * 400 + "]" * 400), Raw(""), Raw("{"),
)  # fmt: skip


def written(value: Any) -> str:
    """As JSON, with what is :class:`Raw` as it is."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def changed(value: Any, chance: random.Random) -> Any:
    """The same with one place, anywhere in it, that is another, missing, or too much."""
    places = list(_places(value))
    new = chance.choice(VALUES)
    if not places or chance.random() < 0.08:
        return new
    return _with(value, chance.choice(places), new, chance.choice(("set", "set", "set", "drop", "add")))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inside:
        yield (*path, name)
        yield from _places(item, (*path, name))


def _with(value: Any, where: tuple[Any, ...], new: Any, how: str) -> Any:
    name, *rest = where
    copy = value.copy()
    if rest:
        copy[name] = _with(value[name], tuple(rest), new, how)
    elif how == "drop":
        del copy[name]
    elif how == "add" and isinstance(copy, list):
        copy.insert(name, new)
    elif how == "add":
        copy["raw" if isinstance(new, Raw) else str(new)[:40]] = new
    else:
        copy[name] = new
    return copy


def attempts(seconds: float, few: int = SHORT) -> Iterator[random.Random]:
    """Chances, the same in every run; the long form goes on where the short one ends."""
    end = time.monotonic() + seconds
    number = 0
    while number < few or time.monotonic() < end:
        yield random.Random(number)
        number += 1


_ESCAPES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NOT_WORDS = re.compile(r"Traceback|[A-Z]\w+Error\b|object at 0x|<class '")


class Found:
    """The faults of one door: the first of each kind, by the place in the program from which it came.

    ``token`` is what nothing may show; ``allowed`` are the exit codes of the commands that are tried.
    """

    def __init__(self, token: str = "simulator") -> None:
        self._token = token
        self._faults: dict[str, str] = {}

    def attempt(self, done: Callable[[], Done], what: str) -> Done | None:
        """Run a command; whatever it met, it ends in words."""
        try:
            found = done()
        except Exception as error:  # noqa: BLE001 # that is what is looked for
            frames = traceback.extract_tb(error.__traceback__)
            places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
            self._faults.setdefault(" ".join(places[-6:]), f"{what[:600]}: {error!r}"[:1200])
            return None
        problem = self.problem(found.code, found.out, found.err)
        if found.reports and (found.reports / "summary.json").exists():
            problem = problem or _sums(found)
        if problem:
            self._faults.setdefault(problem[:60], f"{what[:600]}: exit {found.code}: {problem} {found.err[-600:]!r}")
        return found

    def fault(self, kind: str, what: str) -> None:
        """Note a fault that a door has found by itself."""
        self._faults.setdefault(kind, what[:1200])

    def problem(self, code: int, out: str, err: str) -> str:
        """What is wrong with how a command ended; empty: nothing."""
        if code not in set(ExitCode) - {ExitCode.BUG}:
            return f"exit code {code}"
        if code != ExitCode.OK and not (out + err).strip():
            return "silent"
        if found := _ESCAPES.search(out + err):
            return f"a raw {found[0]!r}"
        if found := _NOT_WORDS.search(err):
            return f"{found[0]!r} is no word for a user"
        if code in (ExitCode.USAGE, ExitCode.INPUT) and max(map(len, err.splitlines()), default=0) > LONGEST + 100:
            return "a message without an end"
        return "the token is shown" if self._token and self._token in out + err else ""

    def none(self) -> None:
        """There were none."""
        assert not self._faults, "\n".join(f"{what}\n    {place}" for place, what in self._faults.items())


def _sums(done: Done) -> str:
    counts = dict(done.summary["counts"])
    read = counts.pop("read")
    return "" if sum(counts.values()) == read else f"the counts do not add up: {done.summary['counts']}"
