"""Write report files: readable by their owner only, complete or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Generic, TypeVar

from ..errors import JournalError
from ..text.phrase import phrase
from .private import delete, replaced

T = TypeVar("T")

_log = logging.getLogger(__name__)


@contextmanager
def new_file(path: Path, *, encoding: str = "utf-8", mode: int = 0o600) -> Iterator[IO[str]]:
    """Write a text file with this mode as a draft, which takes its final place once complete.

    Raises:
        JournalError: the folder cannot be written, or is full.
    """
    with _draft(path, mode) as number, os.fdopen(number, "w", encoding=encoding, newline="") as file:
        yield file


@contextmanager
def new_binary_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a binary file as a draft, which takes its final place once complete.

    Raises:
        JournalError: the folder cannot be written, or is full.
    """
    with _draft(path) as number, os.fdopen(number, "wb") as file:
        yield file


def why(error: Exception) -> str:
    """Return the reason why a file could not be read or written, in the system's words where they are the system's."""
    cause = error.__cause__ if isinstance(error, JournalError) else error
    return cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)


@contextmanager
def spared(path: Path) -> Iterator[None]:
    """Write an optional report: failure costs a warning and only this report.

    An older file of that name is then deleted.
    """
    try:
        yield
    except (OSError, JournalError) as error:
        _log.warning(phrase("{path} is not written: {why}. The other reports are complete.", path=path, why=why(error)))
        with suppress(OSError):
            if path.is_file():  # root could delete /dev/null
                delete(path)


class Spared(Generic[T]):
    """An open report that is optional: failure costs only this report, and frees its disk space."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        """Prepare the report; ``files`` keeps it open until all others are written."""
        self._path = path
        self._held = files.enter_context(ExitStack())
        self._report: T | None = None

    def open(self, report: Callable[[], AbstractContextManager[T]]) -> None:
        """Open the report that ``report`` creates."""
        with self._spared():
            self._report = self._held.enter_context(report())

    def have(self, write: Callable[[T], object]) -> None:
        """Call ``write`` with the report, if it is open."""
        if self._report is not None:
            with self._spared():
                write(self._report)

    @contextmanager
    def _spared(self) -> Iterator[None]:
        written = False
        with spared(self._path):
            yield
            written = True
        if not written:
            self._report = None
            self._held.close()


@contextmanager
def _draft(path: Path, mode: int = 0o600) -> Iterator[int]:
    try:
        with replaced(path, mode) as (number, _):
            yield number
    except OSError as error:
        raise JournalError(
            phrase(
                "{path} cannot be written: {error}. Fix that, and run the command again.",
                path=path,
                error=error.strerror,
            )
        ) from error
