"""Report files: readable by their owner only, and there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..errors import JournalError


@contextmanager
def new_file(path: Path, *, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """Write a text file beside its final place, 0600, and put it there when all of it is written.

    Raises:
        JournalError: the folder cannot be written, or is full.
    """
    with _draft(path) as number, os.fdopen(number, "w", encoding=encoding, newline="") as file:
        yield file


@contextmanager
def new_binary_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file of bytes likewise.

    Raises:
        JournalError: the folder cannot be written, or is full.
    """
    with _draft(path) as number, os.fdopen(number, "wb") as file:
        yield file


@contextmanager
def _draft(path: Path) -> Iterator[int]:
    draft = path.with_name(f".{path.name}.part")
    try:
        yield os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        draft.replace(path)
    except OSError as error:
        raise JournalError(
            f"the report {path} cannot be written: {error.strerror}. The journal has all of it: "
            "mend that and write the reports again with 'dialler-sync runs report RUN'."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
