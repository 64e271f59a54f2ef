"""Standard output and error that never fail a command, and never show a secret or control a terminal.

The outcome of a run is final, whether or not it can be printed. All output passes :mod:`dialler_sync.text.outward`.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from ..text.outward import screen
from ..text.phrase import phrase

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Sink(io.RawIOBase):
    """Bytes for ``raw``. After the first error, which is kept as ``lost``, all further bytes are dropped."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.lost: OSError | None = None
        self.used = False

    def writable(self) -> bool:
        """Always true."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of ``raw``."""
        number: int = self._raw.fileno()
        return number

    def isatty(self) -> bool:
        """Whether ``raw`` is a terminal."""
        return bool(self._raw.isatty())

    def write(self, data: ReadableBuffer, /) -> int | None:
        """Write as much as possible; drop the rest."""
        self.used = True
        if self.lost is None:
            try:
                return cast("int | None", self._raw.write(data))
            except OSError as error:
                self.lost = error
            except KeyboardInterrupt:  # the reader takes no more; to wait for it at the end would be in vain
                self.lost = InterruptedError(errno.EINTR, phrase("it was interrupted"))
                raise
        return memoryview(data).nbytes


class Screen(io.TextIOWrapper):
    """Text for people. ``exact``: a program reads the output, whose secrets are masked already."""

    exact = False

    def write(self, text: str, /) -> int:
        """Write a text, made harmless."""
        super().write(text if self.exact else screen(text))
        return len(text)

    def write_styled(self, text: str) -> int:
        """Write a text with our own colours, whose foreign parts are harmless lines already."""
        super().write(screen(text, styled=True))
        return len(text)


class Styled:
    """A stream for rich: like ``stream``, with colours."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.write = stream.write_styled if isinstance(stream, Screen) else stream.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def styled(stream: TextIO) -> IO[str]:
    """Return the stream for writing by rich and click."""
    return cast("IO[str]", Styled(stream))


@contextmanager
def exact(stream: TextIO) -> Iterator[None]:
    """Print data: unchanged to a program or a file, harmless to a terminal."""
    if isinstance(stream, Screen) and not stream.isatty():
        stream.exact = True
    try:
        yield
    finally:
        if isinstance(stream, Screen):
            stream.exact = False


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
        """Flush the output; return the error that lost some of it, if any."""
        sys.stdout.flush()
        if self._sink is None:
            return None
        return OSError(errno.EBADF, phrase("it is closed")) if self._closed and self._sink.used else self._sink.lost


def _open_closed() -> set[int]:
    """Open the standard descriptors that are closed; return their numbers."""
    closed = set()
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            closed.add(number)
    return closed


def _unfailing(stream: TextIO | None, number: int) -> tuple[TextIO, _Sink]:
    """Wrap the stream in a sink; a character that its encoding lacks is not an error either."""
    if not isinstance(stream, io.TextIOWrapper):
        sink = _Sink(io.FileIO(number, "w", closefd=False))
        return Screen(io.BufferedWriter(sink), encoding="utf-8", errors="backslashreplace"), sink
    sink = _Sink(getattr(stream.buffer, "raw", stream.buffer))
    errors = "backslashreplace" if stream.errors == "strict" else stream.errors
    wrapper = Screen(
        io.BufferedWriter(sink), encoding=stream.encoding, errors=errors, line_buffering=stream.line_buffering
    )
    return wrapper, sink
