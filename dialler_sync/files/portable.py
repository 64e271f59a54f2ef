"""Parts of POSIX that Windows lacks: flags for ``os.open``, names of users, signals to other processes."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

CLOEXEC, DIRECTORY, NOFOLLOW, NONBLOCK, BINARY, PATH = (
    getattr(os, f"O_{name}", 0) for name in ("CLOEXEC", "DIRECTORY", "NOFOLLOW", "NONBLOCK", "BINARY", "PATH")
)
"""0 where the system lacks one."""

OPEN = Path("/proc/self/fd")
"""Folder in which Linux lists a process's open files and folders; elsewhere one is named by its path alone."""


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


def end_with_parent() -> None:
    """Have this process end as by SIGTERM when its standard input is closed: a pipe that its parent holds open, which
    the system closes however the parent ends."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    with suppress(OSError):
        while os.read(0, 1):
            pass
    if sys.platform == "win32":
        _thread.interrupt_main(signal.SIGTERM)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
