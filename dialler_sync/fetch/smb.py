"""Windows shares whose errors are those of Python: a file that is not there is a FileNotFoundError."""

from __future__ import annotations

import atexit
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import smbclient
import smbprotocol.connection
from fsspec.implementations.smb import SMBFileSystem, _as_unc_path
from smbclient._pool import ClientConfig
from smbprotocol.dfs import DFSReferralResponse
from smbprotocol.exceptions import BadNetworkName, DeletePending
from smbprotocol.transport import Tcp

from ..text.phrase import phrase
from ..text.shortage import behind
from .limits import at_most
from .web import RefusedError

atexit.unregister(smbclient.reset_connection_cache)


@atexit.register
def _hang_up() -> None:
    """Close the connections without a word.

    The library says goodbye and waits for the answer without a limit, so a silent server would keep the process from
    ending. A thread that cannot send holds the lock of the socket until that is shut down.
    """
    for connection in list(smbclient._pool._SMB_CONNECTIONS.values()):
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


smbprotocol.connection.Tcp = _Tcp


@contextmanager
def _as_python_has_it() -> Iterator[None]:
    """Turn the library's own OSError into the kind that its number stands for.

    Raises:
        RefusedError: the server does not have the share, for which the library reports a missing file.
    """
    try:
        yield
    except OSError as error:
        causes = list(behind(error))
        if any(isinstance(each, BadNetworkName) for each in causes):
            raise RefusedError(phrase("there is no such share: check the name after the host.")) from None
        deleted = any(isinstance(each, DeletePending) for each in causes)  # while somebody has it open
        raise OSError(errno.ENOENT if deleted else error.errno, error.strerror) from None


class Smb(SMBFileSystem):  # type: ignore[misc] # fsspec has no types
    """Files of a share."""

    cachable = False

    def info(self, path: str, **options: Any) -> Any:
        """Return what a file is."""
        with _as_python_has_it():
            return super().info(path, **options)

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        """List a folder."""
        with _as_python_has_it():
            found = smbclient.scandir(_as_unc_path(self.host, path), port=self._port, **options)
            paths = [f"{path.rstrip('/')}/{entry.name}" for entry in at_most(found, path)]
        return list(self._infos(paths)) if detail else paths

    def _infos(self, paths: list[str]) -> Iterator[Any]:
        """Yield what each file is; one may have been taken away since it was listed."""
        for path in paths:
            with suppress(FileNotFoundError):
                yield self.info(path)

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        with _as_python_has_it():
            return super()._open(path, mode, block_size=options.get("block_size", -1))

    def _rm(self, path: str) -> None:
        with _as_python_has_it():
            super()._rm(path)

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        """Rename a file; never onto another one."""
        with _as_python_has_it():
            super().mv(path1, path2, **options)
