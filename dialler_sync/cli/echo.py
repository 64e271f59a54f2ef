"""Lines on stdout and stderr, made harmless, and as wide as the terminal."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import Any, TextIO

import click

from ..text.outward import json_text, line

COLOURS = {"good": 28, "quiet": 68, "warning": 166, "bad": 160, "unsure": 133}
"""Numbers among the 256 colours of terminals, with a contrast of at least 3.5 on white and on black."""


def terminal_width(stream: TextIO) -> int | None:
    """Return the columns of the terminal behind ``stream``; None if there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else None
    except (OSError, ValueError):
        return None


def say(text: str, indent: int = 0) -> None:
    """Print a line of results: unbroken in a pipe, wrapped between words on a terminal."""
    click.echo(wrapped(line(text), terminal_width(sys.stdout), indent))


def echo(*lines: object, err: bool = False) -> None:
    """Print lines that are never wrapped, such as those of a table."""
    for each in lines:
        click.echo(line(each), err=err)


def echo_json(value: Any, indent: int | None = 2) -> None:
    """Print a value as JSON; without ``indent`` on one line."""
    click.echo(json_text(value, indent=indent))


def wrapped(text: str, width: int | None, indent: int = 0) -> str:
    """Wrap ``text`` between words, further lines indented; unchanged without a ``width``."""
    if not width:
        return text
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
