"""What would keep a run from working, each with its mend."""

from __future__ import annotations

from ..doctor.check import Check
from ..doctor.checks import examine

__all__ = ["Check", "examine"]
