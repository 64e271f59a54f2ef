"""No pattern of ours takes more than linear time, whatever text it is given: cells and answers have a million characters."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import dialler_sync

ONES = list(" \t\n0aA\"';,.-()[<>/\\%+:=@_#&!x\u200b") + ["\\n", "ä"]
UNITS = [*ONES, *(a + b for a in ' 0a",.-<;:=' for b in ' 0a",.-<;:=' if a != b)]
"""What a hostile text repeats."""

ENDS = ("", "\x01")
"""What keeps it from matching."""

SIZE = 6_000
"""Squared, it is some tenths of a second; by itself, some microseconds."""

MOST = 0.06


def _patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """Yield every pattern of the package: constants of modules, and those written where they are used."""
    for module in pkgutil.walk_packages(dialler_sync.__path__, "dialler_sync."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            for pattern in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]:
                if isinstance(pattern, re.Pattern):
                    yield f"{module.name}.{name}", pattern
        for node in ast.walk(ast.parse(Path(str(loaded.__file__)).read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=how), args=[ast.Constant(given), *_]) if (
                    how not in {"compile", "escape"} and isinstance(given, (str, bytes))
                ):
                    yield f"{module.name}:{node.lineno}", re.compile(given)


PATTERNS = {pattern: name for name, pattern in _patterns()}


def _seconds(pattern: re.Pattern[str] | re.Pattern[bytes], text: str) -> float:
    begun = time.process_time()
    if isinstance(pattern.pattern, bytes):
        re.sub(pattern, b"", text.encode())  # type: ignore[arg-type]
    else:
        re.sub(pattern, "", text)  # type: ignore[arg-type]
    return time.process_time() - begun


@pytest.mark.parametrize("pattern", PATTERNS, ids=list(PATTERNS.values()))
def test_a_pattern_takes_linear_time(pattern: re.Pattern[str] | re.Pattern[bytes]) -> None:
    texts = (unit * (SIZE // len(unit)) + end for unit in UNITS for end in ENDS)

    slow = [text[:4] for text in texts if _seconds(pattern, text) > MOST and _seconds(pattern, text) > MOST]

    assert not slow
