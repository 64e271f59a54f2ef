"""A webhook's receiver: what it answers costs a run neither memory nor time, and leads nothing elsewhere."""

from __future__ import annotations

import os
import smtplib
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from dialler_sync.config.notify import NotifySettings, SmtpSettings
from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs import receivers, smtp

from ..conftest import Run
from ..helpers.authority import Authority
from ..helpers.stores import web_server
from .limited import answering, configuration, run_limited

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def _endless(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    while True:
        connection.sendall(b"x" * 2**20)


def _list(tmp_path: Path, webhook: str) -> None:
    config = configuration(tmp_path / "dialler-sync.yaml", give_up_after=0)
    config.write_text(f"{config.read_text()}\nnotify: {{webhook: '{webhook}/hooks/s3cret-of-the-hook'}}\n")
    (tmp_path / "list.csv").write_text("Key,Name,Phone\nK1,Anna,0171 3920012\n")


def test_an_answer_without_an_end(tmp_path: Path) -> None:
    """Its status is all that counts; the message is delivered."""
    with answering(_endless) as url:
        _list(tmp_path, url)

        done = run_limited("import", "list.csv")

    assert done.returncode == ExitCode.UNAVAILABLE
    assert "webhook" not in done.stderr


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"x"], ids=["other answers first", "a slow head"])
def test_an_answer_that_never_comes(piece: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Something comes all the time; the call has its seconds, and the next run delivers the message."""
    monkeypatch.setattr(receivers, "_SECONDS", 0.3)

    def drip(connection: socket.socket) -> None:
        connection.settimeout(0.05)
        if piece == b"x":
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            connection.sendall(piece)
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return

    with answering(drip) as url:
        _list(tmp_path, url)
        done = run("import", "list.csv")

    assert done.code == ExitCode.UNAVAILABLE
    assert "seconds. The next run delivers the message" in done.err
    assert "s3cret-of-the-hook" not in done.err


def test_a_redirect_is_not_followed(tmp_path: Path, run: Run) -> None:
    """The message, and the address with its secret, go to nobody else."""
    came: list[bytes] = []

    def elsewhere(connection: socket.socket) -> None:
        came.append(b"")
        connection.sendall(HEAD)

    with answering(elsewhere) as other:

        def redirect(connection: socket.socket) -> None:
            connection.sendall(f"HTTP/1.1 307 T\r\nLocation: {other}/x\r\nContent-Length: 0\r\n\r\n".encode())

        with answering(redirect) as url:
            _list(tmp_path, url)
            done = run("import", "list.csv")

    assert "notify.webhook could not be called: it answered 307" in done.err
    assert not came


@pytest.mark.parametrize("ends", [False, True], ids=["endless", "refused"])
def test_a_ping_reads_no_more_than_the_status(
    ends: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(receivers, "_SECONDS", 5)

    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n")

    with answering(refuse if ends else _endless) as url:
        receivers.ping(NotifySettings(ping=f"{url}/s3cret-of-the-ping"))

    assert [record.getMessage() for record in caplog.records if record.name == receivers.__name__] == (
        ["notify.ping could not be called: it answered 404."] if ends else []
    )


@pytest.mark.parametrize(
    ("url", "answer", "said"),
    [
        ("http://{there}/s3cret", b"", "it gives no answer that makes sense"),
        ("http://{there}/s3cret", b"\0 s3cret\r\n\r\n", "it gives no answer that makes sense"),
        ("https://{there}/s3cret", b"HTTP/1.1 400 s3cret\r\n\r\n", "there is no TLS with it: its port may be wrong"),
        ("https://no-such-host.invalid/s3cret", b"", "there is no such host, or this machine cannot look it up"),
        ("https://127.0.0.1:1/s3cret", b"", "it refuses the connection: it may be down, or its port wrong"),
    ],
)
def test_why_there_is_no_answer(url: str, answer: bytes, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is said in words, which have nothing of the address."""

    def end(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with answering(end) as there:
        receivers.ping(NotifySettings(ping=url.format(there=there.removeprefix("http://"))))

    assert [each.getMessage() for each in caplog.records if each.name == receivers.__name__] == [
        f"notify.ping could not be called: {said}."
    ]


def test_a_certificate_that_is_not_accepted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with web_server(tmp_path, Authority(tmp_path, "own")) as web:
        receivers.ping(NotifySettings(ping=f"https://127.0.0.1:{web.server_address[1]}/s3cret"))

    (said,) = (each.getMessage() for each in caplog.records if each.name == receivers.__name__)
    assert "its certificate is not accepted (unable to get local issuer certificate)" in said


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The service behind it may be well."""

    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 407 s3cret\r\nContent-Length: 0\r\n\r\n")

    with answering(refuse) as proxy:
        monkeypatch.setenv("https_proxy", proxy.replace("http://", "http://me:s3cret@"))
        receivers.ping(NotifySettings(ping="https://hooks.invalid/s3cret"))

    assert [each.getMessage() for each in caplog.records if each.name == receivers.__name__] == [
        "notify.ping could not be called: the proxy does not let it through."
    ]


@pytest.mark.parametrize("size", [1, 1 << 16], ids=["slow", "endless"])
def test_a_mail_server_whose_greeting_has_no_end(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of it comes in time."""
    monkeypatch.setattr(smtp, "_SECONDS", 0.3 if size == 1 else 20)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(0.05)
                while True:
                    connection.sendall(b"220-hello\r\n" * size)
                    with suppress(TimeoutError):
                        if size == 1 and not connection.recv(1):
                            return

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtp.open_smtp(SmtpSettings(host="127.0.0.1", port=listener.getsockname()[1], tls="none"))
        thread.join()


def test_a_mail_server_that_goes_on_after_starttls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is one for the whole connection; smtplib begins to read anew there."""
    monkeypatch.setattr(smtp, "_LONGEST", 1_000)

    def said(size: int) -> BytesIO:
        return BytesIO(b"250-" + b"x" * size + b"\r\n")

    server = smtp._Server()
    limited = [smtp._Limited(cast(BinaryIO, said(600)), server) for _ in range(2)]
    limited[0].readline(8_000)
    with pytest.raises(OSError, match="on and on"):
        limited[1].readline(8_000)


def test_a_name_that_takes_long_to_look_up() -> None:
    """The system's own look-up cannot be cut off: neither the call nor the end of the process waits for it."""
    code = """
import socket, sys, time
from dialler_sync.config.notify import NotifySettings
from dialler_sync.jobs import receivers

receivers._SECONDS = 0.2
socket.getaddrinfo = lambda *_, **__: time.sleep(30)
receivers.ping(NotifySettings(ping="https://hooks.example.com/x"))
"""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, env=environment, check=False
    )
    assert (ended.returncode, ended.stderr) == (
        0,
        "notify.ping could not be called: it has not answered within 0 seconds.\n",
    )
