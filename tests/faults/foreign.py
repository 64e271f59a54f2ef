"""A dialler that shares nothing with the simulator: what servers of other people do differently."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from ..helpers.http_server import QuietServer

Answer = tuple[int, Any]

FUNCTIONS = {
    "import": r"POST /dialler/contacts/import",
    "batch": r"POST /dialler/contacts",
    "list": r"GET /dialler/contacts",
    "find": r"GET /dialler/contacts/contact",
    "delete": r"DELETE /dialler/contacts/contact/(\d+)",
}


@dataclass
class ForeignDialler:
    """``missing`` functions answer so; ``shape`` may change the answer to a function that is there; ``refused`` may
    answer in its place.

    A body is bytes as they are, or JSON; ``headers`` go with every answer. ``struck`` holds the keys whose first
    import is done and answered with 500. ``requests`` are the names of the functions that were asked for, in order.
    """

    missing: dict[str, Answer] = field(default_factory=dict)
    shape: Callable[[str, Answer], Answer] = lambda _, answer: answer
    refused: Callable[[str], Answer | None] = lambda _: None
    protocol: str = "HTTP/1.1"
    headers: dict[str, str] = field(default_factory=dict)
    struck: set[str] = field(default_factory=set)
    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        dialler = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = dialler.protocol

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = dialler.answer(self.command, self.path, body, self.headers["Authorization"])
                content = b"" if answer is None else answer
                if not isinstance(content, bytes):
                    content = json.dumps(answer).encode()
                self.send_response(status)
                for header in dialler.headers.items():
                    self.send_header(*header)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server asks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/rest/v1.0"
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def keys(self) -> list[str]:
        """The keys of all contacts, sorted; one that is there twice twice."""
        return sorted(contact["UserData"] for contact in self.contacts.values())

    def answer(self, method: str, target: str, body: bytes, authorization: str) -> Answer:
        """Status and body for one request."""
        url = urlsplit(target)
        asked = f"{method} {url.path.removeprefix('/rest/v1.0/1')}"
        name, found = next((n, m) for n, pattern in FUNCTIONS.items() if (m := re.fullmatch(pattern, asked)))
        with self._lock:
            self.requests.append(name)
            if name in self.missing:
                return self.missing[name]
            if refusal := self.refused(name):
                return refusal
            if name == "delete":
                del self.contacts[int(found[1])]
                return self.shape(name, (200, {"status": 200}))
            sent = json.loads(body) if body else {}
            if name == "import":
                records = [self._import(sent, overwrite=parse_qs(url.query)["overwriteDuplicates"] == ["true"])]
                if sent["UserData"] in self.struck:
                    self.struck.remove(sent["UserData"])
                    return 500, {"status": 500, "error": "Internal error"}
            else:
                keys = parse_qs(url.query).get("userData") or sent.get("UserDataList")
                records = [c for c in self.contacts.values() if keys is None or c["UserData"] in keys]
        return self.shape(
            name, (200, {"records": records, "count": len(records), "status": 200, "said": authorization})
        )

    def _import(self, sent: dict[str, Any], *, overwrite: bool) -> dict[str, Any]:
        same = [c for c in self.contacts.values() if overwrite and c["UserData"] == sent["UserData"]]
        contact = same[0] if same else self.contacts.setdefault(new := len(self.contacts) + 1, {"ID": new})
        contact.update(sent)
        return dict(contact)


def bucket(rate: float, burst: int = 5) -> Callable[[str], Answer | None]:
    """Turns away imports beyond ``rate`` a second, as the proxies do that stand before a dialler."""
    tokens, at = float(burst), time.monotonic()

    def refused(name: str) -> Answer | None:
        nonlocal tokens, at
        if name != "import":
            return None
        now = time.monotonic()
        tokens, at = min(burst, tokens + (now - at) * rate), now
        if tokens < 1:
            return 429, {"status": 429, "error": "Too many requests"}
        tokens -= 1
        return None

    return refused
