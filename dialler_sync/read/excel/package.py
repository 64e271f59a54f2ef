"""The zip container of a workbook: a check that it is safe to unpack, and its parts, streamed.

``.xlsx``, ``.xlsm``, ``.xlsb`` and ``.ods`` are zip files of XML or binary parts. calamine does not limit their
unpacked size. Sources: ECMA-376 part 2 (OPC), ODF 1.3 part 2.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from pathlib import Path
from typing import NoReturn, Self
from urllib.parse import unquote
from xml.parsers import expat

from ...config import SourceSettings
from ...errors import InputError
from ...text.phrase import figure, mark, phrase

PROTECTED = mark("is protected by a password. Save it without one, or have source.password_command print the password.")

_CHUNK = 1 << 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The two that the standards allow; zipfile unpacks all others without a limit."""

_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?>(?:<\?.*?\?>|<!--.*?-->)\s*+)*+<([\w.-]+:)?\w", re.DOTALL)
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([\w.-]+)")
_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,18})\s*")  # int() knows the digits of all scripts
_BOMB_BYTES = 64_000_000
_BOMB_RATIO = 200
"""Sheets compress five times; monotonous ones fifty times. No honest file compresses this much."""

LONGEST_TAG = 2_000
"""Bytes that the tag of a row or a cell may take; programs write a tenth."""

_LONGEST_ELEMENT = 32_000_000
"""Bytes that a row or a shared string may take, plus four for each of source.max_cell_chars."""

MOST_SHEETS = 1_000
"""Each sheet is read, and a few bytes are enough to declare one."""

_MOST_MERGED = 1_000_000
"""Ranges of merged cells of a sheet; each takes memory, and a few bytes declare one."""


class UnusualError(Exception):
    """A sound ``.xlsx`` in a form that calamine does not know; the message names the form."""


def save_anew(said: str) -> InputError:
    """Return the error of a workbook that its program must write again; ``said`` is what is wrong with it."""
    return InputError(phrase("{said} Open it in Excel or LibreOffice and save it anew as .xlsx.", said=said))


def check_sheets(sheets: int) -> None:
    """Refuse a workbook of more sheets than that.

    Raises:
        InputError: says what to do.
    """
    if sheets > MOST_SHEETS:
        raise InputError(phrase("has more than {most} sheets: save only the ones you need.", most=figure(MOST_SHEETS)))


def check_merged(ranges: int) -> None:
    """Refuse a sheet of more ranges of merged cells than that.

    Raises:
        InputError: says what to do.
    """
    if ranges > _MOST_MERGED:
        raise InputError(phrase("has more than {most} ranges of merged cells: undo these.", most=figure(_MOST_MERGED)))


