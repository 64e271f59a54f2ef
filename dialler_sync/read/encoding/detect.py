"""Detects the encoding of a text file.

A byte order mark decides, then the zero bytes of UTF-16, then whether the *whole* file is UTF-8: real lists are ASCII
with a few umlauts far inside. All other files are in an older encoding, which :mod:`.legacy` judges; where several are
possible, the user is asked.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from ...config import SourceSettings
from ...errors import InputError
from ...text.phrase import phrase
from .legacy import Evidence, Foreign, Reading

_BLOCK = 1 << 20
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Longer marks first: the mark of UTF-32-LE begins with that of UTF-16-LE."""

_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SHIFTS = re.compile(rb"\x1b\$(?:[@B]|[()][A-D])")
"""Escape sequence into a Japanese, Chinese or Korean character set: ISO-2022, which otherwise looks like ASCII."""
_HIGH = re.compile(rb"[\x80-\xff]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_FEW = 2
_BETWEEN_CELLS = re.compile(r"[;,\t|\r\n\"]+")
_LONGEST_CELL = 40


def find_encoding(path: Path, source: SourceSettings) -> str:
    """Return the name of the codec that reads all of ``path``.

    Its first character may still be a byte order mark, except with ``utf-8-sig``.

    Raises:
        InputError: the configured encoding does not read the file, no encoding does, or two do equally well.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    name = wide_encoding(head) or ("utf-8-sig" if head.startswith(codecs.BOM_UTF8) else None)
    if source.encoding != "auto":
        given = codecs.lookup(source.encoding).name
        if (given, name) != ("utf-8", "utf-8-sig"):
            name = given
    if name:
        _check(path, name)
        return name
    if _SHIFTS.search(head):
        raise InputError(
            phrase("is in an encoding that shifts by escape sequences: set source.encoding, such as iso2022_jp.")
        )
    bad = _first_undecodable(path, "utf-8")
    if bad is not None:
        return _legacy_encoding(path, bad)
    _check_utf8(path)
    return "utf-8"


def wide_encoding(head: bytes) -> str | None:
    """Detect UTF-16 and UTF-32 by the mark, and UTF-16 also by its zero bytes."""
    marked = next((name for mark, name in _WIDE_MARKS if head.startswith(mark)), None)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if marked or max(even, odd) * 5 < len(head) / 2 or min(even, odd) * 20 > max(even, odd):
        return marked
    return "utf-16-le" if odd > even else "utf-16-be"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _first_undecodable(path: Path, name: str) -> int | None:
    """Return the position of the first byte that ``name`` cannot read, None if it reads all."""
    # With "-sig" the decoder would skip the mark, and positions would be off.
    decoder = codecs.getincrementaldecoder(name.removesuffix("-sig"))()
    position = 0
    for block in _blocks(path):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return position - pending + error.start
        position += len(block)
    pending = len(decoder.getstate()[0])
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return position - pending + error.start
    return None


def _check(path: Path, name: str) -> None:
    bad = _first_undecodable(path, name)
    if bad is not None:
        raise InputError(
            phrase(
                "{byte} cannot be read as {name}: save the file as UTF-8, or set source.encoding to its encoding "
                "(cp1252, utf-8, utf-16 …).",
                byte=_where(path, bad),
                name=name,
            )
        )


def _where(path: Path, position: int) -> str:
    """Return ``line N: the byte 0xFC``, for messages."""
    lines, seen = 1, 0
    byte = b""
    for block in _blocks(path):
        part = block[: position - seen]
        lines += part.count(b"\n") or part.count(b"\r")
        byte = block[position - seen : position - seen + 1]
        seen += len(block)
        if seen > position:
            break
    return (
        phrase("line {line}: the byte 0x{byte}", line=lines, byte=byte.hex().upper())
        if byte
        else phrase("line {line}: the end", line=lines)
    )


def _check_utf8(path: Path) -> None:
    """Check a UTF-8 file with very few characters beyond ASCII: two letters of an older encoding can look like UTF-8.

    Raises:
        InputError: another encoding reads the file far better.
    """
    found: set[bytes] = set()
    for block in _blocks(path):
        if not block.isascii():
            found.update(_BEYOND_ASCII.findall(block))
            if len(found) > _FEW:
                return
    if found and (readings := (evidence := Evidence(_blocks(path))).rather_than_utf8()):
        raise InputError(_several(path, evidence, readings))


def _legacy_encoding(path: Path, bad: int) -> str:
    """Return the encoding of a file whose byte at ``bad`` is not UTF-8."""
    evidence = Evidence(_blocks(path))
    if _is_mostly_utf8(evidence.units):
        raise InputError(
            phrase(
                "{byte} is not UTF-8, but the rest of the file is: fix that line and save the file as UTF-8, or "
                "set source.encoding.",
                byte=_where(path, bad),
            )
        )
    verdict = evidence.judged(lambda codec: _first_undecodable(path, codec) is None)
    if not verdict.readings:
        raise InputError(
            phrase(
                "{byte} is not UTF-8 and makes no sense in any common encoding: save the file as UTF-8, or set "
                "source.encoding to its encoding.",
                byte=_where(path, bad),
            )
        )
    if len(verdict.readings) > 1:
        raise InputError(_several(path, evidence, verdict.readings))
    if verdict.foreign:
        raise InputError(_foreign(path, verdict.readings[0].codec, verdict.foreign))
    return verdict.readings[0].codec


def _is_mostly_utf8(units: list[bytes]) -> bool:
    """Whether most bytes beyond ASCII are UTF-8: the file was joined from two encodings."""
    high = sum(len(_HIGH.findall(unit)) for unit in units)
    return sum(len(character) for unit in units for character in _UTF8.findall(unit)) * 2 > high


def _several(path: Path, evidence: Evidence, readings: tuple[Reading, ...]) -> str:
    """Return the message that shows one cell in each reading."""
    pieces = zip(evidence.units, *(reading.texts for reading in readings), strict=False)
    unit = next(unit for unit, *texts in pieces if len(set(texts)) > 1)
    line, cells = _cells(path, unit, [reading.codec for reading in readings])
    shown = ", ".join(f"'{cell}' in {reading.codec}" for cell, reading in zip(cells, readings, strict=True))
    return phrase(
        "the encoding is not certain: line {line} reads {shown}. Set source.encoding to the one that reads "
        "right (source: {{encoding: {codec}}}).",
        line=line,
        shown=shown,
        codec=readings[0].codec,
    )


def _foreign(path: Path, codec: str, foreign: Foreign) -> str:
    line, (cell, meant) = _cells(path, foreign.unit, [codec, foreign.codec])
    return phrase(
        "line {line} is in a different encoding than the rest: it reads '{cell}' in {codec}, like the rest, "
        "but '{meant}' in {foreign}. Fix that line and save the file as UTF-8, or set source.encoding.",
        line=line,
        cell=cell,
        codec=codec,
        meant=meant,
        foreign=foreign.codec,
    )


def _cells(path: Path, unit: bytes, names: list[str]) -> tuple[int, list[str]]:
    """Return the number of the first line that holds ``unit``, and its cell in each of the encodings."""
    before, seen = 0, b""
    for block in _blocks(path):
        at = (text := seen + block).find(unit)
        if at >= 0:
            start = max(text.rfind(b"\n", 0, at), text.rfind(b"\r", 0, at)) + 1
            end = min((e for e in (text.find(b"\n", at), text.find(b"\r", at)) if e >= 0), default=len(text))
            number = before + (text.count(b"\n", 0, at) or text.count(b"\r", 0, at)) + 1
            return number, [_cell(text[start:end], unit, name) for name in names]
        end = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        before += text.count(b"\n", 0, end) or text.count(b"\r", 0, end)
        seen = text[end:]
    return before + 1, [unit.decode(name, "replace") for name in names]


def _cell(line: bytes, unit: bytes, name: str) -> str:
    text = unit.decode(name, "replace")
    return next((c for c in _BETWEEN_CELLS.split(line.decode(name, "replace")) if text in c), text).strip()[
        :_LONGEST_CELL
    ]
