"""Opens a workbook, whatever its format: what a file is, its bytes say, not its name.

calamine reads the cells. What it cannot give is found out beforehand: by :mod:`.excel_survey` for ``.xlsx``, by
:mod:`.excel_ods` for ``.ods``, by :mod:`.excel_xls` for ``.xls``. For ``.xlsb`` it is not, and a remark says so.
"""

from __future__ import annotations

import mmap
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

from ..config import SourceSettings
from ..errors import InputError
from .excel_ods import survey_ods
from .excel_package import PROTECTED, SAVE_ANEW, Package
from .excel_survey import Survey, shared_strings, survey_sheet
from .excel_workbook import WORKBOOK, xlsx_parts
from .excel_xls import NOT_KNOWN, survey_xls

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet. ``index``: its place among all sheets."""

    index: int
    name: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Book:
    """An open workbook. ``survey`` looks at a sheet, given its index in ``calamine``."""

    format: str
    calamine: CalamineWorkbook
    survey: Callable[[int], Survey]

    @property
    def sheets(self) -> list[Sheet]:
        """Its worksheets, in order; charts and macro sheets hold no cells to read."""
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        return [
            Sheet(index, sheet.name, sheet.visible == SheetVisibleEnum.Visible)
            for index, sheet in enumerate(self.calamine.sheets_metadata)
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]


@contextmanager
def open_book(path: Path, source: SourceSettings) -> Iterator[Book]:
    """Open a workbook, after a look at whether it is safe to.

    Raises:
        InputError: it is not a workbook, protected, or larger than ``source`` allows.
    """
    from python_calamine import CalamineError, load_workbook

    with path.open("rb") as file:
        head = file.read(len(_OLE))
        if head.startswith(b"PK"):
            with Package(path, source.max_file_mb) as package:
                kind, survey = _zipped(package, source)
                file.seek(0)
                yield Book(kind, load_workbook(file), survey)
            return
        if not head.startswith(_OLE):
            raise InputError(f"is not a workbook, whatever its name says. {SAVE_ANEW}")
        file.seek(0)
        try:
            book = load_workbook(file)
        except CalamineError as error:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                if content.find(_ENCRYPTED) >= 0:
                    raise InputError(PROTECTED) from error
            raise
        yield Book("xls", book, survey_xls(path, book.sheet_names))


def _zipped(package: Package, source: SourceSettings) -> tuple[str, Callable[[int], Survey]]:
    """The format of a workbook in a zip container, and how to look at one of its sheets."""
    if package.has("xl/workbook.bin"):
        return "xlsb", lambda _: Survey(remarks=(NOT_KNOWN.format(".xlsb"),))
    if package.has(WORKBOOK):
        parts = xlsx_parts(package)
        strings = shared_strings(package, parts.strings, source)
        return "xlsx", lambda sheet: survey_sheet(package, parts.sheets[sheet], parts, strings, source)
    if package.has("content.xml"):
        if b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise InputError(PROTECTED)
        return "ods", survey_ods(package, source).__getitem__
    raise InputError(f"is a zip archive without a workbook in it. {SAVE_ANEW}")


@contextmanager
def readable(place: object) -> Iterator[None]:
    """Say where an error is, and turn what the libraries raise for a bad file into an :class:`InputError`."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error.__cause__
    except PasswordError as error:
        raise InputError(f"{place}: {PROTECTED}") from error
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
        IndexError,  # a reference in the XML leads nowhere
    ) as error:
        raise InputError(f"{place}: is damaged ({error}). {SAVE_ANEW}") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # calamine's own; it has no importable name
            raise InputError(f"{place}: is damaged ({error}). {SAVE_ANEW}") from error
        raise
