"""Decode the bytes of JSON to characters, in whatever encoding the server wrote them."""

from __future__ import annotations

import codecs
import json
import re

from ..text.charset import known_charset


class Characters:
    """Incremental decoder of JSON.

    JSON is UTF-8; a byte order mark or its zero bytes show UTF-16 or UTF-32. ``charset``, from the answer's header,
    counts only for bytes that are not UTF-8: servers often name it wrongly.
    """

    def __init__(self, charset: str | None = None) -> None:
        self._start = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._other = known_charset(charset) if charset else None

    def decode(self, piece: bytes, *, final: bool = False) -> str:
        """Decode ``piece``.

        Raises:
            UnicodeDecodeError: the bytes are none.
        """
        if self._decoder is None:
            self._start += piece
            if len(self._start) < _TELLING and not final:
                return ""
            piece = self._start
            self._decoder = codecs.getincrementaldecoder(json.detect_encoding(piece))()
        held_back = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(piece, final)
        except UnicodeDecodeError:
            if self._other is None:
                raise
            self._decoder, self._other = codecs.getincrementaldecoder(self._other)(), None
            return self._decoder.decode(held_back + piece, final)
        if not text.isascii():
            self._other = None  # the encoding assumed so far is right
        return text


_TELLING = 4
"""Bytes that suffice to tell UTF-16 from UTF-32 by their zeros."""

_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.ASCII | re.IGNORECASE)
_LOOKED_AT = 1_000


def charset_of(content_type: str) -> str | None:
    """Return the charset that a header names; httpx would parse it in quadratic time."""
    found = _CHARSET.search(content_type[:_LOOKED_AT])
    return found[1] if found else None
