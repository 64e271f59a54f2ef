"""Servers of lists that repeat the login they were sent, in what they say first, in refusals and in answers."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ..conftest import Run
from .encodings import ENCODINGS, found_in
from .shell import configuration, left_behind

PASSWORD = "L1st+pass/w0rd=Zq9~xyz"


def in_banner(text: str) -> bytes:
    return f"{text}\r\nSSH-1.0-{text}\r\n".encode()


def no_banner(text: str) -> bytes:
    return f"{text}\r\n".encode() * 200


def refused(text: str) -> bytes:
    return f"HTTP/1.1 401 {text}\r\nWWW-Authenticate: {text}\r\nConnection: close\r\n\r\n{text}".encode()


def no_http(text: str) -> bytes:
    return f"HTTP/1.1 {text}\r\n{text}\r\n\r\n".encode()


def leads_on(text: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: http://{text}.example/{text}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("encoding", ["as it is", "each sign quoted", "Basic", "JSON escapes", "hexadecimal", "mixed"])
@pytest.mark.parametrize(
    ("scheme", "says"),
    [("sftp", in_banner), ("sftp", no_banner), ("http", refused), ("http", no_http), ("http", leads_on)],
)
def test_a_login_to_a_list(scheme: str, says: Callable[[str], bytes], encoding: str, run: Run, tmp_path: Path) -> None:
    """Nor is it in the log of everything, in a report or in the journal."""
    pytest.importorskip("fsspec")
    if scheme == "sftp":
        pytest.importorskip("paramiko")
    login = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    said = says(ENCODINGS[encoding](PASSWORD).replace("\r\n", " "))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(said)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65_536):
                            pass

        thread = threading.Thread(target=serve)
        thread.start()
        where = f"{scheme}://127.0.0.1:{server.getsockname()[1]}"
        (tmp_path / "hosts").touch(mode=0o600)
        hosts = ", known_hosts: hosts" if scheme == "sftp" else ""
        more = f"sources: {{'{where}': {{username: me, password_command: [echo, '{PASSWORD}'], timeout: 3{hosts}}}}}\n"
        configuration("http://127.0.0.1:1/rest/v1.0", more)
        done = [run("-vv", command, f"{where}/list.csv") for command in ("validate", "import")]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()

    for each in done:
        assert each.code == 3, each.err
        assert not [shown for shown in (each.out + each.err).splitlines() if found_in(shown, PASSWORD)]
        assert login not in each.err
    assert not [where for where, text in left_behind(tmp_path, ("dialler-sync.yaml",)) if found_in(text, PASSWORD)]
