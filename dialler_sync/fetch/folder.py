"""A folder at an address: what lies there is listed, moved and deleted, and files are put there, each whole or not."""

from __future__ import annotations

import hashlib
import mimetypes
import secrets
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..config.sources import StoreSettings
from ..errors import DiallerSyncError, InputError, UsageError
from ..files.url import Url
from ..text.phrase import phrase
from .copies import BLOCK
from .limits import SlowError, in_time
from .remote import said, store_at

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_T = TypeVar("_T")
_SMALL = 1 << 20
_TRIES = 3
_EXISTS = ("PreconditionFailed", "ConditionalRequestConflict", "FileExistsError")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a remote folder. ``mark`` tells its state from others of the same name. ``kind``: file, directory or
    link. ``at``: the time of its last change, if the server tells."""

    name: str
    mark: str
    kind: str
    size: int
    at: datetime | None


class RemoteFolder:
    """The folder at an address. Names may lead into folders of it: ``done/list.csv``.

    Every call may raise an InputError that names the folder and says what to do. A connection that has broken since the
    last call is made anew, once.

    Raises:
        UsageError: it is on a web server, which only gives files.
    """

    def __init__(self, url: Url, stores: Mapping[str, StoreSettings]) -> None:
        if url.scheme in ("https", "http"):
            raise UsageError(
                phrase(
                    "{url}: a web server only gives single files. Name a folder at sftp://, s3:// or smb://, or "
                    "one of this machine.",
                    url=url,
                )
            )
        self.url = url
        self._stores = stores
        self._files: AbstractFileSystem | None = None
        self._root = ""
        self._patience = 0.0
        self._user: int | None = None

    @property
    def renames(self) -> bool:
        """Whether the store can rename: an object store copies."""
        return self.url.scheme != "s3"

    def listed(self, inside: str = "") -> list[Entry]:
        """Return what lies there, by name; nothing if ``inside`` does not exist."""

        def ask(files: AbstractFileSystem) -> list[Entry]:
            path = self._at(inside)
            try:
                if self.renames and not inside and files.info(path).get("type") != "directory":
                    raise self._is_file()
                found = files.ls(path, detail=True)
            except FileNotFoundError:
                if not inside and (self.renames or not files.exists(path.partition("/")[0])):
                    raise
                return []  # of an object store: nothing has such a beginning
            if any(info["name"] == path and info.get("type") == "file" for info in found):
                raise self._is_file()
            entries = (_entry(info) for info in found if info["name"].strip("/") != path.strip("/"))
            # an object store may have a folder of the name of a file, which comes after it, and counts
            return sorted((each for each in entries if _is_name(each.name)), key=lambda each: (each.name, each.kind))

        return self._do(ask)

    def _is_file(self) -> InputError:
        return InputError(phrase("{url}: is a file. Name the folder that it lies in.", url=self.url))

    def mark(self, name: str) -> str:
        """Return the state of a file, ``""`` if it is not there."""

        def ask(files: AbstractFileSystem) -> str:
            try:
                found = _entry(files.info(self._at(name)))
            except FileNotFoundError:
                return ""
            return found.mark if found.kind == "file" else ""

        return self._do(ask)

    def read(self, name: str) -> bytes:
        """Return the content of a small file, or how it begins; nothing if it is not there."""

        def ask(files: AbstractFileSystem) -> bytes:
            try:
                with files.open(self._at(name), "rb") as file:
                    return bytes(file.read(_SMALL))
            except FileNotFoundError:
                return b""

        return self._do(ask)

    def sha256(self, name: str) -> str:
        """Return the hash of a file, ``""`` if it is not there or empty."""

        def ask(files: AbstractFileSystem) -> str:
            digest, some = hashlib.sha256(), False
            try:
                file = in_time(partial(files.open, self._at(name), "rb"), self._patience)
                while data := in_time(partial(file.read, BLOCK), self._patience):
                    digest.update(data)
                    some = True
                in_time(file.close, self._patience)
            except FileNotFoundError:
                pass
            return digest.hexdigest() if some else ""

        return self._do(ask, whole=False)

    def create(self, name: str, content: bytes) -> bool:
        """Make an object unless there is one of that name; return whether it has this content, which no other has.

        The answer alone does not tell: where it is lost, the object is made, and another try finds it there.

        Raises:
            InputError: whether it was made or there is another, there is none.
        """

        def ask(files: AbstractFileSystem) -> None:
            try:
                files.pipe_file(self._at(name), content, mode="create")
            except Exception as error:
                if any(word in f"{type(error).__name__} {error}" for word in _EXISTS) or files.exists(self._at(name)):
                    return
                raise

        for _ in range(_TRIES):  # another machine may just have deleted its own
            self._do(ask)
            if found := self.read(name):
                return found == content
        raise InputError(
            phrase(
                "{url}: the server says that there is an object '{name}', and gives none. Ask who runs it.",
                url=self.url,
                name=name,
            )
        )

    def move(self, name: str, target: str) -> None:
        """Give a file another name, which no other has, and whose folder is there; never that of another file."""

        def ask(files: AbstractFileSystem) -> None:
            source, path = self._at(name), self._at(target)
            rename = files.ftp.rename if self.url.scheme == "sftp" else files.mv
            try:
                rename(source, path)
            except FileNotFoundError:  # as after a try whose answer was lost
                if not files.exists(path):
                    raise

        self._do(ask)

    def make(self, folder: str = "") -> None:
        """Make the folder, or one in it, with those above it; an object store has none.

        Raises:
            InputError: one in it, or the link to it, belongs to another user.
        """
        if not self.renames:
            return
        step, modes = "", {}
        for name in folder.split("/"):
            step = f"{step}/{name}".lstrip("/")
            if step and self.url.scheme == "sftp":
                modes = {"mode": 0o700 if "/" in step else 0o755}  # whatever the umask there: no other may swap files
            self._do(partial(_make, path=partial(self._at, step), modes=modes))
            if self.is_foreign(step):
                raise InputError(
                    phrase(
                        "{folder} belongs to another user, or is a link of theirs: have it taken away",
                        folder=self.url / step,
                    )
                )

    def is_foreign(self, inside: str) -> bool:
        """Whether a folder in it, or the link to it, belongs neither to this user, to root, nor to the owner of the
        folder itself, as far as the server tells: one of SFTP does. What lies deeper may not be that owner's."""
        if self.url.scheme != "sftp" or not inside:
            return False

        def ask(files: AbstractFileSystem) -> bool:
            try:
                found = [files.ftp.lstat(self._at(inside))]
            except FileNotFoundError:
                return False
            if link := stat.S_ISLNK(found[0].st_mode):
                with suppress(FileNotFoundError):
                    found.append(files.ftp.stat(self._at(inside)))
            owners = {each.st_uid for each in found} - {0}
            if "/" not in inside:
                owners.discard(files.ftp.stat(self._at("")).st_uid)
            if None in owners:
                return link
            return bool(owners) and owners != {self._user_of(files)}

        return self._do(ask)

    def _user_of(self, files: AbstractFileSystem) -> int | None:
        """Return the number of this user on an SFTP server: no question of the protocol tells it, but a new folder."""
        if self._user is None:
            path = self._at(f".{secrets.token_hex(8)}.part")
            files.ftp.mkdir(path, 0o700)
            try:
                self._user = files.ftp.lstat(path).st_uid
            finally:
                files.ftp.rmdir(path)
        return self._user

    def put(self, files: Mapping[str, Path], *, replace: bool = False) -> None:
        """Put files there by their names, in their order: all of them, each whole, or else none.

        Their folders are there. Without ``replace`` none takes the place of another file.
        """
        self._do(lambda store: self._put(store, files, replace=replace), whole=False)

    def _put(self, store: AbstractFileSystem, files: Mapping[str, Path], *, replace: bool) -> None:
        drafts = {name: f"{name.rpartition('/')[0]}/.{secrets.token_hex(8)}.part".lstrip("/") for name in files}
        if not self.renames:
            drafts = {name: name for name in files}  # an object is there when it is whole
        put: list[str] = []
        try:
            for name, path in files.items():
                put.append(drafts[name])
                store.put_file(str(path), self._at(drafts[name]), **self._kind(name))
            for name, draft in drafts.items():
                if draft != name:
                    self._rename(store, self._at(draft), self._at(name), replace=replace)
                    put.append(name)
        except BaseException:
            if not replace:
                _delete(store, map(self._at, put))
            else:
                _delete(store, (self._at(draft) for name, draft in drafts.items() if draft != name))
            raise

    def _kind(self, name: str) -> dict[str, str]:
        """Return what an object store is told of a file: the kind of its content, as browsers ask for."""
        kind = mimetypes.guess_type(name)[0] if not self.renames else None
        return {"ContentType": kind} if kind else {}

    def _rename(self, files: AbstractFileSystem, source: str, target: str, *, replace: bool) -> None:
        if self.url.scheme == "sftp":
            (files.ftp.posix_rename if replace else files.ftp.rename)(source, target)
            return
        if replace:
            with suppress(FileNotFoundError):
                files.rm_file(target)
        files.mv(source, target)

    def delete(self, name: str) -> None:
        """Delete a file that may be there."""

        def ask(files: AbstractFileSystem) -> None:
            with suppress(FileNotFoundError):
                files.rm_file(self._at(name))

        self._do(ask)

    def remove_empty(self, *folders: str) -> None:
        """Remove folders in it that are empty."""
        if self.renames:
            with suppress(DiallerSyncError):
                self._do(lambda files: _remove_empty(files, map(self._at, folders)))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/") or "/"

    def _do(self, ask: Callable[[AbstractFileSystem], _T], *, whole: bool = True) -> _T:
        """Ask the server. ``whole``: it is one answer, whose time is limited."""
        with said(self.url, writing=True):
            for again in (True, False):
                if self._files is None:
                    store = store_at(self.url, self._stores)
                    self._files, self._root, self._patience = store.files, store.path.rstrip("/"), store.patience
                try:
                    return in_time(partial(ask, self._files), self._patience) if whole else ask(self._files)
                except (FileNotFoundError, FileExistsError, PermissionError, DiallerSyncError, SlowError):
                    raise
                except Exception:  # each store has its own kinds of broken connections
                    self._files = None
                    if not again:
                        raise
        raise AssertionError


