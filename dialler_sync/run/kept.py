"""Copies beside the journal: a run that can be resumed reads standard input again, and what lay at an address, as it
was."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import JournalError, UsageError
from ..fetch import STDIN, keep
from ..files.url import is_address, path_of
from ..journal import Journal, RunRecord
from ..text.command_line import command
from ..text.phrase import phrase

_KEPT = "kept"
"""Key in the record of a file at an address: the path of its copy."""

_NAME = re.compile("[0-9a-f]{16}")

Record = Mapping[str, Any]


def keep_copies(journal: Journal, files: Sequence[Record]) -> list[Record]:
    """Return the records of a run's files, with copies that stay of standard input and of files at addresses.

    Raises:
        JournalError: one cannot be copied; none is left behind.
    """
    there = set(folder.iterdir()) if (folder := journal.copies).is_dir() else set()
    kept: list[Record] = []
    try:
        for entry in files:
            kept.append(dict(_kept(journal, entry)))  # noqa: PERF401 - one after the other, to know which are there
    except BaseException:
        _delete(_copies(journal, kept) - there)
        raise
    return kept


def _kept(journal: Journal, entry: Record) -> Record:
    if _is_stdin(entry):
        return {**entry, "path": str(_keep(journal, None))}
    if is_address(entry["path"]) and _KEPT not in entry:
        return {**entry, _KEPT: str(_keep(journal, entry["path"]))}
    return entry


def _is_stdin(entry: Record) -> bool:
    return entry["name"] == str(STDIN) and not entry["path"]


def _keep(journal: Journal, address: str | None) -> Path:
    folder = journal.make_copies()
    try:
        return keep(address, folder)
    except OSError as error:
        raise JournalError(
            phrase(
                "the copy of {file} cannot be kept in {folder}: {error}",
                file=address or phrase("standard input"),
                folder=folder,
                error=error.strerror or error,
            )
        ) from error


def as_begun(begun: Iterable[Record], read: Iterable[Record]) -> Iterator[Record]:
    """Yield the records of files that were read, with what they were called when the run began: a copy of a file at
    an address is read in its place."""
    for before, now in zip(begun, read, strict=True):
        yield {**now, **{name: before[name] for name in ("name", "path", _KEPT) if name in before}}


def place_of(entry: Record) -> Path:
    """Return the file that a resumed run reads: the copy that was kept of what lay at an address, else the file."""
    kept = Path(entry.get(_KEPT) or "")
    return kept if kept.is_file() else path_of(entry["path"])


def _copies(journal: Journal, files: Iterable[Record]) -> set[Path]:
    """Return the folders of copies, each with a name that :func:`keep` gives: the journal may say anything."""
    folders = {Path(path).parent for entry in files for path in (entry["path"], entry.get(_KEPT)) if path}
    return {each for each in folders if _NAME.fullmatch(each.name) and each.parent == journal.copies}


def delete_copies(journal: Journal, run: RunRecord) -> None:
    """Delete the copies that a run has kept."""
    _delete(_copies(journal, run.files))


def _delete(folders: Iterable[Path]) -> None:
    for folder in folders:
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
            phrase(
                "run {run} read its list from standard input, which is not kept: name the list, or failed.xlsx with "
                "its rows fixed: {command} --file FILE",
                run=run.id,
                command=command("retry", run.id),
            )
        )


def _is_gone(journal: Journal, path: Path) -> bool:
    return not path.exists() and path.parent.parent == journal.copies
