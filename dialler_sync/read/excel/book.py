"""Opens a workbook; its bytes, not its name, tell the format."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from xml.parsers.expat import ExpatError

from ...config import SourceSettings
from ...errors import InputError
from ...text.phrase import phrase
from .html import open_html
from .markup import markup_of
from .ods import open_ods
from .package import Package, save_anew
from .sheet import Book
from .xls import open_xls
from .xlsb import open_xlsb
from .xlsx import open_xlsx
from .xml_2003 import open_xml_2003

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF_5 = b"\x09\x08"
_USUAL_WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin")


@contextmanager
def open_book(path: Path, source: SourceSettings) -> Iterator[Book]:
    """Open a workbook once it is known to be safe.

    Raises:
        InputError: it is not a workbook, is protected, or is larger than ``source`` allows.
    """
    with path.open("rb") as file:
        head = file.read(len(_OLE))
    if head == _OLE or head.startswith(_BIFF_5):
        yield open_xls(path, source)
        return
    if markup := None if head.startswith(b"PK") else markup_of(path):
        yield open_html(path, source) if markup == "html" else open_xml_2003(path, source)
        return
    if not head.startswith(b"PK"):
        raise save_anew(phrase("is not a workbook, despite its name."))
    with ExitStack() as until:
        yield _open_package(path, until.enter_context(Package(path, source.max_file_mb)), source, until)


def _open_package(path: Path, package: Package, source: SourceSettings, until: ExitStack) -> Book:
    workbook = workbook_of(package)
    if workbook.endswith(".bin"):
        return open_xlsb(package, workbook, source)
    if workbook and not workbook.startswith(("word/", "ppt/", "visio/")):
        return open_xlsx(path, package, workbook, source, until)
    if package.has("content.xml"):
        if b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise InputError(
                phrase(
                    "is an .ods protected by a password, which cannot be opened here: save it without one, or as .xlsx."
                )
            )
        return open_ods(package, source)
    raise save_anew(phrase("is a zip archive without a workbook in it."))


def workbook_of(package: Package) -> str:
    """Return the name of the part that leads to the sheets, ``""`` if there is none."""
    named = next((part for kind, part in package.related("").values() if kind == "officeDocument"), "")
    return named or next(filter(package.has, _USUAL_WORKBOOKS), "")


@contextmanager
def readable(place: object) -> Iterator[None]:
    """Turn what the libraries raise for a bad file into an :class:`InputError` that names the place."""
    from python_calamine import CalamineError

    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error.__cause__
    except OSError as error:
        raise InputError(
            phrase("{place}: cannot be read: {error}.", place=place, error=error.strerror or error)
        ) from error
    except (
        CalamineError,
        ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,  # zipfile: an unknown compression method
        ValueError,  # a number in the XML is malformed
        struct.error,  # a record ends too soon
        LookupError,  # a reference in the XML leads nowhere, or its encoding is unknown
    ) as error:
        raise save_anew(phrase("{place}: is damaged ({error}).", place=place, error=error)) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # calamine's own; it has no importable name
            if "pointer is null" in str(error):  # what Python gave it, as there was no memory
                raise MemoryError from error
            raise save_anew(phrase("{place}: is damaged ({error}).", place=place, error=error)) from error
        raise
