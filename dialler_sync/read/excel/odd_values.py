"""Values in a sheet's XML that calamine would misread though every XML parser reads them."""

from __future__ import annotations

import re

from ...text.phrase import phrase
from .package import LONGEST_TAG, UnusualError


class OddValues:
    """Finds values that calamine would misread: a blank beside a number makes it text, and beside the number of a
    shared string, as any other sign there, makes it the first string of all. No tag is longer than ``LONGEST_TAG``."""

    def __init__(self, prefix: str) -> None:
        p = re.escape(prefix)
        formula = rf"\s*+(?:<{p}f\b[^<>]*/>|<{p}f\b[^<>]*>[^<]*</{p}f>)?\s*+"
        behind = rf"[^<>]{{0,{LONGEST_TAG}}}"
        begin = rf"<{p}v(?:\s[^<>]*)?>"
        usual = rf"><{p}v>[0-9]{{1,9}}</{p}v></{p}c>|{behind}/>"  # first, as it is quick
        index = rf"</{p}c>|<{p}v\s*/>|{begin}[0-9]{{0,9}}</{p}v>(?!\s*<{p}v)"
        self._string = re.compile(
            rf"t=[\"']s[\"'](?={behind}+>)(?!{usual})(?={behind}>(?!{formula}(?:{index})))".encode()
        )
        self._quick = re.compile(rf"{begin}\s".encode())
        self._ends = tuple(f"{blank}</{prefix}v>".encode() for blank in " \t\r\n")
        blank = rf"{begin}(?:\s|[^<]*\s</{p}v>)"
        self._number = re.compile(rf"<{p}c(?:\s(?![^<>]*\bt=[\"']str)[^<>]*)?>{formula}{blank}".encode())

    def refuse(self, block: bytes) -> None:
        """Raise UnusualError if there are any."""
        if self._string.search(block):
            raise UnusualError(phrase("has a cell that names its text by what is not a plain number"))
        if (any(map(block.__contains__, self._ends)) or self._quick.search(block)) and self._number.search(block):
            raise UnusualError(phrase("has a number with a blank beside it"))
