"""A simulated dialler, spoken to as any client would: by httpx, or by bare sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from dialler_sync.simulator import SimulatorServer


def contact(user_data: str | None = "K-1", **fields: Any) -> dict[str, Any]:
    """A contact that an import accepts."""
    return {"DiallerCampaignsID": 538, "Name": "Meier", "PhoneNumber1": "+4930123456", "UserData": user_data, **fields}


Start = Callable[..., "Wire"]
"""``start("500_after:5%", release="3.18")``: a running dialler."""


def client(server: SimulatorServer, **headers: str) -> httpx.Client:
    """An authorised client; without the certificates that plain HTTP does not need, and that take long to load."""
    headers = {"Authorization": f"Bearer {server.token}", **headers}
    return httpx.Client(base_url=server.account_url, headers=headers, verify=False)


class Wire:
    """A running dialler and an authorised client."""

    def __init__(self, server: SimulatorServer, http: httpx.Client) -> None:
        self.server, self.store, self.http = server, server.store, http

    def send(self, body: object, *, overwrite: bool = True) -> httpx.Response:
        """Import ``body``."""
        parameters = {"overwriteDuplicates": str(overwrite).lower()}
        return self.http.post("/dialler/contacts/import", params=parameters, json=body)

    def names(self) -> list[str]:
        """The Name of every contact in the store."""
        return [c["Name"] for c in self.store.contacts.values()]

    def connect(self) -> Connection:
        """A connection of bytes."""
        return Connection(self.server)


class Connection:
    """One TCP connection to the dialler."""

    def __init__(self, server: SimulatorServer) -> None:
        address = urlsplit(server.account_url)
        self._path, self._token = address.path, server.token
        self._socket = socket.create_connection((address.hostname, address.port), timeout=20)

    def request(self, method: str, path: str, body: object = None) -> None:
        """Send one request."""
        content = b"" if body is None else json.dumps(body).encode()
        self.begin(method, path, content, len(content))

    def begin(self, method: str, path: str, content: bytes, promised: int) -> None:
        """Send one request whose body is ``promised`` to be so long."""
        head = (
            f"{method} {self._path}{path} HTTP/1.1\r\nHost: dialler\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {promised}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + content)

    def send(self, body: object) -> None:
        """Send one import."""
        self.request("POST", "/dialler/contacts/import?overwriteDuplicates=true", body)

    def answer(self) -> tuple[bytes, bytes]:
        """Head and body of one whole answer; the connection stays open."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._socket.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(65536)
        return head, body

    def some(self) -> bytes:
        """The first bytes that come."""
        return self._socket.recv(4096)

    def rest(self) -> bytes:
        """All that comes until the dialler closes. Raises ConnectionResetError where it resets."""
        received = b""
        while more := self._socket.recv(65536):
            received += more
        return received

    def close(self) -> None:
        """Close this side."""
        self._socket.close()
