"""Whether the name that an answer or a page gives its characters is one of a charset."""

from __future__ import annotations

import codecs

_OF_PYTHON = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)
"""Codecs that no server means: they read half characters out of plain letters, or take quadratic time."""


def known_charset(name: str) -> str | None:
    """Return Python's name for a charset; None if there is no such charset."""
    try:
        codec = codecs.lookup(name).name
        bytes(4).decode(codec)  # of no byte, no codec is asked
    except (LookupError, ValueError):
        return None
    return None if codec.replace("_", "-") in _OF_PYTHON else codec
