"""Edit an XML document, leaving every other byte as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape

from ..text.phrase import phrase

_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([^"']*)""")
_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")


@dataclass(slots=True)
class Element:
    """An element and its byte offsets in the document.

    ``start`` is the start tag, ``inner`` its end, ``close`` the end tag, ``end`` its end; an empty-element tag has
    ``inner == close == end``. ``name`` is without its prefix.
    """

    name: str
    given: Mapping[str, str]
    parent: str
    start: int
    inner: int = 0
    close: int = 0
    end: int = 0

    @property
    def is_empty_tag(self) -> bool:
        """Whether the element is a single empty-element tag, which must be opened before it can hold content."""
        return self.inner == self.end


_MOST_ELEMENTS = 3_000_000
"""Elements of a part that are looked at: more than a sheet has rows, with cells to be marked."""


class Unedited(Exception):
    """The document cannot be edited; the message says why."""


@dataclass(slots=True)
class Document:
    """A document and its edits. ``prefix`` is that of the root, with the colon."""

    data: bytes
    prefix: str = ""
    _edits: list[tuple[int, int, int, bytes]] = field(default_factory=list)

    def elements(self, wanted: Callable[[str, str, Mapping[str, str]], bool]) -> list[Element]:
        """Return the elements for which ``wanted(name, parent's name, attributes)`` is true, in document order.

        Raises:
            Unedited: the document is not well-formed XML in UTF-8, or declares a document type.
        """
        parser = expat.ParserCreate()
        found: list[Element] = []
        opened: list[tuple[str, Element | None]] = []

        def start(tag: str, given: dict[str, str]) -> None:
            name = tag.rpartition(":")[2]
            if not opened:
                self.prefix = tag[: len(tag) - len(name)]
            element = None
            parent = opened[-1][0] if opened else ""
            if wanted(name, parent, given):
                at = parser.CurrentByteIndex
                tag_found = _TAG.match(self.data, at)
                if tag_found is None:
                    raise Unedited(phrase("it is not XML in UTF-8"))
                element = Element(name, given, parent, at, tag_found.end())
                found.append(element)
                if len(found) > _MOST_ELEMENTS:
                    raise Unedited(phrase("it has too many elements"))
            opened.append((name, element))

        def end(_: str) -> None:
            element = opened.pop()[1]
            if element is None:
                return
            if self.data[element.inner - 2 : element.inner] == b"/>":
                element.close = element.end = element.inner
                return
            element.close = parser.CurrentByteIndex
            element.end = self.data.index(b">", element.close) + 1

        def refuse(*_: object) -> None:
            raise Unedited(phrase("it declares a document type"))

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.StartDoctypeDeclHandler = refuse
        declared = _ENCODING.search(self.data[:200])
        if b"\0" in self.data[:4] or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
            raise Unedited(phrase("it is not XML in UTF-8"))
        try:
            parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise Unedited(phrase("it is not well-formed ({why})", why=error)) from error
        return found

    def replace(self, start: int, end: int, new: bytes) -> None:
        """Replace the bytes from ``start`` to ``end`` by ``new``."""
        self._edits.append((start, end, len(self._edits), new))

    def set(self, element: Element, **given: object) -> None:
        """Set attributes of an element; allowed once per element."""
        self.replace(element.start, element.inner, with_attributes(self.data[element.start : element.inner], **given))

    def append(self, element: Element, new: bytes, **given: object) -> None:
        """Append ``new`` to the content of an element, and set its attributes."""
        tag = self.data[element.start : element.inner]
        if element.is_empty_tag:
            name = re.split(rb"[\s/>]", tag[1:], maxsplit=1)[0]
            opening = with_attributes(tag[:-2].rstrip() + b">", **given)
            self.replace(element.start, element.end, opening + new + b"</" + name + b">")
            return
        if given:
            self.set(element, **given)
        self.replace(element.close, element.close, new)

    def edited(self) -> bytes:
        """Return the document with all edits applied."""
        pieces, at = [], 0
        for start, end, _, new in sorted(self._edits):
            pieces += [self.data[at:start], new]
            at = end
        return b"".join([*pieces, self.data[at:]])


def with_attributes(tag: bytes, **given: object) -> bytes:
    """Return a start tag with these attributes, replacing those it already has."""
    for name, value in given.items():
        attribute = f'{name}="{value}"'.encode()
        tag, known = re.subn(rb"""(?<=\s)%b\s*=\s*(?:"[^"]*"|'[^']*')""" % name.encode(), attribute, tag, count=1)
        if not known:
            end = len(tag) - (2 if tag.endswith(b"/>") else 1)
            tag = tag[:end].rstrip() + b" " + attribute + tag[end:]
    return tag


def text_of(text: str) -> bytes:
    """Return a text as escaped bytes for an XML document."""
    return escape(text).encode()
