"""The folder of a run's reports, as the journal names it: used only if it is this user's and the run's.

Whoever can write the journal must not have other files read, sent, overwritten or deleted.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import JournalError, UsageError
from ..files.portable import BINARY, CLOEXEC, NOFOLLOW, NONBLOCK
from ..files.private import held
from ..files.private import make_folder as make_private
from ..files.trust import is_overridden, is_trusted
from ..files.whole import why
from ..journal import RunRecord
from ..text.phrase import phrase

_RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
MARKED = re.compile(r".*-marked(-\d+)?\.xls[xm]")
_GIVEN = (
    r"results\.csv|mirror\.csv|failed(-\d+)?\.(csv|xlsx)|summary\.json|report\.(html|xlsx)"
    rf"|reconciliation\.(csv|html|xlsx)|moved\.csv|{MARKED.pattern}"
)
REPORT = re.compile(_GIVEN)
"""Names of a run's reports."""
BESIDE = re.compile(rf"{_GIVEN}|~\$.*|\.~lock\..*#")
"""Names of reports, and of what spreadsheet programs put beside them."""


@contextmanager
def held_reports(run: RunRecord) -> Iterator[Path | None]:
    """Hold the folder of a run's reports open; None if it is not the run's.

    Raises:
        OSError: it cannot be opened, belongs to another user, or a link of another user leads to it.
    """
    folder = Path(run.out)
    if not folder.is_absolute():
        yield None
        return
    if "\0" in run.out:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), run.out)
    with held(folder) as there:
        if not is_trusted(there.stat().st_uid) and not is_overridden():
            raise PermissionError(errno.EPERM, phrase("{folder} belongs to another user", folder=folder))
        yield there if _is_of(run, there) else None


def reopen_folder(run: RunRecord) -> None:
    """Check the folder of a run's reports before they are written again.

    Raises:
        UsageError: the folder holds other files than reports of this run.
        JournalError: it cannot be made, or is another user's.
    """
    folder = Path(run.out)
    try:
        if folder.is_absolute():
            make_private(folder)
        with held_reports(run) as there:
            ours = there is not None
    except (OSError, ValueError) as error:  # a path may hold what no path can
        raise JournalError(
            phrase("the report folder {folder} cannot be created: {why}", folder=folder, why=why(error))
        ) from error
    if not ours:
        raise not_ours(run)


def not_ours(run: RunRecord) -> UsageError:
    """Return the error that the folder of a run's reports is not its own."""
    return UsageError(
        phrase(
            "the reports of run {run} belong in {folder}, but it contains other files: nothing is written "
            "there. If it is the right folder, move them away.",
            run=run.id,
            folder=run.out,
        )
    )


def open_report(path: Path) -> int:
    """Open a report; no link, and nothing that blocks or never ends.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    number = os.open(path, os.O_RDONLY | NOFOLLOW | NONBLOCK | CLOEXEC | BINARY)
    if stat.S_ISREG(os.fstat(number).st_mode):
        return number
    os.close(number)
    raise OSError(errno.EINVAL, phrase("it is not a regular file"), str(path))


def read_report(path: Path, most: int) -> bytes:
    """Return the first ``most`` bytes of a report.

    Raises:
        OSError: it cannot be read.
    """
    with os.fdopen(open_report(path), "rb") as file:
        return file.read(most)


def _is_of(run: RunRecord, folder: Path) -> bool:
    """Whether a folder has the run's name or its summary, or holds only reports of a killed run."""
    if Path(run.out).name == run.id and _RUN_ID.fullmatch(run.id):
        return True
    summary, results = folder / "summary.json", folder / "results.csv"
    if summary.exists():
        return f'"run_id": "{run.id}"' in _head(summary)
    if results.exists() and not _head(results).startswith("_file,"):
        return False
    return all(BESIDE.fullmatch(path.name) or path.name.startswith(".") for path in folder.iterdir())


def _head(path: Path) -> str:
    """Return the start of a report."""
    try:
        return read_report(path, 400).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""
