"""Every error of this package, sorted by the caller's reaction.

::

    DiallerSyncError
    ├── UsageError                 stop before anything is sent: fix the command or the configuration   (exit 2)
    │   ├── ConfigError            ... with file, line and key
    │   ├── Held                   ... or wait: another run or call is working on the same
    │   └── CannotResume           ... an interrupted run cannot go on: its files or settings changed
    ├── InputError                 stop before anything is sent: fix the spreadsheet                    (exit 3)
    │   ├── ListUnreadable         ... a do-not-call list, which goes with every spreadsheet
    │   └── MachineAtFault         ... such as a full disk: no spreadsheet is at fault                    (exit 2)
    ├── StopRun                    stop the run; rows not settled stay unprocessed
    │   ├── DiallerUnavailable     the dialler is down for longer than give_up_after; resumable         (exit 5)
    │   │   └── ClusterLost        ... or the cluster that sends to it is gone; resumable               (exit 5)
    │   ├── NoRowCanSucceed        token, ClientsID, campaign or endpoint is wrong                      (exit 7)
    │   ├── SafetyLimit            mirror or max-errors                                                 (exit 8)
    │   ├── JournalError           the journal or the report folder cannot be read or written           (exit 2)
    │   │   ├── JournalDamaged     ... what it holds is damaged                                         (exit 2)
    │   │   └── JournalFailed      ... in a run that may have sent rows; resumable                      (exit 5)
    │   │       └── JournalLost    ... deleted, replaced or damaged; not resumable                      (exit 5)
    │   ├── LimitReached           the user's row limit is reached; resumable                           (exit 4)
    │   ├── OutOfTime              --until, or the end of dialler.hours; resumable                      (exit 9)
    │   └── Interrupted            Ctrl-C, SIGTERM, SIGHUP; resumable                                   (exit 130)
    └── RequestError               one request of one row
        ├── Refused                certainly not done, and a retry will not help: reject the row
        ├── NotDone                certainly not done, and the cause may pass: retry
        └── MaybeDone              sent, outcome not known: look up before a retry

Any other exception is a bug, and is reported as one (exit 1).
"""

from __future__ import annotations

import errno
import os
from typing import Self

from .text.outward import dialler_says, line
from .text.shortage import behind


class DiallerSyncError(Exception):
    """Root of the tree. ``str(error)`` is one message for the user: what, where, what to do.

    Each argument is one line, so that a line break in a quoted name cannot start another.
    """

    def __init__(self, *lines: object) -> None:
        super().__init__(*map(line, lines))

    def __str__(self) -> str:
        return "\n".join(self.args)


class UsageError(DiallerSyncError):
    """The command line, the configuration or the environment is wrong."""


class ConfigError(UsageError):
    """A configuration file is wrong; the message names file, line and key."""


class Held(UsageError):
    """Another run or call is working on the same campaign or inbox."""


class CannotResume(UsageError):
    """An interrupted run cannot go on: it was undone, or its files, configuration or do-not-call lists have changed."""


class InputError(DiallerSyncError):
    """A spreadsheet cannot be read."""


class ListUnreadable(InputError):
    """A do-not-call list cannot be read, or has no entries; the imported spreadsheet is not at fault."""


class MachineAtFault(InputError):
    """The machine does not let it be read now (a full disk, too many open files); no spreadsheet is at fault."""


class StopRun(DiallerSyncError):
    """The run cannot go on; rows that are not settled stay ``unprocessed``."""

    names_run = False
    """Whether messages name the run, which must stay in the journal."""


class DiallerUnavailable(StopRun):
    """The dialler cannot be reached or keeps failing."""


class ClusterLost(DiallerUnavailable):
    """The cluster whose workers send to the dialler is gone, or has lost all its workers."""


class NoRowCanSucceed(StopRun):
    """The token is refused, or the campaign or the endpoint does not exist."""


class SafetyLimit(StopRun):
    """A limit set by the user was exceeded."""


class JournalError(StopRun):
    """The journal or the report folder cannot be read or written."""


class JournalDamaged(JournalError):
    """The journal's content is damaged; going on with it would only do harm."""


class JournalFailed(JournalError):
    """The journal fails during a run that may have sent rows; resumable."""


class JournalLost(JournalFailed):
    """The journal's file was deleted, replaced or damaged while a run wrote to it: the run cannot be resumed."""


class LimitReached(StopRun):
    """The row limit set by the user was reached."""


class OutOfTime(StopRun):
    """The time has come at which the run was to stop, or the dialler may not be changed now."""


class Interrupted(StopRun):
    """The user or the system asked the run to stop."""


class RequestError(DiallerSyncError):
    """One request of one row failed.

    ``code`` is the stable error code for reports; ``http_status`` is None if no answer came.
    """

    def __init__(self, code: str, message: str, *, http_status: int | None = None) -> None:
        super().__init__(dialler_says(message))
        self.code = code
        self.http_status = http_status


class Refused(RequestError):
    """The dialler refused: the change was not made, and a retry will not help.

    ``foreign``: a proxy or another server in front of the dialler refused.
    """

    def __init__(self, code: str, message: str, *, http_status: int | None = None, foreign: bool = False) -> None:
        super().__init__(code, message, http_status=http_status)
        self.foreign = foreign


class NotDone(RequestError):
    """The change was certainly not made, and the cause may pass. ``retry_after`` in seconds, if given."""

    def __init__(
        self, code: str, message: str, *, http_status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(code, message, http_status=http_status)
        self.retry_after = retry_after


class MaybeDone(RequestError):
    """The request was sent, and its outcome is not known.

    ``running``: the dialler may still be processing it.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        http_status: int | None = None,
        retry_after: float | None = None,
        running: bool = True,
    ) -> None:
        super().__init__(code, message, http_status=http_status)
        self.retry_after = retry_after
        self.running = running


class Doubt:
    """Goes around the tries of one change. ``error``: that of a try that may have made it. It is raised in place of a
    later try's error, which says nothing of the earlier one."""

    error: MaybeDone | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if self.error is not None and isinstance(error, (NotDone, Refused, StopRun)):
            raise self.error from None


class Misdirected(MaybeDone):
    """The answer names another contact than the request."""


_OF_THE_MACHINE = frozenset(
    (number, os.strerror(number))
    for name in [
        "EAGAIN",
        "EDQUOT",
        "EFBIG",
        "EIO",
        "EMFILE",
        "ENFILE",
        "ENOLCK",
        "ENOMEM",
        "ENOSPC",
        "EROFS",
        "ESTALE",
    ]
    if (number := getattr(errno, name, None))
)
"""In the system's own words: libraries give such a number to what a server says, too."""


def is_of_machine(error: BaseException | None) -> bool:
    """Whether a spreadsheet cannot be read for a reason that lies in the machine: another time it may be, as it is."""
    return any(
        isinstance(each, (MemoryError, MachineAtFault))
        or (isinstance(each, OSError) and (each.errno, each.strerror) in _OF_THE_MACHINE)
        for each in behind(error)
    )
