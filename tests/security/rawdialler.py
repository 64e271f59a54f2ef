"""A dialler on a raw socket, in a thread: it may answer late, twice, or with what belongs to another request."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

JSON = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request: ``name`` is the function, ``contact_id`` and ``user_data`` what it names, ``sent`` its body."""

    name: str
    number: int
    contact_id: str = ""
    user_data: str = ""
    sent: JSON = field(default_factory=dict)


_FUNCTIONS = {
    "import": r"POST /dialler/contacts/import",
    "batch": r"POST /dialler/contacts",
    "list": r"GET /dialler/contacts",
    "get": r"GET /dialler/contacts/(\d+)",
    "find": r"GET /dialler/contacts/contact",
    "delete": r"DELETE /dialler/contacts/contact(?:/(\d+))?",
    "lock": r"PUT /dialler/contacts/contact/(?:(\d+)/)?lock",
    "unlock": r"PUT /dialler/contacts/contact/(?:(\d+)/)?unlock",
    "history": r"GET /dialler/contacts/contact/(?:(\d+)/)?history",
    "campaigns": r"GET /dialler/campaigns",
    "campaign": r"GET /dialler/campaigns/(\d+)",
}


def honest(_: Asked, answer: bytes) -> list[bytes]:
    """The answer, and nothing else."""
    return [answer]


@dataclass
class RawDialler:
    """Contacts by ID. ``answers`` gives what is sent for a request instead of the ``answer`` that is its own."""

    answers: Callable[[Asked, bytes], list[bytes]] = honest
    contacts: dict[int, JSON] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    base_url: str = ""

    def keys(self) -> list[str]:
        return sorted(str(contact["UserData"]) for contact in self.contacts.values())

    @contextmanager
    def listening(self) -> Iterator[RawDialler]:
        """Serve until the end."""
        self._lock = threading.Lock()
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.base_url = f"http://127.0.0.1:{server.getsockname()[1]}/rest/v1.0"
            threads = [threading.Thread(target=self._accept, args=(server,))]
            threads[0].start()
            try:
                yield self
            finally:
                with suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)
                threads[0].join()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as stream:
            while line := stream.readline():
                method, target, _ = line.decode("ascii").split()
                length = 0
                while (header := stream.readline()).strip():
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.partition(b":")[2])
                asked, answer = self._answer(method, target, stream.read(length))
                for piece in self.answers(asked, answer):
                    connection.sendall(piece)

    def _answer(self, method: str, target: str, body: bytes) -> tuple[Asked, bytes]:
        url = urlsplit(target)
        line = f"{method} {url.path.removeprefix('/rest/v1.0/1')}"
        name, found = next((n, m) for n, pattern in _FUNCTIONS.items() if (m := re.fullmatch(pattern, line)))
        user_data = parse_qs(url.query).get("userData", [""])[0]
        sent = json.loads(body) if body else {}
        with self._lock:
            number = sum(each.name == name for each in self.asked) + 1
            asked = Asked(name, number, found[1] or "" if found.groups() else "", user_data, sent)
            self.asked.append(asked)
            return asked, self._done(asked, overwrite="overwriteDuplicates=true" in url.query)

    def _done(self, asked: Asked, *, overwrite: bool) -> bytes:
        if asked.name == "import":
            return records(self._import(asked.sent, overwrite=overwrite))
        if asked.name in ("campaigns", "campaign"):
            return records({"ID": 538, "Name": "Nightly"})
        if asked.name == "batch":
            keys, ids = asked.sent["UserDataList"], [str(number) for number in asked.sent["IDList"]]
            return records(*(c for c in self.contacts.values() if c["UserData"] in keys or str(c["ID"]) in ids))
        if asked.name == "list":
            return records(*self.contacts.values())
        meant = [
            c for c in self.contacts.values() if asked.user_data == c["UserData"] or asked.contact_id == str(c["ID"])
        ]
        if asked.name == "find":
            return records(*meant)
        if not meant:
            return respond({"status": 404, "error": "Dialler contact not found"}, 404)
        if asked.name == "get":
            return records(meant[0])
        if asked.name == "history":
            return records()
        if asked.name == "delete":
            del self.contacts[meant[0]["ID"]]
        else:
            meant[0]["bLocked"] = asked.name == "lock"
        return respond({"status": 200})

    def _import(self, sent: JSON, *, overwrite: bool) -> JSON:
        same = [c for c in self.contacts.values() if overwrite and c["UserData"] == sent.get("UserData")]
        new = max(self.contacts, default=0) + 1
        contact = same[0] if same else self.contacts.setdefault(new, {"ID": new, "UserData": ""})
        contact.update(sent)
        return dict(contact)


def respond(body: object, status: int = 200) -> bytes:
    """A whole answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(content),
        content,
    )


def records(*found: object) -> bytes:
    """The answer of a function that gives records."""
    return respond({"records": found, "count": len(found), "status": 200})
