"""Set-up before a command and clean-up after it: signals, garbage collection, and the time zone."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from types import FrameType
from typing import Any

from ..text.phrase import phrase

_log = logging.getLogger(__name__)
_WINTER, _SUMMER = datetime(2030, 1, 1), datetime(2030, 7, 1)  # noqa: DTZ001 - they get the zone of this machine


def hear(answer: Any) -> None:
    """Set the handler of Ctrl-C, SIGTERM and SIGHUP; ``nohup`` has SIGHUP ignored."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if (
            number
            and signal.getsignal(number) != signal.SIG_IGN
            and threading.current_thread() is threading.main_thread()
        ):
            signal.signal(number, answer)


def know_children() -> None:
    """Have the system tell how child processes end: whoever ignores SIGCHLD has children that ignore it, too, and to
    them every exit code is 0."""
    if hasattr(signal, "SIGCHLD") and signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def keep_own_rights() -> None:
    """Keep a umask from taking this user's own rights to what is made: a folder could not be opened, and the locks of
    all users would stay unusable."""
    os.umask(os.umask(0o077) & ~0o700)


_NOT_IN = (
    "<frozen importlib.",
    *(each.__init__.__code__.co_filename for each in (weakref.WeakSet, weakref.WeakKeyDictionary)),
)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, but not while a module is loaded: libraries turn it into errors of their own; and not in
    what Python calls when an object goes: it would show a traceback, and go on.

    Raises:
        KeyboardInterrupt: once it is done.
    """
    while frame:
        if frame.f_code.co_filename.startswith(_NOT_IN) or frame.f_code.co_name == "__del__":
            later = threading.Timer(0.02, _send_again, [number])
            later.daemon = True
            later.start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _send_again(number: int) -> None:
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:  # the main thread may wait in the kernel
        signal.pthread_kill(threading.main_thread().ident or 0, number)


@contextmanager
def loading() -> Iterator[None]:
    """Let Ctrl-C wait until the modules of the command line are loaded, which takes a moment."""
    ours = (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
        and threading.current_thread() is threading.main_thread()
    )
    if ours:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def delay_collector() -> None:
    """Delay collections while modules are loaded: their objects stay."""
    gc.set_threshold(500_000)


def skip_last_collection() -> None:
    """Skip the last collection at exit, which takes longer than many a command; only where the process ends."""
    gc.freeze()


def settle_time_zone() -> None:
    """Set the time zone to UTC, with a warning, if Python cannot use the one of ``TZ``."""
    with suppress(ValueError, OverflowError):
        _WINTER.astimezone()
        _SUMMER.astimezone()
        return
    _log.warning(phrase("TZ={zone} is not a time zone: times are in UTC", zone=os.environ.get("TZ")))
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):
        time.tzset()