class Package:
    """An open zip container, as a context manager. Names of parts are compared without regard to case.

    Raises:
        InputError: it would unpack to more than ``limit_mb`` megabytes, or two parts have the same name.
        zipfile.BadZipFile, OSError: it is damaged, or cannot be read.
    """

    def __init__(self, path: Path, limit_mb: int) -> None:
        # A file of our own: zipfile would keep one open until every stream is read to its end.
        self._file = path.open("rb")
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._parts = self._checked(limit_mb)
            self.packed = sum(info.compress_size for info in self._parts.values())
        except BaseException:
            self._file.close()
            raise

    def _checked(self, limit_mb: int) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        parts = {_key(info.filename): info for info in infos}
        size = sum(info.file_size for info in infos)
        if size > limit_mb * 1_000_000:
            raise InputError(
                phrase(
                    "would unpack to {size} MB; at most {most} are allowed (source.max_file_mb).",
                    size=figure(size / 1e6),
                    most=figure(limit_mb),
                )
            )
        packed = sum(info.compress_size for info in infos)
        for unpacked, taken in ((size, packed), *((info.file_size, info.compress_size) for info in infos)):
            if unpacked > unpacks_to(taken):
                times = unpacked // max(1, taken)
                raise InputError(phrase("would unpack to {times} times its size: a zip bomb.", times=figure(times)))
        for info in infos:
            if info.flag_bits & 1:
                raise InputError(phrase(PROTECTED))
            if info.compress_type not in _METHODS:
                raise save_anew(phrase("holds '{name}', which is packed as in no workbook.", name=info.filename))
        if len(parts) < len(infos):
            raise save_anew(phrase("is damaged: it holds two parts of one name."))
        return parts

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._zip.close()
        self._file.close()

    def has(self, name: str) -> bool:
        """Whether the container has a part of this name."""
        return _key(name) in self._parts

    def size(self, name: str) -> int:
        """Return the bytes that a part has unpacked, 0 if it does not exist."""
        info = self._parts.get(_key(name))
        return info.file_size if info else 0

    def stream(self, name: str) -> Iterator[bytes]:
        """Unpack a part piece by piece; yield nothing if it does not exist.

        Raises:
            InputError: the part is larger than the directory of the zip file says.
        """
        info = copy(self._parts.get(_key(name)))
        if info is None:
            return
        # zipfile would cut the part at the size in the directory; other readers do not.
        left = info.file_size
        info.file_size += 1
        with self._zip.open(info) as part:
            while piece := part.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    raise save_anew(phrase("is damaged: {name} is longer than the archive says.", name=name))
                yield piece

    def read(self, name: str) -> bytes:
        """Return a whole part, ``b""`` if it does not exist."""
        return b"".join(self.stream(name))

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the parts that a part (``""``: the package) refers to: id → (last word of the type, name)."""
        folder, _, file = name.rpartition("/")
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, given: dict[str, str]) -> None:
            if local(tag) == "Relationship" and given.get("TargetMode") != "External":
                target = given.get("Target", "").replace("\\", "/")
                target = posixpath.normpath(posixpath.join("/", folder, target))
                if not self.has(target.lstrip("/")):
                    target = unquote(target)
                found[given.get("Id", "")] = (given.get("Type", "").rpartition("/")[2], target.lstrip("/"))

        parse_xml(self.stream(posixpath.join(folder, "_rels", f"{file}.rels")), start)
        return found


def unpacks_to(packed: int) -> int:
    """Return the bytes that an honest file of so many may become."""
    return max(_BOMB_BYTES, _BOMB_RATIO * packed)


_LONGEST_MARKUP = 32_000_000
"""Bytes of a tag or a comment, which the parser holds as a whole; programs write some hundred."""


def parse_xml(
    pieces: Iterable[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Parse an XML document while it is unpacked; no pieces mean no document.

    Raises:
        InputError: it declares a document type, which no spreadsheet program writes and entity bombs need; or a tag
            has no end.
        expat.ExpatError: it is not well-formed.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = forbid_doctype
    piece, given = b"", 0
    for piece in pieces:
        parser.Parse(piece)
        given += len(piece)
        if given - parser.CurrentByteIndex > _LONGEST_MARKUP:
            raise save_anew(phrase("is damaged: it has a tag that does not end."))
    if piece:
        parser.Parse(b"", True)


def root_prefix(head: bytes) -> bytes:
    """Return the namespace prefix of an XML document's tags, with its colon, from the beginning of the document.

    Raises:
        InputError: it declares a document type.
        UnusualError: its encoding is not UTF-8.
    """
    match, declared = _ROOT.match(head), _DECLARED.match(head)
    if match and (not declared or declared[1].lower() in {b"utf-8", b"us-ascii"}):
        return match[1] or b""
    if b"<!DOCTYPE" in head:
        forbid_doctype()
    raise UnusualError(phrase("is not XML in UTF-8"))


def prefix_of(package: Package, part: str) -> str:
    """Return the namespace prefix of the tags of a part, with its colon.

    Raises:
        InputError, UnusualError: as :func:`.package.root_prefix`.
    """
    return root_prefix(next(package.stream(part), b"")).decode()


def longest_element(source: SourceSettings) -> int:
    """Return the bytes that a row, a shared string or a record may have."""
    return _LONGEST_ELEMENT + 4 * source.max_cell_chars


def too_long(longest: int) -> InputError:
    """Return the error of an element of more bytes than that."""
    return InputError(
        phrase("has a row or a cell of more than {most} MB (source.max_cell_chars).", most=figure(longest / 1e6))
    )


def blocks(pieces: Iterator[bytes], tag: str, source: SourceSettings) -> Iterator[bytes]:
    """Cut XML before elements that begin with ``tag``, so that each block holds whole ones.

    Raises:
        InputError: one element is too long.
    """
    longest = longest_element(source)
    rest = b""
    for piece in pieces:
        rest += piece
        cut = rest.rfind(tag.encode())
        if cut > 0:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > longest:
            if b"sheetData>" in rest:  # the part behind the rows may be long, and has no cells
                break
            raise too_long(longest)
    yield rest


def whole_number(text: object) -> int:
    """Return the number that an attribute holds.

    Raises:
        InputError: it holds none, or one of more digits than any program writes.
    """
    match = _NUMBER.fullmatch(str(text))
    if not match:
        raise save_anew(phrase("is damaged: '{text}' is no whole number.", text=str(text)[:40]))
    return int(match[1])


def local(name: str) -> str:
    """Strip the namespace prefix from a tag or an attribute."""
    return name.rpartition(":")[2]


def forbid_doctype(*_: object) -> NoReturn:
    """Refuse a document type, which no spreadsheet program writes and entity bombs need."""
    raise save_anew(phrase("declares an XML document type, which no workbook needs."))


def _key(name: str) -> str:
    return name.replace("\\", "/").casefold()
