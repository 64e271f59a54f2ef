"""Who is told of nights: an SMTP server and an HTTP receiver on loopback, which answer as they are told to."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from .authority import Authority
from .http_server import QuietServer


class MailServer:
    """An SMTP server; it takes any login but that of ``refused``."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.mails: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.refused = b"nobody"
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return self.answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.login != self.refused, handled=data.login != self.refused)


@contextmanager
def mail_server(tls: str = "none", authority: Authority | None = None) -> Iterator[MailServer]:
    """Run a server without encryption, with ``starttls`` or with ``tls``, certified by the authority for 127.0.0.1."""
    taken, context = MailServer(), None
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.certify("127.0.0.1"))
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # clients that do not trust the certificate just go

    def protocol() -> SMTP:
        starttls = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
        return SMTP(taken, authenticator=taken.authenticate, auth_require_tls=tls == "starttls", loop=loop, **starttls)  # type: ignore[arg-type]

    server = loop.run_until_complete(
        loop.create_server(protocol, "127.0.0.1", 0, ssl=context if tls == "tls" else None)
    )
    taken.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield taken
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()


class Hook:
    """An HTTP receiver. ``came`` has method, path and body of each call."""

    def __init__(self) -> None:
        self.answer = 204
        self.came: list[tuple[str, str, str]] = []
        self.url = ""

    @property
    def told(self) -> list[dict[str, Any]]:
        """The bodies, as JSON."""
        return [json.loads(body) for _, _, body in self.came]


@contextmanager
def hook() -> Iterator[Hook]:
    """Run a receiver."""
    taken = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            taken.came.append((self.command, self.path, body))
            self.send_response(taken.answer)
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with QuietServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        taken.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield taken
        server.shutdown()
        thread.join()
