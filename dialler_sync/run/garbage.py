"""When Python looks for garbage. As it is set, that takes a fifth of the start and a tenth of a run."""

from __future__ import annotations

import gc


def put_off() -> None:
    """Hardly look while modules are loaded: what they make stays."""
    gc.set_threshold(500_000)


def leave() -> None:
    """Do not look through everything once more at the end, which takes longer than many a command."""
    gc.freeze()


def look_sparingly() -> None:
    """What was made until now stays; look through what comes."""
    gc.freeze()
    gc.set_threshold(20_000)
