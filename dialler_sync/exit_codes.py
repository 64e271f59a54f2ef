"""The exit codes and their meanings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from .errors import (
    DiallerSyncError,
    DiallerUnavailable,
    InputError,
    Interrupted,
    JournalError,
    JournalFailed,
    LimitReached,
    NoRowCanSucceed,
    OutOfTime,
    SafetyLimit,
    UsageError,
    is_of_machine,
)
from .model import any_left
from .text.phrase import mark, phrase


class ExitCode(IntEnum):
    """Exit codes of every command; the help shows them with ``MEANINGS``."""

    OK = 0
    BUG = 1
    USAGE = 2
    INPUT = 3
    ROWS_FAILED = 4
    UNAVAILABLE = 5
    DIFFERENCES = 6
    NO_ROW_CAN_SUCCEED = 7
    SAFETY_LIMIT = 8
    OUT_OF_TIME = 9
    NONE_SUCCEEDED = 10
    INTERRUPTED = 130


MEANINGS: Mapping[ExitCode, str] = {
    ExitCode.OK: mark("all rows succeeded or were skipped"),
    ExitCode.BUG: mark("a bug in dialler-sync"),
    ExitCode.USAGE: mark("usage, configuration, or this machine (such as a full disk)"),
    ExitCode.INPUT: mark("the input cannot be read"),
    ExitCode.ROWS_FAILED: mark("finished, but some rows did not succeed"),
    ExitCode.UNAVAILABLE: mark(
        "the dialler (or, during a run, the journal) is unreachable or keeps failing; resumable"
    ),
    ExitCode.DIFFERENCES: mark("plan and reconcile with --detailed-exitcode: there are differences"),
    ExitCode.NO_ROW_CAN_SUCCEED: mark("not authorised, or the campaign does not exist: no row can succeed"),
    ExitCode.SAFETY_LIMIT: mark("stopped by a safety limit (mirror, max errors)"),
    ExitCode.OUT_OF_TIME: mark("stopped by --until or dialler.hours; resumable"),
    ExitCode.NONE_SUCCEEDED: mark("finished, but none of the rows sent succeeded"),
    ExitCode.INTERRUPTED: mark("interrupted; resumable"),
}


def meaning_of(code: int) -> str:
    """Return what an exit code means."""
    return phrase(MEANINGS[ExitCode(code)])


_WORST_FIRST = (1, 2, 7, 5, 10, 3, 8, 9, 130, 4, 6, 0)

_OF_THE_ROW = frozenset({"bad_request", "conflict"})
"""Error codes that are usually one row's fault; only many of them point to a common cause."""

_MANY = 10

_BY_ERROR: tuple[tuple[type[DiallerSyncError], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (InputError, ExitCode.INPUT),
    (DiallerUnavailable, ExitCode.UNAVAILABLE),
    (NoRowCanSucceed, ExitCode.NO_ROW_CAN_SUCCEED),
    (SafetyLimit, ExitCode.SAFETY_LIMIT),
    (JournalFailed, ExitCode.UNAVAILABLE),
    (JournalError, ExitCode.USAGE),
    (LimitReached, ExitCode.ROWS_FAILED),
    (OutOfTime, ExitCode.OUT_OF_TIME),
    (Interrupted, ExitCode.INTERRUPTED),
)


def worst(codes: Iterable[int]) -> int:
    """Return the most severe exit code of a call with several results, 0 if there are none."""
    return min(codes, key=_WORST_FIRST.index, default=int(ExitCode.OK))


def exit_code(
    error: DiallerSyncError | None, counts: Mapping[str, int], all_failed: Mapping[str, int] | None = None
) -> ExitCode:
    """Return the exit code of a run that ``error`` stopped, else the code for its rows by status.

    ``all_failed``: the sent rows of an import by error code, given only if no row succeeded.
    """
    if isinstance(error, InputError) and is_of_machine(error):
        return ExitCode.USAGE
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    if error is not None:
        return ExitCode.BUG
    if all_failed and (sum(all_failed.values()) >= _MANY or not _OF_THE_ROW.issuperset(all_failed)):
        return ExitCode.NONE_SUCCEEDED
    return ExitCode.ROWS_FAILED if any_left(counts) else ExitCode.OK
