"""Garbage collection, kept out of the start and the end of a command."""

from __future__ import annotations

import gc


def delay_collector() -> None:
    """Delay collections while modules are loaded: their objects stay."""
    gc.set_threshold(500_000)


def skip_last_collection() -> None:
    """Skip the last collection at exit, which takes longer than many a command."""
    gc.freeze()
