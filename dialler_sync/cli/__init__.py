"""The command line: parse, call one function, print. One file a command."""

from __future__ import annotations

import sys

try:
    from .main import main
except KeyboardInterrupt:  # while the modules are loaded, which takes a moment
    print("interrupted", file=sys.stderr)  # noqa: T201 - what prints is not loaded
    raise SystemExit(130) from None

__all__ = ["main"]
