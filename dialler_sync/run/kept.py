"""Copies of standard input beside the journal: a run that can be resumed reads its list again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import JournalError, UsageError
from ..fetch import STDIN, keep_stdin
from ..journal import Journal, RunRecord
from ..text.command_line import command


def keep_copies(journal: Journal, files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the records of a run's files, with standard input as a copy that stays.

    Raises:
        JournalError: it cannot be copied.
    """
    return [{**entry, "path": str(_keep(journal))} if _is_stdin(entry) else entry for entry in files]


def _is_stdin(entry: Mapping[str, Any]) -> bool:
    return entry["name"] == str(STDIN) and not entry["path"]


def _keep(journal: Journal) -> Path:
    try:
        return keep_stdin(journal.copies)
    except OSError as error:
        raise JournalError(
            f"the copy of standard input cannot be kept in {journal.copies}: {error.strerror or error}"
        ) from error


def delete_copies(journal: Journal, run: RunRecord) -> None:
    """Delete the copies that a run has kept."""
    for folder in {Path(entry["path"]).parent for entry in run.files if entry["path"]}:
        if folder.parent == journal.copies:
            shutil.rmtree(folder, ignore_errors=True)


def delete_settled_copies(journal: Journal, run_id: str) -> None:
    """Delete the copies of a run that has nothing left to resume."""
    run = journal.run(run_id)
    if run.state == "finished" and not run.is_unreported:
        delete_copies(journal, run)


def require_copies(journal: Journal, run: RunRecord) -> None:
    """Refuse to read standard input again when its copy has been deleted.

    Raises:
        UsageError: it has.
    """
    gone = [entry for entry in run.files if _is_stdin(entry) or _is_gone(journal, Path(entry["path"]))]
    if gone:
        raise UsageError(
            f"run {run.id} read its list from standard input, which is not kept: name the list, or failed.xlsx with "
            f"its rows mended: {command('retry', run.id)} --file FILE"
        )


def _is_gone(journal: Journal, path: Path) -> bool:
    return path.parent.parent == journal.copies and not path.exists()
