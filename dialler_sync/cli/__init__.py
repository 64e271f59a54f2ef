"""The command line: parse, call one function, print. One file a command."""

from __future__ import annotations

from .main import main

__all__ = ["main"]
