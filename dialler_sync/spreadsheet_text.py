"""Text that a spreadsheet program would run as a formula: made harmless on writing, restored on reading.

``restore(harmless(text)) == text`` for every text. Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re

_RUNS = re.compile(r"'*(?:[=@\t\r]|[+-](?!\s?[€$£]?[\d\s.,]*(?:\d[eE][+-]?\d{1,3})?\s?[%€$£]?\Z))")
"""A formula, behind any number of apostrophes. A sign before a number or an amount and nothing else is only its sign.
"""


_BEGINS = frozenset("'=@+-\t\r")
"""How it begins: nearly every cell is told apart by its first sign."""


_LINE_BREAK = re.compile(r"\s*[\r\n]\s*")


def one_line(text: str) -> str:
    """Show a text, such as a header with a line break in its cell, on one line."""
    return _LINE_BREAK.sub(" ", text)


def harmless(text: str) -> str:
    """Put an apostrophe, the spreadsheet programs' own mark for text, before what would run as a formula."""
    return f"'{text}" if text[:1] in _BEGINS and _RUNS.match(text) else text


def restore(text: str) -> str:
    """Take away the apostrophe that :func:`harmless` (or a spreadsheet program) put before a formula."""
    return text[1:] if text[:1] == "'" and _RUNS.match(text[1:]) else text
