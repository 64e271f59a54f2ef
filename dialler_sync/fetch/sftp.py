"""SFTP whose host keys are checked: fsspec's own connection accepts whatever key the host shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from ..text.phrase import phrase
from .limits import refuse_more

_SYSTEM_HOSTS = Path("/etc/ssh/ssh_known_hosts")
_PORT = 22


class _Client(paramiko.SFTPClient):
    """Lists names that are not UTF-8, as Python has those of files here; and no folder that has no end."""

    def listdir_iter(self, path: Any = ".", read_aheads: int = 1) -> Iterator[paramiko.SFTPAttributes]:  # noqa: ARG002
        """Yield what lies in a folder.

        Raises:
            InputError: too much lies there.
        """
        handle = self._request(paramiko.sftp.CMD_OPENDIR, self._adjust_cwd(path))[1].get_binary()  # type: ignore[attr-defined]
        number = 0
        with suppress(EOFError):
            while True:
                answer = self._request(paramiko.sftp.CMD_READDIR, handle)[1]  # type: ignore[attr-defined]
                for _ in range(answer.get_int()):
                    name, long = (answer.get_string().decode("utf-8", "surrogateescape") for _ in range(2))
                    found = paramiko.SFTPAttributes._from_msg(answer, name, long)  # type: ignore[attr-defined]
                    number += 1
                    refuse_more(number, path)
                    if name not in {".", ".."}:
                        yield found
        self._request(paramiko.sftp.CMD_CLOSE, handle)  # type: ignore[attr-defined] # fails where the link is broken


class CheckedSftp(SFTPFileSystem):  # type: ignore[misc] # fsspec has no types
    """Files of a host whose key is in ``known_hosts``."""

    cachable = False

    def __init__(self, host: str, known_hosts: Path | None, **connect: Any) -> None:
        self._known_hosts = known_hosts
        super().__init__(host, **connect)

    def info_of(self, file: paramiko.SFTPFile) -> Any:
        """Return what an open file is: its name may have become that of another one."""
        return self._decode_stat(file.stat())

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        if self._known_hosts is not None:
            self.client.load_host_keys(str(self._known_hosts))
        else:
            with suppress(FileNotFoundError):
                self.client.load_system_host_keys()
            if _SYSTEM_HOSTS.is_file():
                self.client.load_system_host_keys(str(_SYSTEM_HOSTS))
        self.client.connect(self.host, **self.ssh_kwargs)
        transport = self.client.get_transport()
        assert transport  # noqa: S101 - it is connected
        self.ftp = _Client.from_transport(transport)
        assert self.ftp  # noqa: S101 - likewise
        if channel := self.ftp.get_channel():
            channel.settimeout(self.ssh_kwargs["timeout"])


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
    keys = [str(key_file)] if key_file else found.get("identityfile", [])
    return CheckedSftp(
        found.get("hostname", host),
        known_hosts,
        port=port or int(found.get("port", _PORT)),
        username=username or found.get("user"),
        password=password,
        passphrase=password if key_file else None,
        key_filename=[str(Path(key).expanduser()) for key in keys] or None,
        look_for_keys=key_file is None and password is None,
        allow_agent=key_file is None and password is None,
        timeout=timeout,
        banner_timeout=timeout,
        auth_timeout=timeout,
    )


def _ssh_config(host: str) -> dict[str, Any]:
    path = Path("~/.ssh/config").expanduser()
    return dict(paramiko.SSHConfig.from_path(str(path)).lookup(host)) if path.is_file() else {}


def reason(error: BaseException) -> str:
    """Return the reason why a connection failed; ``""`` if it was not an SSH connection."""
    if isinstance(error, paramiko.BadHostKeyException):
        return phrase(
            "the host shows another key ({kind} {fingerprint}) than known_hosts has. Somebody may be in "
            "between: ask who runs the host before you change known_hosts.",
            kind=error.key.get_name(),
            fingerprint=error.key.fingerprint,
        )
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
    if isinstance(error, (paramiko.SSHException, EOFError)):
        return phrase("the connection broke ({error}). Try again later.", error=error or phrase("it was closed"))
    return ""
