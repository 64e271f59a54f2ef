"""The command line: parse, call one function, print. One file a command."""

from __future__ import annotations

import sys

try:
    from .startup import loading

    with loading():
        from .main import main
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)  # noqa: T201 - what prints is not loaded
    raise SystemExit(130) from None

__all__ = ["main"]
