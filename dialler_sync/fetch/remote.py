"""Files of other machines: downloaded by fsspec, whole and unchanged, or refused."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..config.sources import StoreSettings, store_of
from ..errors import DiallerSyncError, InputError
from ..files.url import Url
from ..text.command_line import install
from ..text.outward import line
from ..text.phrase import figure, phrase
from .copies import BLOCK, Copy
from .limits import SILENCES, Names, SlowError, in_time

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_log = logging.getLogger(__name__)

PATTERN = frozenset("*?[")
_TRIES = 3
"""Most copies of a file that changes meanwhile, and of connections that bring nothing."""
_PAUSE = 2.0
"""Seconds before a connection that broke is made anew."""
_MOMENT = 0.1
"""Seconds for the end of a connection that is of no use any more."""
_GONE = (404, 410)
_MARKS = ("size", "mtime", "ETag", "LastModified", "last_write_time", "etag")
"""Facts of a file that change with its content, as far as its server tells them."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open file system and the path of an address in it. ``patience``: seconds that one answer may take."""

    files: AbstractFileSystem
    path: str
    patience: float

    def info(self) -> Any:
        """Return what its server tells of the file."""
        return in_time(lambda: self.files.info(self.path), self.patience)


def download(url: Url, stores: Mapping[str, StoreSettings], most_mb: int, *, pause: float = _PAUSE) -> Copy:
    """Return a private copy of a file. It is copied again if it changes meanwhile.

    Raises:
        InputError: it cannot be had, or goes on changing; the message names it and says what to do.
    """
    with said(url):
        store = store_at(url, stores)
        for _ in range(_TRIES):
            before = store.info()
            if before.get("type") == "directory":
                pattern = f"{str(url).rstrip('/')}/*.csv"
                raise InputError(
                    phrase("{url}: is a folder. Name a file in it, or a pattern: {pattern}", url=url, pattern=pattern)
                )
            copy = Copy()
            try:
                copy.fill(_blocks(store, before, pause), most_mb)
            except InputError as error:
                raise InputError(*(f"{url}: {each}" for each in error.args)) from error.__cause__
            except _Changed:
                continue
            if _marks(store.info()) == _marks(before):
                return copy
            _log.info(phrase("{url} changed while it was copied, and is copied again", url=url))
    raise InputError(
        phrase(
            "{url}: changed {tries} times while it was copied. Is it still being written? Start later.",
            url=url,
            tries=_TRIES,
        )
    )


def expand(url: Url, stores: Mapping[str, StoreSettings]) -> list[Url]:
    """Return the files that an address with ``*``, ``?`` or ``[…]`` names, by name; an address without is itself.

    Raises:
        InputError: there is none, or the server cannot be asked.
    """
    if not PATTERN & set(str(url)) or url.scheme in ("https", "http"):
        return [url]
    with said(url):
        store = store_at(url, stores)
        store.files.counted = Names(url)  # of all its folders: each may have many
        found = in_time(lambda: store.files.glob(store.path, detail=True), store.patience)
        names = sorted(name for name, info in found.items() if info.get("type") != "directory")
    if not names:
        raise InputError(phrase("{url}: no file there has such a name.", url=url))
    if url.scheme == "s3":
        return [Url(f"s3://{name}") for name in names]
    root = f"{url.scheme}://{urlsplit(url.full).netloc}"
    return [Url(root + name.replace("%", "%25")) for name in names]  # as they are: %2F in a name is no folder


def store_at(url: Url, stores: Mapping[str, StoreSettings]) -> Store:
    """Open the store that an address is in.

    Raises:
        InputError: its library is not installed.
        Exception: whatever that raises; see :func:`said`.
    """
    try:
        from .stores import open_store
    except ImportError as error:
        raise _missing(url, error) from None
    settings = store_of(url.full, stores)
    patience = settings.timeout * SILENCES
    return Store(*in_time(lambda: open_store(url, settings), patience), patience)


def _missing(url: Url, error: ImportError) -> InputError:
    return InputError(
        phrase(
            "{url}: needs {name}, which is not installed: {install}.",
            url=url,
            name=error.name,
            install=install("remote"),
        )
    )


class _Changed(Exception):
    """What was opened is another file than the server told of."""


