"""Settings of Python's garbage collector. Its defaults take a fifth of the start and a tenth of a run."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Freeze all objects so far, and collect newer ones rarely."""
    gc.freeze()
    gc.set_threshold(20_000)
