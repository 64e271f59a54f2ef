"""Error codes stand in one place."""

from __future__ import annotations

import ast
from pathlib import Path

import dialler_sync
from dialler_sync import error_codes

HOME = Path(dialler_sync.__file__).parent
NAMED = {code for name, code in vars(error_codes).items() if name.isupper() and isinstance(code, str)}
ELSEWHERE = ("error_codes.py", "simulator")
"""The simulator has its own idea of the protocol."""


def test_a_code_that_is_sent_or_compared_is_written_out_once() -> None:
    """But ``interrupted``, which is a word as well."""
    assert {"not_found", "maybe_done", "ragged_row"} <= NAMED
    found = [
        (path.name, node.lineno, node.value)
        for path in HOME.rglob("*.py")
        if path.relative_to(HOME).parts[0] not in ELSEWHERE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in NAMED - {"interrupted"}
    ]

    assert found == []