def _blocks(store: Store, told: Mapping[str, Any], pause: float) -> Iterator[bytes]:
    """Yield the content; after a broken connection, a new one goes on from there.

    Raises:
        InputError: it ends before the ``size`` that the server has told.
    """
    size: int | None = told.get("size") or None  # some web servers say 0 of what they do not know
    at, failures = 0, 0
    while size is None or at < size:
        begun = at
        try:
            with _held(store, told, at) as file:
                while block := in_time(partial(_block, file, size and size - at), store.patience):
                    yield block
                    at += len(block)
        except (FileNotFoundError, PermissionError, GeneratorExit, DiallerSyncError, SlowError, _Changed):
            raise
        except Exception:  # each store has its own kinds of broken connections
            failures = 1 if at > begun else failures + 1
            if failures >= _TRIES or size is None:
                raise
            time.sleep(pause)
        else:
            if size is None:
                return
            if at == begun:
                raise InputError(
                    phrase(
                        "ends after {at} of {size} bytes. Is it still being written? Start again later.",
                        at=figure(at),
                        size=figure(size),
                    )
                )


def _block(file: Any, left: int | None) -> bytes:
    """Return the next block, or what there is: a stream gives what has come, which may be a byte.

    Raises:
        _Changed: it is more than is ``left`` of the file that the server has told of.
    """
    found = bytearray()
    try:
        while len(found) < BLOCK and (piece := file.read(BLOCK - len(found))):
            found += piece
    except Exception:  # what came before the connection broke is taken; the next call raises it
        if not found:
            raise
    if left is not None and len(found) > left:
        raise _Changed
    return bytes(found)


@contextmanager
def _held(store: Store, told: Mapping[str, Any], at: int) -> Iterator[Any]:
    """Open the file at a place in it, and close it.

    Raises:
        _Changed: as :func:`_opened` does.
    """
    file = in_time(partial(_opened, store, told, at), store.patience)
    try:
        yield file
    except BaseException:
        with suppress(Exception):
            in_time(file.close, _MOMENT)
        raise
    in_time(file.close, store.patience)


def _opened(store: Store, told: Mapping[str, Any], at: int) -> Any:
    """Open the file at a place in it.

    Raises:
        _Changed: it is another one than the server has ``told`` of, as far as the store says which is open.
    """
    # A web server sends the whole file: many cannot give a part of it. Only what breaks off goes on by parts.
    whole = not at and store.path.startswith(("https://", "http://"))
    file = store.files.open(store.path, "rb", cache_type="readahead", block_size=0 if whole else BLOCK)
    info_of = getattr(store.files, "info_of", None)
    if info_of and _marks(info_of(file)) != _marks(told):
        file.close()
        raise _Changed
    if at:
        file.seek(at)
    return file


def _marks(info: Mapping[str, Any]) -> list[str]:
    return [str(info.get(name)) for name in _MARKS]


@contextmanager
def said(url: Url, *, writing: bool = False) -> Iterator[None]:
    """Turn errors of a server into a message that names the address. ``writing``: into a folder there.

    Raises:
        InputError: with that message.
    """
    try:
        yield
    except DiallerSyncError:
        raise
    except ImportError as error:
        raise _missing(url, error) from None
    except FileNotFoundError as error:
        cause = error.__cause__
        unsaid = None if cause and url.scheme in ("https", "http") else _GONE[0]  # there it is whatever went wrong
        if getattr(cause, "status", unsaid) in _GONE and not isinstance(cause, OSError):
            gone = phrase("{url}: no such folder.", url=url) if writing else phrase("{url}: no such file.", url=url)
            raise InputError(gone) from None
        raise _failed(url, error, writing=writing) from error
    except PermissionError:
        denied = (
            phrase("{url}: may not be written by this user. Ask who runs the server.", url=url)
            if writing
            else phrase("{url}: may not be read by this user. Ask who runs the server.", url=url)
        )
        raise InputError(denied) from None
    except MemoryError:
        raise
    except Exception as error:  # whatever the library of the store raises, it is the server that could not be read
        raise _failed(url, error, writing=writing) from error


def _failed(url: Url, error: BaseException, *, writing: bool) -> InputError:
    from .stores import reason

    return InputError(f"{url}: {line(reason(error, writing=writing))}")
