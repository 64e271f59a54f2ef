"""aiohttp's client protocol, tolerant of answers that its parser refuses though HTTP defines their meaning and curl,
Java and browsers read them: it normalises the head of each answer before parsing."""

from __future__ import annotations

import asyncio
import re
import select
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage

from ..text.phrase import phrase

LONGEST_FIELD = 2**18
"""Bytes of one header, or of the status line."""

MOST_FIELDS = 5_000

LONGEST_HEAD = 2**20
"""Bytes of all headers, and of what comes without being a part of the body: headers behind it, for example."""

_END = re.compile(rb"\r?\n\r?\n")
_FRAMING = re.compile(
    rb"^(content-length|transfer-encoding|content-encoding)[ \t]*:([^\r\n]*)\r?\n", re.IGNORECASE | re.MULTILINE
)
"""Blanks around the value belong to it: two parts of a pattern that both match them take quadratic time."""
_BLANK_BEFORE_COLON = re.compile(rb"^([!-9;-~]+)[ \t]+:", re.MULTILINE)
_LENGTH = re.compile(rb"\ncontent-length: ?\d+\r")
_START = b"HTTP/"
_USUAL = b"HTTP/1.1 2"
_STATUS_LINE = re.compile(rb"^([\r\n]*)HTTP/([0-3])(?:\.(\d))?[ \t]+(\d{3})(?=[ \t\r\n])", re.IGNORECASE)
_INTERIM = re.compile(rb"[\r\n]*HTTP/1\.\d 1(?!01)\d\d")


class TolerantHandler(ResponseHandler):
    """One connection, ``made_at`` by the event loop's clock. It buffers the head of an answer until it is complete."""

    _head: bytearray | None = None
    _beside = _read = 0
    used = False
    made_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the time, and the socket to check for unread data."""
        super().connection_made(transport)
        self.made_at = self._loop.time()
        connection = transport.get_extra_info("socket")
        self._unread = select.poll() if hasattr(select, "poll") and connection is not None else None
        if self._unread:
            self._unread.register(connection.fileno(), select.POLLIN)

    def has_unread(self) -> bool:
        """Whether the socket holds unread data: an answer to no request, or the end."""
        return bool(self._unread and self._unread.poll(0))

    def set_response_params(self, **parameters: Any) -> None:
        """Expect the head of an answer next: a request is about to be sent."""
        self.used = True
        self._head = bytearray()
        self._beside = self._read = 0
        super().set_response_params(**parameters)

    def data_received(self, data: bytes) -> None:
        """Pass on the network's data, with normalised heads."""
        if self._head is not None and data:
            end = -1 if self._head or not data.startswith(_USUAL) else data.find(b"\r\n\r\n") + 4
            if end >= len(_USUAL):  # fast path
                self._head = None
                if not _is_plain(data[:end]):
                    data = in_order(data[:end]) + data[end:]
            else:
                ready = self._ordered(self._head, data)
                if not ready:
                    self._count(len(data))
                    self._reschedule_timeout()
                    return
                data = ready
        super().data_received(data)
        self._count(len(data))

    def _count(self, length: int) -> None:
        """End the answer if too much of it has come since its body last grew: aiohttp limits each header alone."""
        read = self._payload.total_bytes if self._payload is not None else 0
        self._beside = self._beside + length if read == self._read else 0
        self._read = read
        if self._beside > LONGEST_HEAD and self.transport is not None:
            why = phrase("its headers are longer than {most} MB", most=LONGEST_HEAD >> 20)
            if self._payload is not None:
                self._payload.set_exception(aiohttp.ClientPayloadError(why))
            self.close()
            self.set_exception(BadHttpMessage(why))

    def connection_lost(self, exc: BaseException | None) -> None:
        """Pass on an incomplete head, which the parser judges."""
        if self._head and self._parser is not None:
            data, self._head = bytes(self._head), None
            super().data_received(data)
        super().connection_lost(exc)

    def _ordered(self, head: bytearray, data: bytes) -> bytes:
        """Return the data ready to be parsed: heads of interim answers, and the last head with the rest."""
        seen = max(len(head) - 3, 0)
        head += data
        ready = b""
        while True:
            start = bytes(head[:16]).lstrip(b"\r\n")[: len(_START)].upper()
            end = _END.search(head, seen)
            if end is None and _START.startswith(start):
                return ready
            at = end.end() if end else len(head)
            whole = _STATUS_LINE.sub(_usual_start, bytes(head[:at]))
            interim = end is not None and bool(_INTERIM.match(whole))
            ready += whole if interim else in_order(whole)
            del head[:at]
            if not interim:
                ready += bytes(head)
                self._head = None
                return ready
            seen = 0


def _usual_start(found: re.Match[bytes]) -> bytes:
    """Return the start of a status line as the parser takes it; some gateways write ``HTTP/2 200`` over HTTP/1.1."""
    blank, major, minor, status = found.groups()
    return b"%bHTTP/1.%b %b" % (blank, b"0" if (major, minor) == (b"1", b"0") else b"1", status)


def _is_plain(head: bytes) -> bool:
    """Whether the head needs no normalising."""
    small = head.lower()
    return (
        small.count(b"content-length") == 1
        and b"-encoding" not in small
        and b" :" not in small
        and _LENGTH.search(small) is not None
    )


def in_order(head: bytes) -> bytes:
    """Normalise the head of an answer that has one meaning by RFC 9112 (6.3).

    Equal lengths, in several headers or one list, are one length; a length beside ``Transfer-Encoding`` does not
    count; ``identity`` is no encoding, and ``x-gzip`` another name of gzip (RFC 9110, 8.4.1.3).
    """
    if b" :" in head:
        head = _BLANK_BEFORE_COLON.sub(rb"\1:", head)
    found = _FRAMING.findall(head)
    if not found:
        return head
    fields = [(name.lower(), part.strip()) for name, value in found for part in value.split(b",")]
    lengths = {value for name, value in fields if name == b"content-length"}
    transfer = [value for name, value in fields if name == b"transfer-encoding" and value.lower() != b"identity"]
    content = [value for name, value in fields if name == b"content-encoding" and value.lower() != b"identity"]
    if transfer:
        lengths = set()
    new = [b"Content-Length: " + value for value in sorted(lengths)]  # the parser refuses two different lengths
    new += [b"Transfer-Encoding: " + value for value in dict.fromkeys(transfer)]
    if content:
        new.append(b"Content-Encoding: " + b", ".join(content).lower().replace(b"x-gzip", b"gzip"))
    rest = _FRAMING.sub(b"", head)
    first, line_end, others = rest.partition(b"\n")
    return first + line_end + b"".join(line + b"\r\n" for line in new) + others
