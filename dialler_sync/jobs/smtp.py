"""A connection to a mail server, each of whose replies has a limit of time and size."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO

from ..api.deadline import ended_after
from ..config.notify import SmtpSettings
from ..text.phrase import phrase

_SECONDS = 20.0
_LONGEST = 1 << 20
"""Most bytes of all the server's answers."""

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def open_smtp(smtp: SmtpSettings) -> smtplib.SMTP:
    """Connect to the server, as a context manager; no login.

    Raises:
        smtplib.SMTPException, OSError: there is no connection, or its certificate is not accepted.
    """
    port = smtp.port or _PORTS[smtp.tls]
    if smtp.tls == "none":
        return _Server(smtp.host, port, timeout=_SECONDS)
    trusted = ssl.create_default_context(cafile=smtp.ca_file)
    if smtp.tls == "tls":
        return _ServerOverTls(smtp.host, port, timeout=_SECONDS, context=trusted)
    server = _Server(smtp.host, port, timeout=_SECONDS)
    try:
        server.starttls(context=trusted)
    except BaseException:
        server.close()
        raise
    return server


class _Server(smtplib.SMTP):
    """A server whose replies are cut off: smtplib waits anew for each byte, and for each line of a reply."""

    said = 0
    """Bytes of all replies, before and after STARTTLS."""

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply.

        Raises:
            smtplib.SMTPServerDisconnected: there is none in time, or too long a one.
        """
        found = self.sock
        with ended_after(_SECONDS, found):
            if self.file is None and found is not None:
                self.file = _Limited(found.makefile("rb"), self)
            return super().getreply()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye; the answer does not matter. smtplib raises an error, also in place of one from the block."""
        with suppress(smtplib.SMTPException, OSError):
            super().__exit__(kind, error, trace)


class _ServerOverTls(_Server, smtplib.SMTP_SSL):
    """A connection over TLS from its start."""


class _Limited:
    """The lines that a server says."""

    def __init__(self, file: BinaryIO, server: _Server) -> None:
        self._file = file
        self._server = server
        self.close = file.close

    def readline(self, longest: int) -> bytes:
        """Return a line.

        Raises:
            OSError: the server has said too much.
        """
        said = self._file.readline(longest)
        self._server.said += len(said)
        if self._server.said > _LONGEST:
            raise OSError(phrase("it goes on and on"))
        return said
