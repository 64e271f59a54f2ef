"""One list, written as each kind of source: the maker returns the FILE to name."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PASSWORD = "Geheim ßecret"
PRINTS_IT = [sys.executable, "-c", f"print({PASSWORD!r})"]

LISTS = {
    "plain": b"Key,Name,Phone\nK1,Meier,0171 3920011\nK2,Huber,0171 3920012\n",
    "german": "Key;Name;Phone\r\nK1;Müller;0171 3920011\r\nK2;Größe & Söhne;nobody\r\n".encode("cp1252"),
    "marked": 'Key\tName\tPhone\nK1\t"Two\nlines"\t0171 3920011\nK2\t<b>\t\n'.encode("utf-8-sig"),
    "wide": "Key,Name,Phone\nK1,Ωmega,0171 3920011\nK1,Twice,0171 3920012\n".encode("utf-16"),
}
"""Name → what the list's CSV file holds."""

Maker = Callable[[Path, bytes], Path]


def _packed(name: str, pack: Callable[[bytes], bytes]) -> Maker:
    def make(folder: Path, content: bytes) -> Path:
        path = folder / name
        path.write_bytes(pack(content))
        return path

    return make


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def encrypted(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip archive that AES encrypts."""
    import pyzipper

    with pyzipper.AESZipFile(path, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(PASSWORD.encode())
        for name, content in members.items():
            archive.writestr(name, content)
    return path


CONTAINERS: dict[str, Maker] = {
    "gzip": _packed("list.csv.gz", gzip.compress),
    "gzip of two parts": _packed("list.gz", lambda content: gzip.compress(content[:30]) + gzip.compress(content[30:])),
    "bzip2": _packed("list.csv.bz2", bz2.compress),
    "xz": _packed("list.csv.xz", lzma.compress),
    "zstd": _packed("list.csv.zst", zstd.compress),
    "a gzip by another name": _packed("list.csv", gzip.compress),
    "zip": lambda folder, content: zipped(folder / "list.zip", {"list.csv": content}),
    "zip of a folder": lambda folder, content: zipped(
        folder / "list.zip", {"out/list.csv": content, "__MACOSX/out/._list.csv": b"\0", "out/readme.pdf": b"%PDF"}
    ),
    "zip/member": lambda folder, content: (
        zipped(folder / "list.zip", {"old.csv": b"Key\n", "out/new.csv": content}) / "out/new.csv"
    ),
    "zip with a password": lambda folder, content: encrypted(folder / "list.zip", {"list.csv": content}),
}
"""Sources that hold the very bytes of the list."""
