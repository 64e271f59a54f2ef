"""Parts of POSIX that Windows lacks: flags for ``os.open``, names of users, signals to other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

CLOEXEC, DIRECTORY, NOFOLLOW, NONBLOCK, BINARY = (
    getattr(os, f"O_{name}", 0) for name in ("CLOEXEC", "DIRECTORY", "NOFOLLOW", "NONBLOCK", "BINARY")
)
"""0 where the system lacks one."""


def user_name(number: int | None = None) -> str:
    """Return the name of a user, by default of this process; a user without a name has its number."""
    if sys.platform == "win32":
        return os.environ.get("USERNAME", "") if number is None else str(number)
    import pwd

    number = os.geteuid() if number is None else number
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def kill_group(process: subprocess.Popen[Any]) -> None:
    """End a process that has a session of its own, with its children; on Windows, the process alone."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def interrupt(process: subprocess.Popen[Any]) -> None:
    """Interrupt a child process as Ctrl-C does. Windows can only end it; its run is resumed later.

    One that was begun by ``&`` in a script hears no Ctrl-C, and nor do its children: they hear SIGTERM.
    """
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.terminate()
        else:
            deaf = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
            process.send_signal(signal.SIGTERM if deaf else signal.SIGINT)
