"""When Python looks for garbage. As it is set, that takes a fifth of the start and a tenth of a run."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """What was made until now stays; look through what comes."""
    gc.freeze()
    gc.set_threshold(20_000)
