"""The command line in a process that may use so much memory and time, as an attack must not want more."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ..helpers.commands import start

MEMORY = 1_200 << 20
"""Bytes of address space: what an import of a small list needs, and a few hundred MB."""

Answer = Callable[[socket.socket], None]


def run_limited(*arguments: object, seconds: float = 45, memory: int = MEMORY) -> subprocess.CompletedProcess[str]:
    """Run ``dialler-sync`` with the arguments; one that hangs is killed, and fails the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "1000")
        command = start(*arguments, memory=memory)
    code = command.end(seconds)
    assert "MemoryError" not in command.err
    return subprocess.CompletedProcess(list(arguments), code, command.out, command.err)


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that lets ``answer`` send what it likes to each request; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                while connection.recv(1 << 16):
                    answer(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.settimeout(60)
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def configuration(path: Path, url: str = "http://127.0.0.1:1", **dialler: object) -> Path:
    """Write a configuration for a dialler at ``url`` that is not waited for long."""
    keys = {"base_url": url, "clients_id": 1, "token": "s3cret-t0ken", "timeout": 2, "retries": 0, "give_up_after": 2}
    lines = [f"  {key}: {value}" for key, value in {**keys, **dialler}.items() if value is not None]
    path.write_text(
        "\n".join(
            [
                "dialler:",
                *lines,
                "campaign: {id: 538}",
                "columns: {UserData: Key, Name: Name, PhoneNumber1: {column: Phone, region: DE}}",
            ]
        ),
        encoding="utf-8",
    )
    return path
