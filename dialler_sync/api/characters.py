"""From the bytes of JSON to its characters, whatever the server has made of them."""

from __future__ import annotations

import codecs
import json


class Characters:
    """Decodes JSON as it comes.

    JSON is UTF-8, and says by a byte order mark or its zeros where it is UTF-16 or UTF-32. ``charset``, as the
    answer's header has it, counts only for bytes that are not UTF-8: servers name it without going by it.
    """

    def __init__(self, charset: str | None = None) -> None:
        self._start = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._other = _known(charset)

    def decode(self, piece: bytes, *, final: bool = False) -> str:
        """The characters of ``piece``.

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
            self._other = None  # it is what it was taken for
        return text


_TELLING = 4
"""Bytes from which the zeros of UTF-16 and UTF-32 can be told apart."""


def _known(charset: str | None) -> str | None:
    try:
        b"".decode(charset or "utf-8")
    except (LookupError, UnicodeError):  # none, or none of text
        return None
    return charset
