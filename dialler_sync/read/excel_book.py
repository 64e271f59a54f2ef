"""Opens a workbook, whatever its format: what a file is, its bytes say, not its name.

calamine reads the cells of ``.xlsx``, ``.ods`` and ``.xlsb``; what it does not give, :mod:`.excel_survey`,
:mod:`.excel_ods` and :mod:`.excel_xlsb` find out beforehand. xlrd reads ``.xls``.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from xml.parsers.expat import ExpatError

from ..config import SourceSettings
from ..errors import InputError
from .excel_ods import survey_ods
from .excel_package import PROTECTED, SAVE_ANEW, Package
from .excel_sheet import Book, Content, Sheet, SheetCells
from .excel_survey import Survey, shared_strings, survey_sheet
from .excel_workbook import xlsx_parts
from .excel_xls import open_xls
from .excel_xlsb import xlsb_surveyor

_MIMETYPE = "mimetype"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@contextmanager
def open_book(path: Path, source: SourceSettings) -> Iterator[Book]:
    """Open a workbook, after a look at whether it is safe to.

    Raises:
        InputError: it is not a workbook, protected, or larger than ``source`` allows.
    """
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    with path.open("rb") as file:
        head = file.read(len(_OLE))
        if head == _OLE:
            yield open_xls(path)
            return
        if not head.startswith(b"PK"):
            raise InputError(f"is not a workbook, whatever its name says. {SAVE_ANEW}")
        with Package(path, source.max_file_mb) as package:
            kind, survey = _surveyor(package, source)
            file.seek(0)
            workbook = load_workbook(file if kind != "ods" or package.has(_MIMETYPE) else _with_mimetype(file))

            def read(sheet: Sheet) -> Content | None:
                found = survey(sheet.index)
                if not found.holds_data:
                    return None
                cells = workbook.get_sheet_by_index(sheet.index)
                merged = [(start[0] + 1, end[0] + 1) for start, end in cells.merged_cell_ranges or ()]
                return Content(SheetCells(cells, found.marks), merged, found.remarks)

            sheets = [
                Sheet(index, sheet.name, sheet.visible == SheetVisibleEnum.Visible)
                for index, sheet in enumerate(workbook.sheets_metadata)
                if sheet.typ == SheetTypeEnum.WorkSheet  # charts and macro sheets hold no cells
            ]
            yield Book(kind, sheets, read)


def _surveyor(package: Package, source: SourceSettings) -> tuple[str, Callable[[int], Survey]]:
    """The format of a workbook in a zip container, and how to look at a sheet of it, given its index."""
    workbook = next((part for kind, part in package.related("").values() if kind == "officeDocument"), "")
    if workbook.endswith(".bin"):
        return "xlsb", xlsb_surveyor(package, workbook, source)
    if workbook.endswith("workbook.xml"):
        parts = xlsx_parts(package, workbook)
        strings = shared_strings(package, parts.strings, source)
        return "xlsx", lambda index: survey_sheet(package, parts.sheets[index], parts, strings, source)
    if package.has("content.xml"):
        if b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise InputError(PROTECTED)
        return "ods", survey_ods(package, source).__getitem__
    raise InputError(f"is a zip archive without a workbook in it. {SAVE_ANEW}")


def _with_mimetype(file: BinaryIO) -> BinaryIO:
    """A copy of an ``.ods`` with the entry that says what it is. Google writes none, and calamine wants one."""
    copy = BytesIO(file.read())
    with zipfile.ZipFile(copy, "a") as package:
        package.writestr(_MIMETYPE, "application/vnd.oasis.opendocument.spreadsheet")
    copy.seek(0)
    return copy


@contextmanager
def readable(place: object) -> Iterator[None]:
    """Say where an error is, and turn what the libraries raise for a bad file into an :class:`InputError`."""
    from python_calamine import CalamineError

    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error.__cause__
    except OSError as error:
        raise InputError(f"{place}: cannot be read: {error.strerror or error}.") from error
    except (
        CalamineError,
        ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,  # zipfile: a compression method that it does not know
        ValueError,  # a number in the XML is none
        struct.error,  # a record ends too soon
        LookupError,  # a reference in the XML leads nowhere, or its encoding is unknown
    ) as error:
        raise InputError(f"{place}: is damaged ({error}). {SAVE_ANEW}") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # calamine's own; it has no importable name
            raise InputError(f"{place}: is damaged ({error}). {SAVE_ANEW}") from error
        raise
