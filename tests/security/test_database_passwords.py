"""A PostgreSQL server that repeats the password it was given: it is in no message, wherever libpq has found it."""

from __future__ import annotations

import base64
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ..conftest import Run
from .encodings import found_in

pytest.importorskip("psycopg")

PASSWORD = "Pg+pass/w0rd=Zq9~xyzLong"


@contextmanager
def rogue(repeated: Callable[[str], str], *, lets_in: bool) -> Iterator[int]:
    """Run a server that asks for the password, and repeats it when it refuses the login, or each query."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with suppress(OSError, struct.error), connection, connection.makefile("rb") as file:
                    _serve(connection.sendall, file.read, repeated, lets_in=lets_in)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(
    send: Callable[[bytes], None], read: Callable[[int], bytes], repeated: Callable[[str], str], *, lets_in: bool
) -> None:
    def body() -> bytes:
        return read(struct.unpack("!I", read(4))[0] - 4)

    def say(kind: bytes, content: bytes) -> None:
        send(kind + struct.pack("!I", len(content) + 4) + content)

    body()  # the user, and the database
    say(b"R", struct.pack("!I", 3))  # the password, as it is
    read(1)
    said = repeated(body().rstrip(b"\0").decode()).encode()
    error = b"SFATAL\0VFATAL\0C42501\0Mno: " + said + b"\0D" + said + b"\0\0"
    if not lets_in:
        return say(b"E", error)
    say(b"R", struct.pack("!I", 0))
    say(b"Z", b"I")
    while read(1):
        body()
        say(b"E", error)
        say(b"Z", b"I")
    return None


@pytest.mark.parametrize("place", ["passfile", "service file"])
@pytest.mark.parametrize("lets_in", [False, True], ids=["login", "query"])
@pytest.mark.parametrize("repeated", [str, lambda text: base64.b64encode(text.encode()).decode()], ids=["it", "base64"])
def test_a_password_that_libpq_has_found(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, lets_in: bool, repeated: Callable[[str], str]
) -> None:
    with rogue(repeated, lets_in=lets_in) as port:
        file = tmp_path / "passwords"
        where = f"host=127.0.0.1\nport={port}\nuser=u\ndbname=x\nsslmode=disable\npassword={PASSWORD}"
        file.write_text(f"*:*:*:u:{PASSWORD}\n" if place == "passfile" else f"[s]\n{where}\n", encoding="utf-8")
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE" if place == "passfile" else "PGSERVICEFILE", str(file))
        link = f"u@127.0.0.1:{port}/x?sslmode=disable" if place == "passfile" else "/x?service=s"

        done = run("--state", f"postgresql+psycopg://{link}", "runs", "list")

    assert done.code == 2
    assert "no: ***" in done.err
    assert not [shown for shown in done.err.splitlines() if found_in(shown, PASSWORD)]


def test_the_passwords_of_several_hosts(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its own, and the first may repeat what it was sent, though the second is asked last."""
    passwords = {"first": "Fi:rst\\Passw0rd,eins", "second": "Sec0nd-Passwort:zwei"}
    with rogue(str, lets_in=False) as first, rogue(str, lets_in=False) as second:
        file = tmp_path / "passwords"
        written = {name: text.replace("\\", "\\\\").replace(":", "\\:") for name, text in passwords.items()}
        lines = f"127.0.0.1:{first}:*:u:{written['first']}\n127.0.0.1:{second}:*:u:{written['second']}\n"
        file.write_bytes(b"# F\xfcr die Nacht\n" + lines.encode())
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(file))
        link = f"u@/x?host=127.0.0.1:{first}&host=127.0.0.1:{second}&sslmode=disable"

        done = run("--state", f"postgresql+psycopg://{link}", "runs", "list")

    assert done.code == 2
    assert done.err.count("no: ***") >= 2
    assert not [text for text in passwords.values() if found_in(done.err, text)]
