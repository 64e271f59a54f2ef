"""A list of calls at an address: written here as for a folder of this machine, then put there whole."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePath

from ..config.sources import StoreSettings
from ..errors import InputError
from ..fetch.copies import Copy
from ..fetch.folder import RemoteFolder
from ..files.private import make_folder
from ..files.url import Url
from ..report.invalid_numbers import FILE as INVALID
from ..text.phrase import phrase
from .page import NAME
from .place import NO_FILE, SET_ASIDE

_log = logging.getLogger(__name__)

_COPIES = "calls"


class ListAtAddress:
    """The list at an address. ``here``: the file that is written first.

    The next call for this ``receiver`` finds it in the folder ``copies`` of the journal. Without a receiver (None) it
    is in a folder that no other call has.

    Raises:
        UsageError: nothing can be put there.
    """

    def __init__(self, url: Url, stores: Mapping[str, StoreSettings], copies: Path, receiver: str | None) -> None:
        self._folder = RemoteFolder(url.parent, stores)
        self._name = url.name
        self._url = url
        self._copy = Copy(self._name) if receiver is None else None
        key = hashlib.sha256(f"{url} {receiver}".encode()).hexdigest()[:16]
        self.here = self._copy.path if self._copy else copies / _COPIES / key / self._name

    def check(self) -> None:
        """Refuse a place that no file can have, before anything is asked.

        Raises:
            InputError: the folder cannot be read, or is not there.
        """
        if any(entry.name == self._name and entry.kind != "file" for entry in self._folder.listed()):
            raise InputError(phrase(NO_FILE, place=self._url))
        make_folder(self.here.parent)

    def put(self, *, once: bool, ours: Container[str]) -> None:
        """Put the list there, then delete it here. ``once``: another file than ``ours``, by their hashes, is set
        aside, as what stands in it is not given again.

        Raises:
            InputError: it cannot be put there; the list counts as not given.
        """
        if once and (there := self._folder.sha256(self._name)) and there not in ours:
            self._set_aside()
        self._folder.put({self._name: self.here}, replace=True)
        self.here.unlink()

    def put_page(self) -> None:
        """Put beside it what was written beside it here: the page, and the invalid numbers."""
        files = {name: path for name in (NAME, INVALID) if (path := self.here.with_name(name)).is_file()}
        self._folder.put(files, replace=True)
        for path in files.values():
            path.unlink()

    def _set_aside(self) -> None:
        if not self._folder.renames:
            raise InputError(
                phrase(
                    "--to {url}: the list before is still there. Take it away first; its calls are not given again.",
                    url=self._url,
                )
            )
        name = PurePath(self._name)
        aside = f"{name.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}{name.suffix}"
        self._folder.move(self._name, aside)
        _log.warning("%s", phrase(SET_ASIDE, place=self._url, aside=self._url.with_name(aside)))
