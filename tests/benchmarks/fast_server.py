"""A dialler that does nothing, as fast as it can: so that what is measured is the client.

``python tests/benchmarks/fast_server.py [--latency SECONDS]`` prints its port and answers until stdin ends. Imports
are answered with the contact and a new ID, everything else with no contacts. ``GET /times`` tells when, by the clock
that all processes share, the first request, the first and the last import came, and how many of them; then it counts
anew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
NOTHING = b'{"status":200,"records":[],"count":0}'


@dataclass
class Counted:
    """What came since the last question."""

    first_request: float | None = None
    first_import: float | None = None
    last_import: float | None = None
    imports: int = 0


class Dialler(asyncio.Protocol):
    """One connection; its requests come one after the other."""

    def __init__(self, counted: Counted, ids: Iterator[int], latency: float) -> None:
        self._counted, self._ids, self._latency = counted, ids, latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            _, given, rest = head.lower().partition(b"content-length:")
            whole = end + 4 + (int(rest.partition(b"\r\n")[0]) if given else 0)
            if len(self._received) < whole:
                return
            body, self._received = self._received[end + 4 : whole], self._received[whole:]
            answer = self._answer(head, body)
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._send, answer)
            else:
                self._send(answer)

    def _answer(self, head: bytes, body: bytes) -> bytes:
        counted, now = self._counted, time.monotonic()
        target = head.split(b" ", 2)[1]
        if target == b"/times":
            told = json.dumps(asdict(counted)).encode()
            counted.__init__()  # type: ignore[misc] # anew
            return told
        counted.first_request = counted.first_request or now
        if b"/import" not in target:
            return NOTHING
        counted.first_import = counted.first_import or now
        counted.last_import = now
        counted.imports += 1
        return b'{"status":200,"records":[{"ID":%d,%b],"count":1}' % (next(self._ids), body[1:])

    def _send(self, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(HEAD % (len(body), body))


async def serve(latency: float) -> None:
    server = await asyncio.get_running_loop().create_server(
        partial(Dialler, Counted(), count(1), latency), "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    asyncio.run(serve(parser.parse_args().latency))


if __name__ == "__main__":
    main()
