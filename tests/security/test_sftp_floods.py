"""A host that sends more than it was asked for: by none of it, the memory is filled."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

paramiko = pytest.importorskip("paramiko")

from paramiko import common, sftp  # noqa: E402
from paramiko.auth_handler import AuthHandler  # noqa: E402

from dialler_sync.config.sources import StoreSettings  # noqa: E402
from dialler_sync.errors import InputError  # noqa: E402
from dialler_sync.fetch import limits  # noqa: E402
from dialler_sync.fetch.remote import expand  # noqa: E402
from dialler_sync.fetch.sftp import CheckedSftp, open_sftp  # noqa: E402
from dialler_sync.files.url import Url  # noqa: E402

_BLOCK = bytes(32_000)
_WINDOW = common.DEFAULT_WINDOW_SIZE
_PATH = "/in/list.csv"


class _Login(paramiko.ServerInterface):
    """Lets everybody in, by ``ways``."""

    def __init__(self, ways: str) -> None:
        self._ways = ways

    def get_allowed_auths(self, _: str) -> str:
        return self._ways

    def check_auth_password(self, *_: str) -> int:
        return common.AUTH_SUCCESSFUL if self._ways == "password" else common.AUTH_FAILED

    def check_auth_interactive(self, *_: str) -> Any:
        return paramiko.InteractiveQuery()

    def check_channel_request(self, *_: Any) -> int:
        return common.OPEN_SUCCEEDED


class _Files(paramiko.SFTPServer):
    """Says of each path that it is a folder, with the same folders in it."""

    host: Host

    def _process(self, kind: int, number: int, message: Any) -> None:
        if kind in (sftp.CMD_STAT, sftp.CMD_LSTAT):
            self.host.flood(self.sock)
            self._response(number, sftp.CMD_ATTRS, paramiko.SFTPAttributes.from_stat(Path().stat()))
        elif kind == sftp.CMD_OPENDIR:
            self._response(number, sftp.CMD_HANDLE, b"handle")
            self._names = [] if message.get_text().count("/") > 2 else self.host.names
        elif kind == sftp.CMD_READDIR and self._names:
            folder = paramiko.SFTPAttributes.from_stat(Path().stat())
            fields = [each for name in self._names for each in (name, b"", folder)]
            self._response(number, sftp.CMD_NAME, len(self._names), *fields)
            self._names = []
        else:
            self._send_status(number, sftp.SFTP_EOF if kind == sftp.CMD_READDIR else sftp.SFTP_OK)


class Host:
    """A host on loopback. ``sent``: what it sends through the channel before it answers; ``names``: of the folders."""

    def __init__(self, folder: Path) -> None:
        self.ways = "password"
        self.names: list[bytes] = []
        self.sent: list[tuple[bytes, bytes]] = []
        self.known_hosts = folder / "known_hosts"
        self._key = paramiko.ECDSAKey.generate()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {self._key.get_name()} {self._key.get_base64()}\n")
        self.known_hosts.chmod(0o600)
        self._links: list[Any] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                link = paramiko.Transport(self._listening.accept()[0])
                self._links.append(link)
                link.add_server_key(self._key)
                link.set_subsystem_handler("sftp", type("Of", (_Files,), {"host": self}))
                with suppress(paramiko.SSHException, EOFError):
                    link.start_server(server=_Login(self.ways))

    def flood(self, channel: Any) -> None:
        """Send what nobody asked for, whatever the window of the channel allows."""
        for kind, content in self.sent:
            message = paramiko.Message()
            message.add_byte(kind)
            message.add_int(channel.remote_chanid)
            if kind == common.cMSG_CHANNEL_EXTENDED_DATA:
                message.add_int(1)
            message.add_string(content)
            channel.get_transport()._send_user_message(message)

    def open(self) -> CheckedSftp:
        """Log in."""
        return open_sftp("127.0.0.1", self.port, "u", "p", None, self.known_hosts, 20)

    def close(self) -> None:
        """End it."""
        self._listening.close()
        for link in self._links:
            link.close()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("HOME", str(tmp_path))
    host = Host(tmp_path)
    yield host
    host.close()


def _all_of(size: int) -> list[bytes]:
    return [_BLOCK] * (size // len(_BLOCK) + 1)


def test_an_error_output_is_thrown_away(host: Host) -> None:
    """Nobody reads it."""
    host.sent = [(common.cMSG_CHANNEL_EXTENDED_DATA, each) for each in _all_of(2 * _WINDOW)]

    files = host.open()

    assert files.info(_PATH)["type"] == "directory"
    channel = files.ftp.get_channel()
    assert len(channel.in_stderr_buffer) == 0
    assert files.info(_PATH)["type"] == "directory"


def test_what_nobody_reads_ends_with_the_window(host: Host) -> None:
    """The host sends the beginning of an answer to no question, and no end of it."""
    host.sent = [(common.cMSG_CHANNEL_DATA, each) for each in _all_of(2 * _WINDOW)]
    files = host.open()
    transport, channel = files.client.get_transport(), files.ftp.get_channel()

    channel.send(b"\0\0\0\x19\x11\0\0\0\x01\0\0\0\x0c" + _PATH.encode() + b"\0\0\0\0")  # stat; nobody reads its answer
    transport.join(20)

    assert not transport.is_active()
    assert len(channel.in_buffer) <= _WINDOW


def test_what_is_read_may_be_sent_again(host: Host) -> None:
    """A list is longer than the window."""
    answer = b"\0\0\x20\0" + b"\x65" + b"\0\0\xff\xff" + bytes(0x2000 - 5)  # to no question: it is passed over
    files = host.open()

    for _ in range(3):
        host.sent = [(common.cMSG_CHANNEL_DATA, answer)] * (_WINDOW // len(answer) // 2)
        for _ in range(2):
            assert files.info(_PATH)["type"] == "directory"


def test_questions_that_are_promised_are_not_believed(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With 4 billion of them, 1.5 GB were taken in 40 s."""
    host.ways = "keyboard-interactive"

    def ask(login: Any, _: object) -> None:
        message = paramiko.Message()
        message.add_byte(common.cMSG_USERAUTH_INFO_REQUEST)
        for _ in range(3):
            message.add_string("")
        message.add_int(10_000)
        login.transport._send_message(message)

    monkeypatch.setattr(AuthHandler, "_interactive_query", ask)

    with caplog.at_level("ERROR", "paramiko.transport"), pytest.raises(paramiko.AuthenticationException):
        host.open()

    assert "it sends a packet that is cut short" in caplog.text


@pytest.mark.parametrize(
    ("limit", "most", "names", "said"),
    [
        ("MOST_NAMES", 10, [b"%d" % number for number in range(4)], "has more than 10 files"),
        ("MOST_LETTERS", 500, [b"n" * 200], "its names have more than 500 characters in all"),
    ],
)
def test_the_names_of_all_folders_of_a_pattern_are_counted(
    host: Host, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, names: list[bytes], said: str
) -> None:
    """Each folder has few of them, or short ones in a long name, and all together filled the memory."""
    host.names = names
    monkeypatch.setattr(limits, limit, most)
    login = StoreSettings(username="u", password_command=["echo", "p"], known_hosts=host.known_hosts, timeout=20)
    url = f"sftp://127.0.0.1:{host.port}/in/*/*/list.csv"

    with pytest.raises(InputError, match=said):
        expand(Url(url), {f"sftp://127.0.0.1:{host.port}": login})
