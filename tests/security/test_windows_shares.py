"""What pretends to be a Windows share: it fills no memory."""

from __future__ import annotations

import getpass
import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dialler_sync.config.sources import StoreSettings
from dialler_sync.errors import InputError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.fetch import smb
from dialler_sync.fetch.remote import download
from dialler_sync.files.url import Url

from ..helpers.stores import Share
from ..sources.conftest import share
from .limited import answering, configuration, run_limited

__all__ = ["share"]

PENDING = 0x103


def test_a_login_without_an_end(tmp_path: Path) -> None:
    """The library keeps each message of it, up to 16 MB, before anybody is logged in."""
    head = b"\xfeSMB" + struct.pack("<HHIHHII", 64, 0, PENDING, 0, 1, 1, 0) + bytes(36)
    message = head + bytes(15_000_000)

    def flood(connection: socket.socket) -> None:
        for _ in range(200):
            connection.sendall(struct.pack(">I", len(message)) + message)

    with answering(flood) as address:
        host = f"smb://127.0.0.1:{urlsplit(address).port}"
        config = configuration(tmp_path / "c.yaml")
        with config.open("a") as file:
            file.write(f'\nsources: {{"{host}": {{username: anna, password_command: echo password, timeout: 5}}}}\n')
        done = run_limited("-c", config, "inspect", f"{host}/lists/list.csv")

    assert done.returncode == ExitCode.INPUT, done.stderr
    assert "never comes to the end of the login" in done.stderr


def test_only_what_a_file_holds_may_be_long(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the answer to another question the library makes objects, which take many times as much."""
    content = b"x" * (3 * smb._LONGEST)
    (share.files / "long.csv").write_bytes(content)
    url = Url(share.url("long.csv"))
    stores = {
        f"smb://127.0.0.1:{share.port}": StoreSettings(
            username=getpass.getuser(), password_command=["echo", "password"]
        )
    }
    assert download(url, stores, 100).path.read_bytes() == content

    monkeypatch.setattr(smb, "_LONGEST", 100)

    with pytest.raises(InputError, match="sends more than it was asked for"):
        download(url, stores, 100)
