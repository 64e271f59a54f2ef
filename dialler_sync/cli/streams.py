"""Standard output and error that never fail a command: what a run did is final, whether or not it can be printed."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Sink(io.RawIOBase):
    """Bytes for ``raw``. After the first error, which is kept as ``lost``, all further bytes are dropped."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.lost: OSError | None = None
        self.used = False

    def writable(self) -> bool:
        """It takes everything."""
        return True

    def fileno(self) -> int:
        """The descriptor behind it."""
        number: int = self._raw.fileno()
        return number

    def isatty(self) -> bool:
        """Whether there is a terminal behind it."""
        return bool(self._raw.isatty())

    def write(self, data: ReadableBuffer, /) -> int | None:
        """Write what can be written."""
        self.used = True
        if self.lost is None:
            try:
                return cast("int | None", self._raw.write(data))
            except OSError as error:
                self.lost = error
        return memoryview(data).nbytes


class Printing:
    """The standard streams of this process, made safe at its start.

    A descriptor that is closed (``>&-``) is opened on the null device. Otherwise the next file that is opened, such
    as the journal, would get its number, and whatever is printed. ``settled``: the command's results stand elsewhere.
    """

    def __init__(self) -> None:
        self.settled = False
        self._closed = 1 in _open_closed()
        self._sink: _Sink | None = None
        if sys.stdin is None:
            sys.stdin = io.StringIO()
        if sys.stdout is sys.__stdout__:  # not where a program has put its own stream there
            sys.stdout, self._sink = _unfailing(sys.stdout, 1)
        if sys.stderr is sys.__stderr__:
            sys.stderr, _ = _unfailing(sys.stderr, 2)

    def end(self) -> OSError | None:
        """Print what is left; gives why something could not be printed."""
        sys.stdout.flush()
        if self._sink is None:
            return None
        return OSError(errno.EBADF, "it is closed") if self._closed and self._sink.used else self._sink.lost


def _open_closed() -> set[int]:
    """Open the standard descriptors that are closed; gives which they were."""
    closed = set()
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            closed.add(number)
    return closed


def _unfailing(stream: TextIO | None, number: int) -> tuple[TextIO, _Sink]:
    """The stream, written by way of a sink; a sign that its encoding lacks is no reason to fail, either."""
    if not isinstance(stream, io.TextIOWrapper):
        sink = _Sink(io.FileIO(number, "w", closefd=False))
        return io.TextIOWrapper(io.BufferedWriter(sink), encoding="utf-8", errors="backslashreplace"), sink
    sink = _Sink(getattr(stream.buffer, "raw", stream.buffer))
    errors = "backslashreplace" if stream.errors == "strict" else stream.errors
    wrapper = io.TextIOWrapper(
        io.BufferedWriter(sink), encoding=stream.encoding, errors=errors, line_buffering=stream.line_buffering
    )
    return wrapper, sink
