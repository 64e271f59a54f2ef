"""An inbox folder: files that are complete are imported and moved away, each with the ID of its run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from ..errors import InputError, UsageError
from ..exit_codes import ExitCode
from ..journal import Journal, RunRecord
from ..prepare import file_sha256
from ..run.summary import Summary

_log = logging.getLogger(__name__)

SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})

_SETTLED = frozenset({ExitCode.OK, ExitCode.ROWS_FAILED})
_STAYS = frozenset({ExitCode.UNAVAILABLE, ExitCode.NO_ROW_CAN_SUCCEED, ExitCode.INTERRUPTED, ExitCode.USAGE})
"""What is no fault of the file: it stays in the inbox for the next time."""


def complete_files(folder: Path, quiet: float, now: Callable[[], float] = time.time) -> Iterator[Path]:
    """Files of an inbox that nobody has written to for ``quiet`` seconds, by name.

    Hidden files and other kinds than spreadsheets (``.part``, ``.tmp`` …) are left alone.

    Raises:
        UsageError: the folder cannot be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.casefold() in SUFFIXES)
    except OSError as error:
        raise UsageError(f"--inbox {folder}: cannot be read: {error.strerror}") from error
    for path in found:
        if path.name.startswith((".", "~$")) or not path.is_file():
            continue
        age = now() - path.stat().st_mtime
        if 0 <= age < quiet:
            _log.info("%s: was written %.0f s ago; it waits until it is complete", path, age)
            continue
        yield path


def work_through(
    folder: Path, quiet: float, work: Callable[[Path], Summary], journal: Journal
) -> list[tuple[Path, int, str]]:
    """Import every complete file, and move it to ``done/`` or ``failed/``; gives (file, exit code, message).

    A file that could not be imported for a reason that is not its own stays where it is, and ends the round.
    """
    results: list[tuple[Path, int, str]] = []
    for path in complete_files(folder, quiet):
        try:
            summary = work(path)
        except InputError as error:
            _log.error("%s", error)
            _move(path, folder / "failed", f"unread-{datetime.now(UTC):%Y%m%d-%H%M%S}")
            results.append((path, ExitCode.INPUT, str(error)))
            continue
        results.append((path, summary.exit_code, summary.stopped_because or ""))
        if summary.exit_code in _STAYS:
            break
        place = "done" if summary.exit_code in _SETTLED else "failed"
        moved = _move(path, folder / place, summary.run_id)
        run = journal.run(summary.run_id)
        journal.update_run(run.id, files=tuple({**entry, "path": str(moved)} for entry in run.files))
    return results


def unfinished(journal: Journal, path: Path, target: str) -> RunRecord | None:
    """The run that was stopped while it imported this very file to ``target``, if there is one.

    A newer export under the same name is a file of its own; of the run before it, the other rows are not sent.
    """
    place, digest = str(path.resolve()), ""
    for run in journal.runs():
        found = [entry["sha256"] for entry in run.files if entry["path"] == place]
        if not found or run.target != target or run.command != "import" or run.state == "finished":
            continue
        digest = digest or file_sha256(path)
        if digest in found:
            return run
        _log.warning("%s is not the file that run %s was stopped with, and is imported as a new one", path, run.id)
    return None


def _move(path: Path, folder: Path, run_id: str) -> Path:
    target = folder / f"{run_id}-{path.name}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return path.rename(target).resolve()
    except OSError as error:
        raise UsageError(
            f"{path} is done with, but cannot be moved to {target} ({error.strerror}). Move it yourself: "
            "it is imported once more otherwise."
        ) from error
