"""No pattern of ours takes more than linear time: cells and answers may have a million characters."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import dialler_sync

ONES = [*" \t\n0aA\"';,.-()[<>/\\%+:=@_#&!xTä\u200b", "\\n"]
UNITS = [*ONES, *(a + b for a in ' 0a",.-<;:=' for b in ' 0a",.-<;:=' if a != b)]
"""What a hostile text repeats."""

AROUND = [("", "\x01"), ("a", "a"), ("", "\na")]
"""What stands before and behind it, and keeps it from matching: an end, more of the same kind, or another line."""

WORD = re.compile(r"(?<![\\\[(?])[a-z]{2,}", re.IGNORECASE)
"""Of a pattern: what it looks for is what a hostile text has."""

SIZE = 6_000
"""Squared, it is some tenths of a second; by itself, some microseconds."""

MOST = 0.03

BOUNDED = {"dialler_sync.mapping.phones": "cells of more than 500 characters are refused before"}


HOW = ("search", "match", "fullmatch", "sub", "split", "findall", "finditer")


class Pattern(NamedTuple):
    """A pattern, and how it is used: what is slow to search for may be quick to match at one place."""

    where: str
    how: str
    compiled: re.Pattern[Any]


def _patterns() -> Iterator[Pattern]:
    """Yield every pattern of the package: constants of modules, and those written where they are used."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(dialler_sync.__path__, "dialler_sync.")
        if not module.name.endswith("__main__")
    ]
    for module in modules:
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=how), args=[ast.Constant(given), *_]
                ) if how in HOW:
                    yield Pattern(f"{module.__name__}:{node.lineno}", how, re.compile(str(given)))
                case ast.Attribute(value=ast.Name(id=name), attr=how) if how in HOW:
                    value = vars(module).get(name)
                    if isinstance(value, re.Pattern):
                        yield Pattern(f"{module.__name__}.{name}", how, value)


PATTERNS = sorted(
    {(each.compiled, each.how): each for each in _patterns() if each.where.rpartition(".")[0] not in BOUNDED}.values()
)


def _seconds(pattern: Pattern, text: str) -> float:
    given = text.encode() if isinstance(pattern.compiled.pattern, bytes) else text
    begun = time.process_time()
    if pattern.how == "sub":
        pattern.compiled.sub(lambda _: given[:0], given)
    elif pattern.how == "finditer":
        deque(pattern.compiled.finditer(given), maxlen=0)
    else:
        getattr(pattern.compiled, pattern.how)(given)
    return time.process_time() - begun


@pytest.mark.parametrize("pattern", PATTERNS, ids=[f"{pattern.where} {pattern.how}" for pattern in PATTERNS])
def test_a_pattern_takes_linear_time(pattern: Pattern) -> None:
    source = str(pattern.compiled.pattern)
    units = [*UNITS, *(f" {word}" for word in dict.fromkeys(WORD.findall(source)))]
    texts = (before + unit * (SIZE // len(unit)) + behind for before, behind in AROUND for unit in units)

    slow = [text[:4] for text in texts if _seconds(pattern, text) > MOST and _seconds(pattern, text) > MOST]

    assert not slow
