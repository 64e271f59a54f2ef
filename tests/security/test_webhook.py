"""A webhook's receiver: what it answers costs a run neither memory nor time, and leads nothing elsewhere."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from dialler_sync.exit_codes import ExitCode
from dialler_sync.jobs import receivers

from ..conftest import Run
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
    assert "has not answered within 0.3 seconds. The next run delivers the message" in done.err
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
