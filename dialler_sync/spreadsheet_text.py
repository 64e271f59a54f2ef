"""Text that a spreadsheet program would run as a formula: made harmless on writing, restored on reading.

``restore(harmless(text)) == text`` for every text. Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re

_RUNS = re.compile(r"'*(?:[=@\t\r]|[+-](?![\d\s.,]*\Z))")
"""A formula, behind any number of apostrophes. A sign before nothing but digits is only a number."""


def harmless(text: str) -> str:
    """Put an apostrophe, the spreadsheet programs' own mark for text, before what would run as a formula."""
    return f"'{text}" if _RUNS.match(text) else text


def restore(text: str) -> str:
    """Take away the apostrophe that :func:`harmless` (or a spreadsheet program) put before a formula."""
    return text[1:] if text[:1] == "'" and _RUNS.match(text[1:]) else text
