"""Lines of a configuration that a person has still to complete."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

_MARK = re.compile(r"# CHANGE\b")


def unfinished_lines(text: str) -> list[int]:
    """Return the numbers of lines with a comment that begins with ``# CHANGE``.

    Raises:
        yaml.YAMLError: the text is not YAML.
    """
    return [text.count("\n", 0, start) + 1 for start in _comments(text) if _MARK.match(text, start)]


def _comments(text: str) -> Iterator[int]:
    """Yield the start of each comment. PyYAML drops comments, so they are the text between its tokens."""
    at = 0
    for start, end in (*_values(text), (len(text), len(text))):
        while (sign := text.find("#", at, start)) >= 0:
            if sign and not text[sign - 1].isspace():
                at = sign + 1
                continue
            yield sign
            line_end = text.find("\n", sign)
            at = len(text) if line_end < 0 else line_end
        at = max(at, end)


def _values(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each value; the text of a block (``|``, ``>``) starts on the next line."""
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken):
            start, end = token.start_mark.index, token.end_mark.index
            if token.style in ("|", ">"):
                start = max(text.find("\n", start), start)
            yield start, end
