"""Addresses of files on other machines. They are paths, so that whatever takes a file takes them."""

from __future__ import annotations

import os
import re
from pathlib import Path, PosixPath, WindowsPath
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from ..errors import UsageError
from ..target import is_this_machine
from ..text.outward import keep_secret
from ..text.phrase import phrase

SCHEMES = ("sftp", "s3", "https", "smb", "http")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_IN_ARCHIVE = re.compile(r"([^?]+?\.zip)/([^?]+)", re.IGNORECASE)

_Path: Any = PosixPath if os.name != "nt" else WindowsPath


class Url(_Path):  # type: ignore[misc] # which of the two it is depends on the system
    """An address such as ``sftp://user@host/lists/*.csv``. It shows without its query, which may be a signature."""

    __slots__ = ("_text",)
    _text: str

    def __new__(cls, text: str) -> Self:
        """Make the path; see :func:`path_of`."""
        self: Self = super().__new__(cls, text)
        self._text = text
        return self

    @property
    def full(self) -> str:
        """The address with its query."""
        return self._text

    @property
    def scheme(self) -> str:
        """The part before ``://``."""
        return urlsplit(self._text).scheme

    @property
    def name(self) -> str:
        """The last part of its path, of a member of an archive with that before it; the host where there is none."""
        archive, member = self.member()
        last = str(archive).rstrip("/").rpartition("/")[2]
        last = (last if self.scheme == "s3" else unquote(last)).replace("/", "_").replace("\0", "_")
        return last if member is None else f"{last}/{member}"

    def member(self) -> tuple[Url, str | None]:
        """Return the address of the zip archive that it goes into, and the member there; else itself and None."""
        match = _IN_ARCHIVE.fullmatch(self._text)
        return (Url(match[1]), unquote(match[2])) if match else (self, None)

    @property
    def parent(self) -> Url:
        """The address of the folder that it lies in."""
        return Url(self._text.rstrip("/").rpartition("/")[0])

    def __truediv__(self, name: str | os.PathLike[str]) -> Url:
        """Return the address of a file in this folder."""
        last = os.fspath(name) if self.scheme == "s3" else os.fspath(name).replace("%", "%25")
        return Url(f"{self._text.rstrip('/')}/{last}")

    def with_name(self, name: str) -> Url:
        """Return the address of another file in its folder."""
        return self.parent / name

    def __str__(self) -> str:
        return self._text.partition("?")[0] if self.scheme in ("https", "http") else self._text

    __fspath__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Url) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type[Url], tuple[str]]:
        return Url, (self._text,)

    def resolve(self, strict: bool = False) -> Self:  # noqa: ARG002 - as Path has it
        """Itself: an address is never relative."""
        return self

    absolute = resolve

    def is_absolute(self) -> bool:
        """Always."""
        return True


def is_address(text: str) -> bool:
    """Whether a text is the address of a file, of whatever kind."""
    return bool(_ADDRESS.match(text))


def path_of(text: str | os.PathLike[str]) -> Path:
    """Return the path that a user means: a :class:`Url` for the address of a file on another machine.

    Raises:
        UsageError: it is an address of a kind that cannot be read, or with a password in it.
    """
    if isinstance(text, Path):
        return text
    text = os.fspath(text)
    match = _ADDRESS.match(text)
    if not match:
        return Path(text)
    scheme = match[1].lower()
    address = f"{scheme}{text[match.end(1) :]}"
    if scheme == "file":
        return _of_this_machine(address)
    if scheme not in SCHEMES:
        kinds = ", ".join(f"{each}://" for each in SCHEMES if each != "http")
        raise UsageError(
            phrase(
                "{scheme}:// cannot be read. Lists come from files of this machine, or from {kinds}.",
                scheme=scheme,
                kinds=kinds,
            )
        )
    for value in address.partition("?")[2].split("&") if scheme in ("http", "https") else ():
        keep_secret(unquote(value.partition("=")[2] or value))
    try:
        parts = urlsplit(address)
        host, password, port = parts.hostname, parts.password, parts.port
    except ValueError:  # its words may quote a password, in the place of the port
        raise UsageError(
            phrase("the address that begins with {scheme}:// is not valid: check its host and port.", scheme=scheme)
        ) from None
    server = f"{host}:{port}" if port else host
    if password is not None:
        keep_secret(unquote(password))
        raise UsageError(
            phrase(
                "the address of {host} has a password in it, which others can read in the list of processes. Take "
                "it out, and set sources: {{'{scheme}://{server}': {{password_command: …}}}} in the configuration.",
                host=host or scheme,
                scheme=scheme,
                server=server,
            )
        )
    if parts.username and scheme in ("https", "http"):
        keep_secret(unquote(parts.username))
        raise UsageError(
            phrase(
                "the address of {host} has a login in it, which others can read in the list of processes. Take it "
                "out, and set sources: {{'{scheme}://{server}': {{token_command: …}}}}, or username, in the "
                "configuration.",
                host=host,
                scheme=scheme,
                server=server,
            )
        )
    _require_place(address, scheme, host, parts.path)
    if scheme == "http" and not is_this_machine(host or ""):
        raise UsageError(phrase("{url}: is not encrypted: use https://.", url=Url(address)))
    return Url(address)


def _require_place(address: str, scheme: str, host: str | None, path: str) -> None:
    if not host:
        if scheme == "s3":
            raise UsageError(phrase("{address}: names no bucket: s3://BUCKET/PATH.", address=address))
        raise UsageError(phrase("{address}: names no host: {scheme}://HOST/PATH.", address=address, scheme=scheme))
    if scheme == "smb" and not path.strip("/"):
        raise UsageError(phrase("{address}: names no share: smb://HOST/SHARE/PATH.", address=address))


def _of_this_machine(address: str) -> Path:
    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost"):
        raise UsageError(
            phrase(
                "{address}: is a file of another machine, {netloc}; a file of this one is file:///PATH.",
                address=address,
                netloc=parts.netloc,
            )
        )
    return Path(unquote(parts.path))
