"""The hash of a file."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

from ..text.phrase import phrase


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex digits.

    Raises:
        OSError: it cannot be read, or is a pipe or device, which may have no end.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, phrase("it is not a regular file"))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
