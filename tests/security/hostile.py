"""A dialler on a bare socket that answers whatever a test wants, byte for byte."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        """Its bearer token."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def contact(self) -> dict[str, Any]:
        """The contact to be imported."""
        found: dict[str, Any] = json.loads(self.body or b"{}")
        return found


Answer = Callable[[Asked], bytes]


def answer(
    body: object, status: int = 200, reason: str = "OK", kind: str = "application/json", headers: str = ""
) -> bytes:
    """An answer on a connection that is then closed; ``headers`` are whole lines."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    return f"{head}{headers}Connection: close\r\n\r\n".encode() + content


@contextmanager
def hostile_dialler(answered: Answer) -> Iterator[str]:
    """Serve until the block ends; yields the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, answered), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/rest/v1.0"
        finally:
            server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, answered: Answer) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_serve_one, args=(connection, answered), daemon=True).start()


def _serve_one(connection: socket.socket, answered: Answer) -> None:
    with suppress(OSError), connection, connection.makefile("rb") as file:
        first = file.readline().decode("latin-1").split()
        if len(first) < 2:
            return
        headers: dict[str, str] = {}
        while (line := file.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = file.read(int(headers.get("content-length", 0)))
        connection.sendall(answered(Asked(first[0], first[1], headers, body)))
