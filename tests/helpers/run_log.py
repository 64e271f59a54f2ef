"""A run log without a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dialler_sync.journal import Outcome
from dialler_sync.model import Action


class Log:
    """Calls ``counted`` with every outcome. ``actions`` are the planned actions by row, ``every`` is that of other
    rows."""

    def __init__(
        self,
        counted: Callable[[Outcome], object] = lambda _: None,
        actions: Mapping[int, Action] | None = None,
        every: Action | None = None,
    ) -> None:
        self.count = counted
        self._actions = actions or {}
        self._every = every

    def action(self, seq: int) -> Action | None:
        return self._actions.get(seq, self._every)
