"""A time limit for all that is read from a socket: a socket's own limit begins anew with each byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def ended_after(seconds: float, connection: socket.socket | None) -> Iterator[None]:
    """End the connection if the block takes longer: a read in it then finds the end of the data."""
    late = threading.Timer(seconds, _end, (connection,))
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()


def _end(connection: socket.socket | None) -> None:
    with suppress(OSError):
        if connection:
            connection.shutdown(socket.SHUT_RDWR)
