"""The log on stderr: sentences for people, or one JSON object a line for programs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from ..errors import DiallerSyncError
from ..text.outward import json_text, line, screen
from ..text.stamp import stamp
from .echo import terminal_width, wrapped


def log_to_stderr(verbosity: int, form: str) -> None:
    """Log to stderr, in the form ``text`` or ``json``. ``verbosity``: -1 errors, 0 also sentences on the course of
    the command, 1 everything, 2 also each request."""
    handler = _Stderr()
    width = terminal_width(sys.stderr)
    words = _Words(width, timed=verbosity > 0 or width is None)
    handler.setFormatter(_JsonLines() if form == "json" else words)
    ours = logging.getLogger("dialler_sync")
    ours.handlers = [handler]
    ours.propagate = False
    ours.setLevel({-1: logging.ERROR, 0: logging.INFO}.get(verbosity, logging.DEBUG))
    logging.lastResort = _OfOthers(logging.WARNING)
    logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)  # its errors are raised, and reported in our words
    traffic = logging.getLogger("dialler_sync.api.traffic")
    traffic.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)


def logs_json() -> bool:
    """Whether a program reads stderr."""
    return any(isinstance(handler.formatter, _JsonLines) for handler in logging.getLogger("dialler_sync").handlers)


class _Stderr(logging.Handler):
    """Writes to the current stderr: a progress bar replaces it, to keep log lines off the bar."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        record = logging.makeLogRecord(record.__dict__ | {"msg": _message(record), "args": None})
        with suppress(OSError, ValueError):  # nobody is there to be told
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


class _OfOthers(logging.Handler):
    """Writes warnings of libraries, with their tracebacks: without secrets, like all other output."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        with suppress(OSError, ValueError, TypeError):  # TypeError: the message has no place for its arguments
            sys.stderr.write(f"{screen(self.format(record))}\n")


def _message(record: logging.LogRecord) -> str:
    """Return the message of a record. A format is ours, and its arguments are made harmless, each on one line; a
    sentence without arguments has its values in it."""
    args = record.args
    if isinstance(args, Mapping):
        return str(record.msg) % {name: _harmless(value) for name, value in args.items()}
    return str(record.msg) % tuple(map(_harmless, args)) if args else str(_harmless(record.msg))


_LONGEST = 8_000
"""Characters of a value in a log: -vv shows the beginning of an answer."""


def _harmless(value: object) -> object:
    """Return a harmless value; our own errors are harmless already, and may have several lines."""
    return value if isinstance(value, int | float | DiallerSyncError) else line(value, _LONGEST)


class _Words(logging.Formatter):
    """Formats messages: unwrapped for log files, wrapped between words on a terminal of ``width`` columns. ``timed``:
    local time first."""

    def __init__(self, width: int | None, *, timed: bool = False) -> None:
        super().__init__("%(message)s")
        self._width = width
        self._timed = timed

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Format the message, line by line."""
        time = f"{datetime.fromtimestamp(record.created):%Y-%m-%d %H:%M:%S} " if self._timed else ""  # noqa: DTZ006
        return "\n".join(wrapped(each, self._width) for each in f"{time}{record.message}".split("\n"))


class _JsonLines(logging.Formatter):
    """Formats one JSON object a line: time, level, message, and the content of ``extra={"facts": {...}}``."""

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        when = stamp(datetime.fromtimestamp(record.created, UTC), "milliseconds")
        return json_text({"time": when, "level": record.levelname.lower(), "message": record.getMessage(), **facts})
