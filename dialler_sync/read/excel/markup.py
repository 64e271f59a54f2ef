"""Workbooks that are markup: HTML tables and XML Spreadsheet 2003, which programs write under the name ``.xls``."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

_START = re.compile(
    rb"(?i)\s*<(?:!--|(?:!doctype|\?xml|html|head|body|table|meta|style|script|div|(?:\w+:)?workbook)\b)"
)
_WORKBOOK = re.compile(rb"(?s)<(?:\w+:)?Workbook\b[^<>]*urn:schemas-microsoft-com:office:spreadsheet")
_TABLE = re.compile(rb"(?i)<table[\s>]")
_HEAD_BYTES = 1 << 16
_BLOCK = 1 << 20


def is_markup(head: bytes) -> bool:
    """Whether a file begins as HTML or XML does."""
    return bool(_START.match(_plain(head)))


def markup_of(path: Path) -> str | None:
    """Return ``html`` for a page with a table in it, ``xml`` for XML Spreadsheet 2003, None for anything else.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = _plain(file.read(_HEAD_BYTES))
        if not is_markup(head):
            return None
        if _WORKBOOK.search(head):
            return "xml"
        before = b""
        file.seek(0)
        while block := file.read(_BLOCK):
            block = block.replace(b"\0", b"")
            if _TABLE.search(before + block):
                return "html"
            before = block[-8:]
    return None


def _plain(head: bytes) -> bytes:
    """Return the start of a file as bytes of ASCII: without mark and, of UTF-16, without its zeros."""
    head = head.removeprefix(codecs.BOM_UTF8)
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"")
