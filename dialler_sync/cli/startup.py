"""When Python looks for garbage: not while a command starts, and not when it ends."""

from __future__ import annotations

import gc


def delay_collector() -> None:
    """Hardly look while modules are loaded: what they make stays."""
    gc.set_threshold(500_000)


def skip_last_collection() -> None:
    """Do not look through everything once more at the end, which takes longer than many a command."""
    gc.freeze()
