"""CSV and Excel files → tables of text, with the row numbers that the spreadsheet program shows."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.layout import SheetSettings
from ..errors import InputError
from ..fetch import Local, fetch, require_size
from ..text.nearest import nearest_file
from ..text.phrase import mark, phrase
from .excel.markup import is_markup, markup_of

if TYPE_CHECKING:
    from ..config import SourceSettings
    from ..model import Table
    from .csv.table import CsvTable

_HEAD_BYTES = 4_096
_MOST_CONTROLS = 10
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_BIFF_5 = b"\x09\x08"
_OLD_EXCEL = {b"\x09\x00\x04\x00": "2", b"\x09\x02\x06\x00": "3", b"\x09\x04\x06\x00": "4"}
"""First bytes of Excel files from before workbooks had several sheets (1987 to 1992)."""

_FOREIGN = (
    (b"%PDF", mark("a PDF document")),
    (b"\x89PNG", mark("a PNG picture")),
    (b"\xff\xd8\xff", mark("a JPEG picture")),
    (b"GIF8", mark("a GIF picture")),
    (b"MZ", mark("a program")),
    (b"\x7fELF", mark("a program")),
    (b"\x1f\x8b", mark("a file packed with gzip")),
    (b"7z\xbc\xaf", mark("a file packed with 7-Zip")),
    (b"Rar!", mark("a file packed with RAR")),
    (b"SQLite format 3", mark("a SQLite database")),
    (b"{\\rtf", mark("an RTF document")),
    (b"PAR1", mark("a Parquet file")),
    (b"MIME-Version:", mark("a web archive (MHTML)")),
)
_BINARY = mark("binary data")
_NOT_WHOLE = mark(
    "{path}: the text ends in NUL characters: the file was not written or copied to its end. Copy it again."
)
_SYLK = re.compile(rb"ID;P[^\r\n]*\r?\n(?:P;[PFEMLS]|F;[PFDWSN]|B;[XY]\d|C;[XYK]|O;[LPEDVGC]|NN;|NU;|W;N)")
_DBF = frozenset(b"\x02\x03\x04\x05\x30\x31\x32\x43\x63\x83\x8b\x8e\xcb\xf5\xfb")
_DBF_HEADER = 32


def open_tables(path: Path, source: SourceSettings, local: Local | None = None) -> list[Table]:
    """Return every table of a file: one for a CSV file; for a workbook, one a sheet that holds data. ``local``: what
    it was fetched as, else it is fetched.

    Raises:
        InputError: the file cannot be read; the message names it and says what to do.
    """
    local = local or fetch(path, source)
    if local.copy is None:
        return _open(local.path, source)
    with _shown_as_named(local):
        return [_of_copy(table, local) for table in _open(local.path, source)]


def first_rows(path: Path, source: SourceSettings) -> tuple[Local, frozenset[str]]:
    """Return what :func:`open_tables` takes to read only the first rows of the large sheets of a workbook, and the
    names of these sheets; of other files the whole.

    Raises:
        InputError: as :func:`open_tables`.
    """
    from .excel.beginning import beginning_of

    local = fetch(path, source)
    with _shown_as_named(local):
        found = beginning_of(local.path, source) if local.path.is_file() else None
    if found is None:
        return local, frozenset()
    copy, sheets = found
    return Local(local.named, copy.path, local.container, copy), sheets


@contextmanager
def _shown_as_named(local: Local) -> Iterator[None]:
    """Let errors name what the user named, in place of its copy."""
    try:
        yield
    except InputError as error:
        error.args = tuple(str(text).replace(str(local.path), str(local.named)) for text in error.args)
        raise


def _of_copy(table: Table, local: Local) -> Table:
    """Return a table that shows what the user named, and keeps the copy as long as it lives."""
    named: Table = replace(table, layout=replace(table.layout, path=local.named))  # type: ignore[type-var]
    weakref.finalize(named, _let_go, local)
    return named


def _let_go(local: Local) -> None:
    """The last reference to the copy is gone with the arguments of this call."""


def _open(path: Path, source: SourceSettings) -> list[Table]:
    try:
        return _open_either(path, source)
    except InputError as error:
        error.args = tuple(_with_settings_named(str(text), path, source.section) for text in error.args)
        raise


def _with_settings_named(said: str, path: Path, section: str) -> str:
    """Return a message with settings named as the ``section`` has them that describes the file."""
    begin = f"{path}" if said.startswith(f"{path}") else ""
    said = said.removeprefix(begin)
    for name in SheetSettings.model_fields:
        setting = f"source.{name}"
        if section == "source" and setting in said and name in ("delimiter", "encoding"):
            said += " " + phrase("For one command: --{name}.", name=name)
        said = said.replace(setting, f"{section}.{name}")
    return f"{begin}{said}"


def _open_either(path: Path, source: SourceSettings) -> list[Table]:
    if _is_workbook(path, source):
        from .excel.tables import excel_tables

        return excel_tables(path, source)
    from .csv.table import open_csv

    return [_open_mended(path, source) or open_csv(path, source)]


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    return InputError(
        phrase("{path}: cannot be read: {error}.", path=path, error=getattr(error, "strerror", None) or error)
    )


def _open_mended(path: Path, source: SourceSettings) -> CsvTable | None:
    """Open a text file with the columns of ``failed.csv``; None if it has none of them.

    Raises:
        InputError: its encoding is neither configured nor detectable.
    """
    from .csv.table import open_csv
    from .layout.mended import own_form

    try:
        form = own_form(path, source)
    except OSError as error:  # deleted since it was found
        raise _unreadable(path, error) from error
    if form is None:
        return None
    try:
        table = open_csv(path, form)
    except InputError:
        if source.encoding == "auto":
            raise
        table = open_csv(path, form.model_copy(update={"encoding": source.encoding}))
    return table if table.layout.mended else None


_SEVERAL_SHEETS = mark(
    "{path}: several sheets have data ({sheets}): choose one with --sheet or source.sheet, or take all "
    "of them with --all-sheets or source.sheets."
)
_ONE_OF_SHEETS = mark(
    "{path}: several sheets have data ({sheets}), and one is read: name it in {section}.sheet, or save it as a file "
    "of its own."
)


def open_table(path: Path, source: SourceSettings, local: Local | None = None) -> Table:
    """Return the one table to import, as :func:`open_tables`.

    Raises:
        InputError: as :func:`open_selected`; or ``source`` takes several sheets, and there are several.
    """
    tables = open_selected(path, source, local)
    if len(tables) > 1:
        raise InputError(
            phrase(
                "{path}: {count} sheets have data, but only one can be used here: name it with --sheet.",
                path=path,
                count=len(tables),
            )
        )
    return tables[0]


def open_selected(path: Path, source: SourceSettings, local: Local | None = None) -> list[Table]:
    """Return the tables to import: one, or the sheets that ``source`` takes. ``local``: as of :func:`open_tables`.

    Raises:
        InputError: as :func:`open_tables`; or one table is wanted and several are possible, or a second table follows
            in the same sheet.
    """
    tables = open_tables(path, source, local)
    if not tables:
        raise InputError(phrase("{path}: no sheet holds any data.", path=path))
    if len(tables) > 1 and not (source.takes_several_sheets and not tables[0].layout.mended):
        sheets = ", ".join(f"'{table.layout.sheet}'" for table in tables)
        if source.section == "source":
            raise InputError(phrase(_SEVERAL_SHEETS, path=path, sheets=sheets))
        raise InputError(phrase(_ONE_OF_SHEETS, path=path, sheets=sheets, section=source.section))
    for table in tables:
        layout = table.layout
        if layout.unread_from:
            raise InputError(
                phrase(
                    "{where}: row {unread_from} begins a second table, with nearly the same columns as the first: "
                    "put its rows into a file of their own, or under the same header, so that none is left out.",
                    where=layout.where if len(tables) > 1 else path,
                    unread_from=layout.unread_from,
                )
            )
    return tables


_LOCKS = ("~$", ".~lock.")
"""Beginnings of the files that Excel and LibreOffice keep beside an open workbook."""


def _is_workbook(path: Path, source: SourceSettings) -> bool:
    """Tell a workbook from text by the file's bytes; its name does not matter.

    Raises:
        InputError: the file does not exist, is too large, is empty, or is neither of the two.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InputError(phrase("{path}: this is a folder. Name the spreadsheet in it.", path=path))
        if not path.is_file():
            raise InputError(phrase("{path}: not a regular file. Save the data as a file, and name that.", path=path))
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, size - _HEAD_BYTES))
            ends_in_nul = size > _HEAD_BYTES and not file.read().strip(b"\0")
        if path.name.startswith(_LOCKS):
            raise InputError(
                phrase("{path}: this is the mark of an open workbook. Name the workbook itself.", path=path)
            )
    except FileNotFoundError:
        raise InputError(phrase("{path}: no such file{nearest}", path=path, nearest=nearest_file(path))) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not size:
        raise InputError(phrase("{path}: the file is empty.", path=path))
    require_size(path, size, source)
    if head.startswith((_ZIP, _OLE, _BIFF_5)):
        return True
    if version := _OLD_EXCEL.get(head[:4]):
        raise InputError(
            phrase(
                "{path}: in the format of Excel {version}, which is too old to read. Open it in LibreOffice or "
                "Excel and save it as .xlsx.",
                path=path,
                version=version,
            )
        )
    if is_markup(head) and markup_of(path):
        return True
    what = _foreign(head)
    if what == _BINARY:
        ends_in_nul = not _foreign(head.rstrip(b"\0") or head)
    if ends_in_nul and what in (None, _BINARY):
        raise InputError(phrase(_NOT_WHOLE, path=path))
    if what:
        raise InputError(
            phrase(
                "{path}: this is {what}, not a spreadsheet. Save the table as CSV or .xlsx.",
                path=path,
                what=phrase(what),
            )
        )
    return False


def _is_dbf(head: bytes) -> bool:
    """Whether a file begins with the header of a dBASE table: kind, date, and the lengths of header and rows."""
    if len(head) < _DBF_HEADER or head[0] not in _DBF or not (0 < head[2] < 13 and 0 < head[3] < 32):
        return False
    length, row = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    return length >= _DBF_HEADER + 1 and length % 32 in (1, 8) and row > 0


def _foreign(head: bytes) -> str | None:
    """Name the kind of a file that is neither a workbook nor text, as the catalogue has it; None for text."""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            return what
    from .encoding.detect import wide_encoding

    if _SYLK.match(head):
        return mark("a SYLK file")
    if _is_dbf(head):
        return mark("a dBASE table (DBF)")

    if is_markup(head):
        return mark("a web page without a table, or XML")
    if wide_encoding(head):
        return None
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\v\0" for byte in head)
    is_binary = (controls > _MOST_CONTROLS and controls * 20 > len(head)) or head.count(0) * 3 > len(head)
    return _BINARY if is_binary else None
