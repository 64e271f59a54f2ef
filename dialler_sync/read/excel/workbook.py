"""The workbook part of an ``.xlsx``: where its sheets are, and how its cell styles show numbers.

calamine gives neither the number formats of cells nor whether Excel is to calculate all formulas on opening. Source:
ECMA-376 part 1, 18.2 (workbook) and 18.8 (styles).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...text.phrase import figure, phrase
from .formats import BUILT_IN_CODES, DigitFormat, digit_formats, usable_code
from .package import Package, check_sheets, local, parse_xml, save_anew

WITHOUT_CELLS = frozenset({"chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"})
"""Kinds of sheets that hold charts, dialogs and macros."""
_MOST_STYLES = 100_000
"""Excel knows 65,490."""

_YES = frozenset({"1", "true"})


@dataclass(frozen=True, slots=True)
class Styles:
    """Cell styles, by their index as text, that do not show numbers in plain digits."""

    digits: dict[str, DigitFormat] = field(default_factory=dict)
    dates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet and its part; ``""`` if the workbook does not lead to one."""

    name: str
    part: str
    visible: bool


@dataclass(frozen=True, slots=True)
class XlsxParts:
    """Names of the workbook's parts. ``sheets``: those that hold cells, in order.

    ``recalculates``: Excel calculates all formulas on opening, so a stored 0 may be no value.
    """

    workbook: str
    sheets: tuple[SheetPart, ...]
    strings: str
    styles_part: str
    styles: Styles
    recalculates: bool
    from_1904: bool


def xlsx_parts(package: Package, workbook: str) -> XlsxParts:
    """Read the workbook's own parts, starting with ``workbook``; all are small compared to the sheets.

    Raises:
        InputError: two sheets are the same part.
    """
    related = package.related(workbook)
    by_kind = dict(related.values())
    sheets: list[SheetPart] = []
    recalculates = from_1904 = False

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal recalculates, from_1904
        if local(tag) == "sheet":
            relation = next((value for name, value in given.items() if name.endswith(":id")), "")
            kind, part = related.get(relation, ("", ""))
            if kind not in WITHOUT_CELLS:
                check_sheets(len(sheets) + 1)
                sheets.append(
                    SheetPart(given.get("name", ""), part, visible=given.get("state", "visible") == "visible")
                )
        elif local(tag) == "calcPr":
            recalculates = given.get("fullCalcOnLoad") in _YES
        elif local(tag) == "workbookPr":
            from_1904 = given.get("date1904") in _YES

    parse_xml(package.stream(workbook), start)
    require_once([sheet.part for sheet in sheets if sheet.part])
    styles = by_kind.get("styles", "")
    return XlsxParts(
        workbook,
        tuple(sheets),
        by_kind.get("sharedStrings", ""),
        styles,
        _styles(package, styles),
        recalculates,
        from_1904,
    )


def require_once(parts: Sequence[str]) -> None:
    """Refuse sheets that are the same part: a few bytes could repeat one of any size.

    Raises:
        InputError: says what to do.
    """
    if len(parts) != len(set(map(str.casefold, parts))):  # as a package finds them
        raise save_anew(phrase("is damaged: two of its sheets are the same part."))


def _styles(package: Package, part: str) -> Styles:
    from openpyxl.styles.numbers import is_date_format

    codes = {str(number): code for number, code in BUILT_IN_CODES.items()}
    used: list[str] = []
    within: list[str] = []

    def start(tag: str, given: dict[str, str]) -> None:
        within.append(local(tag))
        if within[-2:] == ["numFmts", "numFmt"]:
            codes[given.get("numFmtId", "")] = usable_code(given.get("formatCode", ""))
        elif within[-2:] == ["cellXfs", "xf"]:
            used.append(given.get("numFmtId", "0"))
            if len(used) > _MOST_STYLES:
                raise save_anew(phrase("is damaged: it has more than {most} cell styles.", most=figure(_MOST_STYLES)))

    def end(_: str) -> None:
        within.pop()

    parse_xml(package.stream(part), start, end)
    digits = digit_formats(codes)
    dates = {number for number, code in codes.items() if is_date_format(code)}
    return Styles(
        {str(style): digits[number] for style, number in enumerate(used) if number in digits},
        frozenset(str(style) for style, number in enumerate(used) if number in dates),
    )
