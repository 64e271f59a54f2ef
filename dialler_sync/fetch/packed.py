"""Packed sources: gzip, bzip2, xz and Zstandard hold one file each."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import sys
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from ..text.phrase import phrase
from .copies import BLOCK

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST_MEMORY = 1 << 28
"""Most bytes of memory for unpacking; xz -9 needs a quarter."""

_LONGEST_WINDOW = 27
"""Log2 of the window of a Zstandard frame, as of ``zstd --long``."""

_KINDS = (
    (re.compile(rb"\x1f\x8b\x08"), "gzip"),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), "bzip2"),
    (re.compile(rb"\xfd7zXZ\0"), "xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), "zstd"),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)"), "zip"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "7-Zip"),
    (re.compile(rb"Rar!\x1a\x07"), "RAR"),
    (re.compile(rb"(?s).{257}ustar"), "tar"),
)


UNPACKED = frozenset({"gzip", "bzip2", "xz", "zstd", "zip"})
"""Kinds that are unpacked."""


def kind_of(head: bytes) -> str | None:
    """Return the kind of an archive by its first bytes; None for anything else."""
    return next((kind for magic, kind in _KINDS if magic.match(head)), None)


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(512)


def unpacked(path: Path, kind: str) -> Iterator[bytes]:
    """Yield what a packed file holds; of several parts put one after the other, all.

    Raises:
        InputError: it is damaged, cut off, or needs too much memory; without its name.
        OSError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            if kind == "xz":
                yield from _xz(file)
                return
            with _opened(file, kind) as stream:
                while block := stream.read(BLOCK):
                    yield block
    except EOFError as error:
        raise InputError(
            phrase("ends in the middle of what {kind} packed: is it complete? Copy it again.", kind=kind)
        ) from error
    except (zlib.error, lzma.LZMAError, zstd.ZstdError, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # gzip and bz2 give none for damage
            raise
        raise InputError(
            phrase("cannot be unpacked with {kind} ({error}). Copy it again, or pack it anew.", kind=kind, error=error)
        ) from error


def _opened(file: BinaryIO, kind: str) -> BufferedIOBase:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=file)
    if kind == "bzip2":
        return bz2.BZ2File(file)
    limit: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _LONGEST_WINDOW}
    return zstd.ZstdFile(file, options=limit)


def _xz(file: BinaryIO) -> Iterator[bytes]:
    """Yield what xz packed. The library's own reader has no limit of memory."""
    rest = file.read(BLOCK)
    while rest:
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)
        while not stream.eof:
            if stream.needs_input and not rest:
                rest = file.read(BLOCK)
                if not rest:
                    raise EOFError
            yield stream.decompress(rest, BLOCK)
            rest = b""
        rest = (stream.unused_data or file.read(BLOCK)).lstrip(b"\0") or file.read(BLOCK).lstrip(b"\0")
