"""Windows shares whose errors are those of Python: a file that is not there is a FileNotFoundError."""

from __future__ import annotations

import atexit
import errno
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import smbclient
import smbprotocol.connection
from fsspec.implementations.smb import SMBFileSystem, _as_unc_path
from smbclient._pool import ClientConfig
from smbprotocol.dfs import DFSReferralResponse
from smbprotocol.exceptions import BadNetworkName, SMBException
from smbprotocol.header import Commands, NtStatus
from smbprotocol.transport import Tcp

from ..text.phrase import phrase
from ..text.shortage import behind
from .limits import Names
from .web import RefusedError

_Connections = dict[str, smbprotocol.connection.Connection]

_OPENED: dict[tuple[object, ...], _Connections] = {}
"""Host, port and login → connections of that login alone: the library takes any that leads to the host."""

atexit.unregister(smbclient.reset_connection_cache)


@atexit.register
def _hang_up() -> None:
    """Close the connections without a word.

    The library says goodbye and waits for the answer without a limit, so a silent server would keep the process from
    ending. A thread that cannot send holds the lock of the socket until that is shut down.
    """
    for connection in [each for opened in _OPENED.values() for each in opened.values()]:
        with suppress(Exception):
            connection.transport._sock.shutdown(socket.SHUT_RDWR)
        with suppress(Exception):
            connection.disconnect(close=False)


def _follow_nowhere(_: ClientConfig, referral: DFSReferralResponse) -> None:
    """Refuse to follow a referral (DFS): a server would lead to another one, and have files of it read and changed with
    the login that this process has there.

    Raises:
        RefusedError: it leads to another place.
    """
    for entry in referral["referral_entries"].get_value():
        path, target = str(getattr(entry, "dfs_path", "")), str(entry.network_address)
        if path.casefold() != target.casefold():
            address = "smb:/" + target.replace("\\", "/")
            raise RefusedError(
                phrase("the server leads on to {address}. If that is right, name that address.", address=address)
            )


ClientConfig.cache_referral = _follow_nowhere


class _Tcp(Tcp):  # type: ignore[misc] # smbprotocol has no types
    """Ends a connection whose next message is longer than any: the library takes up to 4 GB, before any login."""

    def _recv(self, length: int, timeout: float) -> Any:
        if length > self.MAX_SIZE:
            self.close()
            return None, timeout
        return super()._recv(length, timeout)


class _Connection(smbprotocol.connection.Connection):  # type: ignore[misc]
    """Ends a login that goes on and on: the library keeps each message of it. Takes no answer that is longer than any
    of its kind: the library asks for 64 kB of a folder, and makes objects of all that comes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._of_login = 0

    def verify_signature(self, header: Any, *arguments: Any, **options: Any) -> None:
        """Look at an answer before it is kept.

        Raises:
            SMBException: it is too much for a login, or its signature is wrong.
        """
        if header["command"].get_value() in (Commands.SMB2_NEGOTIATE, Commands.SMB2_SESSION_SETUP):
            self._of_login += len(header)
        if self._of_login > _MOST_OF_LOGIN:
            raise SMBException(phrase("it never comes to the end of the login"))
        super().verify_signature(header, *arguments, **options)

    def receive(self, request: Any, *arguments: Any, **options: Any) -> Any:
        """Return the answer to a request.

        Raises:
            SMBException: it is too long.
        """
        answer = super().receive(request, *arguments, **options)
        if request.message["command"].get_value() != Commands.SMB2_READ and len(answer) > _LONGEST:
            raise SMBException(phrase("it sends more than it was asked for"))
        return answer


_MOST_OF_LOGIN = 1 << 20
"""Bytes of the messages of a server until its user is logged in."""

_LONGEST = 1 << 17
"""Bytes of an answer that has nothing of a file in it."""

smbprotocol.connection.Tcp = _Tcp
smbclient._pool.Connection = _Connection


_NUMBERS = {NtStatus.STATUS_ACCESS_DENIED: errno.EACCES, NtStatus.STATUS_DELETE_PENDING: errno.ENOENT}
"""What the library has no number for; a deleted file is there while somebody has it open."""


@contextmanager
def _as_python_has_it() -> Iterator[None]:
    """Turn the library's own OSError into the kind that its number stands for.

    Raises:
        RefusedError: the server does not have the share, for which the library reports a missing file.
    """
    try:
        yield
    except OSError as error:
        if any(isinstance(each, BadNetworkName) for each in behind(error)):
            raise RefusedError(phrase("there is no such share: check the name after the host.")) from None
        number = _NUMBERS.get(getattr(error, "ntstatus", None), error.errno)
        raise OSError(number, error.strerror) from None


class Smb(SMBFileSystem):  # type: ignore[misc] # fsspec has no types
    """Files of a share. Each call has the login, as it may have to make a broken connection anew."""

    cachable = False
    counted: Names | None = None

    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(host, register_session_retries=-1, **options)  # the first call connects
        whose = (host, self._port, self.username, self.password)
        self._login = {
            "username": self.username,
            "password": self.password,
            "port": self._port,
            "connection_timeout": self.timeout,
            "connection_cache": _OPENED.setdefault(whose, {}),
        }

    def info(self, path: str, **_: Any) -> Any:
        """Return what a file is."""
        with _as_python_has_it():
            found = smbclient.stat(self._unc(path), **self._login)
        kind = {stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}.get(stat.S_IFMT(found.st_mode), "file")
        name = f"{path}/" if kind == "directory" else path
        return {"name": name, "size": found.st_size, "type": kind, "mtime": found.st_mtime}

    def ls(self, path: str, detail: bool = True, **_: Any) -> Any:
        """List a folder."""
        with _as_python_has_it():
            names, paths = self.counted or Names(path), []
            for entry in smbclient.scandir(self._unc(path), **self._login):
                paths.append(f"{path.rstrip('/')}/{entry.name}")
                names.count(paths[-1])
        return list(self._infos(paths)) if detail else paths

    def _infos(self, paths: list[str]) -> Iterator[Any]:
        """Yield what each file is; one may have been taken away since it was listed."""
        for path in paths:
            with suppress(FileNotFoundError):
                yield self.info(path)

    def _open(self, path: str, mode: str = "rb", block_size: int | None = None, **_: Any) -> Any:
        buffering = -1 if block_size is None else block_size
        with _as_python_has_it():
            return smbclient.open_file(
                self._unc(path), mode, buffering=buffering, share_access=self.share_access, **self._login
            )

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder, with those above it; the share is there."""
        if path.strip("/").count("/"):
            with _as_python_has_it():
                smbclient.makedirs(self._unc(path), exist_ok=exist_ok, **self._login)

    def rmdir(self, path: str) -> None:
        """Delete an empty folder."""
        with _as_python_has_it():
            smbclient.rmdir(self._unc(path), **self._login)

    def rm_file(self, path: str) -> None:
        """Delete a file."""
        with _as_python_has_it():
            smbclient.remove(self._unc(path), **self._login)

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """Rename a file; never onto another one."""
        with _as_python_has_it():
            smbclient.rename(self._unc(path1), self._unc(path2), **self._login)

    def _unc(self, path: str) -> str:
        return str(_as_unc_path(self.host, path))
