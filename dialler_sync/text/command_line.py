"""Commands of this tool in messages, with the options that reach the same journal and configuration when copied."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from .outward import word

_options: tuple[str, ...] = ()


def set_options(options: Iterable[str]) -> None:
    """Keep the common options of this call, for the commands in its messages."""
    global _options  # noqa: PLW0603 - one process is one call
    _options = tuple(options)


def command(*words: str) -> str:
    """Return ``dialler-sync --state j.db resume 2026…``, quoted for a shell."""
    return " ".join(map(word, ("dialler-sync", *_options, *words)))


def install(extra: str) -> str:
    """Return the command that adds an extra of this package, from the checkout or wheel that it was installed from."""
    from importlib.metadata import PackageNotFoundError, distribution  # slow to load, and hardly ever needed
    from urllib.request import url2pathname

    found: dict[str, Any] = {}
    with suppress(PackageNotFoundError, ValueError):
        found = json.loads(distribution("dialler-sync").read_text("direct_url.json") or "{}")
    url = urlsplit(str(found.get("url", "")))
    name = url2pathname(url.path) if url.scheme == "file" else "dialler-sync"
    editable = ("-e",) if found.get("dir_info", {}).get("editable") else ()
    return " ".join(map(word, ("pip", "install", *editable, f"{name}[{extra}]")))