def _make(files: AbstractFileSystem, *, path: Callable[[], str], modes: Mapping[str, int]) -> None:
    files.makedirs(path(), exist_ok=True, **modes)


def _entry(info: Mapping[str, Any]) -> Entry:
    state = info.get("ETag") or info.get("mtime")
    name = str(info["name"]).rstrip("/").rpartition("/")[2]
    at = _time(info.get("mtime") or info.get("LastModified"))
    return Entry(name, f"{info.get('size')}:{state}", str(info.get("type")), int(info.get("size") or 0), at)


def _time(told: object) -> datetime | None:
    """Return a time as a server tells it; None if no calendar has it: whoever can write there may set any."""
    with suppress(ValueError, OverflowError, OSError):
        if isinstance(told, (int, float)):
            return datetime.fromtimestamp(told, UTC)
        if isinstance(told, datetime):
            return told.astimezone(UTC)
    return None


def _is_name(name: str) -> bool:
    """Whether it is one that a file can have: a server may say anything."""
    return name not in {"", ".", ".."} and "\0" not in name


def _delete(files: AbstractFileSystem, paths: Iterable[str]) -> None:
    for path in paths:
        with suppress(Exception):  # the link may be broken; hidden drafts stay there
            files.rm_file(path)


def _remove_empty(files: AbstractFileSystem, paths: Iterable[str]) -> None:
    for path in paths:
        try:
            files.rmdir(path)
        except OSError:
            return
