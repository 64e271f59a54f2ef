"""The journal shared by all jobs, and its runs."""

from __future__ import annotations

from ..journal import Journal, RunRecord
from ..journal.store import default_state

__all__ = ["Journal", "RunRecord", "default_state"]
