"""Commands of this tool in messages, with the options that reach the same journal and configuration when copied."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

_options: tuple[str, ...] = ()


def set_options(options: Iterable[str]) -> None:
    """Keep the common options of this call, for the commands in its messages."""
    global _options  # noqa: PLW0603 - one process is one call
    _options = tuple(options)


def command(*words: str) -> str:
    """Return ``dialler-sync --state j.db resume 2026…``, quoted for a shell."""
    return shlex.join(("dialler-sync", *_options, *words))
