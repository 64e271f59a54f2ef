"""Plans for people: as a page, and as a workbook, each with the plan that an import takes beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..errors import JournalError, UsageError
from ..files.whole import why
from ..plan.file import SHOWN, PlanFile
from ..report.plan_book import write_plan_book
from ..report.plan_page import write_plan_page
from ..report.plan_words import what_rules_did
from ..text.phrase import phrase

__all__ = ["what_rules_did", "write_plan"]


def write_plan(plan: PlanFile, paths: Sequence[Path]) -> list[Path]:
    """Write a plan to each path, as its ending says; the JSON of a page or workbook has the same stem.

    Returns the files that were written, the first of which ``import --plan`` takes.

    Raises:
        UsageError: a file cannot be written.
    """
    files = dict.fromkeys(path.with_suffix(".json") if _is_shown(path) else path for path in paths)
    shown = [*filter(_is_shown, dict.fromkeys(paths))]
    for path in (*shown, *files):  # an error names what the user named, if it can
        try:
            _write(plan, path)
        except (JournalError, OSError) as error:
            raise UsageError(
                phrase("-o {path}: cannot be written: {why}. Nothing was sent.", path=path, why=why(error))
            ) from error
    return [*files, *shown]


def _write(plan: PlanFile, path: Path) -> None:
    if not _is_shown(path):
        plan.write(path)
        return
    made = {**asdict(plan), "differs": plan.differs}
    (write_plan_page if path.suffix.casefold() == ".html" else write_plan_book)(path, made)


def _is_shown(path: Path) -> bool:
    return path.suffix.casefold() in SHOWN
