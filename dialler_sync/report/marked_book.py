"""Copy an ``.xlsx`` that was imported, with its faulty cells coloured and a note on each.

Edits touch only the bytes that must change: formulas, formats, charts, macros and other sheets stay as they are.
Source: ECMA-376 part 2 (OPC).
"""

from __future__ import annotations

import posixpath
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from copy import copy
from itertools import count
from pathlib import Path

from ..files.whole import new_binary_file
from ..text.phrase import phrase
from .faults import NOTES
from .marked_notes import NEW_DRAWING, NEW_NOTES, with_boxes, with_notes
from .marked_sheet import Cell, faulty_styles, marked_sheet, shown
from .xml_edit import Document, Element, Unedited

_TYPES = "[Content_Types].xml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NOTES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_NEW_RELATIONS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)


def write_marked(source: Path, target: Path, notes: Mapping[str, Mapping[Cell, str]]) -> None:
    """Write a copy of the workbook ``source``; ``notes`` holds the notes of faulty cells by sheet.

    Raises:
        Unedited: the copy would lose something, or the workbook is malformed; the message says what.
        JournalError: ``target`` cannot be written.
    """
    try:
        with zipfile.ZipFile(source) as package:
            edited = _Workbook(package).marked(notes)
            _copy(package, target, edited)
    except (KeyError, ValueError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        # a dangling reference, a malformed number, or a damaged archive
        raise Unedited(phrase("it is not as Excel writes it ({why})", why=error)) from error


def _copy(package: zipfile.ZipFile, target: Path, edited: dict[str, bytes]) -> None:
    """Copy the archive, with edited parts in their places and new parts at the end."""
    with new_binary_file(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as copied:
        for info in package.infolist():
            if info.filename in edited:
                copied.writestr(copy(info), edited.pop(info.filename), zipfile.ZIP_DEFLATED)
                continue
            large = info.file_size > zipfile.ZIP64_LIMIT // 2
            with package.open(info) as old, copied.open(copy(info), "w", force_zip64=large) as new:
                shutil.copyfileobj(old, new)
        for name, data in edited.items():
            copied.writestr(name, data)


class _Workbook:
    """The parts of a workbook, and their edits."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._names = {name.lower(): name for name in package.namelist()}
        self._edited: dict[str, bytes] = {}

    def marked(self, notes: Mapping[str, Mapping[Cell, str]]) -> dict[str, bytes]:
        """Return the changed and the new parts by name."""
        if any(name.startswith("_xmlsignatures/") for name in self._names):
            raise Unedited(phrase("it is signed; the signature would be lost"))
        workbook = self._related("", "officeDocument")
        styles = self._related(workbook, "styles")
        faulty, edited_styles = faulty_styles(self._read(styles))
        for sheet, given in notes.items():
            part = self._sheet(workbook, sheet)
            cells = shown(self._read(part), given)
            noted = dict(list(cells.items())[:NOTES])
            drawing = self._add_notes(part, noted)
            self._edited[part] = marked_sheet(self._read(part), cells.keys(), faulty, drawing)
        self._edited[styles] = edited_styles()
        return self._edited

    def _add_notes(self, sheet: str, notes: Mapping[Cell, str]) -> str | None:
        """Write the notes of a sheet; return the relation ID of a new drawing, None if the sheet had one already."""
        texts, drawing, relation = self._related(sheet, "comments", needed=False), self._drawing(sheet), None
        known, boxes = self._read(texts) if texts else NEW_NOTES, self._read(drawing) if drawing else NEW_DRAWING
        if not texts:
            texts, _ = self._new_part("xl/comments{}.xml", sheet, "comments", _NOTES_TYPE)
        if not drawing:
            drawing, relation = self._new_part("xl/drawings/vmlDrawing{}.vml", sheet, "vmlDrawing", _DRAWING_TYPE)
        threaded = bool(self._related(sheet, "threadedComment", needed=False))
        self._edited[texts], new = with_notes(known, notes, leave=threaded)
        others = [self._read(name) for name in self._drawings() if name != drawing]
        self._edited[drawing] = with_boxes(boxes, {cell: notes[cell] for cell in new}, others)
        return relation

    def _drawing(self, sheet: str) -> str:
        """Return the name of the drawing with the sheet's notes and buttons, ``""`` if there is none."""
        document = Document(self._read(sheet))
        for element in document.elements(lambda name, parent, _: (name, parent) == ("legacyDrawing", "worksheet")):
            return self._relations(sheet)[_relation(element)][1]
        return ""

    def _drawings(self) -> Iterator[str]:
        return (name for name in {*self._names.values(), *self._edited} if name.lower().endswith(".vml"))

    def _sheet(self, workbook: str, name: str) -> str:
        document = Document(self._read(workbook))
        for element in document.elements(lambda name, parent, _: (name, parent) == ("sheet", "sheets")):
            if element.given.get("name") == name:
                return self._relations(workbook)[_relation(element)][1]
        raise Unedited(phrase("it lacks the sheet '{name}'", name=name))

    # Parts

    def _read(self, name: str) -> bytes:
        if name in self._edited:
            return self._edited[name]
        if name.lower() not in self._names:
            raise Unedited(phrase("it lacks the part {name}", name=name))
        return self._package.read(name)

    def _has(self, name: str) -> bool:
        return name.lower() in self._names or name in self._edited

    def _named(self, part: str) -> str:
        """Return the part's name as the archive spells it: names are case-insensitive."""
        return self._names.get(part.lower(), part)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return relation ID → (type, part name) of a part's internal references; ``""`` is the package itself."""
        name = self._named(_relations_of(part))
        if not self._has(name):
            return {}
        found = Document(self._read(name)).elements(lambda name, *_: name == "Relationship")
        folder = posixpath.join("/", posixpath.dirname(part))
        return {
            element.given["Id"]: (
                element.given["Type"],
                self._named(posixpath.normpath(posixpath.join(folder, element.given["Target"])).lstrip("/")),
            )
            for element in found
            if element.given.get("TargetMode") != "External"
        }

    def _related(self, part: str, kind: str, *, needed: bool = True) -> str:
        for full, name in self._relations(part).values():
            if full.rpartition("/")[2] == kind:
                if full.startswith("http://purl.oclc.org/"):
                    raise Unedited(phrase("it is a strict Open XML workbook, which cannot hold notes of this kind"))
                return name
        if needed:
            raise Unedited(phrase("it lacks its {part}", part=kind))
        return ""

    def _new_part(self, pattern: str, sheet: str, kind: str, content: str) -> tuple[str, str]:
        """Add a part that the sheet refers to; return its name and the relation ID."""
        name = next(name for n in count(1) if not self._has(name := pattern.format(n)))
        relations = self._named(_relations_of(sheet))
        known = self._relations(sheet)
        identity = next(identity for n in count(1) if (identity := f"rId{n}") not in known)
        document = Document(self._read(relations) if self._has(relations) else _NEW_RELATIONS)
        (root,) = document.elements(lambda _, parent, __: not parent)
        entry = f'<{document.prefix}Relationship Id="{identity}" Type="{_OFFICE}/{kind}" Target="/{name}"/>'
        document.append(root, entry.encode())
        self._edited[relations] = document.edited()
        self._edited[name] = b""
        types = Document(self._read(_TYPES))
        (root,) = types.elements(lambda _, parent, __: not parent)
        types.append(root, f'<{types.prefix}Override PartName="/{name}" ContentType="{content}"/>'.encode())
        self._edited[_TYPES] = types.edited()
        return name, identity


def _relation(element: Element) -> str:
    return next((value for name, value in element.given.items() if name.endswith(":id")), "")


def _relations_of(part: str) -> str:
    folder, _, file = part.rpartition("/")
    return posixpath.join(folder, "_rels", f"{file}.rels")
