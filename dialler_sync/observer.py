"""Who watches a run: a progress bar, a log, a notebook, or nobody."""

from __future__ import annotations

from typing import Protocol

from .model import Status


class Observer(Protocol):
    """Is told how a run goes on."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins; ``total`` rows, if that is known."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Rows are done, with this outcome where they have one."""


class Silent:
    """An observer that tells nobody."""

    def stage(self, name: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Say nothing."""
