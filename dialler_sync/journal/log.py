"""The write-ahead log of an SQLite file: whether what was written to it is still there.

SQLite itself looks only at the log of a process that was killed: https://sqlite.org/fileformat2.html#walformat.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import BinaryIO

_HEADER = struct.Struct(">4s4xI4x8s2I")
"""Kind, page size, salt, checksum."""
_FRAME = struct.Struct(">8x8s8x")
"""Salt, that of the header; a page follows."""
_ORDERS = {b"\x37\x7f\x06\x82": "<6I", b"\x37\x7f\x06\x83": ">6I"}
_AGAIN = 0.05
"""Seconds after which is looked again: another process may just begin the log anew."""
_EVERY = 5
"""Seconds between two looks at all frames, of which there can be 10,000; else the newest stands for them."""


class Log:
    """A log that this process writes to. One that is begun anew has another salt, and overwrites its frames."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._salt, self._frames, self._looked = b"", 0, 0.0

    def is_whole(self) -> bool:
        """Whether the log has a valid header, and the frames that it had at the last look.

        Raises:
            OSError: it is gone.
        """
        if self._look():
            return True
        time.sleep(_AGAIN)
        return self._look()

    def _look(self) -> bool:
        with self.path.open("rb", buffering=0) as file:
            head = file.read(_HEADER.size)
            if not head:  # emptied by another process, which SQLite lets do so
                return True
            salt, size = _read(head)
            if not salt:
                return False
            if salt != self._salt:
                self._salt, self._frames = salt, 0
            now = time.monotonic()
            first = 0 if now - self._looked > _EVERY else max(self._frames - 1, 0)
            if any(_salt_of(file, frame, size) != salt for frame in range(first, self._frames)):
                return False
            while _salt_of(file, self._frames, size) == salt:
                self._frames += 1
            if not first:
                self._looked = now
        return True


def _salt_of(file: BinaryIO, frame: int, size: int) -> bytes:
    file.seek(_HEADER.size + frame * size)
    found = file.read(_FRAME.size)
    salt: bytes = _FRAME.unpack(found)[0] if len(found) == _FRAME.size else b""
    return salt


def _read(head: bytes) -> tuple[bytes, int]:
    """Return the salt of a header, and the size of a frame; an empty salt if it is none."""
    if len(head) < _HEADER.size or head[:4] not in _ORDERS:
        return b"", 0
    kind, page, salt, *checksum = _HEADER.unpack(head)
    one = two = 0
    words = struct.unpack(_ORDERS[kind], head[:24])
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return (salt if [one, two] == checksum else b"", _FRAME.size + page)
