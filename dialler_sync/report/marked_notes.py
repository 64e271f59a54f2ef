"""Write the notes of a worksheet's cells: their texts, and the VML drawing in which Excel shows them.

Sources: ECMA-376 part 1, 18.7 (comments); part 4, 19.4 (VML), which Excel still requires for notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..text.phrase import phrase
from .marked_sheet import Cell, cell_name, cell_of
from .sheets import xml_text
from .xml_edit import Document, Element, Unedited, text_of

AUTHOR = "dialler-sync"

NEW_NOTES = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b"<authors></authors><commentList></commentList></comments>"
)
_NAMES = {"v": "vml", "o": "office:office", "x": "office:excel"}
_DECLARED = "".join(f' xmlns:{prefix}="urn:schemas-microsoft-com:{name}"' for prefix, name in _NAMES.items())
NEW_DRAWING = f"<xml{_DECLARED}></xml>".encode()
_BOX = "_x0000_t202"
_BOX_TYPE = (
    f'<v:shapetype{{declared}} id="{_BOX}" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape{declared} id="_x0000_s{number}" type="#{box}" style="position:absolute;visibility:hidden" '
    'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div>'
    '</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{right},15,{top},2,{beyond},15,{bottom},4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_SHAPE_BLOCKS = '<o:shapelayout{declared} v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>'
_SHAPE_ID = re.compile(rb"_x0000_s(\d+)")
_BLOCK = 1_024
"""Shape IDs per block. Each drawing of a workbook numbers its shapes within blocks of its own."""

_LINE_SIGNS, _COLUMNS = 30, 4


def with_notes(part: bytes, notes: Mapping[Cell, str], *, leave: bool) -> tuple[bytes, list[Cell]]:
    """Return the comments part with ``notes`` added, and the cells that had no note before.

    An existing note is kept, and the new text appended. ``leave``: existing notes stay unchanged, because they only
    mirror threaded comments.

    Raises:
        Unedited: the part is damaged.
    """
    document = Document(part)
    names = {"authors", "author", "commentList", "comment", "text"}
    found = document.elements(lambda name, *_: name in names)
    by_name = {element.name: element for element in found}
    if not {"authors", "commentList"} <= by_name.keys():
        raise Unedited(phrase("it lacks the list of its notes"))
    p = document.prefix
    document.append(by_name["authors"], f"<{p}author>{AUTHOR}</{p}author>".encode())
    author = sum(element.name == "author" for element in found)
    texts = _texts(found)
    new = []
    for cell, note in notes.items():
        if cell in texts:
            if not leave:
                document.append(texts[cell], _run(p, f"\n\n{AUTHOR}: {note}"))
        else:
            head = f'<{p}comment ref="{cell_name(cell)}" authorId="{author}"><{p}text>'.encode()
            new.append(head + _run(p, note) + f"</{p}text></{p}comment>".encode())
    document.append(by_name["commentList"], b"".join(new))
    return document.edited(), [cell for cell in notes if cell not in texts]


def _run(p: str, text: str) -> bytes:
    return f'<{p}r><{p}t xml:space="preserve">'.encode() + text_of(xml_text(text)) + f"</{p}t></{p}r>".encode()


def _texts(found: Iterable[Element]) -> dict[Cell, Element]:
    """Return the text element of each cell that has a note."""
    texts: dict[Cell, Element] = {}
    cell = None
    for element in found:
        if element.name == "comment":
            cell = cell_of(element.given.get("ref", ""))
        elif element.name == "text" and cell:
            texts[cell] = element
    return texts


def with_boxes(drawing: bytes, notes: Mapping[Cell, str], others: Iterable[bytes]) -> bytes:
    """Return the drawing of a sheet's notes with a box added for each of ``notes``; ``others`` are the other drawings.

    Edits work on bytes, because VML need not be well-formed XML.

    Raises:
        Unedited: the drawing lacks its end tag.
    """
    if b"</xml>" not in drawing:
        raise Unedited(phrase("it has a drawing of its notes that is damaged"))
    used = [int(number) for part in (drawing, *others) for number in _SHAPE_ID.findall(part)]
    block = max(used, default=0) // _BLOCK + 1
    blocks = ",".join(str(block + n) for n in range(len(notes) // (_BLOCK - 1) + 1))
    root = drawing[: drawing.find(b">")].decode("utf-8", "replace")
    declared = "" if all(name in root for name in _DECLARED.split()) else _DECLARED
    drawing, known = re.subn(
        rb'(<(?:\w+:)?idmap\b[^>]*\bdata=")([^"]*)', rb"\g<1>\g<2>," + blocks.encode(), drawing, count=1
    )
    pieces = [] if known else [_SHAPE_BLOCKS.format(declared=declared, blocks=blocks)]
    if f'id="{_BOX}"'.encode() not in drawing:
        pieces.append(_BOX_TYPE.format(declared=declared))
    pieces += [_box(block * _BLOCK + 1 + n, cell, note, declared) for n, (cell, note) in enumerate(notes.items())]
    end = drawing.rfind(b"</xml>")
    return drawing[:end] + "".join(pieces).encode() + drawing[end:]


def _box(number: int, cell: Cell, note: str, declared: str) -> str:
    row, column = cell[0] - 1, cell[1] - 1
    height = sum(1 + len(line) // _LINE_SIGNS for line in note.splitlines()) + 1
    return _SHAPE.format(
        number=number, declared=declared, box=_BOX, row=row, column=column,
        right=column + 1, beyond=column + 1 + _COLUMNS, top=max(row - 1, 0), bottom=max(row - 1, 0) + height,
    )  # fmt: skip
