"""Read small text files, such as a configuration or a token; never one that blocks or does not end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ..text.phrase import figure, phrase
from .portable import CLOEXEC, NONBLOCK

_OWN = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Pipes opened by the parent process: ``-c <(sops -d list.yaml)``."""


def read_small(path: Path, most: int | None = None) -> str:
    """Return the UTF-8 text of a file, without a byte order mark.

    Raises:
        OSError: the file cannot be read, has more than ``most`` bytes, or is not a regular file (a named pipe would
            block, a device never ends).
        UnicodeDecodeError: the file is not UTF-8.
    """
    number = os.open(path, os.O_RDONLY | NONBLOCK | CLOEXEC)
    with os.fdopen(number, "rb") as file:
        mode = os.fstat(number).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if stat.S_ISFIFO(mode) and str(path).startswith(_OWN):
            os.set_blocking(number, True)
        elif not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, phrase("it is not a regular file"), str(path))
        content = file.read() if most is None else file.read(most + 1)
    if most is not None and len(content) > most:
        raise OSError(errno.EFBIG, phrase("it has more than {most} bytes", most=figure(most)), str(path))
    return content.decode("utf-8-sig")
