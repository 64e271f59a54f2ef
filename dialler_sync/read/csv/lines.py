"""Lines of a CSV file, in blocks, without byte order marks and Excel's ``sep=`` line."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from io import StringIO
from typing import TextIO

from ...errors import InputError
from ...text.phrase import figure, phrase
from .dialect import TELLS_DELIMITER

_BLOCK_CHARS = 1 << 16

MARK = "\ufeff"
"""Byte order mark. Inside a file it is not text: another file was appended there."""

_MARK_AT_AN_END = re.compile(rf"(?<![^\r\n]){MARK}+|{MARK}+(?=[\r\n]|\Z)")


def without_marks(text: str) -> str:
    """Strip the byte order marks at the beginning and end of whole lines."""
    return _MARK_AT_AN_END.sub("", text) if MARK in text else text


class Blocks:
    """Text of a file in blocks of whole lines, without surrounding byte order marks and Excel's ``sep=`` line.

    ``has_marks``: byte order marks have been seen inside lines.
    """

    def __init__(self, file: TextIO, longest_line: int) -> None:
        self._file = file
        self.has_marks = False
        self._longest_line = longest_line
        self._rest = file.read(_BLOCK_CHARS).removeprefix(MARK)
        if declared := TELLS_DELIMITER.match(self._rest):
            self._rest = self._rest[declared.end() :]

    def next(self) -> str:
        """Return the next block, ``""`` at the end."""
        parts, self._rest = [self._rest], ""
        length = 0
        while True:
            text = self._file.read(_BLOCK_CHARS)
            end = max(parts[-1].rfind("\n"), parts[-1].rfind("\r", 0, -1)) + 1
            if not text or end:
                break
            length += len(parts[-1])
            if length > self._longest_line:
                raise InputError(
                    phrase(
                        "the line that begins with '{start}' is longer than {most} characters: correct the file, "
                        "or raise source.max_cell_chars.",
                        start=parts[0][:40],
                        most=figure(self._longest_line),
                    )
                )
            parts.append(text)
        if text:
            self._rest = parts[-1][end:] + text
            parts[-1] = parts[-1][:end]
        block = without_marks("".join(parts))
        self.has_marks = self.has_marks or MARK in block
        return block


class Lines:
    """Lines of one block, continued into the next blocks while a row is incomplete.

    ``taken``: the lines of the current row; the caller clears it after each row.
    """

    def __init__(self, block: str, blocks: Blocks) -> None:
        self.taken: list[str] = []
        self._suspect: dict[int, str] = {}
        self._pending = deque(StringIO(block, newline=""))
        self._blocks = blocks

    def __iter__(self) -> Iterator[str]:
        while self._pending or (self.taken and self._go_on()):
            line = self._pending.popleft()
            self.taken.append(line)
            yield line

    def next(self) -> str:
        """Return the first line of the next row, ``""`` at the end."""
        self.taken.clear()
        return self._pending.popleft() if self._pending else ""

    def give_back(self, lines: list[str]) -> None:
        """Put ``lines`` back in front. Empties ``taken``."""
        self._pending.extendleft(reversed(lines))
        self.taken.clear()

    def suspect(self, lines: list[str]) -> None:
        """Note lines that may be parts of a cell above, or hold the stray quote that seemed to close one."""
        self._suspect.update((id(line), line) for line in lines)

    def are_suspect(self, lines: list[str]) -> bool:
        """Whether one of the lines is suspect."""
        found = [self._suspect.pop(id(line), None) for line in lines]
        return any(line is not None for line in found)

    def _go_on(self) -> bool:
        self._pending.extend(StringIO(self._blocks.next(), newline=""))
        return bool(self._pending)


def end_of(line: str) -> str:
    """Return the line end of a line; ``""`` if it has none."""
    return line[len(line.rstrip("\r\n")) :]


def lines_until(lines: list[str], end: int) -> int:
    """Count the lines that the first ``end`` characters reach into."""
    for count, line in enumerate(lines, 1):
        end -= len(line)
        if end <= 0:
            return count
    return len(lines)
