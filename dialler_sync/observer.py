"""Protocol for following a run: a progress bar, a log, a notebook, or nothing."""

from __future__ import annotations

from typing import Protocol

from .model import Status


class Observer(Protocol):
    """Receives the progress of a run."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of ``total`` rows (None: unknown)."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Count ``rows`` as done, with this outcome if they have one."""


class Silent:
    """An observer that does nothing."""

    def stage(self, name: str, total: int | None) -> None:
        """Do nothing."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Do nothing."""
