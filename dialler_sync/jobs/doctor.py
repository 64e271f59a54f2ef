"""Checks of everything that a run needs, each with its fix."""

from __future__ import annotations

from ..doctor.check import Check
from ..doctor.checks import examine

__all__ = ["Check", "examine"]
