"""``sources:``, how to log in where lists are fetched from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field

from ..errors import UsageError
from ..files.url import path_of
from ..text.phrase import phrase
from .layout import SheetSettings
from .section import Section

_ADDRESS = re.compile(r"(sftp|s3|https|http|smb)://[^/?#@\s]+(/[^?#\s]*)?")


class StoreSettings(Section):
    """The login to one host or bucket. What is missing comes from the usual files and variables of the system."""

    username: str | None = Field(None, description="User name (sftp, smb, https).")
    password_command: list[str] | str | None = Field(
        None,
        description="Command that prints the password (sftp, smb, https); if key_file has one, that of the key.",
    )
    token_command: list[str] | str | None = Field(
        None, description="Command that prints a token, sent as Authorization: Bearer (https)."
    )
    key_file: Path | None = Field(None, description="Private key (sftp). Default: the agent, and the keys in ~/.ssh.")
    known_hosts: Path | None = Field(
        None, description="File with the accepted host keys (sftp). Default: ~/.ssh/known_hosts."
    )
    profile: str | None = Field(None, description="Profile in ~/.aws (s3).")
    endpoint_url: str | None = Field(None, description="URL of an object store other than Amazon's (s3).")
    ca_file: Path | None = Field(None, description="CA certificates (PEM) to trust (https, s3).")
    timeout: float = Field(30, gt=0, description="Seconds to wait for the server.")


def _named(given: object) -> object:
    try:
        return path_of(given) if isinstance(given, str) else given
    except UsageError as error:
        raise ValueError(str(error)) from None


NamedFile = Annotated[Path, BeforeValidator(_named)]
"""A file of this machine, or the address of one on another."""


def _addresses(stores: Mapping[str, StoreSettings]) -> Mapping[str, StoreSettings]:
    for address in stores:
        if not _ADDRESS.fullmatch(address):
            raise ValueError(
                phrase(
                    "'{address}' is not an address such as sftp://host, sftp://host:2222/lists or s3://bucket",
                    address=address,
                )
            )
    return stores


Stores = Annotated[Mapping[str, StoreSettings], AfterValidator(_addresses)]


_FILES = ("key_file", "known_hosts", "ca_file")


def files_of_stores(stores: Stores) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each file of these logins."""
    for address, store in stores.items():
        yield from ((f"sources: {address}: {key}", path) for key in _FILES if (path := getattr(store, key)) is not None)


def stores_beside(folder: Path, stores: Stores) -> Stores:
    """Return logins whose files are relative to a folder."""
    return {
        address: store.model_copy(
            update={key: folder / path for key in _FILES if (path := getattr(store, key)) is not None}
        )
        for address, store in stores.items()
    }


class Naming(Section):
    """A section that names a file."""

    file: NamedFile
    source: SheetSettings = Field(
        default_factory=SheetSettings,
        description="The file's layout, if it is not detected: sheet, encoding, delimiter, header …",
    )


AnyNaming = TypeVar("AnyNaming", bound=Naming)


def beside(folder: Path, section: AnyNaming) -> AnyNaming:
    """Return a section whose ``file`` is relative to a folder; an address stays as it is."""
    return section.model_copy(update={"file": within(folder, section.file)})


def within(folder: Path, path: Path) -> Path:
    """Return a path that is relative to a folder, itself without links; an address stays as it is."""
    if path.is_absolute():
        return path
    above = next((place for place, part in enumerate(path.parts) if part != ".."), len(path.parts))
    for _ in range(above):
        folder = folder.parent
    return folder.joinpath(*path.parts[above:])


def store_of(address: str, stores: Mapping[str, StoreSettings]) -> StoreSettings:
    """Return the login to use for an address: that of the longest entry that it begins with, whatever its user."""
    fitting = _fitting(address, stores)
    return stores[max(fitting, key=len)] if fitting else StoreSettings()


def has_store(address: str, stores: Mapping[str, StoreSettings]) -> bool:
    """Whether an address begins with an entry, and names no other user and no folder above."""
    user = re.match("[a-z0-9]+://([^/@]*)@", address)
    own = not user or user[1] == store_of(address, stores).username
    return own and ".." not in unquote(address).split("/") and bool(_fitting(address, stores))


def _fitting(address: str, stores: Iterable[str]) -> list[str]:
    anonymous = re.sub(r"(?<=://)[^/@]*@", "", address)
    return [each for each in stores if f"{anonymous}/".startswith(f"{each.rstrip('/')}/")]
