"""Reads ``.xlsx`` and ``.xlsm`` with calamine; a workbook that calamine would misread is rewritten first."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...config import SourceSettings
from ...files.temporary import private_folder
from ...text.phrase import phrase
from . import slices
from .canonical import write_canonical
from .package import Package, UnusualError, prefix_of, save_anew
from .sheet import Book, Content, Sheet, SheetCells
from .survey import shared_strings, survey_sheet
from .workbook import XlsxParts, xlsx_parts

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


def open_xlsx(path: Path, package: Package, workbook: str, source: SourceSettings, until: ExitStack) -> Book:
    """Open a workbook of XML parts. ``workbook``: the name of its part; ``until``: closes open files.

    Raises:
        InputError: it is damaged, or larger than ``source`` allows.
    """
    usual = _Xlsx(path, package, xlsx_parts(package, workbook), source, until)

    @cache
    def canonical() -> _Xlsx:
        copy = until.enter_context(private_folder()) / "canonical.xlsx"
        parts = write_canonical(package, usual.parts, copy)
        rewritten = until.enter_context(Package(copy, source.max_file_mb))
        rewritten.packed = package.packed  # the copy is not packed
        return _Xlsx(copy, rewritten, parts, source, until)

    def read(sheet: Sheet) -> Content | None:
        if not package.has(usual.parts.sheets[sheet.index].part):
            raise save_anew(phrase("is damaged: the sheet is not where the workbook says."))
        try:
            return usual.read(sheet.index)
        except UnusualError:
            pass
        try:
            return canonical().read(sheet.index)
        except UnusualError as error:
            raise save_anew(phrase("is damaged ({error}).", error=error)) from error

    return Book("xlsx", [Sheet(i, sheet.name, sheet.visible) for i, sheet in enumerate(usual.parts.sheets)], read)


class _Xlsx:
    """A workbook, and calamine's view of it."""

    def __init__(
        self, path: Path, package: Package, parts: XlsxParts, source: SourceSettings, until: ExitStack
    ) -> None:
        self.parts = parts
        self._path, self._package, self._source, self._until = path, package, source, until

    def read(self, index: int) -> Content | None:
        """Read the content of a sheet, None if it is empty.

        Raises:
            InputError: it is damaged, or larger than ``source`` allows.
            UnusualError: calamine does not know this form.
        """
        part = self.parts.sheets[index].part
        self._check_names()
        large = self._package.size(part) > slices.LARGE
        with slices.Slices(prefix_of(self._package, part)) if large else nullcontext() as cut:
            seen = cut.add if cut else lambda _: None
            found = survey_sheet(self._package, part, self.parts, self._strings, self._source, seen)
            if not found.holds_data:
                return None
            with _unusual():
                if cut and found.severable:
                    rows, merged = cut.read(self._package, self.parts)
                    return Content(SheetCells(rows, found.marks), merged, found.remarks)
                cells = self._workbook.get_sheet_by_index(self._places[index])
        return Content(SheetCells(cells, found.marks), slices.merged_rows(cells), found.remarks)

    def _check_names(self) -> None:
        """Refuse unusual names of parts: calamine reads the usual names, whatever the workbook says.

        Raises:
            UnusualError: the parts have other names.
        """
        parts = self.parts
        if parts.workbook != "xl/workbook.xml" or any(
            part != usual and (part or self._package.has(usual))
            for part, usual in ((parts.strings, "xl/sharedStrings.xml"), (parts.styles_part, "xl/styles.xml"))
        ):
            raise UnusualError(phrase("has parts under other names than usual"))

    @cached_property
    def _strings(self) -> array[int]:
        return shared_strings(self._package, self.parts.strings, self._source)

    @cached_property
    def _workbook(self) -> CalamineWorkbook:
        from python_calamine import load_workbook

        with _unusual():
            return load_workbook(self._until.enter_context(self._path.open("rb")))

    @cached_property
    def _places(self) -> list[int]:
        """Return calamine's places of the worksheets, among sheets that hold charts and macros.

        Raises:
            UnusualError: calamine lists other sheets.
        """
        from python_calamine import SheetTypeEnum

        sheets = enumerate(self._workbook.sheets_metadata)
        places = [place for place, sheet in sheets if sheet.typ == SheetTypeEnum.WorkSheet]
        if len(places) != len(self.parts.sheets):
            raise UnusualError(phrase("has sheets of another kind"))
        return places


@contextmanager
def _unusual() -> Iterator[None]:
    from python_calamine import CalamineError

    try:
        yield
    except CalamineError as error:
        raise UnusualError(str(error)) from error
