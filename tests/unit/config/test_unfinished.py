"""Marks that a person has still to complete a configuration: comments that begin with ``# CHANGE``."""

from __future__ import annotations

import pytest

from dialler_sync.config.unfinished import unfinished_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("# CHANGE", [1]),
        ("a: b   # CHANGE: this\r\n# CHANGE me\r\n", [1, 2]),
        ("# what is marked # CHANGE\n", []),
        ("# Complete what is marked CHANGE\n", []),
        ("# CHANGED by Anna\n# CHANGELOG\n", []),
        ("a: 'x # CHANGE'\nb: \"y # CHANGE\"\n", []),
        ("a: x# CHANGE\n", []),
        ("a: 'it''s' # CHANGE\n", [1]),
        ("a: {b: c, # CHANGE\n  d: e}\n", [1]),
        ("a: |  # CHANGE\n  # CHANGE in the text\n  b\n# CHANGE\n", [1, 4]),
        ("a: >-\n  x # CHANGE\n\n  # CHANGE\nb: c\n", []),
        ("a: more\n   than one line # CHANGE\n", [2]),
        ("a: 'quoted\n  # CHANGE over lines'\nb: c # CHANGE\n", [3]),
    ],
)
def test_only_comments_that_begin_so_are_marks(text: str, lines: list[int]) -> None:
    assert unfinished_lines(text) == lines
