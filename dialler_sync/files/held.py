"""Hold a folder against other processes, by a lock on the folder itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .portable import CLOEXEC, DIRECTORY, NONBLOCK


@contextmanager
def folder_held(folder: Path) -> Iterator[bool]:
    """Hold a folder until the block or the process ends; False if another process holds it.

    Where the system has no such locks (Windows, some network drives), or the folder cannot be opened, nobody is kept
    out.
    """
    number = None
    try:
        import fcntl

        number = os.open(folder, os.O_RDONLY | DIRECTORY | NONBLOCK | CLOEXEC)
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    except (ImportError, OSError, ValueError):
        free = True
    try:
        yield free
    finally:
        if number is not None:
            os.close(number)
