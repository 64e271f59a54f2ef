"""Results of jobs, and their wording."""

from __future__ import annotations

from ..report.reconciliation import calls_in_words
from ..report.words import forecast, knowledge, mirror_not_done, next_step, title, verdict, warned
from ..run.reports import Summary

__all__ = [
    "Summary",
    "calls_in_words",
    "forecast",
    "knowledge",
    "mirror_not_done",
    "next_step",
    "title",
    "verdict",
    "warned",
]
