"""Zip archives: the one table of an archive, or the member that the user named."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import InputError
from ..text.forms import first_few
from ..text.nearest import near_miss
from ..text.normal import normalized
from ..text.phrase import figure, mark, phrase
from .copies import BLOCK

_WORKBOOK = {"[content_types].xml", "mimetype", "content.xml", "xl/workbook.xml", "xl/workbook.bin"}
"""Members that only workbooks have."""

_TABLES = frozenset(
    {".csv", ".txt", ".tsv", ".tab", ".dat", ".asc", ".prn", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
    | {".htm", ".html", ".xml", ".gz", ".bz2", ".xz", ".zst", ".zip"}
)
"""Endings of members that may be a list; packed ones are included, to be refused rather than passed over."""

_LITTER = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
"""Members that operating systems add."""

_MOST_MEMBERS = 10_000
_MOST_SHOWN = 20
_AES = 99
"""Method of an AES-encrypted member; its real method is known when it is opened."""

_NOT_IN_IT = mark("there is no '{wanted}' in {named}. In it: {names}.")
_NEAR = mark("there is no '{wanted}' in {named}; did you mean '{near}'? In it: {names}.")

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, _AES}
"""Methods accepted; zipfile unpacks bzip2 and LZMA without a limit, and 2 KB may hold 3 GB."""

_DAMAGE = (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, RuntimeError, struct.error)
_OTHER_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}


def is_archive(path: Path) -> bool:
    """Whether a zip file is an archive, and no workbook; a damaged one is, if its name says so."""
    try:
        with zipfile.ZipFile(path) as archive:
            return not any(name.casefold() in _WORKBOOK for name in archive.namelist())
    except (*_DAMAGE, OSError):
        return path.suffix.lower() == ".zip"


def unzipped(
    path: Path, named: Path, wanted: str | None, password: Callable[[], str | None]
) -> tuple[Iterator[bytes], int]:
    """Return the content of the one table of an archive, or of the member ``wanted``, and the bytes it has packed.
    ``named``: the archive as the user named it.

    Raises:
        InputError: there is no such member, or more than one; it is encrypted and there is no ``password``; the archive
            is damaged, or made to do harm.
        ConfigError: the password cannot be had.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            member = _chosen(_members(archive), named, wanted)
    except (*_DAMAGE, OSError) as error:
        raise InputError(
            phrase("is a damaged zip archive ({error}). Copy it again, or pack it anew.", error=error)
        ) from error
    _require_method(member)
    if not member.flag_bits & 1:
        return _content(path, member, None), member.compress_size
    secret = password()
    if secret is None:
        raise InputError(
            phrase(
                "'{name}' is encrypted: have source.password_command print the password, or pack it without.",
                name=member.filename,
            )
        )
    return _content(path, member, secret.encode()), member.compress_size


def _require_method(member: Any) -> None:
    """Refuse a member that is not packed with Deflate.

    Raises:
        InputError: it is packed with another method.
    """
    if member.compress_type not in _METHODS:
        method = _OTHER_METHODS.get(member.compress_type, f"method {member.compress_type}")
        raise InputError(
            phrase(
                "'{name}' is packed with {method}, which is not unpacked here: use Deflate.",
                name=member.filename,
                method=method,
            )
        )


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive.

    Raises:
        InputError: a name leads out of the archive, is there twice, or is that of a link; or there are too many.
    """
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > _MOST_MEMBERS:
        raise InputError(
            phrase(
                "has {count} files in it, and {most} are allowed: pack only the list.",
                count=figure(len(infos)),
                most=figure(_MOST_MEMBERS),
            )
        )
    seen: set[str] = set()
    for info in infos:
        name = info.filename
        if name in seen:
            raise InputError(
                phrase("has two files '{name}' in it: nobody can tell which is meant. Pack it anew.", name=name)
            )
        seen.add(name)
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name):
            raise InputError(
                phrase("'{name}' would lead out of the archive, so none of it is read. Pack it anew.", name=name)
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise InputError(
                phrase(
                    "'{name}' is a link, and no file, so none of the archive is read. Pack the file itself.", name=name
                )
            )
    return infos


def _chosen(infos: Sequence[zipfile.ZipInfo], named: Path, wanted: str | None) -> zipfile.ZipInfo:
    names = [info.filename for info in infos]
    if wanted is not None:
        found = [info for info in infos if _same(wanted) & _spellings(info)]
        if len(found) == 1:
            return found[0]
        near = near_miss(wanted, names)
        said = _NEAR if near else _NOT_IN_IT
        raise InputError(phrase(said, wanted=wanted, named=named, near=near, names=_listed(names)))
    found = [info for info in infos if not _LITTER.search(info.filename)]
    if len(found) > 1:
        found = [info for info in found if PurePosixPath(info.filename).suffix.lower() in _TABLES]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(phrase("is a zip archive without a table in it. In it: {names}.", names=_listed(names)))
    tables = [info.filename for info in found]
    raise InputError(
        phrase(
            "has {count} tables in it: {tables}. Name the one that is meant: {first}.",
            count=len(tables),
            tables=_listed(tables),
            first=f"{named}/{tables[0]}",
        )
    )


def _spellings(info: zipfile.ZipInfo) -> set[str]:
    """Return what the name of a member may be: Windows writes that of its own code page, without a word of it."""
    names = _same(info.filename)
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            raw = info.filename.encode("cp437")
            for encoding in ("utf-8", "cp850", "cp1252"):
                with suppress(UnicodeError):
                    names |= _same(raw.decode(encoding))
    return names


def _same(name: str) -> set[str]:
    return {normalized("NFC", name.replace("\\", "/"))}


def _listed(names: Sequence[str]) -> str:
    return first_few([f"'{name}'" for name in names], _MOST_SHOWN) or phrase("nothing")


def _content(path: Path, member: zipfile.ZipInfo, password: bytes | None) -> Iterator[bytes]:
    encrypted = password is not None
    try:
        with _opened(path, encrypted=encrypted) as archive:
            _require_method(archive.getinfo(member.filename))
            with archive.open(member.filename, pwd=password) as file:
                while block := file.read(BLOCK):
                    yield block
    except (InputError, MemoryError):
        raise
    except Exception as error:  # pyzipper has errors of its own, and raises whatever its parsing meets
        if encrypted and "password" in str(error).casefold():
            raise InputError(
                phrase("'{name}': what source.password_command prints is not its password.", name=member.filename)
            ) from None
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(
            phrase(
                "'{name}' cannot be unpacked ({error}). Copy the archive again, or pack it anew.",
                name=member.filename,
                error=error,
            )
        ) from error


def _opened(path: Path, *, encrypted: bool) -> Any:
    if not encrypted:
        return zipfile.ZipFile(path)
    import pyzipper

    return pyzipper.AESZipFile(path)
