"""SFTP whose host keys are checked: fsspec's own connection accepts whatever key the host shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
from fsspec.implementations.sftp import SFTPFileSystem
from paramiko import common
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey
from paramiko.packet import Packetizer

from ..files import trust
from ..text.phrase import phrase
from .limits import Names

_SYSTEM_HOSTS = Path("/etc/ssh/ssh_known_hosts")
_PORT = 22


class _Client(paramiko.SFTPClient):
    """Lists names that are not UTF-8, as Python has those of files here; and no folder that has no end."""

    counted: Names | None = None

    def listdir_iter(self, path: Any = ".", read_aheads: int = 1) -> Iterator[paramiko.SFTPAttributes]:  # noqa: ARG002
        """Yield what lies in a folder.

        Raises:
            InputError: too much lies there.
        """
        handle = self._request(paramiko.sftp.CMD_OPENDIR, self._adjust_cwd(path))[1].get_binary()  # type: ignore[attr-defined]
        names = self.counted or Names(path)
        with suppress(EOFError):
            while True:
                answer = self._request(paramiko.sftp.CMD_READDIR, handle)[1]  # type: ignore[attr-defined]
                for _ in range(answer.get_int()):
                    name, long = (answer.get_string().decode("utf-8", "surrogateescape") for _ in range(2))
                    found = paramiko.SFTPAttributes._from_msg(answer, name, long)  # type: ignore[attr-defined]
                    names.count(f"{path}/{name}")
                    if name not in {".", ".."}:
                        yield found
        self._request(paramiko.sftp.CMD_CLOSE, handle)  # type: ignore[attr-defined] # fails where the link is broken


class _Message(paramiko.Message):
    """Has an end. Behind it, paramiko reads zeros, so that it believes any number of questions that a host promises."""

    _missing = 0

    def get_bytes(self, n: int) -> bytes:
        """Return the next bytes.

        Raises:
            SSHException: the end is far behind; some hosts leave out what comes last.
        """
        begin = self.packet.tell()
        found = super().get_bytes(n)
        self._missing += self.packet.tell() - begin < n
        if self._missing > _MOST_MISSING:
            raise paramiko.SSHException(phrase("it sends a packet that is cut short"))
        return found


class _Packets(Packetizer):
    """Reads no more than a host may send: paramiko takes packets up to 4 GB, also of a host whose key is not known, and
    keeps whatever comes through the channel until somebody reads it."""

    _allowed = common.DEFAULT_WINDOW_SIZE
    _taken = 0

    def read_all(self, n: int, check_rekey: bool = False) -> Any:
        """Return so many bytes.

        Raises:
            SSHException: no packet has as many.
        """
        if n > _LONGEST_PACKET:
            raise paramiko.SSHException(phrase("it sends a packet that is longer than any of SSH"))
        return super().read_all(n, check_rekey)

    def read_message(self) -> tuple[int, paramiko.Message]:
        """Return the kind of a packet, and what is in it.

        Raises:
            SSHException: more of the channel is unread than the host may send.
        """
        kind, plain = super().read_message()
        message = _Message(plain.asbytes())
        message.seqno = plain.seqno
        if kind == common.MSG_CHANNEL_EXTENDED_DATA:  # an error output, which nobody reads
            kind = common.MSG_IGNORE
        if kind == common.MSG_CHANNEL_DATA:
            message.get_int()
            self._taken += message.get_int()
            message.rewind()
            if self._taken > self._allowed:
                raise paramiko.SSHException(phrase("it sends more than it was asked for"))
        return kind, message

    def send_message(self, data: paramiko.Message) -> None:
        """Send a packet; that a part of what came is read, allows the host to send as much again."""
        message = paramiko.Message(data.asbytes())
        if message.get_byte() == common.cMSG_CHANNEL_WINDOW_ADJUST:
            message.get_int()
            self._allowed += message.get_int()
        super().send_message(data)


class _Transport(paramiko.Transport):
    """Asks nobody."""

    def auth_interactive_dumb(self, *_: Any, **__: Any) -> list[str]:
        """Refuse: paramiko would print the host's questions as they are, and wait for answers at the terminal.

        Raises:
            AuthenticationException: always.
        """
        raise paramiko.AuthenticationException


_LONGEST_PACKET = 1 << 20
"""Bytes; OpenSSH sends and takes a quarter of it."""

_MOST_MISSING = 100
"""Fields."""


class CheckedSftp(SFTPFileSystem):  # type: ignore[misc] # fsspec has no types
    """Files of a host whose key is in ``known_hosts``."""

    cachable = False
    counted: Names | None = None

    def __init__(self, host: str, known_hosts: Path | None, **connect: Any) -> None:
        self._known_hosts = known_hosts
        super().__init__(host, **connect)

    def ls(self, path: str, detail: bool = False) -> Any:
        """List a folder."""
        assert self.ftp  # noqa: S101 - it is connected
        self.ftp.counted = self.counted
        return super().ls(path, detail)

    def info_of(self, file: paramiko.SFTPFile) -> Any:
        """Return what an open file is: its name may have become that of another one."""
        return self._decode_stat(file.stat())

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        known = [self._known_hosts] if self._known_hosts else [_at_home("~/.ssh/known_hosts"), _SYSTEM_HOSTS]
        lines = [line for path in known if path and (self._known_hosts or path.is_file()) for line in _lines(path)]
        self.client.get_host_keys()._entries += _keys_of(lines)  # type: ignore[attr-defined]
        self.client.connect(
            self.host, transport_factory=partial(_Transport, packetizer_class=_Packets), **self.ssh_kwargs
        )
        transport = self.client.get_transport()
        assert transport  # noqa: S101 - it is connected
        self.ftp = _Client.from_transport(transport)
        assert self.ftp  # noqa: S101 - likewise
        if channel := self.ftp.get_channel():
            channel.settimeout(self.ssh_kwargs["timeout"])


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _keys_of(lines: Sequence[str]) -> list[HostKeyEntry]:
    """Return the keys that known_hosts has, without those that it revokes. paramiko stumbles over lines with a mark, of
    which it knows none: keys that an authority has signed stay unknown.

    Raises:
        InvalidHostKey: what stands in the place of a key is none.
    """
    fields = [line.split() for line in lines]
    revoked = {line[3] for line in fields if line[:1] == ["@revoked"] and len(line) > _KEY_AFTER_MARK}
    plain = (line for line in fields if len(line) >= _KEY_AFTER_MARK and line[0][0] not in "@#")
    found = []
    for line in plain:
        with suppress(paramiko.SSHException):  # a key of a kind that is not known
            if line[2] not in revoked and (entry := HostKeyEntry.from_line(" ".join(line))):
                found.append(entry)
    return found


_KEY_AFTER_MARK = 3
"""Place of the key in a line with a mark; one less without."""


def open_sftp(
    host: str,
    port: int | None,
    username: str | None,
    password: str | None,
    key_file: Path | None,
    known_hosts: Path | None,
    timeout: float,
) -> CheckedSftp:
    """Connect to a host; ``~/.ssh/config`` gives what the arguments do not.

    Raises:
        OSError, paramiko.SSHException: no connection, another host key than is known, or the login is refused.
    """
    found = _ssh_config(host)
    named = [key_file] if key_file else map(_at_home, found.get("identityfile", []))
    keys = [key for key in named if key]
    # Of keys that ~/.ssh/config names for any host: a password that opens none of them is the host's.
    of_key = password is not None and any(
        not _opens(None, key) and (key is key_file or _opens(password, key)) for key in keys
    )
    look_for_keys = key_file is None and password is None
    if look_for_keys:
        trust.require_usual("~/.ssh", "~/ssh")  # paramiko looks into both
    return CheckedSftp(
        found.get("hostname", host),
        known_hosts,
        port=port or int(found.get("port", _PORT)),
        username=username or found.get("user"),
        password=None if of_key else password,  # that of a key is not for the host, which may refuse the key
        passphrase=password if of_key else None,
        key_filename=list(map(str, keys)) or None,
        look_for_keys=look_for_keys,
        allow_agent=look_for_keys,
        timeout=timeout,
        banner_timeout=timeout,
        auth_timeout=timeout,
    )


def _opens(password: str | None, key: Path) -> bool:
    """Whether it is the password of a private key, also of a kind that paramiko has no use for; None: it has none."""
    for load in (load_ssh_private_key, load_pem_private_key):
        with suppress(Exception):  # of many kinds, by the kind of the key
            load(key.read_bytes(), None if password is None else password.encode())
            return True
    return False


def _ssh_config(host: str) -> dict[str, Any]:
    path = _at_home("~/.ssh/config")
    return dict(paramiko.SSHConfig.from_path(str(path)).lookup(host)) if path and path.is_file() else {}


def _at_home(path: str) -> Path | None:
    """Return the path, with ``~`` expanded; None if there is no home, as for a container's user without a name.

    Raises:
        UsageError: others could have changed the file.
    """
    try:
        found = Path(path).expanduser()
    except RuntimeError:
        return None
    trust.require_usual(str(found))
    return found


def reason(error: BaseException) -> str:
    """Return the reason why a connection failed; ``""`` if it was not an SSH connection."""
    if isinstance(error, paramiko.BadHostKeyException):
        return phrase(
            "the host shows another key ({kind} {fingerprint}) than known_hosts has. Somebody may be in "
            "between: ask who runs the host before you change known_hosts.",
            kind=error.key.get_name(),
            fingerprint=error.key.fingerprint,
        )
    if isinstance(error, InvalidHostKey):
        return phrase("known_hosts has a line whose key is damaged: correct it ({line}).", line=error.line)
    if isinstance(error, paramiko.PasswordRequiredException):
        return phrase("the private key needs a password: set sources: password_command.")
    if isinstance(error, paramiko.AuthenticationException):
        return phrase(
            "the host refuses the login: check user, key or password (sources: in the configuration, ~/.ssh)."
        )
    if isinstance(error, paramiko.ssh_exception.NoValidConnectionsError):
        return phrase("the host refuses the connection: check host and port.")
    if isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
        return phrase(
            "the host is not in known_hosts. Get its key (ssh-keyscan), compare its fingerprint with the one "
            "that its owner gives you, and add it to ~/.ssh/known_hosts, or name the file in sources: "
            "known_hosts."
        )
    if isinstance(error, paramiko.SSHException) and "private key file" in str(error):
        return phrase(
            "the private key is in a form that is not read here ({error}). Change it: ssh-keygen -p -f FILE.",
            error=error,
        )
    if isinstance(error, (paramiko.SSHException, EOFError)):
        return phrase("the connection broke ({error}). Try again later.", error=error or phrase("it was closed"))
    return ""
