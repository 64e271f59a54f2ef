"""Commands of this tool that messages name, so that whoever copies one reaches the same journal and configuration."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

_options: tuple[str, ...] = ()


def set_options(options: Iterable[str]) -> None:
    """Keep the common options of this call, for the commands that its messages name."""
    global _options  # noqa: PLW0603 - one process is one call
    _options = tuple(options)


def command(*words: str) -> str:
    """``dialler-sync --state j.db resume 2026…``, quoted for a shell."""
    return shlex.join(("dialler-sync", *_options, *words))
