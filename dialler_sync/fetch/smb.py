"""Windows shares whose errors are those of Python: a file that is not there is a FileNotFoundError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import smbclient
from fsspec.implementations.smb import SMBFileSystem, _as_unc_path

from .limits import at_most


@contextmanager
def _as_python_has_it() -> Iterator[None]:
    """Turn the library's own OSError into the kind that its number stands for."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror) from None


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
        return [self.info(each) for each in paths] if detail else paths

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
